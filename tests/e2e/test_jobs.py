"""Jobs: calls that a node places on the mesh; `timerose jobs`, `timerose queue`."""

import json
import os
import signal
import subprocess
import time

import pytest

from nodes import running, wait_for

LEASE_SECONDS = 5


@pytest.fixture
def mesh(tmp_path):
    """Three nodes of one person, all connected; each knows the others."""
    with running(tmp_path, "a", "b", "c") as nodes:
        ids = [node.peer_id() for node in nodes]
        for node in nodes:
            node("trust", "add", *[one for one in ids if one != node.peer_id()])
        for node, other in ((0, 1), (0, 2), (1, 2)):
            nodes[node]("swarm", "connect", nodes[other].address())
        for node in nodes:
            wait_for(lambda node=node: node.known().keys() == set(ids), "each node knows all three")
        yield nodes


def jobs(node):
    return json.loads(node.text("jobs", "list", "-o", "json"))


def job(node, name):
    return json.loads(node.text("jobs", "show", "-o", "json", name))


def queue(node):
    return json.loads(node.text("queue", "-o", "json"))


def elsewhere(node):
    return ["--require", f"node!={node.peer_id()}"]


def the_one_that_runs(node, nodes):
    """The node that runs the only job under way."""
    def runner():
        under_way = [one for one in jobs(node) if one["state"] == "running"]
        return under_way and under_way[0]["executor"]

    peer = wait_for(runner, "the job runs somewhere")
    return next(one for one in nodes if one.peer_id() == peer)


def test_a_run_goes_where_its_data_is(mesh, guests):
    a, b, _ = mesh
    content = os.urandom(8 << 20)
    cid = b.text("add", "-Q", stdin=content)
    module = a.text("add", "-Q", guests("cat"))
    wait_for(lambda: b.peer_id() in a.text("routing", "findprovs", cid), "it is known who has it")
    result = a("run", "-o", "json", "--explain", "--input", cid, module)
    answer = json.loads(result.stdout)
    cheapest = answer["explanation"]["candidates"][0]
    assert cheapest["peer"] == b.peer_id() and cheapest["why"] == "holder"
    assert cheapest["move_bytes"] < 100_000, "the data stays where it is; the function is small"
    assert f"ran at {b.peer_id()}" in result.stderr.decode()
    a.complaint("--offline", "cat", cid)
    assert a("cat", answer["output"]).stdout == content


def test_a_connected_nodes_word_is_enough_to_know_that_it_has_the_data(tmp_path, guests):
    with running(tmp_path, "a", "b", settings={"Provide.Strategy": "none"}.items()) as (a, b):
        for node, other in ((a, b), (b, a)):
            node("trust", "add", other.peer_id())
        a("swarm", "connect", b.address())
        wait_for(lambda: a.known().keys() == {a.peer_id(), b.peer_id()}, "they know each other")
        cid = b.text("add", "-Q", stdin=os.urandom(8 << 20))
        for seed in ("01", "02"):
            # The second time the data's first block is here: the first run asked for its size.
            result = a("run", "-o", "json", "--explain", "--seed", seed, "--input", cid, guests("cat"))
            cheapest = json.loads(result.stdout)["explanation"]["candidates"][0]
            assert (cheapest["peer"], cheapest["why"]) == (b.peer_id(), "holder"), seed
            assert cheapest["move_bytes"] < 100_000
        a.complaint("--offline", "cat", cid)


def test_who_has_run_a_call_is_known_to_have_its_data(tmp_path, guests):
    with running(tmp_path, "a", "b", settings={"Provide.Strategy": "none"}.items()) as (a, b):
        for node, other in ((a, b), (b, a)):
            node("trust", "add", other.peer_id())
        a("swarm", "connect", b.address())
        wait_for(lambda: a.known().keys() == {a.peer_id(), b.peer_id()}, "they know each other")
        cid = a.text("add", "-Q", stdin=os.urandom(3 << 20))
        a("run", "--at", b.peer_id(), "--input", cid, guests("hello"))
        told = json.loads(a.text("run", "-o", "json", "--dry-run", "--input", cid, guests("cat")))
        lines = {one["peer"]: one for one in told["candidates"]}
        assert lines[b.peer_id()]["why"] == "holder"


def test_a_run_that_is_cheapest_here_stays_here(mesh, guests):
    a, _, _ = mesh
    cid = a.text("add", "-Q", stdin=os.urandom(3 << 20))
    result = a("run", "-o", "json", "--input", cid, guests("cat"))
    assert result.stderr == b""
    assert jobs(a)[0]["executor"] == a.peer_id()


