"""Many fetches between nodes whose connections, links and relays fail all the time, from a seed.

FAULTS_FULL=1: 1,000 fetches; else 100. FAULTS_SEED=N: another series of faults.
"""

import collections
import hashlib
import os
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import lab
import nodes

NODES = 6
# These are reached only through the relay, which delays; the others directly, with loss.
RELAYED = (1, 3, 5)
RATE_MBIT = 30
LATENCY_SECONDS, JITTER_SECONDS = 0.01, 0.005
LOST_PER_MILLE = 10
TIMEOUT_SECONDS = 20
# What a command may take beyond the time that it was given.
SLACK_SECONDS = 2
FETCHES_AT_ONCE = 12
TRIES_MAX = 5
PAUSE_SECONDS = (0.0, 0.3)
# Faults that happen at the same time.
FAULTS_AT_ONCE = 3
OUTAGE_SECONDS = (0.2, 2.0)


def listen(address, port=lab.PORT):
    return f"/ip4/{address}/tcp/{port},/ip4/{address}/udp/{port}/quic-v1"


def start_nodes(folder, network):
    made = []
    for i in range(NODES):
        settings = {}
        if i in RELAYED:
            settings["Addresses.Announce"] = listen(f"{lab.SUBNET}.{lab.HUB}", network.relay_port(i))
        else:
            network.lose(i, LOST_PER_MILLE)
        node = nodes.Node(folder, f"node{i}", listen(network.address(i)), settings, network.prefix(i))
        made.append(node.start())
    return made


class Faults(threading.Thread):
    """One after the other until it is stopped, and then all is well again."""

    def __init__(self, seed, network, made):
        super().__init__(name="faults")
        self.random = random.Random(seed)
        self.network = network
        self.nodes = made
        self.counts = collections.Counter()
        self.stopped = threading.Event()
        self.failed = None

    def run(self):
        kinds = [self.disconnect, self.connect, self.link, self.cut, self.blackhole]
        try:
            while not self.stopped.wait(self.random.uniform(*PAUSE_SECONDS)):
                kind = self.random.choice(kinds)
                kind()
                self.counts[kind.__name__] += 1
        except Exception as error:  # told to the test by its own thread
            self.failed = error

    def stop(self):
        self.stopped.set()
        self.join()
        assert self.failed is None, self.failed

    def outage(self):
        time.sleep(self.random.uniform(*OUTAGE_SECONDS))

    def disconnect(self):
        a, b = self.random.sample(self.nodes, 2)
        a.run("swarm", "disconnect", b.peer)

    def connect(self):
        a, b = self.random.sample(self.nodes, 2)
        a.run("swarm", "connect", "--timeout", "1s", b.peer)

    def link(self):
        i = self.random.randrange(NODES)
        self.network.link(i, False)
        self.outage()
        self.network.link(i, True)

    def cut(self):
        self.network.relay.change(self.network.relay_port(self.random.choice(RELAYED)), cut=True)

    def blackhole(self):
        port = self.network.relay_port(self.random.choice(RELAYED))
        self.network.relay.change(port, blackhole=True)
        self.outage()
        self.network.relay.change(port, blackhole=False)


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
    with lab.Lab(NODES, RATE_MBIT) as network:
        network.start_relay()
        network.relay.change(latency=LATENCY_SECONDS, jitter=JITTER_SECONDS)
        made = []
        try:
            made = start_nodes(tmp_path, network)
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
            began = time.monotonic()
            for one in faults:
                one.start()
            with ThreadPoolExecutor(FETCHES_AT_ONCE) as pool:
                list(pool.map(lambda one: fetches.fetch(*one), work))
            seconds = time.monotonic() - began
            for one in faults:
                one.stop()
            memory = max(node.memory("VmHWM") for node in made)
        finally:
            for node in made:
                node.end(how=9)
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
