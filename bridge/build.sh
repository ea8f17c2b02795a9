#!/usr/bin/env bash
# Builds the bridge and lays out what C++ needs of it: build.sh CARGO TARGET_DIR OUT_DIR
#   OUT_DIR/libtimerose_bridge.a   the static library
#   OUT_DIR/include/               Wasmtime's C headers, with conf.h filled in
set -euo pipefail
cargo=$1 target_dir=$2 out=$3
cd "$(dirname "$0")"
mkdir -p "$target_dir" "$out/include"

# Two clones may build at once: they share the cache folder.
exec 9>"$target_dir/.timerose-lock"
flock 9
"$cargo" build --release --locked --target-dir "$target_dir"
cp -f "$target_dir/release/libtimerose_bridge.a" "$out/libtimerose_bridge.a.new"

host=$(rustc -vV | sed -n 's/^host: //p')
headers=$("$cargo" metadata --locked --filter-platform "$host" --format-version 1 |
  python3 -c 'import json,os,sys
for p in json.load(sys.stdin)["packages"]:
    if p["name"] == "wasmtime-c-api-impl":
        print(os.path.join(os.path.dirname(p["manifest_path"]), "include"))')
cp -rf "$headers/." "$out/include/"
# conf.h says which parts the library was built with: the features of Cargo.toml.
features="WAT PARALLEL_COMPILATION ASYNC GC GC_DRC GC_NULL POOLING_ALLOCATOR CRANELIFT DISABLE_LOGGING"
script=""
for feature in $features; do
  script+="s/^#cmakedefine WASMTIME_FEATURE_$feature\$/#define WASMTIME_FEATURE_$feature/;"
done
script+='s|^#cmakedefine \(.*\)$|/* #undef \1 */|'
sed -e "$script" "$headers/wasmtime/conf.h.in" > "$out/include/wasmtime/conf.h"
mv -f "$out/libtimerose_bridge.a.new" "$out/libtimerose_bridge.a"
touch "$out/libtimerose_bridge.a"
