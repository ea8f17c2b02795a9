"""Content, provider records and names go both ways between this program and others."""

import contextlib

import pytest

import contents
from ours import OurNode
from peers import LinePeer, TRANSPORTS

pytestmark = pytest.mark.usefixtures("built")

PAIRS = [(kind, transport) for kind in TRANSPORTS for transport in TRANSPORTS[kind]]
DIRECTIONS = ("peer -> ours", "ours -> peer")
PROFILE = {"file": "v1-2025", "directory": "v0-2015"}


def make_node(kind, folder, transport):
    folder.mkdir()
    return OurNode(folder, [transport]) if kind == "ours" else LinePeer(kind, folder, [transport])


@contextlib.contextmanager
def joined(giver, taker, transport, folder):
    """Two new nodes, of which `taker` has dialed `giver`."""
    with make_node(giver, folder / "giver", transport) as a, make_node(taker, folder / "taker", transport) as b:
        b("connect", a.address(transport))
        yield a, b


@pytest.fixture(scope="module", params=[(*pair, d) for pair in PAIRS for d in DIRECTIONS],
                ids=lambda p: f"{p[0]}-{p[1]}-{p[2].replace(' -> ', '-to-')}")
def pair(request, built, tmp_path_factory):
    kind, transport, direction = request.param
    giver, taker = (kind, "ours") if direction == "peer -> ours" else ("ours", kind)
    with joined(giver, taker, transport, tmp_path_factory.mktemp("pair")) as nodes:
        yield (kind, transport, direction), *nodes


@pytest.mark.parametrize("kind", list(contents.MAKERS))
def test_content_is_fetched_whole(pair, kind, tmp_path, report):
    (peer, transport, direction), giver, taker = pair
    content = contents.make(kind, tmp_path, f"{peer} {transport} {direction}")
    seconds = exchange(content, giver, taker)
    report(peer, transport, kind, direction, content.bytes, seconds)


def exchange(content, giver, taker):
    """Gives the seconds that the fetch took."""
    if content.is_archive:
        assert giver("import", content.path)["cid"] == content.root
        fetched = taker("fetch", content.root)
        assert (fetched["blocks"], fetched["bytes"]) == (len(content.blocks), content.bytes)
        return fetched["seconds"]
    root = giver("add", content.path, PROFILE[content.kind])["cid"]
    fetched = taker("fetch", root)
    assert fetched["bytes"] >= content.bytes if content.kind == "file" else fetched["blocks"] > 1
    assert taker("digest", root)["digest"] == content.digest()
    return fetched["seconds"]


def test_a_provider_is_found_through_the_dht(pair, tmp_path, report):
    (peer, transport, direction), giver, taker = pair
    root = giver("import", contents.make("block", tmp_path, f"provide {pair[0]}").path)["cid"]
    giver("provide", root)
    found = taker("findprovs", root)
    assert giver.peer in [provider["peer"] for provider in found["providers"]], found
    report(peer, transport, "provider", direction, None, found["seconds"])


def test_a_name_is_resolved_through_the_dht(pair, tmp_path, report):
    (peer, transport, direction), giver, taker = pair
    root = giver("import", contents.make("block", tmp_path, f"name {pair[0]}").path)["cid"]
    name = giver("publish", root)["name"]
    resolved = taker("resolve", name)
    assert resolved["path"].rstrip("/") == f"/ipfs/{root}"
    report(peer, transport, "name", direction, None, resolved["seconds"])


@pytest.mark.parametrize("giver, taker", [("go", "helia"), ("helia", "go")])
def test_the_peers_understand_each_other(giver, taker, tmp_path, report):
    """Where this fails, it is not our program that is at fault."""
    content = contents.make("dag-cbor", tmp_path, f"{giver} {taker}")
    with joined(giver, taker, "tcp", tmp_path) as nodes:
        seconds = exchange(content, *nodes)
    report(taker, "tcp", "dag-cbor", f"{giver} -> {taker}", content.bytes, seconds)
