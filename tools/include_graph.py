#!/usr/bin/env python3
"""The include graph of src/, folder by folder: checks that every arrow points downward.

  include_graph.py            writes docs/include-graph.txt
  include_graph.py --check    fails if an arrow points up, a folder is unknown, or the file is stale
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GRAPH = ROOT / "docs" / "include-graph.txt"
# Lowest first: an include may only point to a folder further left.
ORDER = ["base", "crypto", "multiformats", "ipld", "blockstore", "unixfs", "wasm", "compute", "isolation", "mesh",
         "exchange", "names", "scheduler", "control", "telemetry", "http", "node", "cli"]


def arrows() -> tuple[set[tuple[str, str]], list[str]]:
    found, problems = set(), []
    for source in sorted((ROOT / "src").rglob("*")):
        if source.suffix not in (".h", ".cc"):
            continue
        folder = source.relative_to(ROOT / "src").parts[0]
        if folder not in ORDER:
            problems.append(f"{source.relative_to(ROOT)}: unknown folder {folder}")
            continue
        for line, text in enumerate(source.read_text().splitlines(), 1):
            match = re.match(r'\s*#include "([^"/]+)/', text)
            if not match or match.group(1) == folder:
                continue
            target = match.group(1)
            if target not in ORDER:
                problems.append(f"{source.relative_to(ROOT)}:{line}: includes unknown folder {target}")
            elif ORDER.index(target) > ORDER.index(folder):
                problems.append(f"{source.relative_to(ROOT)}:{line}: {folder} may not include {target}")
            else:
                found.add((folder, target))
    return found, problems


def main() -> int:
    found, problems = arrows()
    lines = [f"{folder} -> {' '.join(t for t in ORDER if (folder, t) in found)}"
             for folder in ORDER if any(f == folder for f, _ in found)]
    text = "\n".join(lines) + "\n"
    if "--check" not in sys.argv:
        GRAPH.write_text(text)
    elif not GRAPH.exists() or GRAPH.read_text() != text:
        problems.append("docs/include-graph.txt is stale: run tools/include_graph.py and look at the new arrow")
    print("\n".join(problems) if problems else "include graph: every arrow points downward")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
