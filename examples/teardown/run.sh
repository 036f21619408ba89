#!/usr/bin/env bash
# A three-tier teardown on the simulator: validate, plan, look at the plan, apply exactly that plan.
#   examples/teardown/run.sh [FOLDER with the programs; default build/bin]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(cd "${1:-$here/../../build/bin}" && pwd)
work=$(mktemp -d)
simulator=
trap '[[ -z $simulator ]] || kill "$simulator"; rm -rf "$work"' EXIT

mkfifo "$work/ready"
"$bin/zenlayer-sim" --listen 127.0.0.1:0 --fleet "$here/fleet.json" >"$work/ready" &
simulator=$!
read -r ready <"$work/ready"
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$ready"; }
export ZENLAYERCLOUD_ACCESS_KEY_ID ZENLAYERCLOUD_ACCESS_KEY_PASSWORD ZENLAYERCLOUD_DOMAIN
export ZENLAYERCLOUD_SCHEME=HTTP
ZENLAYERCLOUD_ACCESS_KEY_ID=$(field access_key_id)
ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=$(field access_key_password)
ZENLAYERCLOUD_DOMAIN=$(field endpoint)

step() { printf '\n== %s\n' "$1"; }
step "1. The file is well-formed (no network needed)"
"$bin/zenrelease" validate "$here/teardown.json"
step "2. The plan: what would be released, in what order, and what dies with it"
"$bin/zenrelease" plan "$here/teardown.json" --out "$work/plan.jsonl"
step "3. The review: the plan is a file, one line an instance, and its digest names it"
digest=$(sed -n 's/.*"type":"end".*"sha256":"\([0-9a-f]*\)".*/\1/p' "$work/plan.jsonl")
grep -c '"type":"instance"' "$work/plan.jsonl" | sed 's/$/ instances in the plan/'
step "4. Apply: exactly the plan that was reviewed"
"$bin/zenrelease" apply --plan "$work/plan.jsonl" --expect-digest "$digest" --report "$work/report.json"
step "5. Again: nothing is left to do"
"$bin/zenrelease" apply --plan "$work/plan.jsonl" --expect-digest "$digest"
