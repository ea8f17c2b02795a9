#!/usr/bin/env bash
# package.sh BUILD_DIR: build/timerose-VERSION-linux-ARCH.tar.gz with the program, its licence and README.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -nE 's/^project\(timerose VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
name=timerose-$version-linux-$(uname -m)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/$name/bin"
strip -o "$stage/$name/bin/timerose" "$1/timerose"
cp LICENSE README.md "$stage/$name/"
tar -C "$stage" --sort=name --owner=0 --group=0 --mtime=@0 -czf "build/$name.tar.gz" "$name"
echo "build/$name.tar.gz"
