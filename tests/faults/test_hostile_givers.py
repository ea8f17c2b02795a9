"""What a node that fetches is given by a hostile peer: wrong bytes, nothing, DAGs without end."""

import os

import pytest

from nodes import MIB, Node

LISTEN = "/ip4/127.0.0.1/tcp/0"
TABLE = "attacks on a node that fetches"
# An idle node, what may be in flight of a fetch, and the names of what has been taken.
MEMORY_MAX = 384 * MIB
TIMEOUT_SECONDS, SLACK_SECONDS = 3, 2
CHAIN = 100_000
LINKS_TOO_MANY = 1_000_000
# As many as a block of 2 MiB has room for.
LINKS = 50_000


@pytest.fixture
def taker(tmp_path, hostile):
    with Node(tmp_path, "taker", LISTEN) as node:
        node.text("swarm", "connect", hostile.address)
        node.forget_peak()
        yield node


def told(ended):
    return (ended.said or "fetched").strip().rsplit("asked", 1)[-1][-110:]


def add_row(report, attack, node, ended):
    report(TABLE, attack=attack, seconds=f"{ended.seconds:.2f}", peak=f"{node.memory('VmHWM') / MIB:.0f} MiB",
           node=("fetched" if ended.code == 0 else told(ended)))
    assert node.memory("VmHWM") <= MEMORY_MAX


@pytest.mark.parametrize("lie", ["wrong-bytes", pytest.param("haves", marks=pytest.mark.long)])
def test_an_honest_peer_is_enough_beside_a_liar(lie, tmp_path, hostile, taker, report):
    hostile("serve", lie)
    with Node(tmp_path, "honest", LISTEN) as honest:
        taker.text("swarm", "connect", honest.address())
        content = os.urandom(16 * MIB)
        ended = taker.run("cat", "--timeout", f"{TIMEOUT_SECONDS}s", honest.add(content))
        add_row(report, f"{lie}, an honest peer beside it", taker, ended)
        assert ended.out == content
        assert ended.seconds < TIMEOUT_SECONDS
        ended = taker.run("cat", honest.add(content[1:]))
        add_row(report, f"{lie}, once more", taker, ended)
        assert ended.out == content[1:]


@pytest.mark.parametrize("lie, words", [
    ("missing", (LINKS,)),
    pytest.param("wrong-bytes", (), marks=pytest.mark.long),
    pytest.param("haves", (), marks=pytest.mark.long),
    pytest.param("wide", (LINKS_TOO_MANY,), marks=pytest.mark.long),
])
def test_a_fetch_that_cannot_succeed_ends_and_says_why(lie, words, hostile, taker, report):
    cid = hostile("serve", lie, *words).get("cid") or taker.text("add", "-nQ", stdin=os.urandom(1000))
    ended = taker.run("pin", "add", "--timeout", f"{TIMEOUT_SECONDS}s", cid)
    add_row(report, " ".join(map(str, (lie, *words))), taker, ended)
    assert ended.code == 1
    assert ended.seconds < TIMEOUT_SECONDS + SLACK_SECONDS
    assert hostile.peer in ended.said, "who was asked"
    assert "connect to" in ended.said or "allow more time" in ended.said, "what to try"


@pytest.mark.parametrize("kind, count", [("wide", LINKS), pytest.param("chain", CHAIN, marks=pytest.mark.long)])
def test_a_large_dag_is_fetched(kind, count, hostile, taker, report):
    cid = hostile("serve", kind, count)["cid"]
    ended = taker.run("pin", "add", "--timeout", "20s", cid)
    add_row(report, f"{kind} {count:,}", taker, ended)
    assert ended.code == 0, ended.said
    stat = taker.run("dag", "stat", cid)
    assert stat.code == 0, stat.said
    gone = taker.run("pin", "rm", cid)
    assert gone.code == 0, gone.said
    swept = taker.run("repo", "gc", "-q")
    assert swept.code == 0, swept.said
    add_row(report, f"{kind} {count:,}: repo gc", taker, swept)
