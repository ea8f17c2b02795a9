#!/usr/bin/env bash
# smith.sh BUILD_DIR FIRST COUNT: runs COUNT generated modules, from number FIRST, twice each and
# compares (tests/smith). The generator is built in the user's cache, keyed by its lock file.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 first=$2 count=$3
cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")
key=$(sha256sum tests/smith/Cargo.lock | cut -c1-16)
target=${XDG_CACHE_HOME:-$HOME/.cache}/timerose/smith-$key
"$cargo" build -q --release --locked --manifest-path tests/smith/Cargo.toml --target-dir "$target"
"$target/release/timerose-smith" "$first" "$count" | "$build/tests/smith/run_modules"
