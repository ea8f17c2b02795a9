#!/usr/bin/env bash
# demo.sh TIMEROSE: the main job, end to end, on text that is on every Debian machine. Safe to repeat:
# it keeps its own repository under build/demo.
set -euo pipefail
timerose=$(realpath "$1")
cd "$(dirname "$0")/.."
export TIMEROSE_PATH=$PWD/build/demo
text=/usr/share/common-licenses/GPL-3

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '$ %s\n' "${*/#$timerose/timerose}"; "$@"; }

say "1. A text and a program become content: each is named by its CID"
input=$("$timerose" add "$text")
function=$("$timerose" add build/examples/wordcount.wasm)
echo "$text -> $input"
echo "wordcount.wasm -> $function"

say "2. The function runs on the data, both by CID; its output is a CID again"
show "$timerose" run --input "$input" "$function" 5
output=$("$timerose" run -o cid --input "$input" "$function" 5)
echo "output CID: $output"

say "3. The same call again: answered from the memo, nothing is executed"
show "$timerose" run -o json --input "$input" "$function" 5

say "4. Verified by re-execution: the same Outcome CID"
invocation=$("$timerose" run -o json --input "$input" "$function" 5 |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["invocation"])')
show "$timerose" rerun "$invocation"

say "5. The receipt: a signature over the invocation and its outcome"
receipt=$("$timerose" run -o json --input "$input" "$function" 5 |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["receipt"])')
show "$timerose" receipt verify "$receipt"
