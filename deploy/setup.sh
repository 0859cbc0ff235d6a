#!/usr/bin/env bash
# Installs what Jiujin needs on Debian 12 and is not there yet, and says why. Does nothing when all is there.
# usage: deploy/setup.sh run   (database server)
#        deploy/setup.sh test  (also the browser for the tests)
set -euo pipefail

want_run="gcc:to compile the H3 library|libc6-dev:to compile the H3 library|postgresql-15:the database server|postgresql-15-postgis-3:maps in the database"
want_test="chromium:to test the pages in a real browser|fonts-noto-cjk:Chinese letters in that browser"

want="$want_run"
[ "${1:-run}" = test ] && want="$want|$want_test"

missing=()
IFS='|'
for pair in $want; do
  package=${pair%%:*}
  if ! dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
    missing+=("$package")
    echo "needed: $package (${pair#*:})"
  fi
done
unset IFS

for tool in go node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing. Install Go 1.26+ and Node.js 20+ first." >&2; exit 1; }
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "run as root or install sudo: apt-get needs it for ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi

# Debian would start a cluster of its own on port 5432; ours is private and needs none.
if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${as_root[@]}" mkdir -p /etc/postgresql-common
  echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi

log=$(mktemp)
echo "installing ${missing[*]} with apt-get; this takes a minute or two …"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold)
if ! { "${apt[@]}" update -qq && "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "apt-get failed; its words are above and in $log" >&2
  exit 1
fi
rm -f "$log"
echo "installed."
