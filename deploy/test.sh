#!/usr/bin/env bash
# Runs every test: Go on real PostGIS, the web pages' units, the running binary in a real browser. Ends with the
# number of tests in a line of its own, and fails when one of them failed or none ran.
set -uo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0 passed=0 broken=0

count() { # name, passed, failed, exit code
  printf '%-28s %4d passed  %d failed\n' "$1" "$2" "$3"
  passed=$((passed + $2)); failed=$((failed + $3))
  if [ "$4" -ne 0 ] && [ "$3" -eq 0 ]; then broken=$((broken + 1)); echo "  $1 ended with code $4"; fi
}

echo "Go tests on a private PostgreSQL …"
go test -count=1 -json -timeout 15m ./... >"$out/go.json" 2>"$out/go.err"
code=$?
node deploy/gotest.mjs "$out/go.json"
cat "$out/go.err" >&2
read -r go_pass go_fail <"$out/go.json.counts"
count "Go" "$go_pass" "$go_fail" "$code"

echo "web unit tests …"
(cd web-map && npx vitest run --reporter=default --reporter=json --outputFile="$out/web.json") >"$out/web.log" 2>&1
code=$?
[ $code -eq 0 ] || tail -n 60 "$out/web.log"
read -r web_pass web_fail < <(node -e 'try{const r=require(process.argv[1]);console.log(r.numPassedTests,r.numFailedTests)}catch{console.log(0,0)}' "$out/web.json")
count "web units" "$web_pass" "$web_fail" "$code"

echo "the running service in a browser …"
(cd web-map && node --test --test-reporter=tap --test-concurrency=1 e2e/*.test.mjs) >"$out/e2e.log" 2>&1
code=$?
[ $code -eq 0 ] || tail -n 80 "$out/e2e.log"
e2e_pass=$(sed -n 's/^# pass //p' "$out/e2e.log" | tail -n1); e2e_fail=$(sed -n 's/^# fail //p' "$out/e2e.log" | tail -n1)
count "browser" "${e2e_pass:-0}" "${e2e_fail:-0}" "$code"

echo
echo "$passed passed, $((failed + broken)) failed"
[ $((failed + broken)) -eq 0 ] && [ "$passed" -gt 0 ]
