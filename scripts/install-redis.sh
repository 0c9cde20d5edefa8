#!/usr/bin/env bash
# Redis's server for the tests, which start servers of their own; no service is left running.
set -euo pipefail

if command -v redis-server >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "Redis's server (redis-server) is missing: install Redis 6 or later" >&2
  exit 1
fi

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

as_root apt-get update -qq
# Debian starts a service on installation, except in the runlevel of a single user.
as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq \
  --no-install-recommends redis-server >/dev/null
