"""Peers by other hands, driven by lines of JSON over their standard input and output."""

import json
import os
import pathlib
import queue
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "interop"
GO_PEER = BUILD / "go-peer"
HELIA_PEER = BUILD / "helia-peer"
EXECUTE_PEER = BUILD / "execute-peer"
LISTEN = {
    "tcp": "/ip4/127.0.0.1/tcp/0",
    "quic": "/ip4/127.0.0.1/udp/0/quic-v1",
    "ws": "/ip4/127.0.0.1/tcp/0/ws",
}
# Longer than the deadline that the peers themselves set for a command.
ANSWER_SECONDS_MAX = 150


def go_command(*flags):
    return [str(GO_PEER), "--deadline", "120s", *flags]


def helia_command(*flags):
    node = next(iter(sorted((HELIA_PEER / "node_modules").glob("node-linux-*/bin/node"))), None)
    return [str(node), str(HELIA_PEER / "peer.js"), "--deadline", "120", *flags]


def execute_command(*flags):
    return [str(EXECUTE_PEER), *flags]


COMMANDS = {"go": go_command, "helia": helia_command, "execute": execute_command}
# Those that exchange content.
TRANSPORTS = {"go": ("tcp", "quic", "ws"), "helia": ("tcp", "ws")}


class PeerError(Exception):
    """What a peer answered instead of a result."""


class LinePeer:
    """A running peer, called with a command and its words.

    `transports` are names of LISTEN or whole addresses, `prefix` is what its command line begins with.
    """

    def __init__(self, kind, folder, transports=None, flags=(), prefix=()):
        self.kind = kind
        self.complaints = pathlib.Path(folder) / f"{kind}-{id(self)}.log"
        listen = [word for t in transports or TRANSPORTS[kind] for word in ("--listen", LISTEN.get(t, t))]
        self._log = open(self.complaints, "wb")
        self._process = subprocess.Popen(
            [*prefix, *COMMANDS[kind](*listen, *flags)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log, env=dict(os.environ, GOLOG_LOG_LEVEL="error"),
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        identity = self._answer("its start")
        self.peer = identity["peer"]
        self.addresses = identity["addresses"]

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _answer(self, what):
        try:
            line = self._lines.get(timeout=ANSWER_SECONDS_MAX)
        except queue.Empty:
            raise PeerError(f"the {self.kind} peer gave no answer to {what} in {ANSWER_SECONDS_MAX} s") from None
        if line is None:
            said = self.complaints.read_text(errors="replace")[-2000:]
            raise PeerError(f"the {self.kind} peer ended during {what}: {said}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(f"the {self.kind} peer answered {what} with: {answer['error']}")
        return answer

    def __call__(self, command, *words):
        self._process.stdin.write(json.dumps([command, *map(str, words)]).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer(" ".join([command, *map(str, words)]))

    def address(self, transport):
        return next(a for a in self.addresses if transport_of(a) == transport)

    @property
    def peak_bytes(self):
        """The most memory it has held so far."""
        return memory_bytes(self._process.pid, "VmHWM")

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def memory_bytes(process, kind):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(kind))


def transport_of(address):
    if "/quic-v1" in address:
        return "quic"
    return "ws" if "/ws" in address else "tcp"
