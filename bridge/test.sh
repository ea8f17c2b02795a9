#!/usr/bin/env bash
# Builds the bridge's unit tests: test.sh CARGO TARGET_DIR PROGRAM
#
# Not by `cargo test`: it would compile every dependency again, to unwind. What the build has made of
# them ends the process on a panic, and so do these tests, each in a process of its own, which stable
# rustc offers to its own tests only.
set -euo pipefail
cargo=$1 target_dir=$2 program=$3
cd "$(dirname "$0")"

exec 9>"$target_dir/.timerose-lock"
flock 9
externs=$("$cargo" build --release --locked --target-dir "$target_dir" --message-format json -q |
  python3 -c 'import json,sys
files = {}
for line in sys.stdin:
    made = json.loads(line)
    if made["reason"] == "compiler-artifact":
        # What the dependencies are built with is made before what they are built of.
        files.update((made["target"]["name"].replace("-", "_"), name)
                     for name in made["filenames"] if name.endswith((".rlib", ".so")))
for name, file in files.items():
    print(f"--extern={name}={file}")')
rustc=$(dirname "$cargo")/rustc
[ -x "$rustc" ] || rustc=rustc
# shellcheck disable=SC2086
RUSTC_BOOTSTRAP=1 "$rustc" --test -Zpanic_abort_tests -C panic=abort --edition 2021 --crate-name timerose_bridge \
  -L "dependency=$target_dir/release/deps" $externs src/lib.rs -o "$program"
