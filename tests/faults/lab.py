"""A made-up network on this machine: network namespaces joined by a bridge in one more namespace, with
a rate limit on each link, loss, links that go down, and the relay of relay.py in the middle.
"""

import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys

SUBNET = "10.77.0"
HUB = 254
PORT = 4001
RELAY_PORT_FIRST = 5000
HERE = pathlib.Path(__file__).resolve().parent
_numbers = itertools.count()


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def why_not():
    """Why there can be no such network here; None if there can."""
    for program in ("ip", "tc", "nft"):
        if shutil.which(program) is None:
            return f"{program} is missing: install iproute2 and nftables"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"trf{os.getpid()}-try"
    try:
        run("ip", "netns", "add", name)
        run("ip", "netns", "exec", name, "ip", "link", "set", "lo", "up")
        run("ip", "netns", "exec", name, "ip", "link", "add", "name", "br0", "type", "bridge")
        run("ip", "netns", "exec", name, "nft", "add", "table", "inet", "faults")
    except RuntimeError as error:
        return f"this machine gives no network namespaces: {error}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return None


class Relay:
    """relay.py as a process; `change(port, cut=True)` and so on, see there."""

    def __init__(self, prefix, bind, pairs):
        words = [f"{port}={target}" for port, target in pairs.items()]
        self._process = subprocess.Popen([*prefix, sys.executable, HERE / "relay.py", "--bind", bind, *words],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def _answer(self):
        if not self._process.stdout.readline():
            raise RuntimeError("the relay has ended")

    def change(self, port=None, **order):
        self._process.stdin.write(json.dumps({"port": port, **order}) + "\n")
        self._process.stdin.flush()
        self._answer()

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Lab:
    """`count` namespaces; number i has the address 10.77.0.(i+1) and, through the relay in the hub,
    10.77.0.254 with the port relay_port(i)."""

    def __init__(self, count, rate_mbit=None):
        self.name = f"trf{os.getpid()}x{next(_numbers)}"
        self.count = count
        self.relay = None
        self._made = []
        self._in_hub = ["ip", "netns", "exec", self._namespace("h")]
        try:
            self._make_hub()
            for i in range(count):
                self._make_node(i, rate_mbit)
        except Exception:
            self.close()
            raise

    def _namespace(self, suffix):
        return f"{self.name}-{suffix}"

    def _make_hub(self):
        self._add_namespace("h")
        run(*self._in_hub, "ip", "link", "add", "name", "br0", "type", "bridge")
        run(*self._in_hub, "ip", "address", "add", f"{SUBNET}.{HUB}/24", "dev", "br0")
        run(*self._in_hub, "ip", "link", "set", "br0", "up")

    def _add_namespace(self, suffix):
        run("ip", "netns", "add", self._namespace(suffix))
        self._made.append(self._namespace(suffix))
        run("ip", "netns", "exec", self._namespace(suffix), "ip", "link", "set", "lo", "up")

    def _make_node(self, i, rate_mbit):
        self._add_namespace(i)
        prefix = self.prefix(i)
        run(*self._in_hub, "ip", "link", "add", "name", f"v{i}", "type", "veth", "peer", "name", "eth0", "netns",
            self._namespace(i))
        run(*self._in_hub, "ip", "link", "set", f"v{i}", "master", "br0", "up")
        run(*prefix, "ip", "address", "add", f"{self.address(i)}/24", "dev", "eth0")
        run(*prefix, "ip", "link", "set", "eth0", "up")
        if rate_mbit is not None:
            self.limit(i, rate_mbit)

    def prefix(self, i):
        """What a command line begins with to run in namespace i."""
        return ["ip", "netns", "exec", self._namespace(i)]

    def address(self, i):
        return f"{SUBNET}.{i + 1}"

    def relay_port(self, i):
        return RELAY_PORT_FIRST + i

    def start_relay(self):
        pairs = {self.relay_port(i): f"{self.address(i)}:{PORT}" for i in range(self.count)}
        self.relay = Relay(self._in_hub, f"{SUBNET}.{HUB}", pairs)

    def limit(self, i, rate_mbit):
        """Both ways of the link."""
        bucket = ["root", "tbf", "rate", f"{rate_mbit}mbit", "burst", "128kb", "latency", "50ms"]
        run(*self._in_hub, "tc", "qdisc", "replace", "dev", f"v{i}", *bucket)
        run(*self.prefix(i), "tc", "qdisc", "replace", "dev", "eth0", *bucket)

    def lose(self, i, per_mille):
        """So many of a thousand packets that come to i are lost."""
        nft = [*self.prefix(i), "nft"]
        run(*nft, "add table inet faults; flush table inet faults")
        run(*nft, "add chain inet faults in { type filter hook input priority 0; }")
        if per_mille:
            run(*nft, f"add rule inet faults in iifname eth0 numgen random mod 1000 < {per_mille} drop")

    def link(self, i, up):
        run(*self._in_hub, "ip", "link", "set", f"v{i}", "up" if up else "down")

    def part(self, group):
        """Those of `group` and the others cannot reach each other, by the relay neither, until heal()."""
        for i in range(self.count):
            others = [j for j in range(self.count) if (j in group) != (i in group)]
            addresses = "{" + ",".join(self.address(j) for j in others) + "}"
            ports = "{" + ",".join(str(self.relay_port(j)) for j in others) + "}"
            nft = [*self.prefix(i), "nft"]
            run(*nft, "add table inet parted; flush table inet parted")
            for hook, side, port in (("input", "saddr", "sport"), ("output", "daddr", "dport")):
                run(*nft, f"add chain inet parted {hook} {{ type filter hook {hook} priority 1; }}")
                run(*nft, f"add rule inet parted {hook} ip {side} {addresses} drop")
                for kind in ("tcp", "udp"):
                    run(*nft, f"add rule inet parted {hook} ip {side} {SUBNET}.{HUB} {kind} {port} {ports} drop")

    def heal(self):
        for i in range(self.count):
            run(*self.prefix(i), "nft", "delete table inet parted")

    def close(self):
        if self.relay is not None:
            self.relay.close()
            self.relay = None
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)
        self._made.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
