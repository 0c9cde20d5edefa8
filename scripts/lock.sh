#!/usr/bin/env bash
# Resolve the locks anew, for every Python from 3.11 on and every platform, with hashes and without
# host names. With arguments, only these: scripts/lock.sh benchmarks/peers/dbt.in
set -euo pipefail
cd "$(dirname "$0")/.."

tool=build/lock
[ -x "$tool/bin/uv" ] || { "${PYTHON:-python3}" -m venv "$tool" && "$tool/bin/pip" install -q uv; }

resolve() { # resolve OUTPUT INPUT [OPTION…]
  local output=$1
  shift
  "$tool/bin/uv" pip compile "$@" --quiet --upgrade --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-config \
    --custom-compile-command "make lock" --output-file "$output"
}

if [ $# -eq 0 ]; then
  resolve requirements/lock.txt pyproject.toml --extra dev
  set -- benchmarks/peers/*.in
fi
for input in "$@"; do
  # A source archive whose build downloads a program from elsewhere, past the hashes; dbt's own
  # parser, the default, does without it.
  resolve "${input%.in}.txt" "$input" --no-emit-package dbt-core-experimental-parser
done
