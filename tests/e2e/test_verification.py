"""run --verify, evidence, receipt verify: a peer that lies, among honest nodes."""

import json
import os

import pytest

from conftest import Timerose
from lying import lying
from nodes import asker_and_executors, wait_for


@pytest.fixture
def mesh(tmp_path):
    with asker_and_executors(tmp_path) as nodes:
        yield nodes


@pytest.fixture
def stranger(tmp_path):
    """A repository that has nothing to do with the others."""
    work = tmp_path / "stranger-work"
    work.mkdir()
    return Timerose(tmp_path / "stranger", work)


def knows(node, peers):
    """Waits until the node has heard of these."""
    wait_for(lambda: node.known().keys() >= set(peers), "everyone is known")


def evidence_of(node):
    return json.loads(node.text("evidence", "list", "-o", "json"))


def test_a_quorum_refuses_a_lie_and_keeps_a_proof_that_anyone_checks(mesh, guests, stranger):
    a, b, c = mesh
    with lying(a, "lie\n") as liar:
        knows(a, [b.peer_id(), c.peer_id(), liar])
        # As many as there are, so that the liar is among those asked.
        answer = a("run", "--verify", "quorum=4", guests("hello"))
        assert answer.stdout == b"hello\n"
        (evidence,) = evidence_of(a)
        peers = {one["peer"]: one["outcome"] for one in evidence["statements"]}
        assert peers[liar] != evidence["accepted"]
        assert evidence["outcomes_differ"] and evidence["basis"] == "self"

        shown = a.text("evidence", "show", evidence["evidence"])
        assert "signatures valid" in shown and evidence["accepted"] in shown
        assert f"timerose rerun {evidence['invocation']}" in shown

        proof = a("block", "get", evidence["evidence"]).stdout
        checked = stranger.text("receipt", "verify", "-", stdin=proof)
        assert checked == shown
        (stranger.folder / "proof").write_bytes(proof)
        assert stranger.text("receipt", "verify", "proof") == shown
        forged = bytearray(proof)
        forged[-10] ^= 1
        assert "signature" in stranger.complaint("receipt", "verify", "-", stdin=bytes(forged))

        # It is given nothing any more.
        assert a("run", "--verify", "quorum=3", "--no-memo", guests("hello"), "again").stdout == b"hello\n"
        assert len(evidence_of(a)) == 1


def test_a_liar_is_remembered_after_a_restart(mesh, guests):
    a, b, c = mesh
    with lying(a, "lie\n") as liar:
        knows(a, [b.peer_id(), c.peer_id(), liar])
        a("run", "--verify", "quorum=4", guests("hello"))
    assert a.end_node() == 0
    a.start_node()
    assert len(evidence_of(a)) == 1
    assert a("repo", "gc").returncode == 0
    assert len(evidence_of(a)) == 1, "it is pinned"


def test_what_runs_here_too_is_no_matter_of_trust(mesh, guests):
    a, _, _ = mesh
    with lying(a, "lie\n") as liar:
        knows(a, [liar])
        believed = a("run", "--at", liar, "--verify", "none", "--no-memo", guests("hello"))
        assert believed.stdout == b"lie\n", "none is none"
        checked = a("run", "--at", liar, "--verify", "self", "--no-memo", guests("hello"))
        assert checked.stdout == b"hello\n"
        (evidence,) = evidence_of(a)
        assert {one["peer"] for one in evidence["statements"]} == {liar, a.peer_id()}


def test_spot_checks_find_a_liar_that_is_trusted(mesh, guests):
    a, _, _ = mesh
    with lying(a, "lie\n") as liar:
        knows(a, [liar])
        a("trust", "add", "--role", "executor", liar)
        believed = a("run", "--at", liar, "--no-memo", guests("hello"))
        assert believed.stdout == b"lie\n", "trust is trust"
        call = ["run", "--at", liar, "--no-memo", guests("hello"), "again"]
        assert a(*call[:1], "--verify", "spot", *call[1:]).stdout == b"hello\n"
        assert len(evidence_of(a)) == 1
        trusting = a(*call[:1], "--verify", "trust", *call[1:], "and again")
        assert trusting.stdout == b"hello\n", "after a fault it is checked unasked"
        again = a("run", guests("hello"))
        assert again.stdout == b"hello\n", "what it said before it was found out is not believed any more"


def test_an_answer_that_was_not_committed_to_does_not_count(mesh, guests):
    a, b, c = mesh
    with lying(a, "lie\n", "break-commit") as liar:
        knows(a, [b.peer_id(), c.peer_id(), liar])
        assert a("run", "--verify", "quorum=3", guests("hello")).stdout == b"hello\n"
        assert evidence_of(a) == [], "nothing that it signed contradicts anything"


def test_who_says_that_it_used_something_else_is_told_and_proven(mesh, guests):
    a, b, c = mesh
    honest = json.loads(a("run", "--no-memo", "-o", "json", guests("hello")).stdout)
    flags = json.loads(a.text("receipt", "show", honest["receipt"]))["metering"]["flags"]
    with lying(a, "hello\n", f"flags={flags}") as liar:
        knows(a, [b.peer_id(), c.peer_id(), liar])
        answer = a("run", "--verify", "quorum=4", "--no-memo", guests("hello"))
        assert answer.stdout == b"hello\n", "what it says of the Outcome is right"
        assert f"false metering by {liar}; proof: timerose evidence show " in answer.stderr.decode()
        (evidence,) = evidence_of(a)
        assert evidence["metering_differs"] and not evidence["outcomes_differ"]
        assert "what it used" in a.text("evidence", "show", evidence["evidence"])


def test_how_to_verify_is_said_where_it_is_wrong(mesh, guests):
    a, _, _ = mesh
    assert "quorum=2/5" in a.complaint("run", "--verify", "quorum=1", guests("hello"), code=125)


def test_evidence_that_shows_nothing_is_refused(stranger):
    assert stranger.text("evidence", "list") == ""
    assert json.loads(stranger.text("evidence", "list", "-o", "json")) == []
    stranger.complaint("receipt", "verify", "-", stdin=os.urandom(100))
    stranger.complaint("evidence", "show", "-", stdin=b"\xa1avx")
