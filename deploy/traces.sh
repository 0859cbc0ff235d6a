#!/usr/bin/env bash
# Replays recorded fleets through a running server with a database of its own and compares what it makes of them with
# what others computed: history, nearest vehicles at 200 moments and fence events of San Francisco's cabs, the last known
# positions of Austin's buses sent in the order of the file, and the roads under Chengdu's taxis in the right and in the
# wrong datum. Prints JSON; ends with 1 when anything differs. The recordings are not part of this repository.
# usage: JIUJIN_DATA=folder deploy/traces.sh [SPEED=60]    0 = as fast as possible; at 60 a day takes 24 minutes
set -uo pipefail
cd "$(dirname "$0")/.."
speed=${1:-60}
data=${JIUJIN_DATA:-../shared/data}
traces=$data/gps-traces
roads=$data/roads/chengdu-2018.osm.pbf
[ -d "$traces" ] || { echo "no recordings in $traces; set JIUJIN_DATA" >&2; exit 2; }

work=$(mktemp -d /tmp/jiujin-traces-XXXXXX)
chmod 755 "$work"
server= failed=0
stop_server() {
  [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null
  server=
}
trap 'stop_server; rm -rf "$work"' EXIT

# start_server TIME SPEED: an empty service whose clock begins there; every position is taken as it is.
start_server() {
  stop_server
  rm -rf "$work/data" "$work/log"
  bin/jiujin serve --data-dir "$work/data" --listen 127.0.0.1:0 --region=-180,-90,180,90 --top-speed-kmh 0 \
    --log-level warn --clock-start "$(date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ)" --clock-speed "$2" >"$work/log" 2>&1 &
  server=$!
  until grep -qE '^    [A-Za-z0-9]{20,}$' "$work/log" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$work/log" >&2; exit 1; }
    sleep 0.1
  done
  url=$(sed -n 's/^Jiujin answers at //p' "$work/log")
  local once new="recorded fleets pass by" # the first sign-in asks for a password
  once=$(grep -E '^    [A-Za-z0-9]{20,}$' "$work/log" | tr -d ' ')
  curl -sf -c "$work/jar" -o /dev/null -H 'Content-Type: application/json' \
    -d "{\"login\":\"admin\",\"password\":\"$once\"}" "$url/api/v1/session" &&
    curl -sf -b "$work/jar" -o /dev/null -H 'Content-Type: application/json' \
      -d "{\"old_password\":\"$once\",\"new_password\":\"$new\"}" "$url/api/v1/session/password" ||
    { echo "the first administrator cannot sign in" >&2; exit 1; }
  echo "{\"password\":\"$new\",\"users\":[{\"login\":\"admin\",\"role\":\"administrator\"}]}" >"$work/credentials.json"
}

# replay FILE FLAGS…
replay() {
  local file=$traces/$1
  shift
  bin/fleetsim replay --url "$url" --credentials "$work/credentials.json" --file "$file" "$@" || failed=1
}

# times FILE COLUMN: the unix times of a file, in order
times() { gzip -dc "$traces/$1" | awk -F, -v n="$2" 'NR > 1 { print $n }' | sort -n; }

for day in sf-cabs-2008-05-20 sf-cabs-2008-05-24; do
  first=$(times $day.csv.gz 2 | head -n 1) last=$(times $day.csv.gz 2 | tail -n 1)
  if [ "$speed" = 0 ]; then start_server $((last + 60)) 1; else start_server $((first - 3600)) "$speed"; fi
  echo "{\"recording\":\"$day\"}"
  replay $day.csv.gz --speed "$speed" --protocol gateway --expect-stats "$traces/$day.expected-vehicle-stats.csv" \
    --expect-nearest "$traces/$day.expected-nearest.jsonl" --expect-fence "$traces/$day.expected-geofence-sfo.csv"
done

# The rows come vehicle by vehicle: the order of the file is no order of time, so the clock stands behind all of it.
for day in austin-bus-2017-03-21,m/s,1490200000 austin-bus-2015-09-06,mph,1441700000; do
  IFS=, read -r name unit end <<<"$day"
  start_server "$end" 1
  echo "{\"recording\":\"$name\"}"
  replay $name.csv.gz --speed 0 --speed-unit "$unit" --protocol gateway --expect-snapshots "$traces/$name.expected.json"
done

for declared in GCJ02,none WGS84,GCJ02; do
  IFS=, read -r datum warning <<<"$declared"
  start_server $(($(times chengdu-taxi-2014-08.csv.gz 3 | tail -n 1) + 60)) 1
  bin/jiujin import osm --data-dir "$work/data" --name 成都 "$roads" || failed=1
  echo "{\"recording\":\"chengdu-taxi-2014-08\",\"declared\":\"$datum\"}"
  expect=(--expect-datum-warning "$warning")
  [ "$warning" = none ] && expect+=(--expect-roads "$roads")
  replay chengdu-taxi-2014-08.csv.gz --speed 0 --datum "$datum" --protocol gateway "${expect[@]}"
done

exit $failed
