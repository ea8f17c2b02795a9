#!/usr/bin/env python3
"""A relay of TCP and UDP that delays, limits, cuts and swallows: what a kernel without netem cannot do.

  relay.py --bind ADDRESS PORT=TARGET:PORT ...

Whoever connects (or sends a datagram) to ADDRESS:PORT is passed on to TARGET:PORT, and back. It is
driven by lines of JSON on its standard input, {"port": PORT or null for all, ...}, with any of

  "latency": SECONDS   each way              "jitter": SECONDS   more, uniformly (datagrams overtake)
  "rate": BYTES        a second, each way    "cut": true         ends every connection there is
  "blackhole": true    nothing passes and nothing ends, until false

and answers each with a line. It ends with its standard input.
"""
import argparse
import asyncio
import json
import random
import sys

CHUNK_BYTES = 64 << 10
# On its way in one direction of one connection; then the sender is held back.
QUEUE_CHUNKS_MAX = 256
DATAGRAMS_WAITING_MAX = 4096


class Way:
    """What is done to the bytes of one port."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.latency = 0.0
        self.jitter = 0.0
        self.rate = 0
        self.open = asyncio.Event()
        self.open.set()
        self.writers = set()

    def change(self, order):
        for name in ("latency", "jitter", "rate"):
            if name in order:
                setattr(self, name, order[name])
        if "blackhole" in order:
            (self.open.clear if order["blackhole"] else self.open.set)()
        if order.get("cut"):
            for writer in list(self.writers):
                writer.transport.abort()

    def delay(self):
        return self.latency + (self.random.uniform(0, self.jitter) if self.jitter else 0.0)


class Pace:
    """When the next bytes of one direction may leave."""

    def __init__(self, way):
        self.way = way
        self.free_at = 0.0

    def due(self, now, size):
        if self.way.rate:
            self.free_at = max(self.free_at, now) + size / self.way.rate
            return self.free_at + self.way.delay()
        return now + self.way.delay()


async def carry(way, reader, writer):
    """One direction of a TCP connection, in order."""
    loop = asyncio.get_running_loop()
    queue = asyncio.Queue(QUEUE_CHUNKS_MAX)

    async def take():
        pace, last = Pace(way), 0.0
        while True:
            data = await reader.read(CHUNK_BYTES)
            last = max(last, pace.due(loop.time(), len(data)))
            await queue.put((last, data))
            if not data:
                return

    async def give():
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await way.open.wait()
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    await asyncio.gather(take(), give())


async def pass_on(way, target, reader, writer):
    """One TCP connection."""
    way.writers.add(writer)
    out = None
    tasks = []
    try:
        await way.open.wait()
        back, out = await asyncio.open_connection(*target)
        way.writers.add(out)
        tasks = [asyncio.ensure_future(carry(way, reader, out)), asyncio.ensure_future(carry(way, back, writer))]
        await asyncio.gather(*tasks)
    except OSError:
        pass  # an end of the connection has gone: so does the other
    finally:
        for task in tasks:
            task.cancel()
        for end in (writer, out):
            if end is not None:
                way.writers.discard(end)
                end.transport.abort()


class Datagrams(asyncio.DatagramProtocol):
    """One side of the UDP relay: gives each datagram, after its delay, to `give`."""

    def __init__(self, way, give):
        self.way = way
        self.give = give
        self.pace = Pace(way)
        self.waiting = 0
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        if not self.way.open.is_set() or self.waiting >= DATAGRAMS_WAITING_MAX:
            return
        loop = asyncio.get_running_loop()
        self.waiting += 1
        loop.call_at(self.pace.due(loop.time(), len(data)), self.leave, data, address)

    def leave(self, data, address):
        self.waiting -= 1
        self.give(data, address)


class UdpRelay:
    """Each sender has a socket of its own towards the target."""

    def __init__(self, way, target):
        self.way = way
        self.target = target
        self.outs = {}
        self.front = Datagrams(way, self.forward)

    def forward(self, data, sender):
        asyncio.ensure_future(self.send(data, sender))

    async def send(self, data, sender):
        if sender not in self.outs:
            made = asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Datagrams(self.way, lambda back, _: self.front.transport.sendto(back, sender)),
                remote_addr=self.target)
            self.outs[sender] = asyncio.ensure_future(made)
        transport, _ = await self.outs[sender]
        transport.sendto(data)


async def relay(bind, pairs):
    loop = asyncio.get_running_loop()
    ways = {}
    for port, target in pairs:
        ways[port] = way = Way(port)
        await asyncio.start_server(
            lambda reader, writer, way=way, target=target: pass_on(way, target, reader, writer), bind, port)
        await loop.create_datagram_endpoint(lambda way=way, target=target: UdpRelay(way, target).front,
                                            local_addr=(bind, port))
    print(json.dumps({"ready": sorted(ways)}), flush=True)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        order = json.loads(line)
        for port, way in ways.items():
            if order.get("port") in (None, port):
                way.change(order)
        print(json.dumps({"done": True}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bind", required=True)
    parser.add_argument("pair", nargs="+", help="PORT=TARGET:PORT")
    options = parser.parse_args()
    pairs = []
    for pair in options.pair:
        port, target = pair.split("=")
        address, _, target_port = target.rpartition(":")
        pairs.append((int(port), (address, int(target_port))))
    asyncio.run(relay(options.bind, pairs))


if __name__ == "__main__":
    main()
