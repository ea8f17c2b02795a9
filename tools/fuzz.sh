#!/usr/bin/env bash
# fuzz.sh BUILD_DIR SECONDS: runs every fuzz target in BUILD_DIR for SECONDS, starting from the corpus
# in tests/fuzz/corpus/NAME where there is one; new inputs are kept under BUILD_DIR. Two at a time.
set -euo pipefail
build=$1 seconds=$2
root=$(cd "$(dirname "$0")/.." && pwd)
failed=0 total=0
run_one() {
  local target=$1 name=${1##*/fuzz_}
  local found=$build/corpus/$name artifacts=$build/crashes/$name-
  mkdir -p "$found" "$build/crashes"
  local dirs=("$found")
  [ -d "$root/tests/fuzz/corpus/$name" ] && dirs+=("$root/tests/fuzz/corpus/$name")
  if "$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
      -artifact_prefix="$artifacts" "${dirs[@]}" > "$build/fuzz_$name.log" 2>&1; then
    echo "fuzz $name: clean, $(grep -oE 'number_of_executed_units: [0-9]+' "$build/fuzz_$name.log" | grep -oE '[0-9]+') runs"
  else
    echo "fuzz $name: FAILED, see $build/fuzz_$name.log and $artifacts*"
    return 1
  fi
}
export -f run_one
export build seconds root
find "$build/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -executable -print0 | sort -z |
  xargs -0 -n1 -P2 bash -c 'run_one "$0"'
