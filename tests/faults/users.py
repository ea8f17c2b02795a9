"""Users of nodes: each asks one for a job, and asks again when it is told that the job failed."""

import json
import random
import threading
import time

from local_client import NodeGone
from nodes import wait_for

DEADLINE_SECONDS = 20
PARTS = 3
# How long a user asks again: a node that was killed is started again, a network that fell apart heals.
PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.2


class Users:
    """Ask nodes for jobs, and ask again when they are told that one failed."""

    def __init__(self, made, seed):
        self.nodes = {node.name: node for node in made}
        self.clients = {node.name: node.client() for node in made}
        self.chance = random.Random(f"{seed} users")
        self.lock = threading.Lock()
        self.seconds = []

    def ask(self, job, words, answer_of=None, deadline=DEADLINE_SECONDS):
        """`answer_of` makes of a reply what its user takes for the answer, or None to ask again."""
        answer_of = answer_of or (lambda reply: reply.out if reply.code == 0 else None)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            try:
                reply = self.clients[job.node].run("run", "--deadline", f"{deadline}s", *self.where(job), *words)
            except NodeGone as error:
                self.failed(job, str(error))
                continue
            if (answer := answer_of(reply)) is not None:
                job.answers.append(answer)
                with self.lock:
                    self.seconds.append(reply.seconds)
                return
            self.failed(job, reply.said.strip())

    @staticmethod
    def failed(job, why):
        job.failures.append(why)
        time.sleep(PAUSE_SECONDS)

    def where(self, job):
        """At one other node, or at any of those with a label that the one asked does not have."""
        with self.lock:
            other = self.chance.choice([node for node in self.nodes.values() if part_of(node) != part_of(self.nodes[job.node])])
            placed = self.chance.random() < 0.5
        return ["--require", f"label.part={part_of(other)}"] if placed else ["--at", other.peer]


def part_of(node):
    """The label by which its calls are sent elsewhere: without it, a small call is cheapest where it is asked."""
    return int(node.name[len("node"):]) % PARTS


def settings_of(name, history):
    """Of a node whose name is node0, node1, ..."""
    return {"Node.History": str(history), "Node.Labels": f"part={int(name[len('node'):]) % PARTS}"}


def join(made):
    """Starts nodes that trust each other and are all connected, until every one has heard of all."""
    for node in made:
        for other in made:
            if other is not node:
                node.text("trust", "add", other.peer)
        node.start()
    for i, node in enumerate(made):
        for other in made[:i]:
            node.text("swarm", "connect", other.address())
    wait_until_known(made)


def wait_until_known(made):
    """Until every node has heard of all: placement knows no others."""
    for node in made:
        wait_for(lambda node=node: len(json.loads(node.text("nodes", "-o", "json"))["nodes"]) == len(made),
                 "all nodes are known")
