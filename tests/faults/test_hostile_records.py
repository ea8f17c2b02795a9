"""Records of names and providers that are expired, mis-signed, replayed or of others: offered to a node of
the DHT by a hostile peer, and asked for by another node."""

import pytest

from nodes import Node, wait_for

# `name publish --resolve=false` would take it, too: nobody has to have it.
VALUE = "/ipfs/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
LISTEN = "/ip4/127.0.0.1/tcp/0"
TABLE = "records offered to a node of the DHT"


@pytest.fixture
def asker(tmp_path, victim):
    with Node(tmp_path, "asker", LISTEN) as node:
        node.text("swarm", "connect", victim.address())
        yield node


# Kind of record: what another node is told of the name; None: nothing.
@pytest.mark.parametrize("kind, expected", [
    ("replayed", VALUE + "/new"),
    pytest.param("good", VALUE, marks=pytest.mark.long),
    pytest.param("far", VALUE, marks=pytest.mark.long),
    pytest.param("expired", None, marks=pytest.mark.long),
    pytest.param("mis-signed", None, marks=pytest.mark.long),
])
def test_only_good_records_of_names_are_handed_on(kind, expected, hostile, victim, asker, report):
    offered = hostile("offer", kind, victim.address(), VALUE)
    ended = asker.run("name", "resolve", "--timeout", "3s", offered["name"])
    told = ended.out.decode().strip() or ended.said.strip()
    report(TABLE, record=f"name, {kind}", answer=told[-100:])
    if expected is None:
        assert ended.code == 1 and VALUE not in told
    else:
        assert told == expected


def test_a_provider_is_believed_for_itself_only(hostile, victim, asker, report):
    """A hostile peer names another one as provider."""
    cid = victim.text("add", "-nQ", stdin=b"nobody has this")
    digest = victim.text("cid", "format", "-f", "%M", "-b", "base16", cid).removeprefix("f")
    hostile("offer", "provider", victim.address(), digest, asker.peer)
    found = asker.run("routing", "findprovs", "--timeout", "3s", cid).out.decode()
    hostile("offer", "provider", victim.address(), digest, hostile.peer)
    wait_for(lambda: hostile.peer in asker.run("routing", "findprovs", "--timeout", "3s", cid).out.decode(),
             "its own is believed")
    report(TABLE, record="provider, of another peer", answer=found or "not told")
    assert asker.peer not in found
