#!/usr/bin/env bash
# Proves that nothing acknowledged is lost and nothing happens twice: while the simulated fleet works, the server and
# the database are killed with -9, SERVER and DATABASE times. Positions go through the spool all the while, and the database
# also dies while the spool is drained into it. Every effect the service acknowledged is journalled by
# the simulator and looked up afterwards. Every second kill of the database takes its backends along, in whatever they
# are, a COMMIT that gets no answer included; the others leave them to find out for themselves. The last line is one JSON
# object with the figures.
# usage: deploy/crash.sh [SERVER=50] [DATABASE=20]
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-50} database=${2:-20}

data=$(mktemp -d /tmp/jiujin-crash-XXXXXX)
chmod 755 "$data"
ready=$data/ready journal=$data/journal.jsonl log=$data/log
listen=127.0.0.1:0
terminals=127.0.0.1:$((20000 + RANDOM % 10000)) # the vehicles look for it there after each kill
server= fleet=

cleanup() {
  trap - EXIT
  set +e
  [ -n "$fleet" ] && kill -9 "$fleet" 2>/dev/null
  [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null
  [ "${keep:-0}" = 1 ] && echo "kept for a look: $data" || rm -rf "$data"
}
trap cleanup EXIT

start_server() {
  rm -f "$ready"
  bin/jiujin demo --data-dir "$data" --listen "$listen" --jt808-listen "$terminals" --ready-file "$ready" >>"$log" 2>&1 &
  server=$!
  until [ -s "$ready" ]; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$log" >&2; keep=1; exit 1; }
    sleep 0.05
  done
  url=$(cat "$ready")
  listen=${url#http://}
}

await_ready() {
  for _ in $(seq 600); do
    curl -sf "$url/readyz" >/dev/null && return 0
    sleep 0.05
  done
  echo "the service was not ready 30 s after the kill" >&2
  keep=1
  exit 1
}

start_server
bin/fleetsim --url "$url" --credentials "$data/demo-credentials.json" --journal "$journal" \
  --protocol mix --terminals "$terminals" --blind-every 30s --blind-for 10s --chaos 0.3 \
  --calls-per-hour 3600 --scene 5s --dispatcher-delay 3s --json >"$data/summary.json" 2>>"$log" &
fleet=$!

slowest=0
for ((round = 1; round <= rounds; round++)); do
  for victim in server database; do
    [ "$victim" = database ] && [ "$round" -gt "$database" ] && continue
    sleep "$((RANDOM % 3 + 2)).$((RANDOM % 10))"
    begin=$(date +%s%3N)
    if [ "$victim" = server ]; then
      kill -9 "$server"
      wait "$server" 2>/dev/null || true
      start_server
    else
      postmaster=$(head -n 1 "$data/pg/data/postmaster.pid")
      backends=
      [ $((round % 2)) = 1 ] && backends=$(pgrep -P "$postmaster" || true)
      # shellcheck disable=SC2086 # a list of process numbers
      kill -9 $backends "$postmaster" 2>/dev/null || true # a backend may have ended by itself
    fi
    await_ready
    took=$(($(date +%s%3N) - begin))
    [ "$took" -gt "$slowest" ] && slowest=$took
    kill -0 "$fleet" 2>/dev/null || { tail -n 20 "$log" >&2; echo "the simulator ended" >&2; keep=1; exit 1; }
    echo "round $round: killed the $victim, ready again after $took ms"
  done
done

sleep 5
kill -INT "$fleet"
wait "$fleet" || { cat "$data/summary.json"; keep=1; exit 1; }
fleet=
cat "$data/summary.json"
bin/fleetsim verify --url "$url" --credentials "$data/demo-credentials.json" --journal "$journal" >"$data/verify.json" ||
  { cat "$data/verify.json"; keep=1; exit 1; }
bin/jiujin log verify --data-dir "$data" || { keep=1; exit 1; }
found() { sed -n "s/^ \"$1\": \([0-9]*\),*$/\1/p" "$data/verify.json"; }
lines() { grep -c "$1" "$log" || true; }
echo "$rounds times kill -9 of the server and $database of the database: nothing lost, nothing twice; slowest recovery $slowest ms"
printf '{"server_kills":%d,"database_kills":%d,"fixes_acknowledged":%d,"commands_acknowledged":%d,"lost":%d,"doubled":%d,"slowest_recovery_ms":%d,"drain_interrupted":%d,"commit_without_answer":%d}\n' \
  "$rounds" "$database" "$(found fixes_acked)" "$(found commands_acked)" "$(found lost)" "$(found doubled)" "$slowest" \
  "$(lines 'positions wait in the spool; trying again')" "$(lines 'positions wait in the spool; trying again.*commit: ')"
