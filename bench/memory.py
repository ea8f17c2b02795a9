#!/usr/bin/env python3
"""Measures what a node holds in memory: at rest, and with many connections.

  memory.py --build build/release [--connections 500] [--transport tcp|quic|ws]

The connections come from hosts of another process (crowd.cc), each of which has told what it is.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "interop")]
import ours  # noqa: E402
from harness import MIB  # noqa: E402

BARS_MIB = {"at rest": 60, "with 500 connections": 200}
SETTLE_SECONDS = 5


def rows(build: pathlib.Path, connections: int, transport: str, scratch: pathlib.Path):
    ours.BINARY = str(build / "timerose")
    kept = {"Connections.High": str(2 * connections), "Connections.Low": str(connections)}
    with ours.OurNode(scratch, [transport], kept) as node:
        time.sleep(SETTLE_SECONDS)
        yield "at rest", node.resident_bytes
        address = node.address(transport).split("/p2p/")[0]
        crowd = subprocess.Popen([build / "bench" / "crowd", str(connections), node.peer, address],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if crowd.stdout.readline().split() != ["connected", str(connections)]:
                raise SystemExit("the crowd did not connect; what it said is above")
            time.sleep(SETTLE_SECONDS)
            assert len(node.text("swarm", "peers").splitlines()) == connections
            yield f"with {connections} connections", node.resident_bytes
        finally:
            crowd.stdin.close()
            crowd.wait(60)
        time.sleep(SETTLE_SECONDS)
        yield "once they have gone", node.resident_bytes


def verdict(what: str, held: int) -> str:
    if what not in BARS_MIB:
        return ""
    return f"<= {BARS_MIB[what]} MiB, " + ("met" if held <= BARS_MIB[what] * MIB else "missed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--transport", default="tcp", choices=["tcp", "quic", "ws"])
    options = parser.parse_args()
    print("| a node | resident | bar |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        for what, held in rows(options.build.resolve(), options.connections, options.transport, pathlib.Path(folder)):
            print(f"| {what} | {held / MIB:.1f} MiB | {verdict(what, held)} |", flush=True)


if __name__ == "__main__":
    main()
