"""What a node tells the DHT of its content."""

import os
import re
import subprocess

import pytest

from conftest import BINARY
from nodes import Node, running, wait_for


def found(node, cid):
    """The providers that the DHT names to this node."""
    result = subprocess.run(
        [BINARY, "routing", "findprovs", "--timeout", "5s", cid], env=node.environment(), capture_output=True
    )
    return result.stdout.decode().split()


def status(node):
    """The line of `node status` about it, as text."""
    return dict(line.split(":", 1) for line in node.lines("node", "status"))["Provides"].strip()


def announced(node):
    return int(re.search(r"(\d+) announced", status(node))[1])


def is_swept(node):
    return "100.0 % of the sweep up to date" in status(node)


def first_leaf(node, root):
    """A block below a file that was cut."""
    return re.search(r'"/":"(bafk[a-z0-9]+)"', node.text("dag", "get", root))[1]


@pytest.mark.parametrize("strategy", ["all", "pinned", "roots", "none"])
def test_what_was_added_without_a_node_is_announced_by_strategy(tmp_path, strategy):
    a = Node(tmp_path, "a", {"Provide.Strategy": strategy})
    root = a.text("add", "-Q", "--chunker", "size-1000", stdin=os.urandom(3000))
    leaf = first_leaf(a, root)
    loose = a.text("add", "-Q", "--pin=false", stdin=b"not pinned")
    with running(tmp_path, "hub", "c") as (hub, c):
        try:
            a.start_node()
            a("swarm", "connect", hub.address())
            c("swarm", "connect", hub.address())
            expected = {"all": [root, leaf, loose], "pinned": [root, leaf], "roots": [root], "none": []}[strategy]
            for cid in expected:
                wait_for(lambda cid=cid: a.peer_id() in found(c, cid), f"{cid} is announced")
            if strategy == "none":
                assert "Provide.Strategy" in a.complaint("routing", "reprovide")
            else:
                wait_for(lambda: is_swept(a), "the sweep is done")
            for cid in {root, leaf, loose} - set(expected):
                assert found(c, cid) == []
        finally:
            a.end_node()


def test_what_is_added_and_pinned_later_is_announced_at_once(tmp_path):
    with running(tmp_path, "a", "hub") as (a, hub):
        a("swarm", "connect", hub.address())
        root = a.text("add", "-Q", "--chunker", "size-1000", stdin=os.urandom(3000))
        for cid in (root, first_leaf(a, root)):
            wait_for(lambda cid=cid: a.peer_id() in found(hub, cid), f"{cid} is announced")
        hub("pin", "add", root)
        wait_for(lambda: hub.peer_id() in found(a, root), "a pin of what was fetched is announced")


def test_without_a_peer_it_waits_and_after_a_restart_goes_on(tmp_path):
    with running(tmp_path, "a", "hub") as (a, hub):
        cid = a.text("add", "-Q", stdin=b"early")
        wait_for(lambda: "waits for a peer of the DHT" in status(a), "nobody can be asked")
        a.end_node()
        a.start_node()
        a("swarm", "connect", hub.address())
        wait_for(lambda: a.peer_id() in found(hub, cid), "it is announced once there is a peer")
        wait_for(lambda: is_swept(a), "the sweep is done")
        a.end_node()
        a.start_node()
        wait_for(lambda: is_swept(a), "the sweep goes on where it was")
        assert announced(a) == 0


def test_reprovide_announces_all_again(tmp_path):
    with running(tmp_path, "a", "hub") as (a, hub):
        a("swarm", "connect", hub.address())
        cid = a.text("add", "-Q", stdin=b"again")
        wait_for(lambda: a.peer_id() in found(hub, cid) and is_swept(a), "it is announced")
        before = announced(a)
        a("routing", "reprovide")
        wait_for(lambda: announced(a) > before and is_swept(a), "it is announced again")
