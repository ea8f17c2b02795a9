"""Nodes of the program under test, each a daemon with a repository of its own, in a namespace or not."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from local_client import LocalClient

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "common"))
from waiting import wait_for  # noqa: E402, F401: for tests

BINARY = os.environ.get("TIMEROSE_BIN", str(ROOT / "build/release/timerose"))
# No command here takes longer, whatever it waits for.
SECONDS_MAX = 300
MIB = 1 << 20


def read_of(process, name):
    """Of /proc; empty for a process that has ended."""
    try:
        return pathlib.Path(f"/proc/{process}/{name}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def tasks_of(process):
    """Its threads; none of a process that has ended."""
    try:
        return os.listdir(f"/proc/{process}/task")
    except (FileNotFoundError, ProcessLookupError):
        return []


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: bytes
    said: str
    seconds: float


class Node:
    def __init__(self, folder, name, listen, settings=None, prefix=()):
        self.name = name
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.prefix = list(prefix)
        self.log_path = self.folder / "daemon.log"
        self._daemon = None
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TIMEROSE_PATH": str(self.folder / "repository"),
        }
        always = {"Addresses.Listen": listen, "Discovery.MDNS": "false", "Routing.Mode": "server"}
        for setting, value in {**always, **(settings or {})}.items():
            self.text("config", "set", setting, value)
        self.peer = self.text("id", "-f", "<id>")

    def start(self):
        with open(self.log_path, "ab") as log:
            self._daemon = subprocess.Popen([*self.prefix, BINARY, "node", "start"], env=self._environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        lines = []
        for line in self._daemon.stdout:
            lines.append(line.decode().rstrip("\n"))
            if lines[-1] == "ready":
                return self
        raise AssertionError(f"{self.name} ended before it was ready: {lines} {self.log()}")

    def log(self):
        return self.log_path.read_text(errors="replace")[-2000:]

    def end(self, how=signal.SIGTERM):
        """Ends it; gives its exit code."""
        if self._daemon is None:
            return None
        self._daemon.send_signal(how)
        try:
            code = self._daemon.wait(60)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            code = self._daemon.wait()
        self._daemon.stdout.close()
        self._daemon = None
        return code

    def cpu_seconds(self):
        """What the daemon and its worker processes have used, those that have ended included."""
        ticks = 0
        for process in [self._daemon.pid, *self.workers()]:
            fields = read_of(process, "stat").rsplit(")", 1)[-1].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def workers(self):
        """The processes that it has started, and these."""
        found, new = [], [self._daemon.pid]
        while new:
            process = new.pop()
            children = [int(child) for task in tasks_of(process)
                        for child in read_of(process, f"task/{task}/children").split()]
            found += children
            new += children
        return found

    def workers_memory(self):
        """Bytes that its worker processes hold alone, now."""
        return sum(int(line.split()[1]) * 1024 for process in self.workers()
                   for line in read_of(process, "smaps_rollup").splitlines() if line.startswith("Private_"))

    def runs(self):
        return self._daemon is not None and self._daemon.poll() is None

    def run(self, *words, stdin=None):
        began = time.monotonic()
        done = subprocess.run([BINARY, *map(str, words)], env=self._environment, cwd=self.folder, input=stdin,
                              capture_output=True, timeout=SECONDS_MAX)
        return Ended(done.returncode, done.stdout, done.stderr.decode(errors="replace"), time.monotonic() - began)

    def client(self):
        """Gives the running node commands without a process for each."""
        version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
        return LocalClient(self._environment["TIMEROSE_PATH"], version, self.folder)

    def begin(self, *words, **options):
        """Starts a command that the test itself ends."""
        return subprocess.Popen([BINARY, *map(str, words)], env=self._environment, cwd=self.folder, **options)

    def text(self, *words, stdin=None):
        ended = self.run(*words, stdin=stdin)
        assert ended.code == 0, f"{self.name}: timerose {' '.join(map(str, words))}: {ended.said} {ended.out[-500:]!r}"
        return ended.out.decode().rstrip("\n")

    def add(self, content):
        return self.text("add", "-Q", stdin=content)

    def addresses(self):
        return self.text("swarm", "addrs").splitlines()

    def address(self, kind="/tcp/"):
        """One of its addresses, of a transport: "/tcp/", "/quic-v1", "/ws"."""
        for address in self.addresses():
            if kind in address and (kind == "/ws") == ("/ws" in address):
                return address
        raise AssertionError(f"no {kind} address in {self.addresses()}")

    def peers(self):
        return {line.rsplit("/", 1)[1] for line in self.text("swarm", "peers").splitlines()}

    def bitswap(self):
        """The numbers of `bitswap stat`, by their names."""
        lines = re.findall(r"^\s*([^:\n]+):\s*(\d+)", self.text("bitswap", "stat"), re.MULTILINE)
        return {name: int(number) for name, number in lines}

    def memory(self, kind="VmRSS"):
        """Bytes: VmRSS now, VmHWM the most since forget_peak()."""
        status = pathlib.Path(f"/proc/{self._daemon.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(kind))

    def forget_peak(self):
        pathlib.Path(f"/proc/{self._daemon.pid}/clear_refs").write_text("5")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.end(signal.SIGKILL)
