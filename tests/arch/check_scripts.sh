#!/usr/bin/env bash
# The shell linter has nothing to say, and what is meant to be run can be run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t scripts < <(find cmake examples tests client plugin -name node_modules -prune -o -name '*.sh' -print)
scripts+=(.ci/run)
status=0
for script in "${scripts[@]}"; do
  if [[ ! -x $script ]]; then
    echo "$script: has no x bit"
    status=1
  fi
done
((status == 0)) || exit 1
if ! command -v shellcheck >/dev/null; then
  echo "SKIPPED: shellcheck is not installed (cmake/install-packages.sh --client-tests brings it)"
  exit 77
fi
shellcheck --shell=bash "${scripts[@]}"
echo "scripts: ${#scripts[@]} looked at"
