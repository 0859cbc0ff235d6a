#!/usr/bin/env bash
# Measures, as JSON: report filed → offer visible to the officer, and fix posted → map event on the stream, with
# 40 vehicles at one fix a second, on an empty demo town of its own.
# usage: deploy/latency.sh [SECONDS=120]
set -euo pipefail
cd "$(dirname "$0")/.."
data=$(mktemp -d /tmp/jiujin-latency-XXXXXX)
chmod 755 "$data"
bin/jiujin demo --data-dir "$data" --listen 127.0.0.1:0 --ready-file "$data/ready" >"$data/log" 2>&1 &
server=$!
trap 'kill -INT $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$data"' EXIT
until [ -s "$data/ready" ]; do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$data/log" >&2; exit 1; }
  sleep 0.1
done
bin/fleetsim --url "$(cat "$data/ready")" --credentials "$data/demo-credentials.json" \
  --rate 1s --calls-per-hour 3000 --scene 10s --duration "${1:-120}s" --json
