#!/usr/bin/env bash
# Builds the fuzz targets with libFuzzer and runs them, one after the other.
#
#   tests/fuzz/run.sh                   60 seconds each
#   tests/fuzz/run.sh --seconds 600     longer
#   tests/fuzz/run.sh --target reply    this one only; may be given again
#   tests/fuzz/run.sh --keep            afterwards writes what was found, as the smallest set of inputs
#                                       that reaches the same code, to tests/fuzz/corpus
#   tests/fuzz/run.sh --coverage        no fuzzing: which lines of our code all known inputs reach
#
# Ends with a table and one line; exits 1 when an input made a target fail. Such inputs stay in
# out/fuzz/artefacts, and the line to run one again is printed. docs/fuzzing.md is the page.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

seconds=60
targets=()
keep=no
coverage=no
while (($#)); do
  case "$1" in
    --seconds) seconds=${2:?} && shift ;;
    --target) targets+=("${2:?}") && shift ;;
    --keep) keep=yes ;;
    --coverage) coverage=yes ;;
    -h | --help)
      sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    *)
      echo "run.sh: unknown argument '$1' (try --help)" >&2
      exit 2
      ;;
  esac
  shift
done
if ((${#targets[@]} == 0)); then
  for source in tests/fuzz/target_*.c; do
    name=${source##*/target_}
    targets+=("${name%.c}")
  done
fi

out=out/fuzz
mkdir -p "$out/artefacts" "$out/corpus" "$out/log"
pack=tests/fuzz/pack.py

# build FOLDER CMAKE-ARGUMENT…: the targets, and nothing else.
build() {
  local folder=$1
  shift
  if ! cmake "$@" >"$out/log/build" 2>&1 ||
    ! cmake --build "$folder" --target fuzz -j 2 >>"$out/log/build" 2>&1; then
    tail -n 40 "$out/log/build"
    echo "run.sh: the build failed" >&2
    exit 2
  fi
}

# gather TARGET: all known inputs as files; those of earlier runs are there already.
gather() {
  local target=$1 committed=tests/fuzz/corpus/$1 file
  for file in "$committed"/*; do
    case "$file" in
      *.pack) "$pack" unpack "$file" "$out/corpus/$target" || return 1 ;;
      *) cp "$file" "$out/corpus/$target/" || return 1 ;;
    esac
  done
}

dictionary() {
  [[ -f tests/fuzz/dict/$1.dict ]] && echo "-dict=tests/fuzz/dict/$1.dict"
}

last() {
  sed -n "s/$1/\\1/p" "$2" | tail -n 1
}

crashes() {
  find "$out/artefacts" -name "$1-*" -newer "$out/log/$1.begun" | sort
}

total=0
failed=0
run_one() {
  local target=$1 log=$out/log/$1 executions crash
  mkdir -p "$out/corpus/$target"
  gather "$target" || exit 2
  touch "$out/log/$target.begun"
  # shellcheck disable=SC2046 # no dictionary is no argument
  nice -n 10 "$out/tests/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$out/artefacts/$target-" \
    $(dictionary "$target") "$out/corpus/$target" >"$log" 2>&1
  local code=$?
  executions=$(last '^stat::number_of_executed_units: *\([0-9]*\).*' "$log")
  mapfile -t found < <(crashes "$target")
  if ((code != 0 && ${#found[@]} == 0)); then
    tail -n 20 "$log"
    found=("the program ended with $code and left no input")
  fi
  printf '%-14s %12s %9s %9s %8s %8s\n' "$target" "${executions:-0}" \
    "$(last '.* cov: \([0-9]*\) .*' "$log")" "$(last '.* ft: \([0-9]*\) .*' "$log")" \
    "$(find "$out/corpus/$target" -type f | wc -l)" "${#found[@]}"
  for crash in "${found[@]}"; do
    echo "  again: $out/tests/fuzz_$target $crash   (what it said: $log)"
  done
  total=$((total + ${executions:-0}))
  failed=$((failed + ${#found[@]}))
}

keep_one() {
  local target=$1 small
  small=$(mktemp -d) || exit 2
  "$out/tests/fuzz_$target" -merge=1 -max_len=4096 "$small" "$out/corpus/$target" \
    >"$out/log/$target.merge" 2>&1 || echo "  $target: $out/log/$target.merge says what did not work"
  "$pack" pack "$small" "tests/fuzz/corpus/$target/found.pack" 1000
  rm -rf "$small"
}

cover() {
  local folder=$out/coverage target programs=()
  if ! command -v llvm-cov-14 >/dev/null; then
    echo "run.sh: --coverage needs llvm-cov-14; Debian's package is llvm-14" >&2
    exit 2
  fi
  rm -f "$folder"/*.profraw
  build "$folder" -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER=clang-14 \
    "-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping"
  for target in "${targets[@]}"; do
    mkdir -p "$out/corpus/$target"
    gather "$target" || exit 2
    LLVM_PROFILE_FILE=$folder/$target.profraw "$folder/tests/fuzz_$target" "$out/corpus/$target" ||
      exit 1
    programs+=(-object "$folder/tests/fuzz_$target")
  done
  llvm-profdata-14 merge -o "$folder/all.profdata" "$folder"/*.profraw || exit 2
  llvm-cov-14 report -instr-profile="$folder/all.profdata" "${programs[@]:1}" \
    -ignore-filename-regex='(out|build)/.*/gen/|/usr/|tests/fuzz|tests/unit'
  echo "lines that no input reached: llvm-cov-14 show -instr-profile=$folder/all.profdata ${programs[*]:1} FILE"
}

if [[ $coverage == yes ]]; then
  cover
  exit
fi
build "$out" --preset fuzz
# Files of inputs are many and small.
[[ -n ${TMPDIR-} || ! -w /dev/shm ]] || export TMPDIR=/dev/shm
export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
printf '%-14s %12s %9s %9s %8s %8s\n' target executions edges features inputs crashes
for target in "${targets[@]}"; do
  run_one "$target"
done
if [[ $keep == yes ]]; then
  for target in "${targets[@]}"; do
    keep_one "$target"
  done
  du -sh tests/fuzz/corpus
fi
echo "${#targets[@]} targets, $total executions, $failed crashes"
((failed == 0))
