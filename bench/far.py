#!/usr/bin/env python3
"""Measures fetches over made-up networks: several holders on limited links; distance and loss.

  far.py --build build/release [--only WORD] [--mib N] [--runs N] [--save FILE]

Each node is in a network namespace of its own, so this needs root. Our nodes and boxo peers fetch in
turn over the same links; a taker is new each time, and has ended when all is verified and durable.
Nothing here fails a build: a bar that is missed is printed as missed.
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "interop"), str(ROOT / "tests" / "faults")]
import lab  # noqa: E402
import ours  # noqa: E402
import peers  # noqa: E402
from network import PROFILE  # noqa: E402
from harness import MIB, Bench, big_file, measure_all, options_of  # noqa: E402

HOLDERS = 4
# 20 MB/s.
HOLDER_MBIT = 160
FAR_BYTES = {"tcp": 32 * MIB, "quic": 4 * MIB}
FAR_SECONDS = 0.025  # each way
LOST_PER_MILLE = 50
BOXO_STORE = "flatfs"


class Nodes:
    """Starts nodes in the namespaces of a lab, each with a folder of its own."""

    def __init__(self, scratch: pathlib.Path, network: lab.Lab):
        self.scratch = scratch
        self.network = network

    def start(self, kind: str, i: int, transport: str = "tcp"):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.scratch))
        end = f"udp/{lab.PORT}/quic-v1" if transport == "quic" else f"tcp/{lab.PORT}"
        listen = [f"/ip4/{self.network.address(i)}/{end}"]
        prefix = self.network.prefix(i)
        if kind == "ours":
            return ours.OurNode(folder, listen, {"Provide.Strategy": "none"}, prefix)
        flags = ["--repository", str(folder / "blocks"), "--store", BOXO_STORE]
        return peers.LinePeer("go", folder, listen, flags, prefix)

    def fetch_seconds(self, kind: str, addresses: list[str], cid: str, transport: str = "tcp") -> float:
        """A new taker in the last namespace, connected to these, fetches all of it."""
        with self.start(kind, self.network.count - 1, transport) as taker:
            for address in addresses:
                taker("connect", address)
            seconds = taker("fetch", cid)["seconds"]
        os.sync()
        return seconds


def rate(size: int, seconds: float) -> str:
    return f"{size / seconds / 1e6:.1f} MB/s"


def four_holders(bench: Bench, mib: int) -> None:
    """Each link carries the same, whoever uses it: so what is measured is the split."""
    path = big_file(bench, mib * MIB)
    ratios = {}
    for kind in ("ours", "boxo"):
        with lab.Lab(HOLDERS + 1) as network:
            nodes = Nodes(bench.scratch, network)
            holders = []
            try:
                for i in range(HOLDERS):
                    network.limit(i, HOLDER_MBIT)
                    holders.append(nodes.start(kind, i))
                cid = [holder("add", path, PROFILE)["cid"] for holder in holders][0]
                addresses = [holder.address("tcp") for holder in holders]
                one = nodes.fetch_seconds(kind, addresses[:1], cid)
                four = statistics.median(nodes.fetch_seconds(kind, addresses, cid) for _ in range(bench.runs))
            finally:
                for holder in holders:
                    holder.close()
        ratios[kind] = (one / four, one, four)
        for folder in bench.scratch.glob("tmp*"):
            shutil.rmtree(folder)
    text = {kind: f"{rate(mib * MIB, four)}, one {rate(mib * MIB, one)}" for kind, (_, one, four) in ratios.items()}
    bench.add(f"fetch {mib} MiB from {HOLDERS} holders of 20 MB/s each, beside one of them", text["ours"],
              f"boxo {text['boxo']}: {ratios['boxo'][0]:.2f}x", f"{ratios['ours'][0]:.2f}x", ">= 3.5x",
              ratios["ours"][0] >= 3.5)


def far_and_lossy(bench: Bench, _mib: int) -> None:
    """TCP ends at the relay, so it recovers from loss at once; QUIC does so over the whole way."""
    for transport, size in FAR_BYTES.items():
        path = big_file(bench, size)
        seconds = {kind: [] for kind in ("ours", "boxo")}
        for kind, took in seconds.items():
            with lab.Lab(2) as network:
                network.start_relay()
                network.relay.change(latency=FAR_SECONDS)
                for i in range(network.count):
                    network.lose(i, LOST_PER_MILLE)
                nodes = Nodes(bench.scratch, network)
                with nodes.start(kind, 0, transport) as giver:
                    cid = giver("add", path, PROFILE)["cid"]
                    near = f"/ip4/{network.address(0)}/{'udp' if transport == 'quic' else 'tcp'}/{lab.PORT}"
                    far = near.replace(network.address(0), f"{lab.SUBNET}.{lab.HUB}")
                    far = far.replace(str(lab.PORT), str(network.relay_port(0)))
                    address = giver.address(transport).replace(near, far)
                    took.extend(nodes.fetch_seconds(kind, [address], cid, transport) for _ in range(bench.runs))
        a, b = (statistics.median(seconds[kind]) for kind in ("ours", "boxo"))
        bench.add(f"fetch {size // MIB} MiB, {transport}, 50 ms round trip, 5 % packet loss each way",
                  rate(size, a), f"boxo {rate(size, b)}", f"{b / a:.2f}x", "reported", None)


ALL = [four_holders, far_and_lossy]


def main() -> None:
    parser = options_of(__doc__, runs=3)
    parser.add_argument("--mib", type=int, default=1024, help="what the four holders have")
    options = parser.parse_args()
    if reason := lab.why_not():
        sys.exit(f"far.py: {reason}")
    ours.BINARY = str(options.build.resolve() / "timerose")
    subprocess.run([ROOT / "tests" / "interop" / "build.sh"], check=True)
    measure_all(ALL, options, options.mib)


if __name__ == "__main__":
    main()
