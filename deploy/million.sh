#!/usr/bin/env bash
# Measures the service with many registered units, as JSON: the time from kill -9 to the first right answer to "which
# vehicle is nearest", with the database killed by it as well (rounds, median), until everything is ready, memory and
# idle load of the server, and how long a county desk with 50 units waits for its snapshot.
# usage: deploy/million.sh [UNITS=1000000] [ROUNDS=5]
set -euo pipefail
cd "$(dirname "$0")/.."
units=${1:-1000000} rounds=${2:-5}
data=$(mktemp -d /tmp/jiujin-million-XXXXXX)
chmod 755 "$data"
log=$data/log url=http://127.0.0.1:$((20000 + RANDOM % 10000))
key='Authorization: Bearer jjg_million'
server=

cleanup() {
  trap - EXIT
  [ -n "$server" ] && kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null
  rm -rf "$data"
}
trap cleanup EXIT

start_server() {
  bin/jiujin serve --data-dir "$data/d" --listen "${url#http://}" >>"$log" 2>&1 &
  server=$!
}

# await COMMAND… until it holds, five minutes at most.
await() {
  for _ in $(seq 15000); do
    "$@" && return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.02
  done
  tail -n 20 "$log" >&2
  echo "it never held: $*" >&2
  exit 1
}

ready() { curl -sf -m 2 -o /dev/null "$url/readyz"; }
lines() { [ "$(grep -c "$1" "$log")" -ge "$2" ]; }
now() { date +%s%3N; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

# Each unit stands alone on a lattice; right is the one that stands where we ask.
probe=$((units * 7 / 9 + 1))
place() { awk -v i="$1" 'BEGIN { printf "lon=%.4f&lat=%.4f", 80 + (i % 1000) * 0.04, 22 + int(i / 1000) * 0.02 }'; }
right() {
  curl -s -m 2 -H "$key" "$url/api/v1/units/near?$(place "$probe")&k=1" | grep -q "\"unit_id\":$((first + probe - 1)),"
}

start_server
await ready
password=$(sed -n 's/^    \([A-Z0-9]\{20,\}\)$/\1/p' "$log")
sql() { psql -qAtX -v ON_ERROR_STOP=1 -h "$data/d/pg/socket" -U jiujin jiujin "$@"; }

echo "registering $units units in 3,000 counties …" >&2
# One transaction: without its triggers the register would show devices that have no name yet, and not tell of the name.
sql -1 -v units="$units" <<'SQL' >&2
insert into org (parent_id, level, code, name)
select (select id from org where parent_id is null), 'prefecture', 'M' || lpad(p::text, 4, '0'), 'P' || p from generate_series(1, 300) p;
insert into org (parent_id, level, code, name)
select o.id, 'county', o.code || lpad(c::text, 5, '0'), 'C' || c
from generate_series(1, 3000) c join org o on o.code = 'M' || lpad(((c - 1) / 10 + 1)::text, 4, '0');
insert into org (parent_id, level, code, name) select id, 'squad', code || 'S', name || 'S' from org where level = 'county' and code like 'M%';
create temp table squad as select row_number() over (order by code) n, id from org where code like 'M%S';
create index on squad (n);
analyze squad;
set session_replication_role = replica; -- no triggers row by row
insert into unit (org_id, call_sign)
select s.id, 'M' || lpad(i::text, 7, '0')
from generate_series(1, :units) i join squad s on s.n = case when i <= 50 then 1 else 2 + i % 2999 end order by i;
insert into device (unit_id, label, key_hash)
select id, call_sign, sha256(('jjd_' || call_sign)::bytea) from unit where call_sign like 'M%';
insert into device_name (protocol, ident, device_id) select 'http', label, id from device where label like 'M%';
insert into shift (unit_id, span) select id, tstzrange(now() - interval '1 hour', now() + interval '11 hours')
from unit where id % 500 = 0 or org_id = (select id from squad where n = 1);
reset session_replication_role;
insert into gateway (label, key_hash) values ('million', sha256('jjg_million'::bytea));
insert into person (login, name, password_hash, role, org_id)
select 'desk', 'Desk', password_hash, 'dispatcher', (select id from org where code = 'M000100001') from person where login = 'admin';
SQL
sql -c 'vacuum analyze' >&2
first=$(sql -c "select min(id) from unit where call_sign like 'M%'")

echo "posting a position of each …" >&2
mkdir "$data/fixes"
awk -v n="$units" -v t="$(now)" 'BEGIN { for (i = 1; i <= n; i++)
  printf "{\"device\":\"M%07d\",\"fixed_at\":%s,\"lon\":%.4f,\"lat\":%.4f,\"speed_kmh\":30}\n", i, t, 80 + (i % 1000) * 0.04, 22 + int(i / 1000) * 0.02 }' |
  split -l 1000 -a 4 - "$data/fixes/"
known() { # the service has followed the register up to the last device
  tail -n 1 "$(ls "$data"/fixes/* | tail -n 1)" |
    curl -sf -H "$key" -H 'Content-Type: application/x-ndjson' --data-binary @- "$url/api/v1/fixes" | grep -q '"stored":1\b\|"duplicate":1\b'
}
await known
for f in "$data"/fixes/*; do
  curl -sf --retry 3 -o /dev/null -H "$key" -H 'Content-Type: application/x-ndjson' --data-binary "@$f" "$url/api/v1/fixes"
done
await right
drained() { [ "$(sql -c "select count(*) from fix")" -ge "$units" ]; }
await drained
snapped() { [ -n "$(find "$data/d/spool/positions.snap" -size "+$((units / 40))k" 2>/dev/null)" ]; }
await snapped

restart=() whole=()
for ((round = 1; round <= rounds; round++)); do
  begin=$(now)
  kill -9 "$server"
  wait "$server" 2>/dev/null || true # frees its address, as a supervisor does
  start_server
  await right
  restart+=($(($(now) - begin)))
  await ready
  whole+=($(($(now) - begin)))
  echo "round $round: right again after ${restart[-1]} ms, ready after ${whole[-1]} ms" >&2
  await lines 'devices loaded' $((round + 1))
done

curl -sf -c "$data/cookie" -o /dev/null -H 'Content-Type: application/json' -d "{\"login\":\"desk\",\"password\":\"$password\"}" "$url/api/v1/session"
snapshots=() shown=
for _ in $(seq 5); do
  begin=$(now)
  shown=$(awk '/^event: snapshot/ { getline; print; exit }' <(curl -sN -m 30 -b "$data/cookie" "$url/api/v1/live") | grep -o '"call_sign"' | wc -l)
  snapshots+=($(($(now) - begin)))
done

ticks() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
sleep 10
before=$(ticks)
sleep 20
idle=$(awk -v t=$(($(ticks) - before)) -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.1f", 100 * t / hz / 20 }')
printf '{"units":%d,"restart_ms":%d,"restart_slowest_ms":%d,"ready_ms":%d,"rss_mb":%d,"idle_cpu_pct":%s,"snapshot_units":%d,"snapshot_ms":%d}\n' \
  "$units" "$(median "${restart[@]}")" "$(printf '%s\n' "${restart[@]}" | sort -n | tail -n 1)" "$(median "${whole[@]}")" \
  "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$server/status")" "$idle" "$shown" "$(median "${snapshots[@]}")"
