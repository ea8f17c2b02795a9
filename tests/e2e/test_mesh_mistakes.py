"""What is said of requirements that make no sense, and of peers that cannot be reached."""

import json

import pytest

from nodes import Node

NOBODY = "12D3KooWDnSuaiFXL4vKAJ5Ms3NFsXZtsSKohQuEcvvhJoJh3m4N"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("alone"), "alone")
    node.start_node()
    yield node
    node.end_node()


@pytest.mark.parametrize("requirement, position, found", [
    ("memory>>8GiB", 8, ">8GiB"),
    ("memory>=8XB", 9, "8XB"),
    ("memry>=8GiB", 1, "memry"),
    ("memory>=8GiB, label.zone=", 26, ""),
    ("cores", 6, ""),
])
@pytest.mark.parametrize("option", ["--require", "--prefer"])
def test_a_wrong_requirement_is_told_with_its_position_and_an_example(option, requirement, position, found, alone, guests):
    complaint = alone.complaint("run", option, requirement, guests("hello"), code=125)
    assert complaint.startswith(f'timerose: {option}: requirement "{requirement}", at character {position}: ')
    assert f"found '{found}'" in complaint
    assert "an example: memory>=8GiB, label.zone=eu" in complaint


@pytest.mark.parametrize("option, value, expected", [
    ("--deadline", "-1", "a span of time in ms, s, m, h or d"),
    ("--fuel", "much", "a whole number, found 'much'"),
    ("--copies", "-1", "1 to 16, found '-1'"),
    ("--at", "node3", "local, mesh or a peer (a PeerID, as `timerose nodes` lists them"),
])
def test_a_wrong_option_is_told_though_the_answer_is_known(option, value, expected, alone, guests):
    call = ["--seed", "01", guests("hello")]
    alone("run", *call)
    complaint = alone.complaint("run", option, value, *call, code=125)
    assert complaint.startswith(f"timerose: {option}: expected ") and expected in complaint


def test_this_node_can_be_named_as_the_place(alone, guests):
    assert alone("run", "--seed", "02", "--at", alone.peer_id(), guests("hello")).stdout == b"hello\n"
    complaint = alone.complaint("run", "--at", alone.peer_id(), "--hedge", guests("hello"), code=125)
    assert "--hedge needs more than one node" in complaint


def test_a_call_that_needs_more_memory_than_is_free_is_told_who_has_most(alone, guests):
    complaint = alone.complaint("run", "--require", "cores>=1", "--memory", "100TiB", guests("hello"), code=125)
    assert "1 have less memory free than the 100.0 TiB that the call may use" in complaint
    assert f"nearest is {alone.peer_id()} with " in complaint


@pytest.mark.parametrize("key", ["12D3Kooooo", "did:key:zzz", "node3"])
def test_what_is_no_key_is_not_trusted(key, alone):
    complaint = alone.complaint("trust", "add", key)
    assert complaint.startswith("timerose: expected a PeerID (12D3Koo...") and f"found '{key}'" in complaint


def test_the_own_key_stays_trusted(alone):
    assert "a node always trusts its own key" in alone.complaint("trust", "rm", alone.peer_id())
    complaint = alone.complaint("trust", "rm", "--role", "executor", NOBODY)
    assert f"{NOBODY} is not trusted as executor;" in complaint


def test_evidence_that_is_nowhere_is_told_in_words(alone):
    for command in (["evidence", "show"], ["receipt", "verify"]):
        assert "'proof' is neither a CID nor a file here" in alone.complaint(*command, "proof")


def test_a_receipt_may_come_through_a_pipe(alone, guests):
    receipt = json.loads(alone.text("run", "--seed", "03", "-o", "json", guests("hello")))["receipt"]
    block = alone("block", "get", receipt).stdout
    assert alone("receipt", "verify", "/dev/stdin", stdin=block).stdout.startswith(b"valid: ")


def test_a_label_that_no_node_has_is_named(alone, guests):
    complaint = alone.complaint("run", "--require", "label.zone=eu", guests("hello"), code=125)
    assert "label.zone=eu: 1 fail it, and none has a label of this name" in complaint


@pytest.mark.parametrize("peer, why", [
    (NOBODY, "addresses of"),
    (f"/ip4/127.0.0.1/tcp/1/p2p/{NOBODY}", "Connection refused"),
])
def test_a_peer_that_cannot_be_reached_is_told_with_the_reason(peer, why, alone, guests):
    complaint = alone.complaint("run", "--at", peer, guests("hello"), code=127)
    assert NOBODY in complaint and why in complaint
