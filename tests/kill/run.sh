#!/usr/bin/env bash
# run.sh BUILD [OPTIONS]: kills the plugin of a build folder with signal 9, and judges what is left.
#   tests/kill/run.sh build --points 1000    at a thousand random moments (about a quarter of an hour)
#   tests/kill/run.sh build --steps          at every step of the journal: before, half-way and after
set -euo pipefail
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
arguments=()
for argument in "$@"; do
  arguments+=("$argument")
  [[ $argument != --steps ]] || arguments+=("$build/tests/die_at.so")
done
"$here/../e2e/make-stubs" "$build/tests/stubs" >/dev/null
export ZR_BIN=$build/bin ZR_STUBS=$build/tests/stubs
exec /usr/bin/python3 -B "$here/kill_run.py" "${arguments[@]}"
