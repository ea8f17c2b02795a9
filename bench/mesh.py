#!/usr/bin/env python3
"""Measures the compute mesh: small remote calls beside Ray's tasks, an executor that is killed in the middle
of a job, and the memory of a node that knows many others.

  mesh.py --build build/release [--only WORD] [--runs N] [--save FILE]

Ray comes from PyPI, pinned, into a virtual environment under build/; nothing of ours depends on it. Halves of
a row run in turn (A B A B ...) and figures are medians. Nothing here fails a build: a bar that is missed is
printed as missed.
"""
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "faults")]
from harness import MIB, Bench, measure_all, options_of  # noqa: E402

RAY = "ray==2.60.0"
RAY_FOLDER = ROOT / "build" / "ray"
RAY_CALLS = 5_000
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


def measured(bench: Bench) -> str:
    return subprocess.run([bench.build / "bench" / "micro_execute"], check=True, stdout=subprocess.PIPE, text=True).stdout


def our_calls(bench: Bench) -> tuple[float, float]:
    """Calls a second, memo off, in flight together; and seconds for one at a time."""
    printed = measured(bench)
    rate = re.search(r"^pipelined, memo off +(\d+) calls/s", printed, re.MULTILINE)
    one = re.search(r"^one call, memo off +p50 +([\d.]+) us", printed, re.MULTILINE)
    return float(rate[1]), float(one[1]) / 1e6


def isolated_calls(bench: Bench) -> None:
    """Microseconds, memo off, in turn: of a call whose guest runs in a worker process, and of one whose does not."""
    form = re.compile(r"^isolated, memo off +p50 +([\d.]+) us .* beside ([\d.]+) and", re.MULTILINE)
    pairs = [tuple(map(float, form.search(measured(bench)).groups())) for _ in range(bench.runs)]
    isolated, beside = (statistics.median(part) for part in zip(*pairs))
    bench.add("one small remote call, its guest in a worker process", f"{isolated:.0f} us",
              f"in the node's {beside:.0f} us", f"{isolated / beside:.2f}x", "<= 1.5x", isolated <= 1.5 * beside)


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


# Counts for about two seconds, and says that it is done.
COUNT = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\05\\00\\00\\00")
  (data (i32.const 16) "done\\n")
  (func (export "_start") (local $i i64)
    (loop $again
      (br_if $again (i64.ne (i64.const 2000000000) (local.tee $i (i64.add (local.get $i) (i64.const 1))))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"""


def killed_executor(bench: Bench) -> None:
    """A job that the mesh has placed, whose node is killed in the middle."""
    from nodes import Node, wait_for
    from users import settings_of, wait_until_known

    source, binary = bench.scratch / "count.wat", bench.scratch / "count.wasm"
    source.write_text(COUNT)
    subprocess.run(["wat2wasm", source, "-o", binary], check=True)
    histories = {f"node{i}": bench.scratch / f"history{i}" for i in (0, 1, 4)}  # of these, 1 and 4 have one label
    made = {name: Node(bench.scratch, name, LISTEN, settings_of(name, path)) for name, path in histories.items()}
    asker = made["node0"]
    replaced, answered = [], []
    try:
        for node in made.values():
            node.text("trust", "add", asker.peer)
            asker.text("trust", "add", node.peer)
            node.start()
            if node is not asker:
                node.text("swarm", "connect", asker.address())
        wait_until_known(made.values())
        module = asker.text("add", "-Q", binary)
        words = ["run", "--require", "label.part=1", "--seed"]
        whole = asker.run(*words, "ff", module).seconds
        forget(histories)
        for number in range(KILLS):
            client = asker.begin(*words, f"{number:02x}", module, stdout=subprocess.PIPE)
            name, _ = wait_for(lambda: begun(histories), "it runs")
            time.sleep(whole / 4)
            killed_ns = time.time_ns()
            made[name].end(signal.SIGKILL)
            if client.communicate()[0] != b"done\n":
                raise SystemExit("the job was not answered")
            answered.append((time.time_ns() - killed_ns) / 1e9)
            replaced.append((begun(histories, name)[1] - killed_ns) / 1e9)
            made[name].start()
            made[name].text("swarm", "connect", asker.address())
            wait_until_known(made.values())
            forget(histories)
    finally:
        for node in made.values():
            node.end(signal.SIGKILL)
    worst = max(replaced)
    bench.add("executor killed in the middle of a job: begun elsewhere after", f"{worst:.2f} s, the worst of {KILLS}", "",
              f"lease {LEASE_SECONDS} s", "<= lease + 1 s", worst <= LEASE_SECONDS + 1)
    bench.add("and answered after", f"{max(answered):.2f} s", f"the job alone {whole:.2f} s", "", "reported", None)


def forget(histories):
    for path in histories.values():
        path.write_text("")


def begun(histories, apart_from=None):
    """The node, and the moment, of the last execution that has begun."""
    from history import read_lines

    found = [(line["at"], name) for name, path in histories.items() if name != apart_from and path.exists()
             for line in read_lines(path) if line["what"] == "began"]
    return (max(found)[1], max(found)[0]) if found else None


def known(node) -> int:
    return len(json.loads(node.text("nodes", "-o", "json"))["nodes"]) - 1


ALL = [calls_beside_ray, isolated_calls, killed_executor, many_nodes_known]


def main() -> None:
    options = options_of(__doc__, runs=3).parse_args()
    os.environ["TIMEROSE_BIN"] = str(options.build.resolve() / "timerose")
    measure_all(ALL, options)


if __name__ == "__main__":
    main()
