"""Nodes of a test: daemons, started and ended."""

import contextlib
import json
import os
import signal
import subprocess

from conftest import Timerose
from waiting import SECONDS_MAX, wait_for  # noqa: F401: for tests


def runs(process):
    """Whether a process of this id is there and no zombie."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children_of(node):
    """The processes that a node has started, those included that have ended and that it has not looked after."""
    task = f"/proc/{node.process.pid}/task"
    children = set()
    for thread in os.listdir(task):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"{task}/{thread}/children", encoding="utf-8") as file:
                children.update(int(word) for word in file.read().split())
    return children


def workers_of(node):
    """The worker processes that a node has started and that are there."""
    return {child for child in children_of(node) if runs(child)}


class Node(Timerose):
    """A repository with a daemon; the settings are those of a node that others on this machine reach."""

    def __init__(self, folder, name, settings=()):
        work = folder / f"{name}-work"
        work.mkdir()
        super().__init__(folder / name, work)
        self.process = None
        for setting, value in {"Discovery.MDNS": "false", "Routing.Mode": "server", **dict(settings)}.items():
            self("config", "set", setting, value)

    def start_node(self):
        """Runs it in the foreground; returns once it is ready."""
        self.process = self.start("node", "start", stdout=subprocess.PIPE)
        lines = []
        for line in self.process.stdout:
            lines.append(line.decode().rstrip("\n"))
            if lines[-1] == "ready":
                return lines
        raise AssertionError(f"the node ended before it was ready: {lines}")

    def end_node(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            code = self.process.wait(SECONDS_MAX)
            self.process.stdout.close()
            self.process = None
            return code
        return None

    def peer_id(self):
        return self.text("id", "-f", "<id>")

    def address(self, kind="/tcp/"):
        """One of its addresses, of a transport: "/tcp/", "/quic-v1", "/ws"."""
        for address in self.lines("swarm", "addrs"):
            if kind in address and (kind == "/ws") == ("/ws" in address):
                return address
        raise AssertionError(f"no {kind} address in {self.lines('swarm', 'addrs')}")

    def execute_for(self, asker):
        """Takes calls of another node, which is connected to it."""
        asker("swarm", "connect", self.address())
        self("trust", "add", "--role", "requester", asker.peer_id())

    def known(self):
        """The nodes of the mesh that it has heard of, itself among them, by PeerID."""
        return {one["peer"]: one for one in json.loads(self.text("nodes", "-o", "json"))["nodes"]}

    def peers(self):
        return {line.rsplit("/", 1)[1] for line in self.lines("swarm", "peers")}


@contextlib.contextmanager
def running(folder, *names, settings=()):
    """Nodes that run, not connected yet."""
    nodes = []
    try:
        for name in names:
            nodes.append(Node(folder, name, settings))
            nodes[-1].start_node()
        yield nodes
    finally:
        for node in nodes:
            if node.process is not None and node.process.poll() is None:
                os.kill(node.process.pid, signal.SIGKILL)
                node.process.wait()


@contextlib.contextmanager
def asker_and_executors(folder):
    """Nodes a, b and c; b and c execute for a."""
    with running(folder, "a", "b", "c") as nodes:
        for other in nodes[1:]:
            other.execute_for(nodes[0])
        yield nodes
