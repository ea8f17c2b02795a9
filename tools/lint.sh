#!/usr/bin/env bash
# Formatting, the include graph, and clang-tidy over every source of src/. --quick leaves out clang-tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files --cached --others --exclude-standard '*.h' '*.cc' | xargs clang-format-19 --dry-run -Werror
python3 tools/include_graph.py --check
[ "${1:-}" = --quick ] && exit 0
[ -f build/release/compile_commands.json ] || cmake --preset release >/dev/null
git ls-files --cached --others --exclude-standard 'src/*.cc' | grep -v '_test\.cc$' |
  xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet --warnings-as-errors='*' -p build/release 2> >(grep -vE 'warnings? generated|^Suppressed|^Use -header' >&2 || true)
echo "lint: clean"
