"""Peers that mean harm, over the real transport: the node answers or closes, its memory stays under a
bound, and an honest peer is served as before. The table tells how much worse.
"""

import os
import re
import statistics
import time

import pytest

from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
# What a node may hold under any attack: the limits that src/mesh and src/exchange state, the block
# store's caches and an idle node.
MEMORY_MAX = 384 * MIB
HONEST_BYTES = 1 << 20
HONEST_FETCHES = 5
OTHER_NAME = "12D3KooWDnSuaiFXL4vKAJ5Ms3NFsXZtsSKohQuEcvvhJoJh3m4N"
# The attacker has a core of this machine; the honest peer is to be served all the same.
SLOWER_MAX, SLOWER_SECONDS_MAX = 20, 2.0
TABLE = "attacks on a node that serves"


@pytest.fixture
def honest(tmp_path, victim):
    with Node(tmp_path, "honest", LISTEN) as node:
        node.text("swarm", "connect", victim.address())
        yield node


def honest_seconds(giver, taker, fetches=HONEST_FETCHES):
    """The median time in which `taker` has a new file of `giver`."""
    seconds = []
    for _ in range(fetches):
        content = os.urandom(HONEST_BYTES)
        cid = giver.add(content)
        ended = taker.run("cat", "--timeout", "30s", cid)
        assert ended.out == content, ended.said
        seconds.append(ended.seconds)
    return statistics.median(seconds)


def big_words(node, count):
    """CIDs of blocks of 1 MiB that the node has."""
    return [node.add(os.urandom(1 << 20)) for _ in range(count)]


def listened(node):
    """A name whose topic the node listens to."""
    node.run("name", "publish", "--resolve=false", "--allow-offline", node.add(b"published"))
    return node.peer


# Attack, perhaps with a second word that tells one from another: its words, given the node.
ATTACKS = {
    "frames-oversized": lambda node: [],
    "frames-half": lambda node: [],
    "frames-reordered": lambda node: [],
    "frames-garbage": lambda node: [],
    "wants": lambda node: [],
    "wants-repeated": lambda node: big_words(node, 8),
    "streams": lambda node: [],
    "dials": lambda node: [],
    "half-dials": lambda node: [],
    "providers": lambda node: [],
    "values": lambda node: [],
    "pubsub other-topic": lambda node: [OTHER_NAME, 300_000],
    "pubsub small": lambda node: [OTHER_NAME, 100],
    "pubsub listened-to": lambda node: [listened(node), 300_000],
    "topics": lambda node: [],
    "never-reads": lambda node: big_words(node, 32),
    "unasked-blocks": lambda node: [],
    "identify": lambda node: [],
}
# What CI has time for.
QUICK = {"frames-half"}


@pytest.mark.parametrize("attack", [a if a in QUICK else pytest.param(a, marks=pytest.mark.long) for a in ATTACKS])
def test_an_attack_is_borne(attack, full, hostile, victim, honest, report):
    words = ATTACKS[attack](victim)
    before = honest_seconds(victim, honest)
    blocks = blocks_of(victim)
    victim.forget_peak()
    hostile("start", attack.split()[0], victim.address(), *words)
    try:
        time.sleep(8 if full else 2)  # an attack lasts; what is measured is what it does meanwhile
        during = honest_seconds(victim, honest)
        peak = victim.memory("VmHWM")
    finally:
        did = hostile("stop")
    after = wait_for(lambda: victim.runs() and honest_seconds(victim, honest, 1), "an honest fetch after it")
    counts = ", ".join(f"{name} {number:,}" for name, number in sorted(did.items()) if name != "last")
    report(TABLE, attack=attack, before=f"{before * 1000:.0f} ms", during=f"{during * 1000:.0f} ms",
           after=f"{after * 1000:.0f} ms", peak=f"{peak / MIB:.0f} MiB", done=counts, last=did["last"][-80:])
    assert peak <= MEMORY_MAX
    assert during <= max(before * SLOWER_MAX, SLOWER_SECONDS_MAX)
    if attack == "unasked-blocks":
        assert blocks_of(victim) - blocks < 40, "blocks that nobody asked for were kept"


def blocks_of(node):
    return int(re.search(r"(\d+)", node.text("repo", "stat"))[1])
