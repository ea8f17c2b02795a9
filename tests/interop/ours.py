"""The program under test, with the commands of the peers of peers.py."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

import contents
import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TIMEROSE_BIN", str(ROOT / "build/release/timerose"))
# Every wait of the program is shorter.
SECONDS_MAX = 200


class OurNode:
    """A daemon with a repository of its own, driven by the command line.

    `transports` are names of peers.LISTEN or whole addresses, `prefix` is what the daemon's command
    line begins with.
    """

    kind = "ours"

    def __init__(self, folder, transports, settings=None, prefix=()):
        self.folder = pathlib.Path(folder)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TIMEROSE_PATH": str(self.folder / "repository"),
        }
        listen = ",".join(peers.LISTEN.get(t, t) for t in transports)
        for name, value in {"Addresses.Listen": listen, "Discovery.MDNS": "false", **(settings or {})}.items():
            self.text("config", name, value)
        self._log = open(self.folder / "node.log", "wb")
        self._daemon = subprocess.Popen([*prefix, BINARY, "node", "start"], cwd=self.folder,
                                        env=self.environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self.addresses = self._wait_for_addresses()
        self.peer = self.addresses[0].rsplit("/p2p/", 1)[1]

    def _wait_for_addresses(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._daemon.poll() is None:
            asked = self._run("swarm", "addrs")
            if asked.returncode == 0 and asked.stdout:
                return asked.stdout.decode().split()
            time.sleep(0.05)
        log = (self.folder / "node.log").read_text(errors="replace")
        raise peers.PeerError(f"our node does not listen; node.log: {log[-2000:]!r}; last answer: {asked.stderr!r}")

    def _run(self, *words, stdin=None):
        return subprocess.run([BINARY, *map(str, words)], cwd=self.folder, env=self.environment, input=stdin,
                              capture_output=True, timeout=SECONDS_MAX)

    def begin(self, *words, **options):
        """Starts a command that the test itself ends."""
        return subprocess.Popen([BINARY, *map(str, words)], cwd=self.folder, env=self.environment, **options)

    def text(self, *words):
        result = self._run(*words)
        if result.returncode != 0:
            raise peers.PeerError(f"timerose {' '.join(map(str, words))} ended with {result.returncode}: "
                                  f"{result.stderr.decode(errors='replace')[-2000:]}")
        return result.stdout.decode().strip()

    def __call__(self, command, *words):
        start = time.monotonic()
        answer = getattr(self, command)(*words) or {}
        answer.setdefault("seconds", time.monotonic() - start)
        return answer

    def address(self, transport):
        return next(a for a in self.addresses if peers.transport_of(a) == transport)

    def connect(self, address):
        self.text("swarm", "connect", address)
        peer = address.rsplit("/p2p/", 1)[1]
        connected = [line for line in self.text("swarm", "peers").splitlines() if peer in line]
        return {"peer": peer, "address": connected[0].split("/p2p/")[0]}

    def ping(self, peer):
        """The median of five round trips, one a second: "... time=0.12 ms" each."""
        lines = self.text("ping", "-n", "5", peer).splitlines()
        trips = sorted(float(word.split("=")[1]) for line in lines for word in line.split() if word.startswith("time="))
        return {"round_trip_us": trips[len(trips) // 2] * 1000}

    def add(self, path, profile):
        recursive = ["-r"] if pathlib.Path(path).is_dir() else []
        return {"cid": self.text("add", "-Q", *recursive, "--profile", f"unixfs-{profile}", path)}

    def import_car(self, path):
        # "Pinned root CID success"
        return {"cid": self.text("dag", "import", path).split()[2]}

    def fetch(self, cid):
        start = time.monotonic()
        self.text("pin", "add", cid)
        seconds = time.monotonic() - start
        return {**self._blocks_of(cid), "seconds": seconds}

    def _blocks_of(self, cid):
        """Counts what is in the store, by the archive that is written of it."""
        path = self.folder / "counted.car"
        with open(path, "wb") as out:
            subprocess.run([BINARY, "dag", "export", cid], cwd=self.folder, env=self.environment, stdout=out,
                           check=True, timeout=SECONDS_MAX)
        sizes = contents.block_sizes(path)
        path.unlink()
        return {"blocks": len(sizes), "bytes": sum(sizes)}

    def digest(self, cid):
        path = self.folder / "got"
        self.text("get", "-o", path, cid)
        digest = contents.digest_of(path).hex()
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return {"digest": digest}

    def provide(self, cid):
        self.text("routing", "provide", cid)

    def findprovs(self, cid):
        return {"providers": [{"peer": line.split()[0]} for line in self.text("routing", "findprovs", cid).splitlines()]}

    def publish(self, cid):
        # "Published to NAME: PATH"
        return {"name": self.text("name", "publish", f"/ipfs/{cid}").split()[2].rstrip(":")}

    def resolve(self, name):
        return {"path": self.text("name", "resolve", f"/ipns/{name}")}

    @property
    def peak_bytes(self):
        return peers.memory_bytes(self._daemon.pid, "VmHWM")

    @property
    def resident_bytes(self):
        return peers.memory_bytes(self._daemon.pid, "VmRSS")

    def close(self):
        with contextlib.suppress(Exception):
            self._run("node", "stop")
        try:
            self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# `import` is a word of Python's.
setattr(OurNode, "import", OurNode.import_car)
