"""Nodes that hear of each other: `timerose nodes`."""

import json
import os
import subprocess

import pytest

from nodes import Node, running, wait_for


@pytest.fixture
def three(tmp_path):
    """In a line: a - b - c."""
    nodes = [Node(tmp_path, name) for name in "abc"]
    try:
        for node, zone in zip(nodes, ("eu", "us", "asia")):
            node("config", "set", "Node.Labels", f"zone={zone},disk=nvme")
            node("config", "set", "Node.Operator", f"{zone}.example.org")
            node.start_node()
        nodes[0]("swarm", "connect", nodes[1].address())
        nodes[2]("swarm", "connect", nodes[1].address())
        yield nodes
    finally:
        for node in nodes:
            node.end_node()


def test_each_node_learns_of_all_others(three):
    ids = {node.peer_id() for node in three}
    for node in three:
        wait_for(lambda node=node: set(node.known()) == ids, "all three nodes are known")
    mine = three[0].known()
    far = mine[three[2].peer_id()]
    assert far["labels"] == {"zone": "asia", "disk": "nvme"}
    assert far["operator"] == "asia.example.org"
    assert far["capacity"]["cores"] >= 1 and far["capacity"]["memory"] > 0 and far["capacity"]["disk"] > 0
    assert far["free"]["memory"] <= far["capacity"]["memory"]
    assert not far["self"]
    assert mine[three[0].peer_id()]["self"]

    near = three[1].peer_id()
    wait_for(lambda: three[0].known()[near]["measured"], "the way to a connected node is measured")
    assert 0 < three[0].known()[near]["distance_s"] < 5
    wait_for(lambda: three[0].known()[near]["fuel_per_s"] > 0, "the speed is measured and told")
    assert three[0].known()[near]["engines"][0].startswith("wasmtime ")


def test_the_speed_that_a_node_tells_can_be_checked_by_others(three):
    a, _, c = three
    peer = c.peer_id()
    wait_for(lambda: peer in a.known() and a.known()[peer]["speed_receipt"], "the measured speed is told")
    told = a.known()[peer]
    assert a.text("receipt", "verify", told["speed_receipt"]) == f"valid: signed by {c.text('id', '-f', '<did>')}"
    receipt = json.loads(a.text("dag", "get", told["speed_receipt"]))["payload"]
    used, how = receipt["metering"], receipt["circumstances"]
    assert told["fuel_per_s"] == used["fuel"] * 10**9 // how["duration"]
    invocations = {
        json.loads(node.text("dag", "get", a.known()[node.peer_id()]["speed_receipt"]))["payload"]["invocation"]["/"]
        for node in (a, c)
    }
    assert len(invocations) == 1, "every node measures the same call"
    assert told["speed_receipt"] in a.text("nodes", "-o", "wide")
    c("repo", "gc")
    assert a("--offline", "receipt", "verify", told["speed_receipt"])
    assert c("--offline", "receipt", "verify", told["speed_receipt"]), "it is kept as those of all calls"


def test_how_fast_blocks_came_is_told(three):
    a, b, _ = three
    wait_for(lambda: b.peer_id() in a.known(), "they know each other")
    cid = a.text("add", "-Q", stdin=os.urandom(8 << 20))
    b("get", "-o", "copy", cid)
    wait_for(lambda: a.known()[b.peer_id()]["network_bytes_s"] > 1 << 20, "b tells how fast its network is")
    assert a.known()[a.peer_id()]["network_bytes_s"] == 0, "nothing came here"


def test_the_table_is_for_people(three):
    ids = [node.peer_id() for node in three]
    wait_for(lambda: len(three[0].known()) == 3, "all three nodes are known")
    lines = three[0].lines("nodes")
    assert lines[0].split() == ["PEER", "DISTANCE", "CORES", "FREE", "WAIT", "CALLS", "LABELS"]
    assert lines[1].startswith(ids[0]) and " self " in lines[1], "this node comes first"
    assert {line.split()[0] for line in lines[1:]} == set(ids)
    assert "disk=nvme" in lines[1] and "zone=eu" in lines[1]
    assert "asia.example.org" in three[0].text("nodes", "-o", "wide")


def test_watch_prints_again_when_a_node_comes(tmp_path):
    with running(tmp_path, "a", "b") as (a, b):
        watching = a.start("nodes", "--watch", "-o", "json", stdout=subprocess.PIPE)
        try:
            first = json.loads(watching.stdout.readline())
            assert [one["peer"] for one in first["nodes"]] == [a.peer_id()]
            b("swarm", "connect", a.address())
            peer = b.peer_id()
            for line in watching.stdout:
                if peer in {one["peer"] for one in json.loads(line)["nodes"]}:
                    break
            else:
                raise AssertionError("it ended")
        finally:
            watching.kill()
            watching.wait()
            watching.stdout.close()


def test_mistakes_are_told(tmp_path):
    node = Node(tmp_path, "a")
    assert "timerose node start" in node.complaint("nodes")
    assert "'zone'" in node.complaint("config", "set", "Node.Labels", "zone")
    node.start_node()
    try:
        assert "wide or json" in node.complaint("nodes", "-o", "yaml")
    finally:
        node.end_node()
