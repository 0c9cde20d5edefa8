#!/usr/bin/env bash
# PostgreSQL's binaries for the tests, which start servers of their own; no service is left running.
set -euo pipefail

if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "PostgreSQL's server binaries (initdb, postgres) are missing: install PostgreSQL 13 or later" >&2
  exit 1
fi

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# Debian would make and start a cluster on installation; the tests need neither.
conf=/etc/postgresql-common/createcluster.conf
as_root mkdir -p "$(dirname "$conf")"
[ -e "$conf" ] || echo 'create_main_cluster = false' | as_root tee "$conf" >/dev/null

as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
  -o Dpkg::Options::=--force-confold postgresql >/dev/null
