#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#
#   tests/run.sh          optimised build, then the address and thread sanitizers
#   tests/run.sh --quick  the optimised build only
#   tests/run.sh --long   the same as without, and the tests labelled long: thousands of resources through
#                         a real Terraform, some ten minutes more
#   tests/run.sh --tsan   the thread sanitizer alone, over all that can run under it: unit tests, every
#                         end-to-end file uncut, the 43 fault cases; some fifteen minutes
#
# Ends with ctest's closing lines, one block for each build; exits 1 when anything failed. A test
# that could not run says why, and is counted in the summary.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

presets=(release asan tsan)
leave_out=(-LE long)
sanitized=(-L '^(unit|sanitize)$')
case "${1-}" in
  "") ;;
  --quick) presets=(release) ;;
  --long) leave_out=() ;;
  --tsan)
    presets=(tsan)
    sanitized=(-L '^(unit|e2e|tfhost|cases)$' -LE long)
    export ZR_WHOLE=1
    ;;
  -h | --help)
    sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "run.sh: unknown argument '$1' (try --help)" >&2
    exit 2
    ;;
esac

jobs=2
logs=$(mktemp -d "${TMPDIR:-/tmp}/zenrelease-tests.XXXXXX") || exit 1
trap 'rm -rf "$logs"' EXIT
failed=()

step() {
  printf '\n=== %s (%d s)\n' "$1" "$SECONDS"
}

directory_of() {
  if [[ $1 == release ]]; then echo build; else echo "out/$1"; fi
}

# build PRESET: what is printed by a build that works is of no interest.
build() {
  if cmake --preset "$1" >"$logs/build-$1" 2>&1 &&
    cmake --build --preset "$1" -j "$jobs" >>"$logs/build-$1" 2>&1; then
    return 0
  fi
  tail -n 60 "$logs/build-$1"
  echo "run.sh: the $1 build failed"
  failed+=("build of $1")
  return 1
}

run_tests() {
  local preset=$1
  shift
  ctest --test-dir "$(directory_of "$preset")" --output-on-failure --no-tests=error -j "$jobs" \
    --output-junit "$logs/$preset.xml" --test-output-size-passed 200000 "$@" 2>&1 | tee "$logs/ctest-$preset"
  ((PIPESTATUS[0] == 0)) || failed+=("tests of $preset")
}

step "packages"
cmake/install-packages.sh --client-tests || exit 1

export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0"
export UBSAN_OPTIONS="print_stacktrace=1"
# In files, so that no process can hide one: not the plugin that a command starts, not one that is killed.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1:halt_on_error=0:exitcode=66:log_path=$logs/races"

for preset in "${presets[@]}"; do
  step "$preset: build"
  build "$preset" || continue
  step "$preset: tests"
  if [[ $preset == release ]]; then
    run_tests release "${leave_out[@]}"
  else
    run_tests "$preset" "${sanitized[@]}"
  fi
done

step "summary"
/usr/bin/python3 - "$logs" "${presets[@]}" <<'PYTHON'
import os, sys
import xml.etree.ElementTree as xml
logs, presets = sys.argv[1], sys.argv[2:]
for preset in presets:
    path = os.path.join(logs, preset + ".xml")
    if not os.path.exists(path):
        print(f"{preset}: not run")
        continue
    cases = xml.parse(path).getroot().findall("testcase")
    state = {c.get("name"): c for c in cases}
    skipped = [n for n, c in state.items() if c.find("skipped") is not None]
    bad = [n for n, c in state.items() if c.get("status") == "fail"]
    print(f"{preset}: {len(state)} tests, {len(state) - len(skipped) - len(bad)} passed, "
          f"{len(bad)} failed, {len(skipped)} skipped")
    for name, case in state.items():
        said = (case.findtext("system-out") or "").splitlines()
        why = [line for line in said if line.lower().startswith("skipped: ")]
        for line in dict.fromkeys(why) or (["SKIPPED: no reason given"] if name in skipped else []):
            print(f"  {'' if name in skipped else 'one case of '}{name}: {line}")
PYTHON
races=$(find "$logs" -name 'races.*' | wc -l)
if ((races)); then
  cat "$logs"/races.*
  failed+=("$races processes with reports of the thread sanitizer")
elif [[ -f $logs/ctest-tsan ]]; then
  echo "tsan: no process has reported anything"
fi
if ((${#failed[@]})); then
  printf 'FAILED: %s\n' "${failed[@]}"
else
  echo "everything that ran has passed, in $SECONDS s"
fi

for preset in "${presets[@]}"; do
  [[ -f $logs/ctest-$preset ]] || continue
  printf '\n--- %s\n' "$preset"
  sed -n '/% tests passed/,$p' "$logs/ctest-$preset" | grep -v '^$'
done
((${#failed[@]} == 0))
