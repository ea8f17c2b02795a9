"""Requesters that mean harm, over the real transport: the executor answers each or ends the stream, its
memory stays under a bound, and an honest requester's calls go on. The table tells how much slower.

The hostile requester's key is trusted, but for one attack: what a stranger can do is less.
"""

import itertools
import os
import statistics
import time
from dataclasses import dataclass

import pytest

from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
# An executor's limits: 64 MiB of a requester's offers twice (as messages and as objects), 1 MiB of
# output for each guest that runs, and what a node holds under any flood.
MEMORY_MAX = 256 * MIB
# The guests of a requester hold 512 MiB of output together, and each its own memory and what a worker has.
CORES = os.cpu_count()
WORKERS_MEMORY_MAX = 512 * MIB + min(4 * CORES, CORES + 8) * 48 * MIB
CALLS = 30
# The hostile requester has a core of this machine; who is honest is answered all the same.
SLOWER_MAX, SLOWER_SECONDS_MAX = 30, 2.0
LEASE_SECONDS_MAX = 3  # of the leases that these attacks ask for: a second, and time to see it
TABLE = "hostile requesters"


@dataclass
class Latency:
    median: float
    slowest: float

    def __str__(self):
        return f"{self.median * 1000:.0f} ms, slowest {self.slowest * 1000:.0f} ms"


class Calls:
    """Calls of one node at another, each another Invocation."""

    def __init__(self, asker, executor, module):
        self._client = asker.client()
        self._words = ["run", "--no-memo", "--at", executor.peer, "--deadline", "60s"]
        self._module = module
        self._seeds = itertools.count(1)

    def one(self):
        reply = self._client.run(*self._words, "--seed", f"{next(self._seeds):08x}", self._module)
        assert reply.code == 0 and reply.out == b"hello\n", reply.said
        return reply.seconds

    def latency(self, count=CALLS):
        seconds = [self.one() for _ in range(count)]
        return Latency(statistics.median(seconds), max(seconds))


@pytest.fixture
def honest(tmp_path, victim, guests):
    """An honest requester's calls at the victim."""
    with Node(tmp_path, "honest", LISTEN) as node:
        victim.text("trust", "add", "--role", "requester", node.peer)
        node.text("swarm", "connect", victim.address())
        calls = Calls(node, victim, node.text("add", "-Q", guests("hello")))
        calls.latency(3)
        yield calls


def module_of(victim, guests, name):
    return victim.text("add", "-Q", guests(name))


# Attack, perhaps with a second word that tells one from another: its words, and an answer that it
# must get, or None if it gets none.
ATTACKS = {
    "offers": (["hello"], "busy"),
    "offers stranger": (["hello"], "refuse stranger"),
    "offers-no-blocks": ([], "busy"),
    "offers-lies": ([], "failure missing_block"),
    "offers-one-call": (["hello"], "refuse conflict"),
    "offers-cancelled": (["hello"], None),
    "execute-disorder": (["hello"], "streams ended by the node"),
    "execute-garbage": ([], "streams ended by the node"),
    "lease-never": (["forever", 64], None),
    "lease-always": (["forever", 64], "accept"),
    "logs-not-read": (["write"], None),
}
# What a node does about it, as it is counted.
ANSWERS = ("accept", "busy", "refuse", "failure", "result", "streams ended by the node")
# What CI has time for.
QUICK = {"offers", "execute-disorder", "lease-always"}


@pytest.mark.parametrize("attack", [a if a in QUICK else pytest.param(a, marks=pytest.mark.long) for a in ATTACKS])
def test_an_attack_is_borne(attack, full, hostile, victim, honest, guests, report, bad_input):
    words, answer = ATTACKS[attack]
    words = [module_of(victim, guests, words[0]), *words[1:]] if words else []
    if "stranger" not in attack:
        victim.text("trust", "add", "--role", "requester", hostile.peer)
    before = honest.latency()
    victim.forget_peak()
    hostile("start", attack.split()[0], victim.address(), *words)
    try:
        time.sleep(6 if full else 2)  # an attack lasts; what is measured is what it does meanwhile
        during = honest.latency()
        peak, workers = victim.memory("VmHWM"), victim.workers_memory()
    finally:
        did = hostile("stop")
    wait_for(lambda: is_at_rest(victim), "what the attack began has ended", 20)
    after = honest.latency()
    counts = ", ".join(f"{name} {number:,}" for name, number in sorted(did.items()) if name != "last")
    report(TABLE, attack=attack, before=before, during=during, after=after, peak=f"{peak / MIB:.0f} MiB",
           workers=f"{workers / MIB:.0f} MiB", done=counts)
    answers = ", ".join(name for name in sorted(did) if name.startswith(ANSWERS))
    bad_input(attack, answers or "it is read no further", peak + workers, f"{before.median * 1000:.0f} ms -> {during}")
    assert victim.runs()
    assert peak <= MEMORY_MAX
    assert workers <= WORKERS_MEMORY_MAX
    assert during.median <= max(before.median * SLOWER_MAX, SLOWER_SECONDS_MAX)
    assert answer is None or did.get(answer, 0) > 0, did


def is_at_rest(node):
    before = node.cpu_seconds()
    time.sleep(0.5)
    return node.cpu_seconds() - before < 0.2


def test_guests_without_heartbeats_end_with_their_lease(hostile, victim, guests):
    victim.text("trust", "add", "--role", "requester", hostile.peer)
    module = module_of(victim, guests, "forever")
    before = victim.cpu_seconds()
    hostile("start", "lease-never", victim.address(), module, 8)
    wait_for(lambda: victim.cpu_seconds() - before > 0.3, "guests run", 10)
    wait_for(lambda: is_at_rest(victim), "guests have ended though their requester stays", LEASE_SECONDS_MAX)
    hostile("stop")