def test_a_node_alone_runs_everything_itself(tmp_path, guests):
    with running(tmp_path, "a") as (a,):
        assert a("run", guests("hello")).stdout == b"hello\n"
        assert jobs(a) == []
        assert "timerose trust" not in a.text("run", "--dry-run", guests("hello"))


def test_a_killed_executors_job_ends_elsewhere(mesh, guests):
    a, b, c = mesh
    module = a.text("add", "-Q", guests("slow"))
    client = a.start("run", *elsewhere(a), module, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n"
    first = the_one_that_runs(a, mesh)
    os.kill(first.process.pid, signal.SIGKILL)
    killed = time.monotonic()
    other = c if first is b else b
    wait_for(lambda: jobs(a)[0]["executor"] == other.peer_id(), "it is placed again")
    assert time.monotonic() - killed < LEASE_SECONDS + 1.5, "within the lease and a second"
    out, _ = client.communicate(timeout=60)
    assert client.returncode == 0
    assert out == b"done\n", "the second node's first words had been told by the first"
    steps = [(step["peer"], step["state"]) for step in jobs(a)[0]["steps"]]
    assert (first.peer_id(), "lost") in steps and (other.peer_id(), "answered") in steps


def test_a_job_that_a_node_hands_back_as_it_stops_ends_elsewhere(mesh, guests):
    a, b, c = mesh
    module = a.text("add", "-Q", guests("slow"))
    client = a.start("run", *elsewhere(a), module, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n"
    first = the_one_that_runs(a, mesh)
    other = c if first is b else b
    stopped = time.monotonic()
    assert first.end_node() == 0
    wait_for(lambda: jobs(a)[0]["executor"] == other.peer_id(), "it is placed again")
    assert time.monotonic() - stopped < LEASE_SECONDS - 1, "nobody waits for the lease"
    out, _ = client.communicate(timeout=60)
    assert client.returncode == 0
    assert out == b"done\n"
    assert any("stopping" in step["why"] for step in jobs(a)[0]["steps"] if step["peer"] == first.peer_id())


def test_where_nothing_fits_it_says_why_at_once(mesh, guests):
    a, _, _ = mesh
    module = a.text("add", "-Q", guests("hello"))
    began = time.monotonic()
    complaint = a.complaint("run", "--require", "cores>=60000", module, code=125)
    assert time.monotonic() - began < 1
    assert "no node fits, of 3 known" in complaint and "cores>=60000: 3 fail it, nearest is" in complaint
    complaint = a.complaint("run", "--require", "label.zone=eu", module, code=125)
    assert "none has a label of this name" in complaint


def test_jobs_are_detached_followed_and_cancelled(mesh, guests):
    a, b, c = mesh
    name = a.text("run", "--detach", *elsewhere(a), guests("forever"))
    assert len(name) == 8
    follower = a.start("jobs", "logs", "-f", name[:4], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert follower.stdout.readline() == b"started\n"
    runner = the_one_that_runs(a, mesh)
    waiting = queue(runner)
    assert [(one["state"], one["requesters"]) for one in waiting] == [("running", [a.peer_id()])]
    assert waiting[0]["invocation"] == job(a, name)["invocation"]
    assert "running" in runner.text("queue")
    assert a.text("jobs", "logs", name) == "started"

    a("jobs", "cancel", name[:6])
    wait_for(lambda: queue(runner) == [], "the guest has ended at the executor")
    assert job(a, name)["state"] == "cancelled"
    follower.communicate(timeout=60)
    assert follower.returncode != 0
    assert "has ended" in a.complaint("jobs", "cancel", name)
    assert "no job's id begins with" in a.complaint("jobs", "show", "0")
    assert a.lines("jobs", "list")[1].startswith(f"{name} cancelled")


def test_a_finished_jobs_output_can_be_read_later(mesh, guests):
    a, _, _ = mesh
    name = a.text("run", "--detach", *elsewhere(a), guests("hello"))
    wait_for(lambda: job(a, name)["state"] == "done", "the job has ended")
    assert a.text("jobs", "logs", "-f", name) == "hello"
    assert job(a, name)["exit_code"] == 0
    assert "answered" in a.text("jobs", "show", name)


def test_copies_run_on_different_nodes_and_a_quorum_agrees(mesh, guests):
    a, _, _ = mesh
    assert a("run", "--no-memo", "--copies", "3", guests("hello")).stdout == b"hello\n"
    assert len({step["peer"] for step in jobs(a)[0]["steps"]}) == 3
    assert a("run", "--no-memo", "--verify", "quorum=3", guests("hello")).stdout == b"hello\n"
    answered = [step["peer"] for step in jobs(a)[0]["steps"] if step["state"] == "answered"]
    assert len(set(answered)) == 3
    complaint = a.complaint("run", "--no-memo", "--verify", "quorum=4", guests("hello"), code=125)
    assert "4 answers are wanted, and there are nodes for 3" in complaint


def test_copies_that_find_no_node_are_told(mesh, guests):
    a, _, _ = mesh
    wanted = ["--copies", "5", guests("hello")]
    answer = a("run", "--no-memo", *wanted)
    assert answer.stdout == b"hello\n"
    told = "3 of 5 copies run: no node fits, of 3 known; 3 have been given it already"
    assert told in answer.stderr.decode()
    (name,) = [one["id"] for one in jobs(a)]
    assert told in a.text("jobs", "show", name) and told in job(a, name)["note"]
    explained = a("run", "--dry-run", *wanted)
    assert "5 copies are wanted, and there are nodes for 3: " in explained.stderr.decode()
    complaint = a.complaint("run", "--dry-run", "--verify", "quorum=4", guests("hello"), code=125)
    assert "4 answers are wanted, and there are nodes for 3: " in complaint


def told_while_waiting(asker, executor, guest):
    """Runs a guest at one node, by its PeerID, and no other; gives what is told of the wait, and the client."""
    only_there = ["--require", f"node={executor}"]
    client = asker.start("run", *only_there, guest, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return client.stderr.readline().decode(), client


def test_while_all_nodes_are_busy_it_says_what_it_waits_for(tmp_path, guests):
    with running(tmp_path, "a", "b", settings={"Execute.Calls": "1"}) as (a, b):
        b.execute_for(a)
        a("trust", "add", "--role", "executor", b.peer_id())
        wait_for(lambda: b.peer_id() in a.known(), "the other node is known")
        first = a.text("run", "--detach", "--require", f"node={b.peer_id()}", guests("forever"))
        wait_for(lambda: job(a, first)["state"] == "running", "the only place is taken")
        told, client = told_while_waiting(a, b.peer_id(), guests("hello"))
        assert f"waiting: {b.peer_id()} is busy; asked again in " in told
        assert "s at most (the executor is busy: " in told
        a("jobs", "cancel", first)
        assert client.communicate(timeout=60)[0] == b"hello\n"


def test_a_node_that_cannot_be_reached_for_a_while_is_waited_for(tmp_path, guests):
    with running(tmp_path, "a", "b") as (a, b):
        b.execute_for(a)
        a("trust", "add", "--role", "executor", b.peer_id())
        wait_for(lambda: b.peer_id() in a.known(), "the other node is known")
        executor = b.peer_id()
        b.process.send_signal(signal.SIGSTOP)
        told, client = told_while_waiting(a, executor, guests("hello"))
        b.process.send_signal(signal.SIGCONT)
        assert f"waiting: {executor} is " in told
        assert client.communicate(timeout=60)[0] == b"hello\n"


def test_whoever_is_not_trusted_is_not_asked(mesh, guests):
    a, b, c = mesh
    for node in (b, c):
        a("trust", "rm", node.peer_id())
    complaint = a.complaint("run", *elsewhere(a), guests("hello"), code=125)
    assert "2 are not trusted as executors" in complaint
    assert a("run", "--verify", "none", *elsewhere(a), guests("hello")).stdout == b"hello\n"


def test_explaining_alone_runs_nothing(mesh, guests):
    a, b, c = mesh
    lines = a.lines("run", "--dry-run", guests("hello"))
    assert lines[0].split()[:2] == ["NODE", "WHY"]
    assert {line.split()[0] for line in lines[1:]} == {node.peer_id() for node in mesh}
    assert "cheapest" in lines[1]
    assert jobs(a)[0]["state"] == "explained" and jobs(a)[0]["steps"] == []
    assert "candidates" in json.loads(a.text("run", "--dry-run", "-o", "json", guests("hello")))


def test_mistakes_say_what_to_do(mesh, guests):
    a, _, _ = mesh
    run = ["run", guests("hello")]
    for words, expected in (
        (["--require", "memory>>8GiB"], "--require"),
        (["--require", "colour=red"], "memory>=8GiB"),
        (["--verify", "most"], "quorum=K"),
        (["--apart", "colour"], "label.NAME"),
        (["--copies", "0"], "--copies: expected 1 to"),
        (["--copies", "2", "--at", "local"], "--at mesh"),
        (["--verify", "quorum=2", "--at", "local"], "--verify quorum needs more than one node"),
        (["--prefer", "cores>=2", "--at", "local"], "--prefer needs more than one node"),
        (["--at", "nowhere"], "local, mesh or a peer"),
    ):
        assert expected in a.complaint(run[0], *words, run[1], code=125)
    a.end_node()
    assert "timerose node start" in a.complaint("run", "--copies", "2", run[1], code=127)
    assert a("run", run[1]).stdout == b"hello\n"
