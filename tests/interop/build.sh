#!/usr/bin/env bash
# Builds the peers by other hands into build/interop: the Go peers, and the Helia peer with its own
# Node. Does nothing, and asks the network nothing, for what is up to date. Ends with 1, and says
# why, if one of them could not be built.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/interop
mkdir -p "$build/helia-peer"

build_go() {
  command -v go >/dev/null || { echo "go is missing: install Go 1.25.7 or newer"; return 1; }
  # Without cgo: no C compiler is needed, and the build is shorter.
  (cd "$here/go-peer" && CGO_ENABLED=0 go build -ldflags '-s -w' -o "$build/" . ./execute-peer)
}

build_helia() {
  command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; return 1; }
  local from=$here/helia-peer to=$build/helia-peer
  cp "$from"/*.js "$to/"
  cmp -s "$from/package-lock.json" "$to/installed-lock.json" && return 0
  cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$to/"
  # No install scripts: nothing that is used here needs one.
  (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund) && cp "$from/package-lock.json" "$to/installed-lock.json"
}

build_helia >"$build/helia-peer.log" 2>&1 &
helia=$!
failed=0
build_go >"$build/go-peer.log" 2>&1 || failed=1
[ $failed = 0 ] || { echo "the Go peers cannot be built:"; tail -20 "$build/go-peer.log"; }
wait $helia || { failed=1; echo "the Helia peer cannot be built:"; tail -20 "$build/helia-peer.log"; }
exit $failed
