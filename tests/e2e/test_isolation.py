"""Execute.Isolation: guests of other nodes run in worker processes, which may die."""

import json
import os
import signal
import subprocess

import pytest

from nodes import children_of, running, runs, wait_for, workers_of


def isolation_line(node):
    (line,) = [line for line in node.lines("node", "status") if line.startswith("Isolation:")]
    return line


@pytest.fixture
def trio(tmp_path):
    """`a` and `c` ask, `b` executes for them."""
    with running(tmp_path, "a", "b", "c") as (a, b, c):
        for asker in (a, c):
            b.execute_for(asker)
        yield a, b, c


def test_each_requester_has_a_process_of_its_own(trio, guests):
    a, b, c = trio
    assert not workers_of(b)
    cid = a.text("add", "-Q", stdin=os.urandom(100_000))
    answers = [
        json.loads(asker.text("run", "-o", "json", "--at", b.peer_id(), "--input", cid, guests("cat")))
        for asker in (a, c)
    ]
    # What was executed for one is not told to the other, though it is the same.
    assert [answer["cached"] for answer in answers] == [False, False]
    assert answers[0]["output"] == answers[1]["output"]
    assert len(workers_of(b)) == 2
    line = isolation_line(b)
    assert "others; workers: 0 busy, 2 idle, 2 started, 0 failed; held in by: " in line
    assert " of memory together" in line
    # The node's own calls run in it.
    b("run", guests("cat"), "--input", cid)
    assert len(workers_of(b)) == 2


def test_a_worker_that_is_killed_fails_its_call_alone(trio, guests):
    a, b, c = trio
    call = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert call.stdout.readline() == b"started\n"
    (worker,) = workers_of(b)
    os.kill(worker, signal.SIGKILL)
    complaint = call.communicate(timeout=60)[1]
    assert call.returncode == 125
    assert b"the worker process that ran the call failed" in complaint
    assert b"memory had run out" in complaint
    assert b.process.poll() is None
    for asker in (a, c):
        asker("run", "--at", b.peer_id(), guests("hello"))
    assert "1 failed" in isolation_line(b)


def test_an_idle_worker_that_dies_is_gone_at_once(trio, guests):
    a, b, _ = trio
    a("run", "--at", b.peer_id(), guests("hello"))
    (worker,) = children_of(b)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not children_of(b), "the end of the worker, which nobody asked for anything")
    a("run", "--at", b.peer_id(), "--fresh", guests("hello"))
    assert b.process.poll() is None


def test_workers_end_with_their_node(trio, guests):
    a, b, _ = trio
    a("run", "--at", b.peer_id(), guests("hello"))
    (worker,) = workers_of(b)
    b.end_node(signal.SIGKILL)
    wait_for(lambda: not runs(worker), "the end of the worker")


def test_a_call_that_is_cancelled_leaves_no_worker_running(trio, guests):
    a, b, _ = trio
    call = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE)
    assert call.stdout.readline() == b"started\n"
    assert "1 busy, 0 idle" in isolation_line(b)
    call.send_signal(signal.SIGINT)
    call.communicate(timeout=60)
    wait_for(lambda: "0 busy" in isolation_line(b), "an idle worker")


@pytest.mark.parametrize("setting,count", [("none", 0), ("all", 1)])
def test_the_setting_says_which_guests_are_isolated(tmp_path, guests, setting, count):
    with running(tmp_path, "a", settings={"Execute.Isolation": setting}) as (a,):
        a("run", guests("hello"))
        assert len(workers_of(a)) == count
        assert f" {setting}; " in isolation_line(a)


def test_a_setting_that_is_none_is_refused(timerose):
    complaint = timerose.complaint("config", "set", "Execute.Isolation", "some")
    assert "expected others, all or none, found 'some'" in complaint
