#!/usr/bin/env bash
# Terraform (or OpenTofu) adopts 250 instances of the recycle bin and releases them, on a simulator of
# the cloud on this machine. Nothing leaves it.
#
#   examples/terraform/run.sh
#
# Takes terraform from PATH, or the program that ZR_TERRAFORM names (a tofu will do); exits 77 where
# there is none. Takes the build from ZR_BUILD, or makes one in build/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
case "${1-}" in
  "") ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    if [[ $1 == -h || $1 == --help ]]; then exit 0; else exit 2; fi
    ;;
esac

terraform=${ZR_TERRAFORM:-$(command -v terraform || true)}
if [[ -z $terraform ]]; then
  echo "SKIPPED: there is no terraform on PATH, and ZR_TERRAFORM names none"
  exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/zenrelease-terraform.XXXXXX")
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
say() {
  printf '\n=== %s\n' "$*"
}

build=${ZR_BUILD:-build}
if [[ -z ${ZR_BUILD-} ]]; then
  say "Build"
  if ! { cmake --preset release && cmake --build --preset release; } >"$work/build" 2>&1; then
    tail -n 40 "$work/build"
    echo "run.sh: the build failed"
    exit 1
  fi
fi

say "Install into a local mirror"
cmake --install "$build" --component terraform --prefix "$work/usr"

# Nothing of the machine's own settings: no registry, no cache, no question about a new version.
for name in ${!TF_*}; do unset "$name"; done
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 TF_INPUT=0 TF_CLI_CONFIG_FILE="$work/terraformrc"
cat >"$TF_CLI_CONFIG_FILE" <<CONFIG
provider_installation {
  filesystem_mirror {
    path = "$work/usr/share/terraform/plugins"
  }
}
CONFIG

say "A cloud of our own: 250 instances in the recycle bin, 5 still running"
mkfifo "$work/ready"
"$build/bin/zenlayer-sim" --listen 127.0.0.1:0 --recycled 250 --running 5 >"$work/ready" &
simulator=$!
read -r ready <"$work/ready"
field() {
  /usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$ready" "$1"
}
ZENLAYERCLOUD_ACCESS_KEY_ID=$(field access_key_id)
ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=$(field access_key_password)
ZENLAYERCLOUD_DOMAIN=$(field endpoint)
export ZENLAYERCLOUD_ACCESS_KEY_ID ZENLAYERCLOUD_ACCESS_KEY_PASSWORD ZENLAYERCLOUD_DOMAIN
export ZENLAYERCLOUD_SCHEME=HTTP no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
# judge DESTROYED CALLS: what the simulator saw must be exactly that.
judge() {
  /usr/bin/python3 - "$@" <<'PYTHON'
import json, os, sys, urllib.request
base = f"http://{os.environ['ZENLAYERCLOUD_DOMAIN']}/_sim/"
read = lambda page: json.load(urllib.request.urlopen(base + page, timeout=10))
gone = {e["instance_id"] for e in read("ledger")["entries"]}
calls = read("requests?summary=1")["counts"].get("ReleaseInstances", 0)
running = [i for i in read("fleet")["instances"] if i["status"] == "RUNNING"]
print(f"the simulator's log: {len(gone)} destroyed by {calls} release calls, {len(running)} running")
want_gone, want_calls = map(int, sys.argv[1:])
ok = len(gone) == want_gone and calls == want_calls and len(running) == 5
sys.exit(0 if ok else f"expected {want_gone} destroyed by {want_calls} calls, and 5 running")
PYTHON
}

cp examples/terraform/adopt/main.tf "$work"
run() {
  say "\$ $(basename "$terraform") $*"
  "$terraform" -chdir="$work" "$@"
}
run version
run init -no-color
run plan -no-color -out=plan >"$work/said"
tail -n 12 "$work/said"
run apply -no-color plan >"$work/said"
tail -n 8 "$work/said"
judge 0 0
[[ $("$terraform" -chdir="$work" output -raw adopted) == 250 ]]
run destroy -no-color -auto-approve >"$work/said"
tail -n 4 "$work/said"
judge 250 3
echo
echo "adopted 250, released 250, with 3 release calls"
