"""run --at PEER: calls carried out by another node; trust."""

import concurrent.futures
import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from nodes import running, wait_for, workers_of

LEASE_SECONDS = 5


@pytest.fixture
def pair(tmp_path):
    """`a` asks, `b` executes for it."""
    with running(tmp_path, "a", "b") as (a, b):
        b.execute_for(a)
        yield a, b


def cpu_seconds(node):
    """What the daemon of a node and its workers have used."""
    ticks = 0
    for process in {node.process.pid} | workers_of(node):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{process}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def is_at_rest(node):
    before = cpu_seconds(node)
    time.sleep(0.5)
    return cpu_seconds(node) - before < 0.2


def run_json(node, *args, code=0):
    return json.loads(node.text("run", "-o", "json", *args, code=code))


def test_a_call_runs_at_another_node_with_the_requesters_data(pair, guests):
    a, b = pair
    content = os.urandom(100_000)
    cid = a.text("add", "-Q", stdin=content)
    answer = run_json(a, "--at", b.peer_id(), "--input", cid, guests("cat"))
    assert a("cat", answer["output"]).stdout == content
    assert answer["cached"] is False and answer["exit_code"] == 0
    did = b.text("id", "-f", "<did>")
    assert a.text("receipt", "verify", answer["receipt"]) == f"valid: signed by {did}"
    shown = json.loads(a.text("receipt", "show", answer["receipt"]))
    assert shown["circumstances"]["executor"] == did
    assert shown["metering"]["fuel_used"] == answer["fuel_used"] > 0


def test_a_call_runs_where_its_data_is(pair, guests):
    a, b = pair
    content = os.urandom(3 << 20)
    cid = b.text("add", "-Q", stdin=content)
    module = b.text("add", "-Q", guests("cat"))
    answer = run_json(a, "--at", b.peer_id(), "--input", cid, module)
    assert answer["output"] == run_json(b, "--input", cid, module)["output"]
    a.complaint("--offline", "cat", cid), "the input did not move"
    assert a("cat", answer["output"]).stdout == content, "the output is fetched when it is read"


def test_output_exit_code_and_standard_error_are_those_of_a_run_here(pair, guests):
    a, b = pair
    at = ["run", "--no-memo", "--at", b.peer_id()]
    assert a(*at, guests("hello")).stdout == b"hello\n"
    a(*at, guests("exit7"), code=7)
    assert "trapped" in a.complaint(*at, guests("trap"), code=134)
    assert "fuel" in a.complaint(*at, "--fuel", "1000", guests("loop"), code=124)
    assert "deadline" in a.complaint(*at, "--deadline", "500ms", guests("loop"), code=124)
    wait_for(lambda: is_at_rest(b), "the guest has ended at the executor")


def test_a_trusted_executors_answer_is_remembered(pair, guests):
    a, b = pair
    run_json(a, "--at", b.peer_id(), guests("hello"))
    assert run_json(a, "--at", b.peer_id(), guests("hello"))["cached"], "the executor knows it"
    a("trust", "add", "--role", "executor", b.peer_id())
    run_json(a, "--at", b.peer_id(), guests("hello"))
    b.end_node()
    assert run_json(a, guests("hello"))["cached"]


def test_strangers_are_refused_until_they_are_trusted(pair, guests):
    a, b = pair
    complaint = b.complaint("run", "--at", a.peer_id(), guests("hello"), code=125)
    assert "refused (stranger)" in complaint and "trust add" in complaint
    a("trust", "add", "--role", "requester", b.text("id", "-f", "<did>"))
    assert b("run", "--at", a.peer_id(), guests("hello")).stdout == b"hello\n"
    a("trust", "rm", b.peer_id())
    b.complaint("run", "--no-memo", "--at", a.peer_id(), guests("hello"), code=125)


def test_trust_is_kept_and_listed(pair):
    a, b = pair
    assert b.lines("trust", "list") == [f"{a.peer_id()} requester"]
    b("trust", "add", a.peer_id())
    assert b.lines("trust", "list") == [f"{a.peer_id()} requester,executor"]
    b.end_node()
    assert json.loads(b.text("trust", "list", "-o", "json")) == [
        {"peer": a.peer_id(), "roles": ["requester", "executor"]}
    ]
    b("trust", "rm", "--role", "executor", a.peer_id())
    b("trust", "rm", a.peer_id())
    assert b.lines("trust", "list") == []
    assert "not trusted" in b.complaint("trust", "rm", a.peer_id())
    assert "verifier" in b.complaint("trust", "add", "--role", "boss", a.peer_id())


def test_a_killed_executor_is_noticed_within_its_lease_and_a_second(pair, guests):
    a, b = pair
    client = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n", "what it writes arrives while it runs"
    b.process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    _, complaint = client.communicate(timeout=60)
    assert time.monotonic() - killed < LEASE_SECONDS + 1
    assert client.returncode == 127
    assert b"not heard of" in complaint


def test_ctrl_c_ends_the_guest_at_the_executor(pair, guests):
    a, b = pair
    client = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n"
    assert not is_at_rest(b)
    client.send_signal(signal.SIGINT)
    client.communicate(timeout=60)
    wait_for(lambda: is_at_rest(b), "the guest has ended")


def test_an_orphan_ends_at_the_executor(pair, guests):
    a, b = pair
    client = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n"
    a.process.send_signal(signal.SIGKILL)
    client.communicate(timeout=60)
    wait_for(lambda: is_at_rest(b), "the guest has ended")


def test_an_executor_that_stops_hands_its_calls_back(pair, guests):
    a, b = pair
    client = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stdout.readline() == b"started\n"
    b.end_node()
    _, complaint = client.communicate(timeout=60)
    assert client.returncode == 125
    assert b"refused (stopping)" in complaint


@pytest.mark.parametrize(
    "setting, words",
    [
        ("Execute.Running", "ms; 1 run and 1 wait at this executor"),
        ("Execute.Calls", "busy: 1 calls of yours are here already"),
    ],
)
def test_who_waits_for_a_busy_executor_until_the_deadline_is_told_so(tmp_path, guests, setting, words):
    with running(tmp_path, "a", "b", settings={setting: "1"}.items()) as (a, b):
        b.execute_for(a)
        client = a.start("run", "--at", b.peer_id(), guests("forever"), stdout=subprocess.PIPE)
        assert client.stdout.readline() == b"started\n"
        complaint = a.complaint("run", "--at", b.peer_id(), "--deadline", "1500ms", guests("hello"), code=124)
        assert "deadline" in complaint and words in complaint
        client.send_signal(signal.SIGINT)
        client.communicate(timeout=60)


def test_many_calls_at_a_time(pair, guests):
    a, b = pair
    module = a.text("add", "-Q", guests("cat"))
    a("run", "--at", b.peer_id(), module)

    def one(i):
        return a("run", "--at", b.peer_id(), "--input", "-", module, stdin=b"%d" % i).stdout

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(100))) == [b"%d" % i for i in range(100)]


def test_mistakes_say_what_to_do(pair, guests):
    a, b = pair
    assert "--at" in a.complaint("run", "--at", "nobody", guests("hello"), code=125)
    b.end_node()
    a.complaint("run", "--at", b.peer_id(), "--deadline", "1s", guests("hello"), code=127)
    assert "timerose node start" in b.complaint("run", "--at", a.peer_id(), guests("hello"), code=127)
