#!/usr/bin/env bash
# From nothing to a released fleet, on a simulator of the cloud on this machine. Nothing leaves it.
#
#   examples/quickstart.sh
#
# Installs the Debian packages that are missing, builds, starts the simulator, and lets the command
# `zenrelease` and its plugin release 250 instances of which some cannot be released.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case "${1-}" in
  "") ;;
  *)
    sed -n '2,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    if [[ $1 == -h || $1 == --help ]]; then exit 0; else exit 2; fi
    ;;
esac

say() {
  printf '\n\033[1m%s\033[0m\n' "$*" | if [[ -t 1 ]]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi
}
work=$(mktemp -d "${TMPDIR:-/tmp}/zenrelease-quickstart.XXXXXX")
simulator=
stop() {
  if [[ -n $simulator ]]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

say "1. Packages"
cmake/install-packages.sh

say "2. Build (build/bin)"
build() {
  cmake --preset release &&
    cmake --build --preset release --target zenrelease_cli zenrelease-plugin zenlayer-sim
}
if ! build >"$work/build" 2>&1; then
  tail -n 40 "$work/build"
  echo "quickstart.sh: the build failed"
  exit 1
fi
ls build/bin

say "3. A cloud of our own: 240 instances in the recycle bin, 5 still running"
mkfifo "$work/ready"
build/bin/zenlayer-sim --listen 127.0.0.1:0 --recycled 240 --running 5 >"$work/ready" &
simulator=$!
read -r ready <"$work/ready"
field() {
  /usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$ready" "$1"
}
# The same four variables lead to the real service; there, leave the last two out.
ZENLAYERCLOUD_ACCESS_KEY_ID=$(field access_key_id)
ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=$(field access_key_password)
ZENLAYERCLOUD_DOMAIN=$(field endpoint)
export ZENLAYERCLOUD_ACCESS_KEY_ID ZENLAYERCLOUD_ACCESS_KEY_PASSWORD ZENLAYERCLOUD_DOMAIN
export ZENLAYERCLOUD_SCHEME=HTTP
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
echo "simulator at http://$ZENLAYERCLOUD_DOMAIN"

say "4. \$ zenrelease info"
build/bin/zenrelease info

say "5. \$ zenrelease list     (the recycle bin; the first lines of it)"
build/bin/zenrelease list >"$work/list"
sed -n '1,6p' "$work/list"
echo "… $(wc -l <"$work/list") lines in all"

# What somebody's list looks like in real life: 240 that can go, 5 that still run, 5 that nobody knows,
# and three mentioned twice.
/usr/bin/python3 - >"$work/ids" <<'PYTHON'
import json, os, urllib.request
url = f"http://{os.environ['ZENLAYERCLOUD_DOMAIN']}/_sim/fleet"
fleet = json.load(urllib.request.urlopen(url, timeout=10))["instances"]
ids = [i["instanceId"] for i in fleet]
ids[10:10] = ["4040000000001", "4040000000002"]
ids[130:130] = ["4040000000003"]
ids += ["4040000000004", "4040000000005", ids[0], ids[77], ids[200]]
print("\n".join(ids))
PYTHON

say "6. \$ zenrelease release --dry-run --from -     ($(wc -l <"$work/ids") lines; reads, sends nothing)"
build/bin/zenrelease release --dry-run --json --from - <"$work/ids" >"$work/dry" || [[ $? == 3 ]]
/usr/bin/python3 - "$work/dry" <<'PYTHON'
import json, sys
result = json.loads(open(sys.argv[1]).read().splitlines()[-1])
would = sum(d["code"] == "WOULD_RELEASE" for d in result["diagnostics"])
print(f"would release {would} of {result['counts']['total']}; "
      f"{result['counts']['duplicates']} repeated mentions are counted once")
PYTHON

say "7. \$ zenrelease release --from -"
code=0
build/bin/zenrelease release --from - <"$work/ids" >"$work/report" || code=$?
sed '$d' "$work/report"
echo "exit code $code (3: some were released and some were not; the table says why)"
[[ $code == 3 ]]

say "8. The simulator's own ledger, against the report"
/usr/bin/python3 - "$work/ids" "$work/report" <<'PYTHON'
import json, os, sys, urllib.request
base = f"http://{os.environ['ZENLAYERCLOUD_DOMAIN']}/_sim/"
read = lambda page: json.load(urllib.request.urlopen(base + page, timeout=10))
ids = set(open(sys.argv[1]).read().split())
report = open(sys.argv[2]).read()
gone = {e["instance_id"] for e in read("ledger")["entries"]}
left = {i["instanceId"]: i["status"] for i in read("fleet")["instances"]
        if i["instanceId"] not in gone}
calls = read("requests?summary=1")["counts"]
print(f"destroyed: {len(gone)}, all of them asked for: {gone <= ids}")
print(f"still there: {len(left)}, all of them running: {set(left.values()) == {'RUNNING'}}")
print(f"calls: {calls}")
unnamed = [i for i in ids - gone if i not in report]
ok = (len(gone) == 240 and gone <= ids and len(left) == 5 and not unnamed
      and report.rstrip().endswith(f"released {len(gone)} of {len(ids)}"))
print("each id that was not released is named in the report:", not unnamed)
sys.exit(0 if ok else "the ledger and the report disagree")
PYTHON

say "9. In one line"
tail -n 1 "$work/report"
