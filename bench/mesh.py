#!/usr/bin/env python3
"""Measures the compute mesh: small remote calls beside Ray's tasks, an executor that is killed in the middle
of a job, and the memory of a node that knows many others.

  mesh.py --build build/release [--only WORD] [--runs N] [--save FILE]

Ray comes from PyPI, pinned, into a virtual environment under build/; nothing of ours depends on it. Halves of
a row run in turn (A B A B ...) and figures are medians. Nothing here fails a build: a bar that is missed is
printed as missed.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "faults")]
from run import MIB, Bench, save, table  # noqa: E402

RAY = "ray==2.60.0"
RAY_FOLDER = ROOT / "build" / "ray"
RAY_CALLS = 10_000
NODES_KNOWN = 10_000
IDLE_SECONDS = 10
KILLS = 3
LEASE_SECONDS = 5
LISTEN = "/ip4/127.0.0.1/tcp/0"


def ray_python() -> pathlib.Path:
    """The interpreter of an environment that has Ray."""
    python = RAY_FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(RAY_FOLDER, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", RAY], check=True)
    return python


def our_calls(bench: Bench) -> tuple[float, float]:
    """Calls a second, memo off: in flight together; and seconds for one at a time."""
    printed = subprocess.run([bench.build / "bench" / "micro_execute"], check=True, stdout=subprocess.PIPE, text=True).stdout
    rate = re.search(r"^pipelined, memo off +(\d+) calls/s", printed, re.MULTILINE)
    one = re.search(r"^one call, memo off +p50 +([\d.]+) us", printed, re.MULTILINE)
    return float(rate[1]), float(one[1]) / 1e6


def ray_calls(python: pathlib.Path, cores: int) -> tuple[float, float]:
    told = subprocess.run([python, ROOT / "bench" / "ray_calls.py", str(RAY_CALLS), str(cores)], check=True,
                          stdout=subprocess.PIPE, text=True, env=dict(os.environ, RAY_USAGE_STATS_ENABLED="0")).stdout
    told = json.loads(told.splitlines()[-1])
    return told["calls_per_s"], told["round_trip_s"]


def calls_beside_ray(bench: Bench) -> None:
    python, cores = ray_python(), os.cpu_count()
    ours, rays = [], []
    for _ in range(bench.runs):
        ours.append(our_calls(bench))
        rays.append(ray_calls(python, cores))
    (rate, one), (ray_rate, ray_one) = ([statistics.median(part) for part in zip(*half)] for half in (ours, rays))
    bench.add(f"small remote calls, pipelined, {cores} cores for both sides", f"{rate:,.0f}/s", f"Ray {ray_rate:,.0f}/s",
              f"{rate / ray_rate:.1f}x", ">= 20,000/s and >= 10x", rate >= 20_000 and rate >= 10 * ray_rate)
    bench.add("one small remote call at a time", f"{one * 1e6:.0f} us", f"Ray {ray_one * 1e6:.0f} us",
              f"{ray_one / one:.1f}x", "reported", None)


def many_nodes_known(bench: Bench) -> None:
    """A node that hears the signed adverts of nodes that there are not, passed on by made-up peers."""
    import hostile_peer
    from nodes import Node, wait_for

    why = hostile_peer.build()
    if why is not None:
        raise SystemExit(f"the peer that makes up nodes cannot be built: {why}")
    with Node(bench.scratch, "idle", LISTEN) as node, hostile_peer.HostilePeer(bench.scratch) as made_up:
        alone = node.memory()
        made_up("advert", "crowd", node.address(), NODES_KNOWN)
        wait_for(lambda: known(node) >= NODES_KNOWN, f"{NODES_KNOWN} nodes are known", 120)
        made_up("advert", "leave", node.address())
        wait_for(lambda: not node.peers(), "the made-up peers have gone")
        time.sleep(IDLE_SECONDS)  # what is measured is a node at rest
        held, busy = node.memory(), node.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        busy = (node.cpu_seconds() - busy) / IDLE_SECONDS
        assert known(node) >= NODES_KNOWN
    bench.add(f"memory of an idle node that knows {NODES_KNOWN:,}", f"{held / MIB:.0f} MiB", f"alone {alone / MIB:.0f} MiB",
              f"{(held - alone) / NODES_KNOWN / 1024:.1f} KiB a node", "<= 150 MiB", held <= 150 * MIB)
    bench.add("what it uses of a core meanwhile", f"{busy * 100:.1f} %", "", "", "reported", None)


def known(node) -> int:
    return len(json.loads(node.text("nodes", "-o", "json"))["nodes"]) - 1


ALL = [calls_beside_ray, many_nodes_known]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help="only the measurements whose name contains this")
    parser.add_argument("--save", type=pathlib.Path, help="write the table to this file as well")
    options = parser.parse_args()
    os.environ["TIMEROSE_BIN"] = str(options.build.resolve() / "timerose")
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        bench = Bench(options.build.resolve(), options.runs, pathlib.Path(folder))
        for measure in ALL:
            if not options.only or options.only in measure.__name__:
                measure(bench)
    print("\n" + table(bench.rows))
    if options.save:
        save(bench, options.save)


if __name__ == "__main__":
    main()
