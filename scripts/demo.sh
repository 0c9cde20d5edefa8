#!/usr/bin/env bash
# The main job on the shop: two years of delivered invoices to published numbers that explain
# themselves. It works on a fresh copy under build/demo and asks nothing.
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

cat <<NEXT

Where to look next, in $shop:
  headwater serve --open            dashboards, metrics, queries and runs in a browser
  headwater show table.sales        what it is, who owns it, where its columns come from
  headwater quarantine show invoices
  headwater check                   after you have changed a file
NEXT
