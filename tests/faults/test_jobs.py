"""Many jobs between nodes whose links, connections and relays fail and whose network falls into two parts and
heals; a checker reads what every node wrote down.

FAULTS_FULL=1: 10,000 jobs; else 300. FAULTS_SEED=N: another series of faults.
"""

import collections
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import lab
import nodes
from history import History, Job, unfinished
from test_disconnects import JITTER_SECONDS, LATENCY_SECONDS, LOST_PER_MILLE, Faults, listen
from users import Users, settings_of, wait_until_known

NODES = 6
RELAYED = (1, 3, 5)
RATE_MBIT = 50
JOBS_AT_ONCE = 24
INPUTS = 40
FAULTS_AT_ONCE = 2
PARTED_SECONDS = (2.0, 8.0)
MEMORY_MAX = 384 * nodes.MIB


class Partitions(Faults):
    """All faults of test_disconnects.py, and a network in two parts."""

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


def start_nodes(folder, network):
    made = []
    for i in range(NODES):
        settings = settings_of(f"node{i}", folder / f"history{i}")
        if i in RELAYED:
            settings["Addresses.Announce"] = listen(f"{lab.SUBNET}.{lab.HUB}", network.relay_port(i))
        else:
            network.lose(i, LOST_PER_MILLE)
        made.append(nodes.Node(folder, f"node{i}", listen(network.address(i)), settings, network.prefix(i)))
    for node in made:
        for other in made:
            if other is not node:
                node.text("trust", "add", other.peer)
        node.start()
    for i, node in enumerate(made):
        for other in made[:i]:
            node.text("swarm", "connect", other.address())
    wait_until_known(made)
    return made


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
    with lab.Lab(NODES, RATE_MBIT) as network:
        network.start_relay()
        network.relay.change(latency=LATENCY_SECONDS, jitter=JITTER_SECONDS)
        made = []
        try:
            made = start_nodes(tmp_path, network)
            modules = {name: made[0].text("add", "-Q", guests(name)) for name in ("echo", "cat")}
            for node in made[1:]:
                assert [node.text("add", "-Q", guests(name)) for name in modules] == list(modules.values())
            contents = [(chance.choice(made).add(content), content)
                        for content in (chance.randbytes(chance.choice((100, 5_000, 200_000))) for _ in range(INPUTS))]
            work = list(make_jobs(chance, made, count, modules, contents))
            users = Users(made, seed)
            faults = [Faults(f"{seed} {i}", network, made) for i in range(FAULTS_AT_ONCE)]
            faults.append(Partitions(f"{seed} parts", network, made))
            began = time.monotonic()
            for one in faults:
                one.start()
            with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
                list(pool.map(lambda one: users.ask(*one), work))
            seconds = time.monotonic() - began
            for one in faults:
                one.stop()
            memory = max(node.memory("VmHWM") for node in made)
            # Those whose requester has gone end with their lease.
            nodes.wait_for(lambda: not unfinished(histories.values()), "every execution has ended", 30)
        finally:
            for node in made:
                node.end()
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
