"""Blocks over HTTP: a node serves them, another fetches them, alone and beside Bitswap."""

import contextlib
import os
import re
import urllib.error
import urllib.request

import pytest

from nodes import Node, running


@contextlib.contextmanager
def gateway(folder, name="gateway", settings=()):
    """A node that serves over HTTP; gives it and its URL."""
    node = Node(folder, name, {"Gateway.Listen": "/ip4/127.0.0.1/tcp/0", **dict(settings)})
    try:
        lines = node.start_node()
        yield node, next(line.split(": ")[1] for line in lines if line.startswith("Gateway: "))
    finally:
        node.end_node()


def over_http(node):
    return int(re.search(r"blocks over HTTP: (\d+)", node.text("bitswap", "stat"))[1])


def received(node):
    return int(re.search(r"blocks received: (\d+)", node.text("bitswap", "stat"))[1])


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read()


def test_a_file_is_fetched_over_http_alone(tmp_path):
    content = os.urandom(5 << 20)
    with gateway(tmp_path) as (source, url), running(tmp_path, "b", settings={"Http.Gateways": url}) as (b,):
        cid = source.text("add", "-Q", "--chunker", "size-65536", stdin=content)
        assert b("cat", cid).stdout == content
        assert b.peers() == set()
        assert over_http(b) >= received(b) > 80
        assert url in b.text("bitswap", "stat")


def test_a_folder_is_pinned_over_http_and_a_part_of_a_file_read(tmp_path):
    with gateway(tmp_path) as (source, url), running(tmp_path, "b", "c", settings={"Http.Gateways": url}) as (b, c):
        folder = source.folder / "x"
        folder.mkdir()
        (folder / "big").write_bytes(bytes(range(256)) * 40000)
        for i in range(100):
            (folder / str(i)).write_bytes(os.urandom(100))
        cid = source.text("add", "-r", "-Q", "x")
        assert b.text("pin", "add", cid) == f"pinned {cid} recursively"
        b("repo", "verify")
        assert c("cat", "-o", "5000000", "-l", "6", f"{cid}/big").stdout == bytes(range(64, 70))
        assert over_http(c) < over_http(b) / 2


def test_bitswap_and_http_share_one_fetch(tmp_path):
    content = os.urandom(40 << 20)
    with gateway(tmp_path) as (source, url), running(tmp_path, "peer") as (peer,):
        with running(tmp_path, "b", settings={"Http.Gateways": url}) as (b,):
            cid = source.text("add", "-Q", "--chunker", "size-65536", stdin=content)
            assert peer.text("add", "-Q", "--chunker", "size-65536", stdin=content) == cid
            b("swarm", "connect", peer.address())
            assert b("cat", cid).stdout == content
            http, all_blocks = over_http(b), received(b)
            assert 0 < http < all_blocks, "both ways brought some"
            ledger = dict(line.split(":\t") for line in b.lines("bitswap", "ledger", peer.peer_id())[1:])
            assert int(ledger["Bytes received"]) > 0


def test_a_gateway_that_lacks_it_or_is_gone_is_named_in_the_failure(tmp_path):
    with gateway(tmp_path) as (_, url):
        dead = "http://127.0.0.1:9"
        with running(tmp_path, "b", settings={"Http.Gateways": f"{url},{dead}"}) as (b,):
            cid = b.text("add", "-nQ", stdin=b"nowhere")
            complaint = b.complaint("cat", "--timeout", "3s", cid)
            assert f"{url}: 404" in complaint or f"{url}: " in complaint
            assert dead in complaint


def test_the_gateway_serves_the_records_of_names_and_what_is_denied_to_nobody(tmp_path):
    with gateway(tmp_path) as (source, url):
        cid = source.text("add", "-Q", stdin=b"named")
        source("name", "publish", "--allow-offline", f"/ipfs/{cid}")
        name = source.peer_id()
        record = get(f"{url}/ipns/{name}?format=ipns-record")
        assert f"/ipfs/{cid}" in source.text("name", "inspect", "--verify", name, "-", stdin=record)
        denied = source.text("add", "-Q", stdin=b"secret")
        assert get(f"{url}/ipfs/{denied}?format=raw") == b"secret"
        source.end_node()
        source("config", "set", "Bitswap.Deny", denied)
        lines = source.start_node()
        url = next(line.split(": ")[1] for line in lines if line.startswith("Gateway: "))
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(f"{url}/ipfs/{denied}?format=raw")
        assert refused.value.code == 410
        assert get(f"{url}/ipfs/{cid}?format=raw") == b"named"
        with running(tmp_path, "b") as (b,):
            b("swarm", "connect", source.address())
            assert b("cat", cid).stdout == b"named"
            assert denied in b.complaint("cat", "--timeout", "2s", denied)


def test_a_gateway_that_cannot_listen_says_so(tmp_path):
    with gateway(tmp_path) as (_, url):
        port = url.rsplit(":", 1)[1]
        other = Node(tmp_path, "other", {"Gateway.Listen": f"/ip4/127.0.0.1/tcp/{port}"})
        assert "Gateway.Listen" in other.complaint("node", "start")
