#!/usr/bin/env bash
# Runs the demo: the service on a made-up town, and the simulated fleet, callers and officers. Ctrl-C ends both.
# JIUJIN_LISTEN (127.0.0.1:8080) and JIUJIN_DATA_DIR are kept from the environment; DEMO_FLEET=0 leaves the fleet out.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${JIUJIN_DATA_DIR:-}" ]; then
  if [ "$(id -u)" -eq 0 ]; then JIUJIN_DATA_DIR=/var/lib/jiujin-demo; else JIUJIN_DATA_DIR=${XDG_STATE_HOME:-$HOME/.local/state}/jiujin-demo; fi
fi
export JIUJIN_DATA_DIR
export JIUJIN_LISTEN=${JIUJIN_LISTEN:-127.0.0.1:8080}
mkdir -p "$JIUJIN_DATA_DIR"
log=$JIUJIN_DATA_DIR/demo.log
ready=$JIUJIN_DATA_DIR/demo.ready
rm -f "$ready"

server= fleet=
stop() {
  trap - EXIT INT TERM
  for part in $fleet $server; do # one that has ended or fails must not keep the other from its turn
    kill -INT "$part" 2>/dev/null || true
    wait "$part" 2>/dev/null || true
  done
  echo "demo stopped; its data stays in $JIUJIN_DATA_DIR"
}
# Ctrl-C reaches the whole group; the parts are started in groups of their own so that they end in order.
trap 'echo; echo "stopping …"; stop; exit 0' INT TERM
trap stop EXIT

echo "data and log: $JIUJIN_DATA_DIR (demo.log)"
setsid bin/jiujin demo --ready-file "$ready" ${DEMO_FLAGS:-} 2>>"$log" &
server=$!
until [ -s "$ready" ]; do
  if ! kill -0 "$server" 2>/dev/null; then
    server=
    tail -n 20 "$log" >&2
    echo "the demo server ended; the last lines of $log are above" >&2
    exit 1
  fi
  sleep 0.1
done

if [ "${DEMO_FLEET:-1}" != 0 ]; then
  setsid bin/fleetsim --url "$(cat "$ready")" --credentials "$JIUJIN_DATA_DIR/demo-credentials.json" ${FLEET_FLAGS:-} 2>>"$log" &
  fleet=$!
  echo "  The simulated fleet is driving. Ctrl-C ends the demo."
fi
code=0
wait "$server" || code=$?
server=
if [ "$code" -ne 0 ]; then
  tail -n 5 "$log" >&2
  echo "the demo server ended by itself (code $code); nothing acknowledged is lost: run make demo again" >&2
fi
exit "$code"
