#!/usr/bin/env python3
"""workers.py TIMEROSE [COUNT]: kill -9 of COUNT (1000) worker processes of one node, most of them idle and some in
the middle of a call. Each is gone at once and no zombie, the next call gets a new one, and the node's descriptors,
threads and memory stay what they were. Ends with "N passed, N failed".
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "faults"), str(HERE.parent)]

# A node refuses calls of one who has ended 32 workers within a minute.
BUSY_KILLS_MAX = 20
# What the first calls leave in caches is none of a leak.
WARM_UP = 20
GROWTH_MAX = 16 << 20

GUESTS = HERE.parent / "e2e" / "guests"


def held(node) -> dict:
    process = pathlib.Path(f"/proc/{node._daemon.pid}")
    return {"descriptors": len(os.listdir(process / "fd")), "threads": len(os.listdir(process / "task")),
            "memory": node.memory()}


def module(node, name) -> str:
    binary = node.folder / f"{name}.wasm"
    subprocess.run(["wat2wasm", GUESTS / f"{name}.wat", "-o", binary], check=True)
    return node.text("add", "-Q", binary)


def kill_idle(node, wait_for, run) -> None:
    run()
    (worker,) = node.workers()
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not node.workers(), "the end of an idle worker", 10)


def kill_busy(node, wait_for, function, number) -> None:
    call = node.begin("run", "--seed", f"{number:08x}", function, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    call.stdout.readline()  # it has begun
    (worker,) = node.workers()
    os.kill(worker, signal.SIGKILL)
    complaint = call.communicate(timeout=60)[1]
    if b"the worker process that ran the call failed" not in complaint:
        raise SystemExit(f"the call did not say that its worker was killed: {complaint!r}")
    wait_for(lambda: not node.workers(), "the end of a busy worker", 10)


def main() -> int:
    os.environ["TIMEROSE_BIN"] = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    from nodes import Node, wait_for

    with tempfile.TemporaryDirectory() as folder:
        node = Node(folder, "node", "/ip4/127.0.0.1/tcp/0", {"Execute.Isolation": "all"})
        ends, never = module(node, "hello"), module(node, "forever")
        node.start()
        client = node.client()
        every = max(2, count // BUSY_KILLS_MAX)
        try:
            for number in range(count):
                if number == min(WARM_UP, count // 2):
                    before = held(node)
                if number % every == 1:
                    kill_busy(node, wait_for, never, number)
                else:
                    kill_idle(node, wait_for, lambda: client.run("run", "--seed", f"{number:08x}", ends))
            after = held(node)
            state = node.text("node", "status")
        finally:
            node.end()
    print(f"before {before}, after {after}")
    problems = [what for what in ("descriptors", "threads") if after[what] > before[what]]
    problems += ["memory"] if after["memory"] > before["memory"] + GROWTH_MAX else []
    problems += ["workers started"] if f"{count} started" not in state else []
    for problem in problems:
        print(f"not as before: {problem}")
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
