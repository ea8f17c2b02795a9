#!/usr/bin/env python3
"""kills.py TIMEROSE [SECONDS] [SEED]: five nodes that compute for each other, jobs asked all the time, and
kill -9 of a node at random moments for SECONDS (1800), each started again a little later.

A job whose node was killed, or that failed with a reason, is asked again by its user. At the end every job has
one right answer; the nodes' histories show none lost, made up or run twice at a time; what a killed requester
left ends with its lease; and no node that was not killed for long holds more memory than its bound. Ends with
"N passed, N failed".
"""
import collections
import os
import pathlib
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "faults"))

NODES = 5
JOBS_AT_ONCE = 16
DOWN_AT_ONCE = 2
KILL_EVERY_SECONDS = (0.5, 4.0)
DOWN_SECONDS = (0.0, 3.0)
# Of 100 jobs, so many never end by themselves: their deadline does it.
ENDLESS_PERCENT = 2
ENDLESS_SECONDS = 3
LEASE_SECONDS, SLACK_SECONDS = 5, 3
MEMORY_MAX = 384 << 20
STOPPED = 124


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Kills(threading.Thread):
    """kill -9, and a new start; nodes that were killed are no users' for a while."""

    def __init__(self, made, seed):
        super().__init__(name="kills")
        self.made = made
        self.chance = random.Random(f"{seed} kills")
        self.ended = threading.Event()
        self.down = {}
        self.count = 0
        self.failed = None
        self.peaks = []

    def run(self):
        try:
            while not self.ended.wait(self.chance.uniform(*KILL_EVERY_SECONDS)):
                self.bring_back(time.monotonic())
                if len(self.down) < DOWN_AT_ONCE:
                    self.kill(self.chance.choice([node for node in self.made if node.name not in self.down]))
            self.bring_back(float("inf"))
        except Exception as error:  # told by the main thread
            self.failed = error

    def kill(self, node):
        self.peaks.append((node.name, node.memory("VmHWM")))
        node.end(9)
        self.count += 1
        self.down[node.name] = time.monotonic() + self.chance.uniform(*DOWN_SECONDS)

    def bring_back(self, now):
        for node in self.made:
            if node.name in self.down and self.down[node.name] <= now:
                node.start()
                del self.down[node.name]

    def stop(self):
        self.ended.set()
        self.join()
        if self.failed is not None:
            raise self.failed


class Soak:
    def __init__(self, folder, seconds, seed):
        import nodes
        from users import settings_of

        self.seconds, self.seed, self.folder = seconds, seed, folder
        self.chance = random.Random(seed)
        self.histories = {f"node{i}": folder / f"history{i}" for i in range(NODES)}
        self.made = [nodes.Node(folder, name, f"/ip4/127.0.0.1/tcp/{free_port()}", settings_of(name, path))
                     for name, path in self.histories.items()]
        self.wait_for = nodes.wait_for
        self.jobs = []
        self.stopped = collections.Counter()

    def start(self):
        from guests import compiled
        from users import Users, join

        join(self.made)
        self.modules = {}
        for name in ("echo", "forever"):
            binary = compiled(name, self.folder)
            self.modules[name] = [node.text("add", "-Q", binary) for node in self.made][0]
        self.users = Users(self.made, self.seed)

    def one_job(self, number):
        from history import Job

        job = Job(str(number), self.chance.choice(self.made).name, None)
        self.jobs.append(job)
        if self.chance.randrange(100) < ENDLESS_PERCENT:
            return lambda: self.endless(job, number)
        text = f"job-{number}"
        job.expected = f"function\0{text}\0".encode()
        return lambda: self.users.ask(job, [self.modules["echo"], "--", text])

    def endless(self, job, number):
        """Asked until it is stopped by its deadline, which is its answer."""
        self.users.ask(job, ["--seed", f"{number:08x}", self.modules["forever"]],
                       lambda reply: b"stopped" if reply.code == STOPPED else None, ENDLESS_SECONDS)

    def work(self):
        """Asks for jobs until the time is over; then all that were asked for end."""
        kills = Kills(self.made, self.seed)
        kills.start()
        end = time.monotonic() + self.seconds
        with ThreadPoolExecutor(JOBS_AT_ONCE) as pool:
            under_way = set()
            while time.monotonic() < end:
                while len(under_way) < JOBS_AT_ONCE:
                    under_way.add(pool.submit(self.one_job(len(self.jobs))))
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
            kills.stop()
        return kills

    def check(self, kills):
        from history import History, unfinished

        problems = []
        try:
            self.wait_for(lambda: not unfinished(self.histories.values()), "what was left has ended",
                          LEASE_SECONDS + SLACK_SECONDS)
        except AssertionError:
            problems.append(f"orphans are left: {unfinished(self.histories.values())}")
        peaks = kills.peaks + [(node.name, node.memory("VmHWM")) for node in self.made]
        problems += [f"{name} held {peak >> 20} MiB" for name, peak in peaks if peak > MEMORY_MAX]
        history = History(self.histories)
        problems += history.problems(self.jobs, may_be_killed=True)
        told = sum(len(job.failures) for job in self.jobs)
        print(f"{self.seconds} s, seed {self.seed}: {kills.count} kills, {len(self.jobs)} jobs, "
              f"{sum(job.is_answered() for job in self.jobs)} answered, {told} failures told and asked again, "
              f"peak memory {max(peak for _, peak in peaks) >> 20} MiB")
        print("written down: " + ", ".join(f"{what} {count}" for what, count in sorted(history.counts().items())))
        return problems


def main() -> int:
    os.environ["TIMEROSE_BIN"] = str(pathlib.Path(sys.argv[1]).resolve())
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 1800
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    folder = pathlib.Path(tempfile.mkdtemp())
    soak = Soak(folder, seconds, seed)
    try:
        soak.start()
        problems = soak.check(soak.work())
    finally:
        for node in soak.made:
            node.end()
    for problem in problems[:20]:
        print(problem)
    if not problems:
        shutil.rmtree(folder)
    print(f"{0 if problems else 1} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
