"""Jobs that a node remembers over its own end."""

import json
import signal

import pytest

from nodes import running, wait_for


@pytest.fixture
def node(tmp_path):
    with running(tmp_path, "a") as (a,):
        yield a


def states(node):
    """The jobs as they are listed: the newest first."""
    return {one["id"]: one["state"] for one in json.loads(node.text("jobs", "list", "-o", "json"))}


def detached(node, *args):
    return node.text("run", "--detach", *args)


def test_jobs_are_told_of_after_the_node_was_started_again(node, guests):
    done = detached(node, guests("hello"))
    wait_for(lambda: states(node)[done] == "done", "it has ended")
    failed = detached(node, "--require", "cores>=60000", guests("exit7"))
    wait_for(lambda: states(node)[failed] == "failed", "it has ended")
    stopped = detached(node, "--fuel", "1000", guests("loop"))
    wait_for(lambda: states(node)[stopped] == "failed", "it has ended")
    interrupted = detached(node, guests("forever"))
    wait_for(lambda: node.text("jobs", "logs", interrupted) == "started", "its guest runs")
    shown = node.text("jobs", "show", "-o", "json", done)

    assert node.end_node() == 0
    node.start_node()
    assert states(node) == {interrupted: "interrupted", stopped: "failed", failed: "failed", done: "done"}
    assert list(states(node))[0] == interrupted, "the newest first"
    assert node.text("jobs", "show", "-o", "json", done) == shown
    assert node.text("jobs", "logs", "-f", done[:4]) == "hello"
    assert "cores>=60000" in node.complaint("jobs", "logs", failed, code=1)
    assert "fuel" in node.text("jobs", "show", stopped)
    assert "run the call again" in node.text("jobs", "show", interrupted)
    logs = node("jobs", "logs", interrupted, code=1)
    assert logs.stdout == b"started\n" and b"run the call again" in logs.stderr
    assert "has ended" in node.complaint("jobs", "cancel", interrupted)

    again = detached(node, guests("hello"))
    assert list(states(node))[0] == again, "new jobs go before"


def test_a_job_of_a_node_that_was_killed_was_interrupted(node, guests):
    done = detached(node, guests("hello"))
    job = detached(node, guests("forever"))
    wait_for(lambda: node.text("jobs", "logs", job) == "started", "its guest runs")
    records = node.repository / "records.sqlite-wal"
    wait_for(lambda: job.encode() in records.read_bytes(), "it is on the disk")
    node.end_node(signal.SIGKILL)
    node.start_node()
    assert states(node) == {job: "interrupted", done: "done"}


def test_as_many_are_kept_as_the_settings_say(node, guests):
    node.end_node()
    node("config", "set", "Jobs.Kept", "2")
    node.start_node()
    ids = []
    for _ in range(4):
        ids.append(detached(node, guests("hello")))
        wait_for(lambda: states(node)[ids[-1]] == "done", "it has ended")
    assert set(states(node)) == set(ids[2:])
    node.end_node()
    node.start_node()
    assert set(states(node)) == set(ids[2:])
    assert "no job's id begins with" in node.complaint("jobs", "show", ids[0])
