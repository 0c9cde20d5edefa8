#!/usr/bin/env bash
# The main job on the shop: two years of delivered invoices to published numbers that explain
# themselves, and to the scores of a model. It works on a fresh copy under build/demo and asks nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

shop=build/demo/shop

bold='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m'; fi

show() { # show COMMAND…: as a session would read
  printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
  "$@"
}

rm -rf build/demo
show headwater init "$shop" --example shop
cd "$shop"
show headwater plan
show headwater run
show headwater run
show headwater quarantine
show headwater trace table.sales --at 2011-12-09
show headwater query revenue orders average_order_value --grain month --period 2011-09..2011-11 --compare year_ago
show headwater why revenue --period 2011-11
show headwater sql best_customers --set country=France --set top=5
show headwater report monthly

show headwater show model.churn
show headwater sql "from churn order by day desc, score desc" --limit 5
show headwater online sync
show headwater score churn --entity 12347 --reasons 3

# One request as a program sends it, to a server on a free port; the server ends with this script.
printf '\n%s$ headwater serve --port 0 &%s\n' "$bold" "$plain"
headwater serve --port 0 --no-schedule >../serve.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null && wait "$server" || true' EXIT
address=''
for _ in {1..300}; do
  address=$(grep -oEm 1 'http://[a-z0-9.]+:[0-9]+' ../serve.log || true)
  [ -n "$address" ] && break
  kill -0 "$server" || { cat ../serve.log; exit 1; }
  sleep 0.1
done
if command -v curl >/dev/null; then
  show curl -sS "$address/v1/models/churn/score" -H 'content-type: application/json' \
    -d '{"entities": [{"customer_id": 12347}], "reasons": 1}'
else
  echo 'There is no curl here to ask it with.'
fi
kill "$server" && wait "$server" || true
trap - EXIT
command -v curl >/dev/null && show headwater parity churn

cat <<NEXT

Where to look next, in $shop:
  headwater serve --open            dashboards, metrics, queries and runs in a browser
  headwater show table.sales        what it is, who owns it, where its columns come from
  headwater versions model.churn    what was trained, and how good it is
  headwater quarantine show invoices
  headwater check                   after you have changed a file
NEXT
