"""Nodes that are known from before: what a node remembers of the mesh over its own end.

Adverts come half a minute apart, so whatever is known at the first question was remembered.
"""

import json
import signal
import sqlite3

import pytest

from nodes import asker_and_executors, wait_for


@pytest.fixture
def nodes(tmp_path):
    """Node a, which has heard of b and c, and may use them."""
    with asker_and_executors(tmp_path) as nodes:
        a = nodes[0]
        for other in nodes[1:]:
            a("trust", "add", "--role", "executor", other.peer_id())
        wait_for(lambda: len(a.known()) == 3, "they know each other")
        yield nodes


def test_a_call_runs_on_the_mesh_as_soon_as_the_node_has_started_again(nodes, guests):
    a, b, c = nodes
    assert a.end_node() == 0
    a.start_node()
    assert set(a.known()) == {node.peer_id() for node in nodes}
    assert a.text("run", "--at", "mesh", "--require", f"node!={a.peer_id()}", guests("hello")) == "hello"
    (job,) = json.loads(a.text("jobs", "list", "-o", "json"))
    assert job["executor"] in {b.peer_id(), c.peer_id()}


def test_what_was_kept_is_judged_again(nodes):
    a, b, c = nodes
    assert a.end_node() == 0
    for other in (b, c):
        other.end_node(signal.SIGKILL)
    records = sqlite3.connect(a.repository / "records.sqlite")
    with records:
        kept = dict(records.execute("SELECT node, advert FROM adverts").fetchall())
        assert len(kept) == 2
        forged = min(kept)
        records.execute("UPDATE adverts SET advert = ? WHERE node = ?", (kept[forged][:-1] + b"\0", forged))
    records.close()
    a.start_node()
    told = json.loads(a.text("nodes", "-o", "json"))
    others = [one["peer"] for one in told["nodes"] if not one["self"]]
    assert len(others) == 1 and others[0] in {b.peer_id(), c.peer_id()}, "the other one, though it is gone"
    assert told["heard"]["forged"] == 1
    assert a.end_node() == 0
    records = sqlite3.connect(a.repository / "records.sqlite")
    assert records.execute("SELECT node FROM adverts").fetchall() == [(max(kept),)], "forged ones are kept no longer"
    records.close()
