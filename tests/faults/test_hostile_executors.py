"""Executors that lie or do nothing, over the real transport: what a requester makes of each.

A result that is not what it should be is an error of that call, which says what was wrong; memory stays
bounded; and calls to an honest executor go on meanwhile.
"""

import itertools
import re
import statistics
import subprocess
import threading

import pytest

from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
# An idle node, and of each call that is asked the output that is shown while it runs.
MEMORY_MAX = 256 * MIB
DEADLINE_SECONDS, LEASE_SECONDS, SLACK_SECONDS = 3, 5, 1.5
FAILED, NOT_FOUND, STOPPED = 125, 127, 124
TABLE = "hostile executors"

# Lie: exit code, what is said of it, and the seconds within which.
LIES = {
    "other-call": (FAILED, "receipt is that of another call", 1),
    "other-outcome": (FAILED, "receipt is that of another call", 1),
    "wrong-key": (FAILED, "the receipt is signed by", 1),
    "wrong-signature": (FAILED, "signature", 1),
    "forged-metering": (FAILED, "signature", 1),
    "no-receipt": (FAILED, "no receipt", 1),
    "no-outcome": (FAILED, "outcome", 1),
    "wrong-blocks": (FAILED, "", 1),
    "disorder": (NOT_FOUND, "broke the protocol", 1),
    "garbage": (NOT_FOUND, "broke the protocol", 1),
    "falls-silent": (NOT_FOUND, "not heard of", LEASE_SECONDS + 1),
    "says-nothing": (NOT_FOUND, "not heard of", LEASE_SECONDS + 1),
    "never-runs": (STOPPED, "deadline", DEADLINE_SECONDS + SLACK_SECONDS),
    "busy": (STOPPED, "deadline", DEADLINE_SECONDS + SLACK_SECONDS),
    "unasked": (STOPPED, "deadline", DEADLINE_SECONDS + SLACK_SECONDS),
    "endless-logs": (STOPPED, "deadline", DEADLINE_SECONDS + SLACK_SECONDS),
}
# These are ended by the deadline of the call: a node that says it works is believed until then. The others
# are ended long before theirs.
BY_DEADLINE = {lie for lie, (code, *_) in LIES.items() if code == STOPPED}
LONG_SECONDS = 20
QUICK = {"other-call", "wrong-key", "forged-metering", "wrong-blocks", "garbage", "never-runs", "endless-logs"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory, guests):
    """A requester, and an honest executor that it knows."""
    folder = tmp_path_factory.mktemp("pair")
    with Node(folder, "asker", LISTEN) as asker, Node(folder, "honest", LISTEN) as honest:
        honest.text("trust", "add", "--role", "requester", asker.peer)
        asker.text("swarm", "connect", honest.address())
        asker.module = asker.add(guests("hello").read_bytes())
        yield asker, honest


class HonestCalls(threading.Thread):
    """Calls at an honest executor, one after the other until it is stopped."""

    def __init__(self, asker, executor, seeds=itertools.count()):
        super().__init__(name="honest calls")
        self._client = asker.client()
        self._words = ["run", "--no-memo", "--at", executor.peer, asker.module]
        self._seeds = seeds
        self._ended = threading.Event()
        self.seconds = []
        self.failed = []

    def run(self):
        while not self._ended.is_set():
            reply = self._client.run(*self._words[:-1], "--seed", f"{next(self._seeds):08x}", self._words[-1])
            if reply.out == b"hello\n":
                self.seconds.append(reply.seconds)
            else:
                self.failed.append(reply.said)

    def stop(self):
        self._ended.set()
        self.join()


@pytest.mark.parametrize("lie", [lie if lie in QUICK else pytest.param(lie, marks=pytest.mark.long) for lie in LIES])
def test_a_lie_is_an_error_of_that_call(lie, hostile, pair, report, bad_input):
    asker, honest = pair
    code, said, seconds = LIES[lie]
    hostile("execute", lie)
    asker.text("swarm", "connect", hostile.address)
    asker.forget_peak()
    calls = HonestCalls(asker, honest)
    calls.start()
    deadline = DEADLINE_SECONDS if lie in BY_DEADLINE else LONG_SECONDS
    ended = asker.run("run", "--at", hostile.peer, "--deadline", f"{deadline}s", asker.module)
    calls.stop()
    heard = hostile("execute", "count")
    told = " ".join(ended.said.split())
    report(TABLE, lie=lie, seconds=f"{ended.seconds:.2f}", code=ended.code, said=told[:110],
           peak=f"{asker.memory('VmHWM') / MIB:.0f} MiB", honest_calls=len(calls.seconds),
           slowest=f"{max(calls.seconds) * 1000:.0f} ms", offers=heard.get("offer", 0))
    typed = re.sub(r"timerose: |12D3Koo\w+(: )?", "", told)
    bad_input(f"executor: {lie}", f"{typed[:70]} ({ended.code}, {ended.seconds:.1f} s)", asker.memory("VmHWM"),
              f"{statistics.median(calls.seconds) * 1000:.0f} ms, slowest {max(calls.seconds) * 1000:.0f} ms")
    assert (ended.code, said in ended.said) == (code, True), ended.said
    assert ended.seconds < seconds + SLACK_SECONDS
    assert not calls.failed
    assert asker.memory("VmHWM") <= MEMORY_MAX


def test_two_results_are_one_answer(hostile, pair):
    asker, _ = pair
    hostile("execute", "twice")
    asker.text("swarm", "connect", hostile.address)
    assert asker.run("run", "--at", hostile.peer, asker.module).out == b"a lie\n"
    wait_for(lambda: hostile("execute", "count").get("acknowledge"), "the first is acknowledged")


def test_what_a_liar_says_that_a_guest_wrote_is_not_shown_before_it_is_believed(hostile, pair):
    asker, _ = pair
    hostile("execute", "false-logs")
    asker.text("swarm", "connect", hostile.address)
    assert asker.run("run", "--verify", "self", "--at", hostile.peer, asker.module).out == b"hello\n"
    wait_for(lambda: hostile("execute", "count").get("acknowledge"), "its answer was heard")


@pytest.mark.long
def test_logs_that_nobody_reads_are_not_kept(hostile, pair, report):
    asker, _ = pair
    hostile("execute", "endless-logs")
    asker.text("swarm", "connect", hostile.address)
    asker.forget_peak()
    client = asker.begin("run", "--at", hostile.peer, "--deadline", "20s", asker.module, stdout=subprocess.PIPE)
    try:
        wait_for(lambda: sent_bytes(hostile) > 2 * MEMORY_MAX, "more was sent than may be kept", 20)
        peak = asker.memory("VmHWM")
    finally:
        client.kill()
        client.communicate()
    report("logs that nobody reads", sent=f"{sent_bytes(hostile) / MIB:.0f} MiB", peak=f"{peak / MIB:.0f} MiB")
    assert peak <= MEMORY_MAX


def sent_bytes(hostile):
    return hostile("execute", "count").get("logs sent", 0) << 16
