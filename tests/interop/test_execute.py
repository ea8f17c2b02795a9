"""/timerose/execute/1 between this program and one that was written from docs/reference/execute.md alone:
go-peer/execute-peer. Each of the two is requester and executor.
"""

import json
import os
import subprocess
import time

import pytest

import peers
from ours import OurNode
from waiting import wait_for

pytestmark = pytest.mark.usefixtures("built")

GOLDEN = peers.ROOT / "src" / "scheduler" / "execute" / "testdata"
# Longer than an executor keeps silent about a call, shorter than any lease.
SLOW_MS = 1500


@pytest.fixture(scope="module")
def peer(built, tmp_path_factory):
    with peers.LinePeer("execute", tmp_path_factory.mktemp("peer"), ["tcp"]) as peer:
        yield peer


@pytest.fixture(scope="module")
def other_peer(built, tmp_path_factory):
    with peers.LinePeer("execute", tmp_path_factory.mktemp("other-peer"), ["tcp"]) as peer:
        yield peer


@pytest.fixture(scope="module")
def ours(peer, tmp_path_factory):
    with OurNode(tmp_path_factory.mktemp("ours"), ["tcp"]) as node:
        node.text("trust", "add", "--role", "requester", peer.peer)
        peer("connect", node.address("tcp"))
        yield node


@pytest.fixture
def content(tmp_path):
    """A new small file; its text."""

    def made(length):
        path = tmp_path / f"content-{length}"
        path.write_text(os.urandom(length).hex()[:length])
        return path, path.read_text()

    return made


def test_the_golden_frames_are_what_the_text_says(peer):
    assert peer("golden", GOLDEN)["frames"] >= 22
    assert peer("golden", GOLDEN)["wrong"] == {}


# The shorter is in the Outcome itself, the longer beside it.
@pytest.mark.parametrize("length", [100, 5000])
def test_a_small_call_brings_its_blocks_and_is_answered_with_them(peer, ours, guests, content, length):
    path, text = content(length)
    told = peer("run", ours.peer, guests("cat"), path)
    assert (told["exit"], told["output"], told["cached"]) == (0, text, False)
    assert told["stdout"] == (text if length <= 1024 else "")


def test_a_guest_is_watched_and_taken_back(peer, ours, guests):
    told = peer("cancel", ours.peer, guests("forever"))
    assert (told["log"], told["stream"], told["position"]) == ("started\n", 1, 0)
    assert told["after"] == [], "nothing is said of a call that was taken back"


def test_a_call_goes_on_over_another_stream(peer, ours, guests):
    told = peer("reconnect", ours.peer, guests("slow"))
    assert told["heard"] == ["accept", "accept", "result", "result"]
    assert told["stdout"] == "started\ndone\n"


def test_an_answer_is_bound_before_it_is_told(peer, ours, guests):
    told = peer("commit", ours.peer, guests("hello"))
    assert [name for name in told["heard"] if name != "accept"] == ["commit", "unknown", "result"]
    assert told["stdout"] == "hello\n"


def test_what_a_worker_process_said_is_told_to_no_question(peer, ours, guests, content):
    told = peer("questions", ours.peer, guests("random"), content(100)[0])
    assert (told["answer"], told["known"]) == ("unknown", [False, False])
    assert told["lacked"]["links"] == 2, "neither the module nor the input was there"
    assert told["lacks"] == {"bytes": 0, "links": 0}


def test_what_the_node_executed_itself_is_known(peer, guests, content, tmp_path):
    with OurNode(tmp_path, ["tcp"], {"Execute.Isolation": "none"}) as node:
        node.text("trust", "add", "--role", "requester", peer.peer)
        peer("connect", node.address("tcp"))
        told = peer("questions", node.peer, guests("cat"), content(100)[0])
    assert (told["answer"], told["known"], told["cached"], told["same"]) == ("result", [False, True], True, True)


def test_each_mistake_has_its_answer(peer, ours, guests):
    told = peer("mistakes", ours.peer, guests("hello"))
    del told["seconds"]
    assert told == {
        "too little fuel": "failure fuel",
        "not canonical": "refuse malformed",
        "a block that nobody has": "failure deadline",
        "a wrong block": "failure missing_block",
        "two calls of one number": "refuse conflict, result",
        "a lease of nothing": "result",
        "calls that were never asked": "result",
        "a priority of 3": "ended",
        "an unknown field": "ended",
        "an empty field": "ended",
        "a missing field": "ended",
        "an unknown message": "ended",
        "an executor's message": "ended",
    }


def run_at(peer, guests, *words):
    return ["run", "--no-memo", "--at", peer.peer, *words, guests("cat")]


@pytest.mark.parametrize("length", [0, 100, 5000])
def test_our_requester_believes_its_executor(peer, ours, guests, content, length):
    path, text = content(length)
    peer("execute", guests("cat"), 0)
    told = json.loads(ours.text(*run_at(peer, guests, "-o", "json", "--input", path)))
    assert ours.text("cat", told["output"]) == text
    assert told["receipt"] and ours.text("receipt", "verify", told["receipt"]).startswith("valid: signed by did:key:")
    # The same Outcome, bit for bit, as when the module is run.
    assert json.loads(ours.text("run", "-o", "json", "--input", path, guests("cat")))["outcome"] == told["outcome"]
    assert wait_for(lambda: peer("heard").get("acknowledge"), "the result is acknowledged")


def test_our_requester_goes_on_over_another_stream(peer, ours, guests, content):
    path, text = content(200)
    peer("execute", guests("cat"), SLOW_MS)
    running = ours.begin(*run_at(peer, guests, "--input", path), stdout=subprocess.PIPE)
    wait_for(lambda: peer("heard").get("offer"), "the call is offered")
    assert peer("drop")["streams"] == 1
    assert running.communicate(timeout=30)[0].decode() == text
    assert peer("heard")["offer"] == 2


def test_our_requester_takes_back_what_nobody_waits_for(peer, ours, guests, content):
    peer("execute", guests("cat"), 60_000)
    running = ours.begin(*run_at(peer, guests, "--input", content(300)[0]), stderr=subprocess.DEVNULL)
    wait_for(lambda: peer("heard").get("offer"), "the call is offered")
    running.terminate()
    running.wait(30)
    assert wait_for(lambda: peer("heard").get("cancel"), "it is taken back") == 1


def test_heartbeats_come_before_a_lease_is_over(peer, ours, guests, content):
    peer("execute", guests("cat"), SLOW_MS)
    began = time.monotonic()
    ours.text(*run_at(peer, guests, "--input", content(400)[0]))
    assert time.monotonic() - began >= SLOW_MS / 1000
    assert peer("heard").get("heartbeat", 0) >= 1


def test_the_peers_understand_each_other(peer, other_peer, guests, content):
    """Where this fails, it is not our program that is at fault."""
    other_peer("execute", guests("cat"), 100)
    peer("connect", other_peer.addresses[0])
    path, text = content(100)
    assert peer("run", other_peer.peer, guests("cat"), path)["output"] == text
    assert peer("questions", other_peer.peer, guests("cat"), path)["same"]
    assert peer("commit", other_peer.peer, guests("cat"))["stdout"] == ""
