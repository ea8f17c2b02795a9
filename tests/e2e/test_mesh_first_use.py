"""What a person does first with a mesh: what is shown when, and what an answer that is known is worth."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from conftest import BINARY
from nodes import asker_and_executors, wait_for, workers_of


@pytest.fixture
def mesh(tmp_path):
    """`a` asks; `b` and `c` execute for it, and it believes them."""
    with asker_and_executors(tmp_path) as nodes:
        a, *others = nodes
        for other in others:
            a("trust", "add", "--role", "executor", other.peer_id())
        wait_for(lambda: len(a.known()) == 3, "a knows all three")
        yield nodes


def jobs(node):
    return json.loads(node.text("jobs", "-o", "json"))


def elsewhere(node):
    return ["--require", f"node!={node.peer_id()}"]


def run_json(node, *words):
    result = node("run", "-o", "json", *words)
    return json.loads(result.stdout), result.stderr.decode()


# --- explaining ---


def test_the_explanation_comes_before_the_run_and_beside_its_output(mesh, guests):
    a, _, _ = mesh
    client = a.start("run", "--explain", *elsewhere(a), guests("forever"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert client.stderr.readline().decode().split()[:2] == ["NODE", "WHY"]
    assert client.stdout.readline() == b"started\n", "standard output is the guest's"
    assert client.poll() is None
    a("jobs", "cancel", jobs(a)[0]["id"])
    client.communicate(timeout=60)


def test_an_answer_that_is_known_is_explained_all_the_same(mesh, guests):
    a, _, _ = mesh
    for _ in range(2):
        explained = a("run", "--explain", guests("hello"))
        assert explained.stdout == b"hello\n"
        assert explained.stderr.decode().startswith("NODE ")


def test_of_a_named_node_only_that_is_explained(mesh, guests):
    a, b, _ = mesh
    lines = a.lines("run", "--dry-run", "--at", b.peer_id(), guests("hello"))
    assert [line.split()[0] for line in lines] == ["NODE", b.peer_id()]


# --- where a call may run ---


def test_what_is_required_of_a_named_node_is_not_passed_over(mesh, guests):
    a, b, _ = mesh
    wrong = ["--require", "label.zone=eu", guests("hello")]
    complaint = a.complaint("run", "--at", "local", *wrong, code=125)
    assert f"label.zone=eu is required, and {a.peer_id()} has " in complaint
    complaint = a.complaint("run", "--at", b.peer_id(), *wrong, code=125)
    assert f"label.zone=eu is required, and {b.peer_id()} has " in complaint
    assert a("run", "--at", "local", "--require", "cores>=1", guests("hello")).stdout == b"hello\n"
    a.end_node()
    assert "timerose node start" in a.complaint("run", "--fresh", "--at", "local", *wrong, code=127)


def test_a_deadline_that_passes_says_where_the_call_was(mesh, guests):
    a, _, _ = mesh
    complaint = a.complaint("run", "--deadline", "300ms", *elsewhere(a), guests("forever"), code=124)
    assert "the deadline of 300 ms has passed, while it was with " in complaint


def test_more_answers_than_nodes_are_refused_with_the_number(mesh, guests):
    a, _, _ = mesh
    complaint = a.complaint("run", "--fresh", "--verify", "quorum=9", guests("hello"), code=125)
    assert "9 answers are wanted, and there are nodes for 3" in complaint
    assert "3 have been given it already" in complaint


# --- what is known already ---


def test_a_quorum_is_not_content_with_one_that_is_known(mesh, guests):
    a, _, _ = mesh
    first, _ = run_json(a, *elsewhere(a), guests("hello"))
    again, _ = run_json(a, guests("hello"))
    assert again["cached"] and again["receipt"] == first["receipt"]
    assert len(jobs(a)) == 1
    run_json(a, "--verify", "quorum=3", guests("hello"))
    # The node whose word is known is not asked for it again.
    (job,) = [one for one in jobs(a) if len(one["steps"]) > 1]
    asked = {step["peer"] for step in job["steps"] if step["state"] in ("answered", "withdrawn")}
    assert len(asked) == 2 and jobs(a)[-1]["executor"] not in asked
    # It is remembered that three said so, after a restart too.
    a.end_node()
    a.start_node()
    for wish in ("quorum=2", "quorum=3"):
        answer, _ = run_json(a, "--verify", wish, guests("hello"))
        assert answer["cached"], wish
    assert len(jobs(a)) == 2


def test_an_own_execution_counts_whatever_is_wished(mesh, guests):
    a, _, _ = mesh
    run_json(a, "--at", "local", guests("hello"))
    for wish in ("none", "trust", "spot", "self"):
        answer, _ = run_json(a, "--verify", wish, guests("hello"))
        assert answer["cached"], wish
    assert jobs(a) == []


def test_what_an_executor_said_counts_while_it_is_trusted(mesh, guests):
    a, b, c = mesh
    run_json(a, *elsewhere(a), guests("hello"))
    executor = jobs(a)[0]["executor"]
    a("trust", "rm", executor)
    answer, said = run_json(a, "--at", "local", guests("hello"))
    assert not answer["cached"] and said == ""
    assert a.text("receipt", "verify", answer["receipt"]).endswith(a.text("id", "-f", "<did>"))


def test_an_answer_of_another_is_not_an_execution_here(mesh, guests):
    a, _, _ = mesh
    run_json(a, *elsewhere(a), guests("hello"))
    answer, _ = run_json(a, "--verify", "self", guests("hello"))
    assert [step["peer"] for step in jobs(a)[0]["steps"]] == [a.peer_id()]
    assert answer["exit_code"] == 0


# --- stragglers ---


def test_a_straggler_is_run_elsewhere_too_and_the_loser_is_cancelled(mesh, guests):
    a, b, c = mesh
    toil = guests("toil")
    for seed in range(21):  # of so many, the slowest one is not yet usual
        a("run", *elsewhere(a), "--seed", f"{seed:02x}", toil)
    client = a.start("run", "-o", "json", "--hedge", *elsewhere(a), toil, "long", stdout=subprocess.PIPE)
    first = wait_for(lambda: jobs(a)[0]["state"] == "running" and jobs(a)[0]["executor"], "it runs")
    (loser,) = [node for node in (b, c) if node.peer_id() == first]
    stopped = workers_of(loser)
    for worker in stopped:
        os.kill(worker, signal.SIGSTOP)  # so that the straggler is the loser
    answer = json.loads(client.communicate(timeout=60)[0])
    steps = {step["peer"]: step["state"] for step in jobs(a)[0]["steps"]}
    assert steps.pop(first) == "withdrawn" and list(steps.values()) == ["answered"]
    for worker in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)
    wait_for(lambda: json.loads(loser.text("queue", "-o", "json")) == [], "the loser has nothing to do")
    loser.complaint("--offline", "block", "stat", answer["outcome"], code=1)


# --- the commands themselves ---


@pytest.mark.parametrize("family", ["jobs", "trust", "evidence"])
def test_a_family_alone_lists(family, mesh, guests):
    a, _, _ = mesh
    a("run", "--at", "mesh", "--fresh", guests("hello"))
    assert a(family).stdout == a(family, "list").stdout
    assert "did you mean 'list'?" in a.complaint(family, "lsit", code=2)


def test_a_person_who_watches_ends_it_without_a_complaint(mesh):
    a, _, _ = mesh
    watcher = a.start("nodes", "--watch", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert watcher.stdout.readline().startswith(b"PEER")
    watcher.terminate()
    _, complaints = watcher.communicate(timeout=60)
    assert complaints == b""


def completed(script, *words):
    quoted = " ".join(f"'{word}'" for word in words)
    shell = f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _timerose; "
    shell += 'printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", shell], capture_output=True, check=True).stdout.decode().split()


@pytest.mark.parametrize("words, expected", [
    (["run", "--hed"], ["--hedge"]),
    (["run", "--verify", ""], ["none", "trust", "spot", "self", "quorum="]),
    (["run", "--at", "l"], ["local"]),
    (["run", "-o", ""], ["text", "cid", "json"]),
    (["nodes", "--output", "w"], ["wide"]),
    (["trust", "add", "--role", "e"], ["executor"]),
    (["jobs", ""], ["list", "show", "logs", "cancel"]),
    (["devnet", "--topology", "s"], ["star"]),
])
def test_bash_completes_values_too(words, expected):
    script = subprocess.run([BINARY, "completion", "bash"], capture_output=True, check=True, env={"HOME": os.devnull})
    assert completed(script.stdout.decode(), "timerose", *words) == expected
