#!/usr/bin/env bash
# Installs what building and testing needs and the machine lacks. Safe to repeat: does nothing, and
# asks the network nothing, when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
while read -r package; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done < <(grep -vE '^(#|$)' tools/apt-packages.txt)

if ((${#missing[@]})); then
  echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
  sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "setup: run this as root, or install: ${missing[*]}" >&2
      exit 1
    }
    sudo=sudo
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# at_least HAVE WANT: whether version HAVE is WANT or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

cargo=$(command -v cargo || echo "$HOME/.cargo/bin/cargo")
rust=$("$cargo" --version 2>/dev/null | cut -d' ' -f2 || true)
if [ -z "$rust" ] || ! at_least "$rust" 1.95.0; then
  echo "setup: Rust 1.95 or newer is needed (found: ${rust:-none}). Install it with rustup (https://rustup.rs), then run this again." >&2
  exit 1
fi
for tool in go:'Go 1.21 or newer, for the example "edges"' node:'Node.js 20 or newer, for the example "lines"' \
            npm:'npm, for the example "lines"'; do
  command -v "${tool%%:*}" >/dev/null || echo "setup: without ${tool#*:} that example is left out" >&2
done
echo "setup: everything is there"
