#!/usr/bin/env bash
# Formatting, the include graph, what documents name, and clang-tidy over every source of src/ and sim/ that is not a test.
#
#   lint.sh           what CI runs: the checks of .clang-tidy, about 8 minutes on 2 cores
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

# The flags of each file, and the headers that the build of the bridge puts beside its library.
[ -f build/release/compile_commands.json ] || cmake --preset release >/dev/null
[ -f build/release/bridge/include/wasmtime.h ] || cmake --build build/release --target timerose_bridge_build
checks=()
# EnumCastOutOfRange: a byte read from the wire is cast to an enum first and looked at by a switch after.
[ "$mode" = --full ] && checks=(--checks='clang-analyzer-*,-clang-analyzer-optin.core.EnumCastOutOfRange')
# The count of findings in system headers, which are not shown, is noise; all else on stderr is kept.
sources 'src/*.cc' 'sim/*.cc' | grep -v '_test\.cc$' |
  xargs -P "${JOBS:-$(nproc)}" -n 1 clang-tidy-19 --quiet --warnings-as-errors='*' -p build/release "${checks[@]}" 2>&1 |
  sed -E '/^[0-9]+ warnings?( treated as errors)? generated\.$/d; /^Suppressed [0-9]+ warnings/d; /^Use -header-filter/d'
echo "lint: clean"
