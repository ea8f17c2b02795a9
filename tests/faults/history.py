"""Checks what nodes wrote down of their calls (the setting Node.History) and what their users were told.

A job is what a user asked for once. It has an id, the node that was asked, and the answers its user got.

    history = History({"node0": path, ...}); history.problems(jobs) -> what should not be, as sentences

None lost: every job has an answer. None answered twice: a user and a node's own side are told the end of a call
once. Nothing made up: every execution belongs to a call that a node asked for and sent there, every result to
an execution. No two executions of one call at a time on a node. Every execution ends, unless its node did.
"""

import collections
import json
import pathlib
from dataclasses import dataclass, field


@dataclass
class Job:
    id: str
    node: str
    expected: bytes | None  # None: whatever is right is not known
    answers: list = field(default_factory=list)  # what the user was told: bytes, or why there is none
    failures: list = field(default_factory=list)  # told before, and asked again

    def is_answered(self):
        return any(isinstance(answer, bytes) for answer in self.answers)


class History:
    def __init__(self, paths):
        self.lines = {name: read_lines(path) for name, path in paths.items()}
        self.peers = {lines[0]["peer"]: name for name, lines in self.lines.items() if lines}

    def problems(self, jobs, may_be_killed=False):
        """`may_be_killed`: nodes were; what they were told or ran then ended with them."""
        found = list(problems_of_jobs(jobs))
        asked = self.asked()
        for name, lines in self.lines.items():
            found += self.problems_of_asker(name, lines, may_be_killed)
            found += self.problems_of_executor(name, lines, asked)
        return found

    def asked(self):
        """Who was asked for which call: {(asker, call): (executor, invocation)}."""
        return {(name, line["call"]): (self.peers.get(line["peer"]), line["invocation"])
                for name, lines in self.lines.items() for line in lines if line["what"] == "asked"}

    def problems_of_asker(self, name, lines, may_be_killed):
        told = {}
        for line in lines:
            if line["what"] == "started":
                told = {call: ends or ["the node ended"] for call, ends in told.items()}
            elif line["what"] == "asked":
                if line["call"] in told:
                    yield f"{name} used the number {line['call']} twice"
                told[line["call"]] = []
            elif line["what"] == "told":
                told.setdefault(line["call"], []).append(line["how"])
        for call, ends in told.items():
            if len(ends) > 1:
                yield f"{name} was told the end of call {call} {len(ends)} times: {ends}"
            if not ends and not may_be_killed:
                yield f"{name} was never told how call {call} ended"

    def problems_of_executor(self, name, lines, asked):
        offered, calls = set(), set()
        running = {}
        for line in lines:
            what = line["what"]
            if what == "started":
                offered, calls, running = set(), set(), {}
            elif what == "offered":
                asker = self.peers.get(line["peer"])
                if asker is not None and asked.get((asker, line["call"])) != (name, line["invocation"]):
                    yield f"{name} was offered a call that {asker} did not ask of it: {line}"
                offered.add(line["invocation"])
                calls.add((line["peer"], line["call"]))
            elif what == "began":
                if line["invocation"] not in offered:
                    yield f"{name} ran what nobody had offered: {line}"
                if line["invocation"] in running.values():
                    yield f"{name} ran one call twice at the same time: {line}"
                running[line["execution"]] = line["invocation"]
            elif what == "ended":
                running.pop(line["execution"], None)
            elif what == "answered" and line["how"] in ("result", "known"):
                if (line["peer"], line["call"]) not in calls:
                    yield f"{name} answered a call that was not offered: {line}"
        for execution in running:
            yield f"{name} never ended execution {execution}"

    def counts(self):
        """How often each thing happened, and how often calls ran."""
        total = collections.Counter(line["what"] for lines in self.lines.values() for line in lines)
        total.update(f"told {line['how']}" for lines in self.lines.values() for line in lines if line["what"] == "told")
        return total

    def executions(self):
        """How often each Invocation was begun, on any node."""
        return collections.Counter(line["invocation"] for lines in self.lines.values() for line in lines
                                   if line["what"] == "began")


def read_lines(path):
    """A line that a node was killed in the middle of is none."""
    lines = []
    for text in pathlib.Path(path).read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            pass
    return lines


def problems_of_jobs(jobs):
    for job in jobs:
        answers = [answer for answer in job.answers if isinstance(answer, bytes)]
        if not job.answers:
            yield f"job {job.id} of {job.node} is lost: {job.failures[-1:]}"
        if len(job.answers) > 1:
            yield f"job {job.id} was answered {len(job.answers)} times"
        if job.expected is not None and any(answer != job.expected for answer in answers):
            yield f"job {job.id} was answered wrongly: {answers}"


def unfinished(paths):
    """Executions that have begun and not ended, on nodes that still run them."""
    found = []
    for path in paths:
        running = set()
        for line in read_lines(path):
            if line["what"] == "started":
                running.clear()
            elif line["what"] == "began":
                running.add(line["execution"])
            elif line["what"] == "ended":
                running.discard(line["execution"])
        found += [(str(path), execution) for execution in running]
    return found
