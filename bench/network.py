#!/usr/bin/env python3
"""Measures fetches between two nodes over loopback beside the same between two boxo peers.

  network.py --build build/release [--only WORD] [--runs N] [--transport tcp|quic|ws]
             [--stores flatfs,pebble] [--save FILE]

Both halves of a row run in turn (A B A B ...) between a giver that stays and a taker that is new each
time, and end when all is verified and on the disk; figures are medians. Ours are timed as whole
commands of the daemon's client, the peers' within the peer. Nothing here fails a build: a bar that is
missed is printed as missed.
"""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "interop")]
import ours  # noqa: E402
import peers  # noqa: E402
from harness import MIB, Bench, big_file, measure_all, ms, options_of  # noqa: E402

# The stores that users of boxo choose between; the faster one is compared with.
STORES = ("flatfs", "pebble")
PROFILE = "v1-2025"
SMALL_FILES = 41


class Pairs:
    """Makes givers and takers, each with a folder of its own that goes with it."""

    def __init__(self, scratch: pathlib.Path, transport: str, stores=STORES):
        self.scratch = scratch
        self.transport = transport
        self.stores = stores
        self.made = 0

    def start(self, kind: str):
        self.made += 1
        folder = self.scratch / f"node{self.made}"
        folder.mkdir()
        if kind == "ours":
            # Nor do the peers announce anything.
            return ours.OurNode(folder, [self.transport], {"Provide.Strategy": "none"})
        flags = ["--repository", str(folder / "blocks"), "--store", kind]
        return peers.LinePeer("go", folder, [self.transport], flags)

    def fetch_seconds(self, kind: str, giver, cid: str) -> float:
        """A new taker fetches all of it."""
        taker = self.start(kind)
        folder = self.scratch / f"node{self.made}"
        try:
            taker("connect", giver.address(self.transport))
            return taker("fetch", cid)["seconds"]
        finally:
            taker.close()
            shutil.rmtree(folder)


def fetch(bench: Bench, pairs: Pairs, what: str, path: pathlib.Path, factor: float) -> None:
    kinds = ("ours", *pairs.stores)
    givers = {kind: pairs.start(kind) for kind in kinds}
    try:
        cids = {kind: giver("add", path, PROFILE)["cid"] for kind, giver in givers.items()}
        seconds = {kind: [] for kind in kinds}
        for _ in range(bench.runs):
            for kind in kinds:
                seconds[kind].append(pairs.fetch_seconds(kind, givers[kind], cids[kind]))
                # So that no half pays for what another left to be written.
                os.sync()
        giver_memory = givers["ours"].peak_bytes / MIB
    finally:
        for giver in givers.values():
            giver.close()
    medians = {kind: statistics.median(values) for kind, values in seconds.items()}
    best = min(pairs.stores, key=medians.get)
    ratio = medians[best] / medians["ours"]
    peer = ", ".join(f"boxo on {store} {medians[store]:.2f} s" for store in pairs.stores)
    bench.add(f"fetch {what}, {pairs.transport}, verified and durable", f"{medians['ours']:.2f} s", peer,
              f"{ratio:.2f}x", f">= {factor:.0f}x", ratio >= factor)
    bench.add(f"peak memory of the node that served {what}", f"{giver_memory:.0f} MiB", "", "", "reported", None)


def fetch_file(bench: Bench, pairs: Pairs) -> None:
    fetch(bench, pairs, "1 GiB", big_file(bench, 1024 * MIB), 3)


def fetch_directory(bench: Bench, pairs: Pairs) -> None:
    folder = bench.scratch / "entries"
    folder.mkdir()
    for i in range(10_000):
        (folder / f"{i:05}").write_bytes(os.urandom(4096))
    fetch(bench, pairs, "10,000 x 4 KiB in one directory", folder, 2)


def first_byte(bench: Bench, pairs: Pairs) -> None:
    """Ours: `cat` of a file that the other has, less `cat` of one that is here already."""
    with pairs.start("ours") as giver, pairs.start("ours") as taker:
        taker("connect", giver.address(pairs.transport))
        cids = []
        for i in range(SMALL_FILES):
            path = bench.scratch / "small"
            path.write_bytes(os.urandom(4096))
            cids.append(giver("add", path, PROFILE)["cid"])
        away, here = [], []
        for cid in cids:
            away.append(seconds_to_first_byte(taker, cid))
            here.append(seconds_to_first_byte(taker, cid))
        ping = taker("ping", giver.peer)["round_trip_us"] / 1e6
    extra = statistics.median(away) - statistics.median(here)
    bench.add(f"first byte of a small file, connected peer, {pairs.transport}", ms(extra), f"libp2p ping {ms(ping)}",
              f"{extra / ping:.2f}x its time", "<= 3x", extra <= 3 * ping)
    inside_a_node(bench)
    boxo_first_byte(bench, pairs)


def inside_a_node(bench: Bench) -> None:
    """"a block of 4096 bytes 500 us, ping 80 us: 6.2 pings": without a command's way through the daemon."""
    said = subprocess.run([bench.build / "bench" / "micro_fetch"], check=True, capture_output=True, text=True).stdout
    fetch, ping = (float(number) for number in re.findall(r"(\d+) us", said))
    bench.add("a block of 4 KiB, from the question in a node to its bytes, tcp", ms(fetch / 1e6),
              f"libp2p ping {ms(ping / 1e6)}", f"{fetch / ping:.2f}x its time", "<= 3x", fetch <= 3 * ping)


def seconds_to_first_byte(node, cid: str) -> float:
    start = time.perf_counter()
    process = subprocess.Popen([ours.BINARY, "cat", cid], env=node.environment, stdout=subprocess.PIPE)
    process.stdout.read(1)
    seconds = time.perf_counter() - start
    process.stdout.read()
    process.wait()
    return seconds


def boxo_first_byte(bench: Bench, pairs: Pairs) -> None:
    with pairs.start("flatfs") as giver, pairs.start("flatfs") as taker:
        taker("connect", giver.address(pairs.transport))
        waits = []
        for _ in range(SMALL_FILES):
            path = bench.scratch / "small"
            path.write_bytes(os.urandom(4096))
            waits.append(taker("digest", giver("add", path, PROFILE)["cid"])["first_byte_us"] / 1e6)
        ping = taker("ping", giver.peer)["round_trip_us"] / 1e6
    wait = statistics.median(waits)
    bench.add(f"the same between boxo peers, {pairs.transport}", "", f"{ms(wait)}, ping {ms(ping)}",
              f"{wait / ping:.2f}x its time", "reported", None)


def idle_memory(bench: Bench, pairs: Pairs) -> None:
    with pairs.start("ours") as node:
        resident = node.resident_bytes / MIB
    bench.add("memory of an idle node", f"{resident:.0f} MiB", "", "", "<= 60 MiB", resident <= 60)


ALL = [idle_memory, first_byte, fetch_directory, fetch_file]


def main() -> None:
    parser = options_of(__doc__, runs=3)
    parser.add_argument("--transport", choices=list(peers.LISTEN), default="tcp")
    parser.add_argument("--stores", default=",".join(STORES), help="of the boxo peers; the fastest is compared with")
    options = parser.parse_args()
    ours.BINARY = str(options.build.resolve() / "timerose")
    subprocess.run([ROOT / "tests" / "interop" / "build.sh"], check=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        measure_all(ALL, options, Pairs(pathlib.Path(folder), options.transport, options.stores.split(",")))


if __name__ == "__main__":
    main()
