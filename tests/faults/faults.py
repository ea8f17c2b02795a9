"""A network of nodes that fails all the time, from a seed, and what is done in it meanwhile."""

import collections
import contextlib
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import lab
import nodes

NODES = 6
# These are reached only through the relay, which delays; the others directly, with loss.
RELAYED = (1, 3, 5)
LATENCY_SECONDS, JITTER_SECONDS = 0.01, 0.005
LOST_PER_MILLE = 10
PAUSE_SECONDS = (0.0, 0.3)
OUTAGE_SECONDS = (0.2, 2.0)


def listen(address, port=lab.PORT):
    return f"/ip4/{address}/tcp/{port},/ip4/{address}/udp/{port}/quic-v1"


@contextlib.contextmanager
def network_of_nodes(folder, rate_mbit, settings_of, how=signal.SIGTERM):
    """Gives the network and its nodes, not started; `settings_of(i)` gives settings of one, `how` ends them."""
    with lab.Lab(NODES, rate_mbit) as network:
        network.start_relay()
        network.relay.change(latency=LATENCY_SECONDS, jitter=JITTER_SECONDS)
        made = []
        try:
            for i in range(NODES):
                settings = settings_of(i)
                if i in RELAYED:
                    settings["Addresses.Announce"] = listen(f"{lab.SUBNET}.{lab.HUB}", network.relay_port(i))
                else:
                    network.lose(i, LOST_PER_MILLE)
                made.append(nodes.Node(folder, f"node{i}", listen(network.address(i)), settings, network.prefix(i)))
            yield network, made
        finally:
            for node in made:
                node.end(how)


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


def work_under(faults, work, do, at_once):
    """Does each piece of work, `at_once` of them at a time, while there are faults; gives how many seconds it took."""
    began = time.monotonic()
    for one in faults:
        one.start()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda piece: do(*piece), work))
    seconds = time.monotonic() - began
    for one in faults:
        one.stop()
    return seconds
