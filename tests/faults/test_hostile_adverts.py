"""Adverts that are wrong or without end: each is dropped and counted by its kind, and the node goes on."""

import json
import time

import pytest

from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
MEMORY_MAX = 256 * MIB
# Adverts of one peer that are looked at: 64 at once, 16 a second (docs/reference/adverts.md).
PEERS, BURST, PER_SECOND = 2, 64, 16


def nodes_of(node):
    return json.loads(node.text("nodes", "-o", "json"))


@pytest.mark.parametrize("kind, counted, is_kept", [
    ("good", "new", True),
    ("garbage", "malformed", False),
    ("too-long", "malformed", False),
    ("impossible", "malformed", False),
    ("more-free-than-there-is", "malformed", False),
    ("forged", "forged", False),
    ("stale", "stale", False),
    ("future", "future", False),
    ("repeated", "repeated", True),
    ("replayed", "replayed", True),
    ("too-soon", "too_soon", True),
])
def test_each_wrong_advert_is_counted_by_its_kind(kind, counted, is_kept, hostile, shared_victim, bad_input):
    before = nodes_of(shared_victim)["heard"]
    node = hostile("advert", kind, shared_victim.address())["node"]
    after = wait_for(lambda: counted_more(shared_victim, counted, before), f"{counted} is counted", 20)
    known = {one["peer"] for one in after["nodes"]}
    if kind != "good":
        bad_input(f"advert: {kind}", f"dropped, counted as {counted}", shared_victim.memory(), "")
    assert (node in known) == is_kept


def counted_more(node, counted, before):
    now = nodes_of(node)
    return now if now["heard"].get(counted, 0) > before.get(counted, 0) else None


@pytest.fixture(scope="module")
def shared_victim(tmp_path_factory):
    with Node(tmp_path_factory.mktemp("adverts"), "victim", LISTEN) as node:
        yield node


def test_a_flood_of_adverts_is_borne(full, hostile, victim, report, bad_input):
    seconds = 20 if full else 4
    before = victim.run("id").seconds
    victim.forget_peak()
    hostile("start", "adverts", victim.address())
    time.sleep(seconds)  # what is measured is what it does meanwhile
    during = victim.run("id").seconds
    did = hostile("stop")
    peak = victim.memory("VmHWM")
    known = len(nodes_of(victim)["nodes"]) - 1
    report("floods of adverts", sent=f"{did.get('adverts', 0):,}", looked_at=known, peak=f"{peak / MIB:.0f} MiB",
           command_before=f"{before * 1000:.0f} ms", command_during=f"{during * 1000:.0f} ms")
    bad_input("a flood of adverts", "not looked at", peak, f"{before * 1000:.0f} ms -> {during * 1000:.0f} ms")
    assert victim.runs()
    assert did.get("adverts", 0) > 2 * known, "more came than was looked at"
    assert 0 < known <= PEERS * (BURST + PER_SECOND * (seconds + 5))
    assert peak <= MEMORY_MAX
