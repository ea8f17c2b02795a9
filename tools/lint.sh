#!/usr/bin/env bash
# Formatting, the include graph, what documents name, and clang-tidy over every source of src/ and sim/ that is not a test.
#
#   lint.sh           what CI runs: the checks of .clang-tidy, a few minutes on 2 cores
#   lint.sh --full    also the path-sensitive clang-analyzer-*, which takes three times as long
#   lint.sh --quick   without clang-tidy: seconds
#
# JOBS says how many clang-tidy run at once (one a core unless given).
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-}
sources() { git ls-files --cached --others --exclude-standard "$@"; }

sources '*.h' '*.cc' | xargs clang-format-19 --dry-run -Werror
python3 tools/include_graph.py --check
python3 tools/check_docs.py
[ "$mode" = --quick ] && exit 0

# A library's sources are read a dozen at a time, as the sanitizers' build compiles them: headers are most of the work.
[ -f build/asan/compile_commands.json ] || cmake --preset asan >/dev/null
[ -f build/asan/bridge/include/wasmtime.h ] || cmake --build build/asan --target timerose_bridge_build
units() {
  grep -oE '"file": "[^"]+"' build/asan/compile_commands.json | cut -d'"' -f4 |
    grep -E '/timerose_[a-z]+\.dir/Unity/|/(src|sim)/.*_main\.cc$'
}
checks=()
# EnumCastOutOfRange: a byte read from the wire is cast to an enum first and looked at by a switch after.
[ "$mode" = --full ] && checks=(--checks='clang-analyzer-*,-clang-analyzer-optin.core.EnumCastOutOfRange')
# The count of findings in system headers, which are not shown, is noise; all else on stderr is kept.
units | xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 --quiet --warnings-as-errors='*' -p build/asan \
    "${checks[@]}" 2>&1 |
  sed -E '/^[0-9]+ warnings?( treated as errors)? generated\.$/d; /^Suppressed [0-9]+ warnings/d; /^Use -header-filter/d'
echo "lint: clean"
