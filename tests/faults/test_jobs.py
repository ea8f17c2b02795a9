"""Many jobs between nodes whose links, connections and relays fail and whose network falls into two parts and
heals; a checker reads what every node wrote down.

FAULTS_FULL=1: 10,000 jobs; else 300. FAULTS_SEED=N: another series of faults.
"""

import collections
import os
import random
import time

import pytest

import nodes
from faults import NODES, Faults, network_of_nodes, work_under
from history import History, Job, unfinished
from users import Users, join, settings_of

RATE_MBIT = 50
JOBS_AT_ONCE = 24
INPUTS = 40
FAULTS_AT_ONCE = 2
PARTED_SECONDS = (2.0, 8.0)
MEMORY_MAX = 384 * nodes.MIB


class Partitions(Faults):
    """All faults of faults.py, and a network in two parts."""

    def parted(self):
        group = set(self.random.sample(range(NODES), self.random.choice((1, 2, 3))))
        self.network.part(group)
        time.sleep(self.random.uniform(*PARTED_SECONDS))
        self.network.heal()

    def run(self):
        try:
            while not self.stopped.wait(self.random.uniform(1.0, 4.0)):
                self.parted()
                self.counts["parted"] += 1
        except Exception as error:  # told to the test by its own thread
            self.failed = error


def make_jobs(chance, made, count, modules, contents):
    """Two of three print what is theirs alone; the others read a file that one node has."""
    for number in range(count):
        node = chance.choice(made)
        if number % 3:
            text = f"job-{number}"
            yield Job(str(number), node.name, f"function\0{text}\0".encode()), [modules["echo"], "--", text]
        else:
            cid, content = chance.choice(contents)
            yield Job(str(number), node.name, content), ["--seed", f"{number:08x}", "--input", cid, modules["cat"]]


@pytest.mark.usefixtures("namespaces")
def test_no_job_is_lost_or_answered_twice(tmp_path, full, guests, report):
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    chance = random.Random(seed)
    count = int(os.environ.get("FAULTS_JOBS", "10000" if full else "300"))
    histories = {f"node{i}": tmp_path / f"history{i}" for i in range(NODES)}
    with network_of_nodes(tmp_path, RATE_MBIT, lambda i: settings_of(f"node{i}", histories[f"node{i}"])) as (network, made):
        join(made)
        modules = {name: made[0].text("add", "-Q", guests(name)) for name in ("echo", "cat")}
        for node in made[1:]:
            assert [node.text("add", "-Q", guests(name)) for name in modules] == list(modules.values())
        contents = [(chance.choice(made).add(content), content)
                    for content in (chance.randbytes(chance.choice((100, 5_000, 200_000))) for _ in range(INPUTS))]
        work = list(make_jobs(chance, made, count, modules, contents))
        users = Users(made, seed)
        faults = [Faults(f"{seed} {i}", network, made) for i in range(FAULTS_AT_ONCE)]
        faults.append(Partitions(f"{seed} parts", network, made))
        seconds = work_under(faults, work, users.ask, JOBS_AT_ONCE)
        memory = max(node.memory("VmHWM") for node in made)
        # Those whose requester has gone end with their lease.
        nodes.wait_for(lambda: not unfinished(histories.values()), "every execution has ended", 30)
    jobs = [job for job, _ in work]
    history = History(histories)
    ordered = sorted(users.seconds) or [0]
    report("jobs under faults", seed=seed, jobs=count, answered=sum(job.is_answered() for job in jobs),
           told_of_a_failure=sum(len(job.failures) for job in jobs), seconds=f"{seconds:.0f}",
           median=f"{ordered[len(ordered) // 2] * 1000:.0f} ms", slowest=f"{ordered[-1]:.1f} s",
           peak_memory=f"{memory / nodes.MIB:.0f} MiB")
    report("faults of these jobs", **sum((one.counts for one in faults), collections.Counter()))
    report("what the nodes wrote down", **history.counts())
    problems = history.problems(jobs)
    assert not problems, f"{len(problems)}: {problems[:5]}"
    assert memory <= MEMORY_MAX
