#!/usr/bin/env bash
# Plants each bug of this folder in a copy of the engine, and runs seeds until an invariant breaks.
#
#   tests/vopr/bugs/run.sh            all of them; a table, and "N of N found"
#   tests/vopr/bugs/run.sh NAME...    these
#
# A patch begins with a line that says what it breaks, and one with the number of seeds that must be enough.
# Exit code 1: one was not found within them, did not apply, or did not build.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/zenrelease-bugs.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
compiler=("${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 "-I$work/plugin" "-I$work/tests/vopr")

mkdir -p "$work/plugin" "$work/tests" "$work/objects"
cp -r "$root/plugin/base" "$root/plugin/model" "$root/plugin/engine" "$work/plugin/"
cp -r "$root/tests/vopr" "$work/tests/"
cp -r "$work/plugin/engine" "$work/sound"

object_of() { echo "$work/objects/$(tr / _ <<<"${1#"$work"/}").o"; }
compile() {
  local source
  for source in "$@"; do
    "${compiler[@]}" -c "$source" -o "$(object_of "$source")" || return 1
  done
}
link() { "${compiler[@]}" "$work"/objects/*.o -o "$work/vopr" -lpthread -lm; }

all=("$work"/plugin/{base,model,engine}/*.c "$work"/tests/vopr/*.c)
half=$(((${#all[@]} + 1) / 2))
compile "${all[@]:0:half}" &
first=$!
compile "${all[@]:half}" || exit 1
wait "$first" || exit 1

# plant NAME: the copy has this bug afterwards, and no other.
plant() {
  rm -rf "$work/plugin/engine"
  cp -r "$work/sound" "$work/plugin/engine"
  patch -s -p1 -d "$work" <"$here/$1.patch" >"$work/log" 2>&1 || return 1
  local source changed=()
  for source in "$work"/plugin/engine/*.c; do
    cmp -s "$source" "$work/sound/${source##*/}" || changed+=("$source")
  done
  cmp -s "$work/plugin/engine/state.h" "$work/sound/state.h" || changed=("$work"/plugin/engine/*.c)
  touched=("${changed[@]}")
  compile "${changed[@]}" 2>"$work/log" && link 2>"$work/log"
}

# Files that a bug has changed are compiled anew from the sound ones.
heal() {
  rm -rf "$work/plugin/engine"
  cp -r "$work/sound" "$work/plugin/engine"
  compile "${touched[@]}"
}

names=("$@")
if ((${#names[@]} == 0)); then
  for file in "$here"/*.patch; do
    names+=("$(basename "$file" .patch)")
  done
fi
found=0
for name in "${names[@]}"; do
  touched=()
  seeds=$(sed -n '2s/^seeds: //p' "$here/$name.patch")
  if ! plant "$name"; then
    printf '%-26s does not apply, or does not build\n' "$name"
    sed 's/^/    /' "$work/log"
  else
    said=$("$work/vopr" --count "$seeds" --jobs 1 --most 1 --quiet 2>&1)
    line=$(grep -m1 VIOLATION <<<"$said")
    if [[ -n $line ]]; then
      found=$((found + 1))
      number=${line#seed }
      printf '%-26s found after %6s seeds: %s\n' "$name" "${number%%:*}" "${line#*VIOLATION: }"
    else
      printf '%-26s NOT FOUND in %s seeds: %s\n' "$name" "$seeds" "$(tail -n 1 <<<"$said")"
    fi
  fi
  heal || exit 1
done
echo "$found of ${#names[@]} found"
((found == ${#names[@]}))
