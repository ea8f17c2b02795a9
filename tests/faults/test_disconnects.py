"""Many fetches between nodes whose connections, links and relays fail all the time, from a seed.

FAULTS_FULL=1: 1,000 fetches; else 100. FAULTS_SEED=N: another series of faults.
"""

import collections
import hashlib
import os
import random
import re
import threading

import pytest

import nodes
from faults import NODES, Faults, network_of_nodes, work_under

RATE_MBIT = 30
TIMEOUT_SECONDS = 20
# What a command may take beyond the time that it was given.
SLACK_SECONDS = 2
FETCHES_AT_ONCE = 12
TRIES_MAX = 5
# Faults that happen at the same time.
FAULTS_AT_ONCE = 3


def make_contents(chance, count):
    """Mostly small, some of several blocks."""
    sizes = [chance.choice((1 << 10, 20 << 10, 100 << 10, 300 << 10, 1 << 20, 3 << 20)) for _ in range(count)]
    return [chance.randbytes(size) for size in sizes]


def blocks_of(content):
    """Leaves of 1 MiB, and a node above them if there are several."""
    leaves = -(-len(content) // (1 << 20))
    return leaves if leaves == 1 else leaves + 1


class Fetches:
    """Each content from wherever it is to every other node, and what became of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seconds = []
        self.given_up = []
        self.late = []
        self.wrong = []
        self.lost = []
        self.bytes = 0

    def fetch(self, node, cid, content):
        digest, blocks = content
        for _ in range(TRIES_MAX):
            ended = node.run("cat", "--timeout", f"{TIMEOUT_SECONDS}s", cid)
            with self.lock:
                # Each new block begins the time anew.
                if ended.seconds > blocks * TIMEOUT_SECONDS + SLACK_SECONDS:
                    self.late.append((node.name, cid, ended.seconds, ended.said))
                if ended.code == 0:
                    if hashlib.sha256(ended.out).digest() != digest:
                        self.wrong.append((node.name, cid))
                    self.seconds.append(ended.seconds)
                    self.bytes += len(ended.out)
                    return
                self.given_up.append(ended.said)
        with self.lock:
            self.lost.append((node.name, cid, ended.said))


# Who was asked, what each said, what to try.
EXPLANATION = re.compile(r"block baf\w+ .*could not be fetched.*asked \d+ peers?.*connect", re.DOTALL)


@pytest.mark.usefixtures("namespaces")
def test_fetches_under_random_disconnects(tmp_path, full, report):
    seed = int(os.environ.get("FAULTS_SEED", "1"))
    chance = random.Random(seed)
    count = 200 if full else 20
    with network_of_nodes(tmp_path, RATE_MBIT, lambda _: {}, how=9) as (network, made):
        for node in made:
            node.start()
        for i, node in enumerate(made):
            other = made[(i + 1) % NODES]
            node.text("swarm", "connect", other.address())
        work = []
        for content in make_contents(chance, count):
            holder = chance.choice(made)
            cid = holder.add(content)
            known = (hashlib.sha256(content).digest(), blocks_of(content))
            work += [(node, cid, known) for node in made if node is not holder]
        chance.shuffle(work)
        fetches, faults = Fetches(), [Faults(f"{seed} {i}", network, made) for i in range(FAULTS_AT_ONCE)]
        seconds = work_under(faults, work, fetches.fetch, FETCHES_AT_ONCE)
        memory = max(node.memory("VmHWM") for node in made)
    ordered = sorted(fetches.seconds) or [0]
    report("fetches under random disconnects", seed=seed, fetches=len(work), verified=len(fetches.seconds),
           wrong=len(fetches.wrong), late=len(fetches.late), given_up_and_tried_again=len(fetches.given_up),
           never=len(fetches.lost), bytes=f"{fetches.bytes:,}", seconds=f"{seconds:.1f}",
           median=f"{ordered[len(ordered) // 2]:.2f} s", slowest=f"{ordered[-1]:.1f} s",
           peak_memory=f"{memory / nodes.MIB:.0f} MiB")
    report("faults of these", **sum((one.counts for one in faults), collections.Counter()))
    for said in fetches.given_up:
        print("gave up:", said)
    assert not fetches.wrong
    assert not fetches.late
    assert not fetches.lost
    unexplained = [said for said in fetches.given_up if not EXPLANATION.search(said)]
    assert not unexplained, unexplained[:3]
    assert len(fetches.seconds) == len(work)
