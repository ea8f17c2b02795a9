"""Nodes that share content, and the commands about it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import BINARY
from nodes import Node, runs, running, wait_for


@pytest.fixture
def pair(tmp_path):
    with running(tmp_path, "a", "b") as (a, b):
        b("swarm", "connect", a.address())
        yield a, b


def test_two_nodes_share_a_file(pair):
    a, b = pair
    content = os.urandom(3 << 20)
    cid = a.text("add", "-Q", stdin=content)
    assert b("cat", cid).stdout == content
    b.end_node()
    assert b("cat", cid).stdout == content, "what was fetched is kept"


def test_a_folder_is_fetched_by_get_pin_ls_and_export(pair):
    a, b = pair
    folder = a.folder / "photos"
    (folder / "deep").mkdir(parents=True)
    for i in range(30):
        (folder / f"{i}.bin").write_bytes(os.urandom(1000 + i))
    (folder / "deep" / "big.bin").write_bytes(os.urandom(2 << 20))
    cid = a.text("add", "-r", "-Q", "photos")
    assert b.lines("ls", cid) == a.lines("ls", cid)
    b("get", "-o", "copy", cid)
    subprocess.run(["diff", "-r", folder, b.folder / "copy"], check=True)
    assert b("dag", "export", cid).stdout == a("dag", "export", cid).stdout
    assert b.text("pin", "add", cid) == f"pinned {cid} recursively"
    b("repo", "verify")


def test_a_part_of_a_file_and_a_path_are_fetched(pair):
    a, b = pair
    (a.folder / "x").mkdir()
    (a.folder / "x" / "big").write_bytes(bytes(range(256)) * 40000)
    cid = a.text("add", "-r", "-Q", "x")
    assert b("cat", "-o", "5000000", "-l", "6", f"{cid}/big").stdout == bytes(range(64, 70))


def copy(source, target):
    with contextlib.suppress(OSError):  # one of the two has gone
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


def meet_head_on_once(server, port):
    """The first that connects hears its own words: as one that is dialled by whom it dials. The next meets the node."""
    with server.accept()[0] as first:
        copy(first, first)
    with server.accept()[0] as second, socket.create_connection(("127.0.0.1", port)) as node:
        threading.Thread(target=copy, args=(node, second), daemon=True).start()
        copy(second, node)


def test_a_peer_that_dials_at_the_same_time_is_dialled_again(tmp_path):
    with running(tmp_path, "a", "b") as (a, b), socket.create_server(("127.0.0.1", 0)) as server:
        port = int(re.search(r"/tcp/(\d+)", a.address())[1])
        threading.Thread(target=meet_head_on_once, args=(server, port), daemon=True).start()
        b("swarm", "connect", a.address().replace(f"/tcp/{port}", f"/tcp/{server.getsockname()[1]}"))
        assert a.peer_id() in b.peers()


def test_offline_and_without_a_node_a_missing_block_says_what_to_do(pair):
    a, b = pair
    cid = a.text("add", "-Q", stdin=b"only at a")
    assert "--offline" in b.complaint("--offline", "cat", cid)
    b.end_node()
    assert "timerose node start" in b.complaint("cat", cid)
    assert "timerose node start" in b.complaint("swarm", "peers")


def test_a_fetch_that_cannot_succeed_ends_within_its_timeout(pair):
    _, b = pair
    missing = b.text("add", "-n", "-Q", stdin=b"nobody has this")
    began = time.monotonic()
    complaint = b.complaint("cat", "--timeout", "2s", missing)
    assert time.monotonic() - began < 20
    assert missing in complaint


def test_a_failure_says_who_was_asked_what_each_said_and_what_to_try(tmp_path):
    with running(tmp_path, "alone", "a", "b") as (alone, a, b):
        missing = alone.text("add", "-nQ", stdin=b"nobody has this")
        for command in (["cat"], ["get"], ["ls"], ["pin", "add"], ["dag", "get"], ["dag", "export"], ["block", "get"]):
            complaint = alone.complaint(*command, "--timeout", "1s", missing)
            assert missing in complaint and "asked 0 peers" in complaint, command
            assert "no peer of the DHT is known" in complaint and "swarm connect" in complaint, command
        b("swarm", "connect", a.address())
        complaint = b.complaint("cat", "--timeout", "2s", missing)
        assert f"{a.peer_id()}: does not have it" in complaint
        gone = a.address()
        a.end_node()
        complaint = b.complaint("cat", "--timeout", "2s", "--providers", gone, missing)
        assert f"dialing {a.peer_id()}" in complaint, "a peer that has vanished is named"


def test_a_guest_reads_as_the_command_says(tmp_path, guests):
    with running(tmp_path, "a", "b") as (a, b):
        data = a.text("add", "-Q", stdin=b"far away")
        assert b("run", "--providers", a.address(), guests("cat"), "--input", data).stdout == b"far away"
        missing = b.text("add", "-nQ", stdin=b"nobody has this")
        began = time.monotonic()
        complaint = b.complaint("run", "--timeout", "1s", guests("cat"), "--input", missing, code=127)
        assert time.monotonic() - began < 20
        assert missing in complaint


def test_a_killed_client_ends_its_fetch(pair):
    _, b = pair
    missing = b.text("add", "-n", "-Q", stdin=b"nobody has this either")
    client = b.start("cat", missing, stdout=subprocess.DEVNULL)
    wait_for(lambda: missing in b.text("bitswap", "wantlist"), "it is wanted")
    client.send_signal(signal.SIGTERM)
    assert client.wait() == -signal.SIGTERM
    wait_for(lambda: missing not in b.text("bitswap", "wantlist"), "it is wanted no longer")


def test_a_provider_that_is_named_is_asked_though_not_connected(tmp_path):
    with running(tmp_path, "a", "b") as (a, b):
        cid = a.text("add", "-Q", stdin=b"ask a")
        assert b("cat", "--providers", a.address(), cid).stdout == b"ask a"


@pytest.mark.parametrize("kind", ["/tcp/", "/quic-v1", "/ws"])
def test_nodes_connect_over_each_transport(tmp_path, kind):
    with running(tmp_path, "a", "b") as (a, b):
        cid = a.text("add", "-Q", stdin=kind.encode())
        assert b.text("swarm", "connect", a.address(kind)) == f"connect {a.peer_id()} success"
        assert b("cat", cid).stdout == kind.encode()


def test_swarm_and_ping_show_and_end_connections(pair):
    a, b = pair
    assert b.peers() == {a.peer_id()}
    wait_for(lambda: a.peers() == {b.peer_id()}, "a sees b")
    wait_for(lambda: "timerose/" in b.text("swarm", "peers", "-v"), "a was identified")
    assert re.search(r"Pong received: time=\d+\.\d\d ms", b.text("ping", "-n", "1", a.peer_id()))
    assert "Connections.High" in b.text("swarm", "limits")
    assert b.text("swarm", "disconnect", a.peer_id()) == f"disconnect {a.peer_id()} success"

    def is_told_that_there_is_none():
        # The first searches of either's DHT may make another one.
        client = b.start("swarm", "disconnect", a.peer_id(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return b"not connected" in client.communicate(timeout=60)[1]

    wait_for(is_told_that_there_is_none, "the connection has ended")
    assert any("/p2p/" + b.peer_id() in line for line in b.text("id").splitlines())


def test_a_connection_that_was_asked_for_is_made_again(pair):
    a, b = pair
    address = a.address()
    port = address.split("/tcp/")[1].split("/")[0]
    a.end_node()
    wait_for(lambda: not b.peers(), "b lost a")
    a("config", "set", "Addresses.Listen", f"/ip4/127.0.0.1/tcp/{port}")
    a.start_node()
    wait_for(lambda: b.peers() == {a.peer_id()}, "b is connected again")
    b.end_node()
    b.start_node()
    wait_for(lambda: b.peers() == {a.peer_id()}, "b is connected after its own restart")


def test_a_dial_that_fails_says_so(pair):
    a, b = pair
    a.end_node()
    other = Node(a.folder, "other")
    target = f"/ip4/127.0.0.1/tcp/1/p2p/{other.peer_id()}"
    assert other.peer_id() in b.complaint("swarm", "connect", target)
    assert "expected a PeerID" in b.complaint("swarm", "connect", "nonsense")


def test_content_is_found_through_the_dht(tmp_path):
    with running(tmp_path, "a", "b", "c") as (a, b, c):
        a("swarm", "connect", b.address())
        c("swarm", "connect", b.address())
        cid = a.text("add", "-Q", stdin=b"found by its provider")
        wait_for(lambda: Provided(a, cid), "a provides")
        wait_for(lambda: a.peer_id() in Found(c, cid), "c finds a")
        assert any("/tcp/" in line for line in c.lines("routing", "findpeer", a.peer_id()))
        assert c("cat", cid).stdout == b"found by its provider"
        missing = b.text("add", "-nQ", stdin=b"no")
        assert "not in the store" in b.complaint("routing", "provide", missing)
        complaint = c.complaint("routing", "findprovs", "--timeout", "5s", missing)
        assert "nobody says to have it" in complaint and "timerose routing provide CID" in complaint


def Provided(node, cid):
    result = subprocess.run([BINARY, "routing", "provide", cid], env=node.environment(), capture_output=True)
    return result.returncode == 0


def Found(node, cid):
    result = subprocess.run(
        [BINARY, "routing", "findprovs", "--timeout", "5s", cid], env=node.environment(), capture_output=True
    )
    return result.stdout.decode()


def test_bitswap_counts_what_was_exchanged(pair):
    a, b = pair
    cid = a.text("add", "-Q", stdin=os.urandom(1 << 20))
    b("cat", cid)
    assert "\tblocks received: 0\n" not in b.text("bitswap", "stat")
    ledger = dict(line.split(":\t") for line in b.lines("bitswap", "ledger", a.peer_id())[1:])
    assert int(ledger["Bytes received"]) >= 1 << 20
    wait_for(
        lambda: "Bytes sent:\t0\n" not in a.text("bitswap", "ledger", b.peer_id()), "a counted what it sent"
    )
    assert b.text("bitswap", "wantlist") == ""


def test_a_function_runs_on_content_that_is_elsewhere(pair, guests):
    a, b = pair
    module = a.text("add", "-Q", guests("cat"))
    data = a.text("add", "-Q", stdin=b"far away")
    assert b("run", module, "--input", data).stdout == b"far away"


def test_nobody_is_served_if_the_settings_say_so(tmp_path):
    with running(tmp_path, "a", settings={"Bitswap.Serve": "none"}) as (a,), running(tmp_path, "b") as (b,):
        b("swarm", "connect", a.address())
        cid = a.text("add", "-Q", stdin=b"mine")
        assert cid in b.complaint("cat", "--timeout", "2s", cid)


def test_a_private_network_is_closed_to_nodes_without_its_key(tmp_path):
    key = "0123456789abcdef" * 4
    with running(tmp_path, "a", "b", settings={"Network.Key": key}) as (a, b), running(tmp_path, "c") as (c,):
        cid = a.text("add", "-Q", stdin=b"among us")
        c.complaint("swarm", "connect", "--timeout", "10s", a.address())
        b("swarm", "connect", a.address())
        assert b("cat", cid).stdout == b"among us"


def test_a_devnet_joins_its_nodes_and_leaves_nothing(timerose, tmp_path):
    environment = {**timerose.environment(), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    devnet = subprocess.Popen(
        [BINARY, "devnet", "3", "--topology", "line"], env=environment, stdout=subprocess.PIPE
    )
    rows = []
    for line in devnet.stdout:
        if line.startswith(b"ctrl-C"):
            break
        rows.append(line.decode().split())
    assert [row[0] for row in rows[1:]] == ["node0", "node1", "node2"]
    assert [row[3] for row in rows[1:]] == ["1", "2", "1"]
    repositories = [row[4] for row in rows[1:]]
    processes = [
        int(re.search(r"Process: +(\d+)", timerose.text("--repo-dir", path, "node", "status"))[1])
        for path in repositories
    ]
    cid = timerose.text("--repo-dir", repositories[0], "add", "-Q", stdin=b"shared")
    assert timerose("--repo-dir", repositories[1], "cat", cid).stdout == b"shared"
    devnet.send_signal(signal.SIGINT)
    assert devnet.wait(60) == 0
    devnet.stdout.close()
    assert not any(runs(process) for process in processes)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_nodes_of_a_killed_devnet_end(timerose, tmp_path):
    devnet = subprocess.Popen(
        [BINARY, "devnet", "2", "--dir", str(tmp_path / "kept")],
        env=timerose.environment(),
        stdout=subprocess.PIPE,
    )
    for line in devnet.stdout:
        if line.startswith(b"ctrl-C"):
            break
    repositories = [tmp_path / "kept" / "node0", tmp_path / "kept" / "node1"]
    processes = [int((path / "node.lock").read_text()) for path in repositories]
    devnet.kill()
    devnet.wait()
    devnet.stdout.close()
    wait_for(lambda: not any(runs(process) for process in processes), "the nodes have ended")
    assert all(path.exists() for path in repositories)
