"""Users of nodes: each asks one for a job, and asks again when it is told that the job failed."""

import random
import threading
import time

from local_client import NodeGone

DEADLINE_SECONDS = 20
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
        with self.lock:
            other = self.chance.choice([node for node in self.nodes.values() if node.name != job.node])
        return ["--at", other.peer]
