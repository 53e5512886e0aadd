#!/usr/bin/env bash
# Delivers 100,000 times to a local receiver, with 10 % duplicates, 2 % edits and 1 % lost answers, and compares the table
# with what was sent. Ends with exit code 1 when anything is lost or there twice.
#
# PORT, DB_PORT  ports of the receiver (9000) and its database (8000)
# EVENTS         how many events happen (89,000, which makes about 100,000 deliveries)
set -euo pipefail
cd "$(dirname "$0")/.."

port=${PORT:-9000} db_port=${DB_PORT:-8000}
kaizala=(cargo run --quiet --locked --features cli --bin kaizala --)
KAIZALA_CALLBACK_TOKEN=$("${kaizala[@]}" token new | awk '/^Token/ { print $2 }')
export KAIZALA_CALLBACK_TOKEN

log=$(mktemp -d)
"${kaizala[@]}" dev --memory --port "$port" --db-port "$db_port" >"$log/out" 2>"$log/err" &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$log"' EXIT
until grep -q curl "$log/out"; do
  kill -0 "$server" 2>/dev/null || { cat "$log/err" >&2; exit 1; }
  sleep 0.1
done

"${kaizala[@]}" simulate deliver --url "http://127.0.0.1:$port/webhook" --endpoint-url "http://127.0.0.1:$db_port" \
  --events "${EVENTS:-89000}" --duplicates 0.1 --revisions 0.02 --lost-answers 0.01 --concurrency 16 --verify
