"""Answers that other nodes know: asked for before a call is placed."""

import json
import os
import subprocess

import pytest

from nodes import running, wait_for


@pytest.fixture
def pair(tmp_path):
    """`a` answers what `b` asks."""
    with running(tmp_path, "a", "b") as (a, b):
        a.execute_for(b)
        yield a, b


def run(node, *args):
    """What `run` says of the answer, and its complaints."""
    result = node("run", "-o", "json", *args)
    return json.loads(result.stdout), result.stderr.decode()


def test_what_a_trusted_node_has_computed_is_not_computed_again(pair, guests):
    a, b = pair
    b("trust", "add", "--role", "executor", a.peer_id())
    wait_for(lambda: a.peer_id() in b.known(), "b has heard of a")
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
    wait_for(lambda: a.peer_id() in b.known(), "b has heard of a")
    run(a, guests("hello"))
    answer, said = run(b, "--fresh", guests("hello"))
    assert "memo" not in said
    assert not answer["cached"]


def test_an_answer_of_a_stranger_counts_for_nothing(pair, guests):
    a, b = pair
    wait_for(lambda: a.peer_id() in b.known(), "b has heard of a")
    run(a, guests("hello"))
    answer, said = run(b, "--at", "mesh", guests("hello"))
    assert "memo" not in said
    assert b.text("receipt", "verify", answer["receipt"]) == f"valid: signed by {b.text('id', '-f', '<did>')}"


@pytest.fixture
def line(tmp_path):
    """`a` and `c` know each other by `b` alone: a - b - c."""
    with running(tmp_path, "a", "b", "c") as nodes:
        a, b, c = nodes
        for node in (a, c):
            node("swarm", "connect", b.address())
        a("trust", "add", "--role", "requester", c.peer_id())
        for node in nodes:
            wait_for(lambda node=node: len(node.known()) == 3, "each node knows all three")
        yield nodes


def start_again(node, other):
    """Nothing is warm after it, and connections are made anew; what the DHT was told stays with others."""
    node.end_node()
    node.start_node()
    node("swarm", "connect", other.address())


def is_announced(asker, cid, node):
    """Whether the DHT tells the asker that the node has it."""
    client = asker.start("routing", "findprovs", cid, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return node.peer_id() in client.communicate(timeout=60)[0].decode()


@pytest.mark.parametrize("announces", [True, False])
def test_an_answer_is_found_by_its_record_in_the_dht(line, guests, announces):
    a, b, c = line
    a.end_node()
    a("config", "set", "Bitswap.Serve", "none")  # else connected peers learn of the call's block by asking
    if not announces:
        a("config", "set", "Provide.Strategy", "none")
    start_again(a, b)
    # A search is short: on a busy machine one may come to nothing.
    seeds = ["01", "02", "03"] if announces else ["01"]
    calls = {seed: run(a, "--seed", seed, guests("work"))[0] for seed in seeds}
    # `a` is a stranger to `c`, and says of nothing that it is warm: only the record names it.
    start_again(a, b)
    wait_for(lambda: a.peer_id() in c.known(), "c has heard of a again")
    found = []
    for seed, computed in calls.items():
        if announces:
            wait_for(lambda computed=computed: is_announced(c, computed["invocation"], a), "it is announced")
        here = ["--require", f"node={c.peer_id()}"]  # else `a` may be given the call, and know the answer
        answer, said = run(c, "--verify", "none", *here, "--seed", seed, guests("work"))
        assert answer["outcome"] == computed["outcome"]
        found.append(answer["cached"])
        assert found[-1] == (f"answered by the memo of {a.peer_id()}" in said)
    assert any(found) == announces
