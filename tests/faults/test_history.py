"""The checker of histories finds what is wrong in made-up ones."""

import json

import pytest

from history import History, Job

A, B = "12D3KooWA", "12D3KooWB"
CALL = {"call": 7, "invocation": "bafyX"}


def good():
    """a asks b once, and is answered."""
    return {
        "a": [{"what": "started", "peer": A}, {"what": "asked", "peer": B, **CALL}, {"what": "told", "call": 7, "how": "result"}],
        "b": [{"what": "started", "peer": B}, {"what": "offered", "peer": A, **CALL},
              {"what": "began", "execution": 1, "invocation": "bafyX"},
              {"what": "ended", "execution": 1, "invocation": "bafyX", "how": "result"},
              {"what": "answered", "call": 7, "peer": A, "how": "result"}],
    }


def problems(folder, lines, jobs=(), **options):
    paths = {}
    for name, of_node in lines.items():
        paths[name] = folder / name
        paths[name].write_text("".join(json.dumps({"at": 1, **line}) + "\n" for line in of_node))
    return History(paths).problems(jobs, **options)


def test_a_good_history_has_no_problems(tmp_path):
    assert problems(tmp_path, good(), [Job("1", "a", b"x", [b"x"])]) == []


@pytest.mark.parametrize("change, problem", [
    (lambda lines: lines["a"].pop(), "never told"),
    (lambda lines: lines["a"].append({"what": "told", "call": 7, "how": "lost"}), "2 times"),
    (lambda lines: lines["a"].append({"what": "asked", "peer": B, **CALL}), "number 7 twice"),
    (lambda lines: lines["a"].pop(1), "did not ask"),
    (lambda lines: lines["b"].pop(1), "nobody had offered"),
    (lambda lines: lines["b"].pop(3), "never ended"),
    (lambda lines: lines["b"].insert(3, {"what": "began", "execution": 2, "invocation": "bafyX"}), "at the same time"),
    (lambda lines: lines["b"].append({"what": "answered", "call": 8, "peer": A, "how": "result"}), "was not offered"),
])
def test_each_fault_is_found(tmp_path, change, problem):
    lines = good()
    change(lines)
    found = problems(tmp_path, lines)
    assert any(problem in one for one in found), found


def test_a_node_that_was_killed_owes_nothing(tmp_path):
    lines = good()
    lines["b"][3:] = [{"what": "started", "peer": B}]
    lines["a"].pop()
    assert problems(tmp_path, lines, may_be_killed=True) == []


@pytest.mark.parametrize("answers, problem", [([], "lost"), ([b"x", b"x"], "2 times"), ([b"y"], "wrongly")])
def test_jobs_are_answered_once_and_rightly(tmp_path, answers, problem):
    found = problems(tmp_path, good(), [Job("1", "a", b"x", answers)])
    assert len(found) == 1 and problem in found[0]


def test_a_line_cut_short_is_none(tmp_path):
    path = tmp_path / "a"
    path.write_text(json.dumps({"what": "started", "peer": A}) + '\n{"what": "as')
    assert History({"a": path}).problems([]) == []
