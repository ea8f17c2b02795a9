"""Answers that other nodes know: asked for before a call is placed."""

import json
import os

import pytest

from nodes import running, wait_for


@pytest.fixture
def pair(tmp_path):
    """`a` answers what `b` asks."""
    with running(tmp_path, "a", "b") as (a, b):
        b("swarm", "connect", a.address())
        a("trust", "add", "--role", "requester", b.peer_id())
        yield a, b


def knows(node, other):
    return any(one["peer"] == other for one in json.loads(node.text("nodes", "-o", "json"))["nodes"])


def run(node, *args):
    """What `run` says of the answer, and its complaints."""
    result = node("run", "-o", "json", *args)
    return json.loads(result.stdout), result.stderr.decode()


def test_what_a_trusted_node_has_computed_is_not_computed_again(pair, guests):
    a, b = pair
    b("trust", "add", "--role", "executor", a.peer_id())
    wait_for(lambda: knows(b, a.peer_id()), "b has heard of a")
    content = os.urandom(100_000)
    cids = {node.text("add", "-Q", stdin=content) for node in pair}
    call = ["--input", cids.pop(), guests("cat")]
    computed, _ = run(a, *call)

    answer, said = run(b, *call)
    assert f"answered by the memo of {a.peer_id()}" in said
    assert answer["cached"]
    assert (answer["outcome"], answer["receipt"]) == (computed["outcome"], computed["receipt"])
    assert b("cat", answer["output"]).stdout == content
    assert b.text("receipt", "verify", answer["receipt"]) == f"valid: signed by {a.text('id', '-f', '<did>')}"

    _, said = run(b, *call)
    assert said == "", "it is remembered here"


def test_who_wants_it_computed_asks_nobody_for_the_answer(pair, guests):
    a, b = pair
    b("trust", "add", "--role", "executor", a.peer_id())
    wait_for(lambda: knows(b, a.peer_id()), "b has heard of a")
    run(a, guests("hello"))
    answer, said = run(b, "--fresh", guests("hello"))
    assert "memo" not in said
    assert not answer["cached"]


def test_an_answer_of_a_stranger_counts_for_nothing(pair, guests):
    a, b = pair
    wait_for(lambda: knows(b, a.peer_id()), "b has heard of a")
    run(a, guests("hello"))
    answer, said = run(b, "--at", "mesh", guests("hello"))
    assert "memo" not in said
    assert b.text("receipt", "verify", answer["receipt"]) == f"valid: signed by {b.text('id', '-f', '<did>')}"
