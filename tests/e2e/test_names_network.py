"""Names between nodes."""

import signal
import sqlite3
import subprocess

import pytest

from nodes import running, wait_for


@pytest.fixture
def pair(tmp_path):
    with running(tmp_path, "a", "b") as (a, b):
        b("swarm", "connect", a.address())
        yield a, b


def run(node, *args):
    """Standard output, or nothing if the command failed."""
    process = node.start(*args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process.communicate(timeout=60)[0].decode().strip()


def publish(node, *args):
    """Gives the name, once another node took it: soon after a connection the DHT knows that node."""
    return wait_for(lambda: run(node, "name", "publish", "-Q", *args), "a name is published")


def published_record(repository):
    with sqlite3.connect(f"file:{repository}/records.sqlite?mode=ro", uri=True) as records:
        return records.execute("SELECT record FROM ipns_records WHERE own = 1").fetchone()[0]


def test_a_name_of_one_node_is_resolved_by_another(pair):
    a, b = pair
    (a.folder / "dir").mkdir()
    (a.folder / "dir/readme.txt").write_bytes(b"read me\n")
    folder = a.text("add", "-Qr", "dir")
    name = publish(a, folder)
    assert b.text("name", "resolve", name) == f"/ipfs/{folder}"
    assert b.text("cat", f"/ipns/{name}/readme.txt") == "read me"


def test_a_change_reaches_those_who_asked_before_without_being_asked_for(pair):
    a, b = pair
    first = a.text("add", "-Q", stdin=b"first\n")
    second = a.text("add", "-Q", stdin=b"second\n")
    # So long a TTL that only pub/sub can tell.
    name = publish(a, "--ttl=24h", first)
    assert b.text("name", "resolve", name) == f"/ipfs/{first}"

    def told():
        publish(a, "--ttl=24h", second)
        return b.text("name", "resolve", name) == f"/ipfs/{second}"

    wait_for(told, "the change is told by pub/sub")


def test_a_killed_node_goes_on_with_its_sequence_and_publishes_again(pair):
    a, b = pair
    first = a.text("add", "-Q", stdin=b"first\n")
    second = a.text("add", "-Q", stdin=b"second\n")
    name = publish(a, first)
    publish(a, second)
    a.end_node(signal.SIGKILL)
    a.start_node()
    b("swarm", "connect", a.address())
    assert b.text("name", "resolve", name) == f"/ipfs/{second}"
    third = a.text("add", "-Q", stdin=b"third\n")
    publish(a, third)
    shown = a.text("name", "inspect", f"--verify={name}", "-", stdin=published_record(a.repository))
    assert "Sequence:      2" in shown and "Valid:     true" in shown


def test_a_record_that_nobody_took_is_published_when_a_peer_comes(tmp_path):
    with running(tmp_path, "a", "b") as (a, b):
        cid = a.text("add", "-Q", stdin=b"lonely\n")
        assert "no other node took it" in a.complaint("name", "publish", cid)
        name = a.peer_id()
        b("swarm", "connect", a.address())
        found = wait_for(lambda: run(b, "name", "resolve", "--nocache", name), "the name is found")
        assert found == f"/ipfs/{cid}"


def test_a_kept_record_is_used_while_its_node_is_away(pair):
    a, b = pair
    cid = a.text("add", "-Q", stdin=b"kept\n")
    name = publish(a, cid)
    assert b.text("name", "resolve", name) == f"/ipfs/{cid}"
    a.end_node()
    assert b.text("name", "resolve", "--nocache", "--timeout=5s", name) == f"/ipfs/{cid}"
    assert b.text("--offline", "name", "resolve", name) == f"/ipfs/{cid}"


def test_a_name_that_nobody_has_ends_with_what_to_do(pair):
    _, b = pair
    name = "k51qzi5uqu5djmw2yvf8kk5cdjc1ddc00o4d5sjwi6f79xzcay9j3gkddw5uu4"
    assert "swarm connect" in b.complaint("name", "resolve", "--timeout=10s", name)
