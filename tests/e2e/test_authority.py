"""Delegations, revocations, open mode and vouched functions: who may have what carried out."""

import json
import pathlib

import pytest

from nodes import running, wait_for

FUEL = "1000000000"


def write(node, name, text):
    """A file in the folder where the node's commands run."""
    pathlib.Path(node.folder, name).write_text(text + "\n", encoding="utf-8")
    return name


def delegate(node, to, *options):
    return node.text("trust", "delegate", "--to", to.peer_id(), *options)


def tokens(node, *file):
    return json.loads(node.text("trust", "show", "-o", "json", *file))


def cid_of_last(node, text, issuer):
    """The token of a container that `issuer` signed."""
    shown = tokens(node, write(node, "shown", text))
    return next(one["cid"] for one in shown if one["from"] == issuer.text("id", "-f", "<did>"))


def run_at(node, executor, *args, code=0):
    return node("run", "--fresh", "--at", executor.peer_id(), *args, code=code)


def refusal(node, executor, *args):
    return run_at(node, executor, *args, code=125).stderr.decode()


@pytest.fixture
def three(tmp_path):
    """A owns a node; B and C are strangers to it."""
    with running(tmp_path, "a", "b", "c") as (a, b, c):
        for other in (b, c):
            other("swarm", "connect", a.address())
        yield a, b, c


def test_authority_is_handed_on_attenuated_and_revoked(three, guests):
    a, b, c = three
    assert "timerose trust add" in refusal(c, a, guests("hello"))

    for_b = delegate(a, b, "--fuel-max", FUEL, "--expires", "1h")
    b("trust", "accept", write(b, "token", for_b))
    assert run_at(b, a, "--fuel", FUEL, guests("hello")).stdout == b"hello\n"
    assert "does not hold" in refusal(b, a, "--fuel", str(int(FUEL) + 1), guests("hello"))

    for_c = delegate(b, c, "--for", a.peer_id(), "--function", guests("hello"), "--fuel-max", "500000000")
    file = write(c, "token", for_c)
    assert [one["state"] for one in tokens(c, file)] == ["good", "good"]
    shown = ["--authority", file]
    assert run_at(c, a, *shown, "--fuel", "500000000", guests("hello")).stdout == b"hello\n"
    assert "500000000" in refusal(c, a, *shown, "--fuel", FUEL, guests("hello"))
    assert ".function" in refusal(c, a, *shown, "--fuel", "1000", guests("exit7"))
    # Nothing of it is kept: without the file C is a stranger again.
    assert "timerose trust add" in refusal(c, a, guests("hello"))

    # B cannot hand on more than it has.
    wide = delegate(b, c, "--for", a.peer_id(), "--fuel-max", "9000000000")
    c("trust", "accept", write(c, "wide", wide))
    assert f"[\"<=\",\".fuel\",{FUEL}]" in refusal(c, a, "--fuel", "5000000000", guests("hello"))
    assert run_at(c, a, "--fuel", FUEL, guests("exit7"), code=7)

    # What B was given is revoked: for C too, at once.
    revoked = cid_of_last(a, for_b, a)
    a("trust", "revoke", revoked)
    for who in (b, c):
        why = refusal(who, a, "--fuel", "1000000", guests("hello"))
        assert "revoked" in why and revoked in why
    assert revoked in a.text("trust", "show")


def test_a_delegation_that_has_expired_is_refused(three, guests):
    a, b, _ = three
    b("trust", "accept", write(b, "token", delegate(a, b, "--expires", "0s", "--policy", "[]")))
    wait_for(lambda: tokens(b)[0]["state"] == "expired", "the second in which it ends has passed")
    assert "expired" in refusal(b, a, guests("hello"))
    b("trust", "drop", tokens(b)[0]["cid"])
    assert tokens(b) == []


def test_what_makes_no_sense_is_refused_with_a_reason(three):
    a, b, _ = three
    assert "nothing of" in b.complaint("trust", "delegate", "--to", a.peer_id(), "--for", a.peer_id())
    assert "--to" in a.complaint("trust", "delegate", "--to", "me")
    assert "--expires" in a.complaint("trust", "delegate", "--to", b.peer_id(), "--expires", "soon")
    assert "--policy" in a.complaint("trust", "delegate", "--to", b.peer_id(), "--policy", '[["=", ".fuel", 1]]')
    assert "container" in a.complaint("trust", "accept", write(a, "junk", "hello"))
    assert "not kept" in a.complaint("trust", "drop", "bafkqaaa")


def test_open_mode_takes_strangers_within_quotas(tmp_path, guests):
    settings = {"Execute.Open": "true", "Execute.Strangers.FuelPerCall": "2000000"}
    with running(tmp_path, "a", settings=settings) as (a,), running(tmp_path, "b") as (b,):
        b("swarm", "connect", a.address())
        assert run_at(b, a, "--fuel", "2000000", guests("hello")).stdout == b"hello\n"
        assert "a stranger" in refusal(b, a, "--fuel", "2000001", guests("hello"))


def test_denied_and_unvouched_functions_do_not_run_for_others(tmp_path, guests):
    with running(tmp_path, "signer", "b") as (signer, b):
        other = signer.text("add", "-Q", "--cid-version=1", guests("exit7"))
        settings = {
            "Execute.OnlyFunctionsSignedBy": signer.text("id", "-f", "<did>"),
            "Bitswap.Deny": other,
        }
        voucher = signer.text("function", "sign", guests("hello"))
        with running(tmp_path, "a", settings=settings) as (a,):
            a.execute_for(b)
            assert "function sign" in refusal(b, a, guests("hello"))
            file = write(b, "voucher", voucher)
            assert run_at(b, a, "--authority", file, guests("hello")).stdout == b"hello\n"
            a("trust", "accept", write(a, "voucher", voucher))
            assert run_at(b, a, guests("hello")).stdout == b"hello\n"
            assert other in refusal(b, a, guests("exit7")), "it is denied"
            # The owner's own calls are not concerned.
            assert a("run", "--at", "local", guests("exit7"), code=7)


def test_a_guest_sees_nothing_of_the_host(three, guests):
    """No variable, no file, no socket: at another node and here."""
    a, b, _ = three
    a("trust", "add", "--role", "requester", b.peer_id())
    at_a = run_at(b, a, guests("host")).stdout
    assert at_a == b("run", "--fresh", "--at", "local", guests("host")).stdout
    variables, size, *errnos = at_a
    assert (variables, size) == (0, 0)
    assert len(errnos) == 16 * 8
    for descriptor in range(16):
        *paths, itself, socket = errnos[8 * descriptor : 8 * descriptor + 8]
        assert 0 not in paths, f"descriptor {descriptor}: {paths}"
        assert socket != 0
        # What may be opened at all is a folder of the call's own content, and there is none here.
        assert itself != 0 or descriptor >= 3

    # The guest would notice: with a file of that name among its own content it finds it.
    etc = pathlib.Path(b.folder, "etc")
    etc.mkdir()
    (etc / "passwd").write_text("mine")
    own = b("run", "--at", "local", "--mount", "/etc=etc", guests("host")).stdout
    assert 0 in own[2:], "etc/passwd of the mount"
    assert own != at_a
