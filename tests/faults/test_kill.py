"""kill -9 of either side in the middle of a fetch, and then on from where it was."""

import os
import signal
import subprocess

import pytest

import lab
from nodes import MIB, Node, wait_for

RATE_MBIT = 250
BLOCK_BYTES = MIB
TABLE = "kill -9 in the middle of a fetch"
# Blocks that a connection which is lost may have had on their way.
IN_FLIGHT_BLOCKS_MAX = 64
# What a node that is killed may not have written yet: the store's memory tables, 48 MiB.
UNWRITTEN_BLOCKS_MAX = 48


@pytest.fixture
def pair(namespaces, tmp_path):
    """A giver and a taker on a link that takes its time."""
    with lab.Lab(2, RATE_MBIT) as network:
        listen = [f"/ip4/{network.address(i)}/tcp/{lab.PORT}" for i in range(2)]
        with Node(tmp_path, "giver", listen[0], prefix=network.prefix(0)) as giver, \
                Node(tmp_path, "taker", listen[1], prefix=network.prefix(1)) as taker:
            yield giver, taker


@pytest.fixture
def content(full):
    return os.urandom((256 if full else 96) * MIB)


def received(node):
    return node.bitswap()["blocks received"]


def begin_fetch(taker, cid, part):
    """Starts it; returns once `part` blocks are there."""
    client = taker.begin("pin", "add", "--timeout", "60s", cid, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: client.poll() is not None or received(taker) >= part, "a part is there")
    assert client.poll() is None, "all was fetched before anything could be killed: make the content larger"
    return client


def test_a_killed_taker_goes_on_where_it_was(pair, content, report):
    giver, taker = pair
    cid = giver.add(content)
    blocks = len(content) // BLOCK_BYTES + 1
    taker.text("swarm", "connect", giver.address())
    client = begin_fetch(taker, cid, blocks * 3 // 4)
    had = received(taker)
    taker.end(signal.SIGKILL)
    assert client.wait(30) != 0, "its command fails with the node"
    taker.start()
    ended = taker.run("pin", "add", "--timeout", "60s", cid)
    assert ended.code == 0, ended.said
    again = had + received(taker) - blocks
    report(TABLE, killed="taker", blocks=blocks, had=had, fetched_again=max(again, 0), seconds=f"{ended.seconds:.2f}")
    assert taker.run("cat", cid).out == content
    assert taker.run("repo", "verify").code == 0
    assert again <= UNWRITTEN_BLOCKS_MAX < had


def test_a_killed_giver_is_waited_for(pair, content, report):
    giver, taker = pair
    cid = giver.add(content)
    blocks = len(content) // BLOCK_BYTES + 1
    taker.text("swarm", "connect", giver.address())
    client = begin_fetch(taker, cid, blocks // 2)
    had = received(taker)
    giver.end(signal.SIGKILL)
    giver.start()
    assert client.wait(90) == 0, "it goes on once the giver is back"
    again = received(taker) - blocks
    report(TABLE, killed="giver", blocks=blocks, had=had, fetched_again=max(again, 0), seconds="")
    assert taker.run("cat", cid).out == content
    assert again <= IN_FLIGHT_BLOCKS_MAX
