#!/usr/bin/env bash
# Lets each allocation of each path fail once, and prints a table of the paths.
#
#   tests/sweep/run.sh [BUILD]           of each place that allocates, the first two and the last
#                                        allocation; in whole programs, the first
#   tests/sweep/run.sh [BUILD] --full    every allocation: some minutes
#
# BUILD is a build folder, `build` unless given; a sanitizer's (out/asan) looks for leaks in libraries
# as well. The last line sums up; exits 1 when a path crashed, lost a block or told a lie.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
build=build
export ZR_SWEEP=places
for argument in "$@"; do
  case $argument in
    --full) ZR_SWEEP=full ;;
    -h | --help)
      sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *) build=$argument ;;
  esac
done

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
ctest --test-dir "$build" -L sweep -V --timeout 3600 >"$log" 2>&1
failed=$?
awk '
  sub(/^[0-9]+: /, "") == 0 { next }
  /^sweep: .* failed .* made/ {
    if (!paths++) printf "%-44s %8s %8s %12s\n", "path", "failed", "places", "allocations"
    line = $0; sub(/^sweep: /, "", line)
    name = substr(line, 1, 44); rest = substr(line, 45); split(rest, n, " ")
    printf "%s %8d %8d %12d\n", name, n[1], n[3], n[5]
    failures += n[1]
  }
  /blocks? (were )?lost/ { leaks++ }
  /killed by a signal|Segmentation fault|ERROR: AddressSanitizer|Abort/ { crashes++ }
  END {
    printf "%d paths, %d allocations failed, %d leaks, %d crashes\n", paths, failures, leaks, crashes
  }' "$log"
if ((failed)); then
  grep -E '\*\*\*|not finished|ERROR' "$log" | head -n 40
  exit 1
fi
