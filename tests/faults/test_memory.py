"""What a node holds while it serves many: resident memory, printed and compared with its bound."""

import json
import os
import time

import pytest

from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
TABLE = "memory of a node"
IDLE_MAX, CONNECTIONS_MAX, READERS_MAX = 60 * MIB, 200 * MIB, 256 * MIB
READERS, READER_BYTES_A_SECOND = 20, 2 << 20
MEASURED_SECONDS = 30
CONNECTIONS = 500
WORKER_MAX = 32 * MIB  # a worker process without what its guest has written
MEASURED_OUTPUT_SECONDS = 3


def add_row(report, node, what, bound, **more):
    now, peak = node.memory("VmRSS"), node.memory("VmHWM")
    report(TABLE, what=what, now=f"{now / MIB:.0f} MiB", peak=f"{peak / MIB:.0f} MiB", bound=f"{bound / MIB:.0f} MiB",
           more=", ".join(f"{name} {number:,}" for name, number in more.items()))
    return peak


def test_an_idle_node(tmp_path, report):
    with Node(tmp_path, "idle", LISTEN) as node:
        assert add_row(report, node, "idle", IDLE_MAX) <= IDLE_MAX


def test_many_connections(tmp_path, hostile, full, report):
    count = CONNECTIONS if full else CONNECTIONS // 5
    settings = {"Connections.Low": 2 * CONNECTIONS, "Connections.High": 2 * CONNECTIONS}
    with Node(tmp_path, "node", LISTEN, settings) as node:
        hostile("start", "connections", node.address(), count)
        wait_for(lambda: len(node.peers()) >= count, f"{count} peers are connected", 120)
        peak = add_row(report, node, f"{count} connections", CONNECTIONS_MAX)
        did = hostile("stop")
        assert did.get("closed by the node", 0) == 0
        assert peak <= CONNECTIONS_MAX


def test_outputs_that_are_kept(tmp_path, hostile, guests, report):
    """Guests of one requester that each write 64 MiB and never end, where they may hold as much together."""
    count, output = 8, 64 * MIB
    bound = output + count * WORKER_MAX
    with Node(tmp_path, "node", LISTEN, {"Execute.Output": "64MiB"}) as node, Node(tmp_path, "honest", LISTEN) as honest:
        for peer in (hostile.peer, honest.peer):
            node.text("trust", "add", "--role", "requester", peer)
        honest.text("swarm", "connect", node.address())
        module, writes = node.text("add", "-Q", guests("hold")), honest.text("add", "-Q", guests("write_file"))
        hostile("start", "lease-always", node.address(), module, count)
        most = 0
        deadline = time.monotonic() + MEASURED_OUTPUT_SECONDS
        while time.monotonic() < deadline:
            most = max(most, node.workers_memory())
        done = honest.run("run", "--at", node.peer, "--deadline", "60s", writes)
        did = hostile("stop")
        report(TABLE, what=f"{count} guests that keep what they write", now=f"{most / MIB:.0f} MiB", peak="workers' alone",
               bound=f"{bound / MIB:.0f} MiB", more=", ".join(f"{name} {number}" for name, number in did.items()))
        assert did.get("failure limit", 0) > 0, did
        assert most > output, "a guest had what it may have"
        assert most <= bound
        assert done.code == 0, done.said  # 32 MiB of another requester


@pytest.mark.long
def test_slow_readers(tmp_path, hostile, report):
    size = 1024 * MIB
    with Node(tmp_path, "node", LISTEN) as node:
        path = tmp_path / "content"
        with open(path, "wb") as out:
            for _ in range(size // (8 * MIB)):
                out.write(os.urandom(8 * MIB))
        root = node.text("add", "-Q", path)
        leaves = [link["Hash"]["/"] for link in json.loads(node.text("dag", "get", root))["Links"]]
        node.end()
        node.start()
        hostile("start", "slow-readers", node.address(), READERS, READER_BYTES_A_SECOND, *leaves)
        time.sleep(MEASURED_SECONDS)  # what is measured is what it holds meanwhile
        did = hostile("stop")
        peak = add_row(report, node, f"{READERS} slow readers of {size // MIB} MiB", READERS_MAX,
                       bytes_read=did["bytes read"])
        assert did["readers"] == READERS and did.get("closed by the node", 0) == 0
        assert did["bytes read"] > 0
        assert peak <= READERS_MAX
