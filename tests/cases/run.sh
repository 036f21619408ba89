#!/usr/bin/env bash
# The fault cases against the programs of a build folder; the last line counts them.
#
#   tests/cases/run.sh build                 all 43
#   tests/cases/run.sh build 14 21           some, by number
#   tests/cases/run.sh build cases_lost      those of one file
#   tests/cases/run.sh build --long          the slow ones at their true length too: about twelve minutes
#   tests/cases/run.sh build --list          what there is
set -euo pipefail
if (($# == 0)) || [[ $1 == -h || $1 == --help ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 2
fi
build=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")"
sanitized=0
if grep -q '^ZR_SANITIZE:STRING=.' "$build/CMakeCache.txt"; then sanitized=1; fi
../e2e/make-stubs "$build/tests/stubs" >/dev/null
export ZR_BIN=$build/bin ZR_STUBS=$build/tests/stubs ZR_SANITIZED=$sanitized
export TSAN_OPTIONS=${TSAN_OPTIONS-ignore_noninstrumented_modules=1:exitcode=66}
exec /usr/bin/python3 -B run.py "${@:2}"
