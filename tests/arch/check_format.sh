#!/usr/bin/env bash
# clang-format 14 would change nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t files < <(find plugin client tests -name node_modules -prune -o -name '*.[ch]' -print | sort)
echo "format: ${#files[@]} files"
((${#files[@]} > 0))
clang-format-14 --dry-run --Werror --ferror-limit=3 "${files[@]}"
