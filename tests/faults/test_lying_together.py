"""30 % of the nodes of a mesh give the same false answers and praise themselves (64 free cores, and the
function is warm there): what a quorum believes, what it costs, and what is left of it as proof.

Ten nodes: one that asks, six honest executors of an operator each, three liars.
"""

import contextlib
import itertools
import json
import secrets
import statistics

import pytest

from lying import lying
from nodes import MIB, Node, wait_for

LISTEN = "/ip4/127.0.0.1/tcp/0"
HONEST, LIARS = 6, 3
LIE = "a lie that three agree on\n"
MEMORY_MAX = 256 * MIB
CALLS, CALLS_FULL = 8, 60
# A round of commits and one of reveals, and more of both after a disagreement.
SLOWEST_SECONDS_MAX = 10
TABLE = "30 % of the nodes lie together"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    """The asker, who knows all others, and the honest executors."""
    folder = tmp_path_factory.mktemp("mesh")
    with contextlib.ExitStack() as running:
        asker, *executors = [running.enter_context(Node(folder, name, LISTEN, {"Node.Operator": name}))
                             for name in ["asker", *(f"honest-{i}" for i in range(HONEST))]]
        for executor in executors:
            executor.text("trust", "add", "--role", "requester", asker.peer)
            asker.text("swarm", "connect", executor.address())
        wait_for(lambda: knows(asker, [executor.peer for executor in executors]), "the honest nodes are known")
        yield asker, executors


class Calls:
    """Calls of one node by a quorum, each of another Invocation. The asker itself is not asked: what it
    executes decides.
    """

    seeds = itertools.count(1)

    def __init__(self, asker, module, quorum):
        self._client = asker.client()
        self._words = ["run", "--verify", f"quorum={quorum}", "--require", "operator!=asker", "--seed"]
        self._module = module

    def one(self):
        """Gives what was answered, the peers that were asked, and the seconds."""
        reply = self._client.run(*self._words, f"{next(self.seeds):08x}", self._module)
        newest = json.loads(self._client.run("jobs", "list", "-o", "json").out)[0]
        return reply, {step["peer"] for step in newest["steps"]}, reply.seconds


def new_module(node, guests):
    """One that is warm nowhere: a section that says nothing makes it another."""
    name = secrets.token_hex(4).encode()
    return node.add(guests("hello").read_bytes() + bytes([0, 1 + len(name), len(name)]) + name)


def knows(node, peers):
    return set(peers) <= {one["peer"] for one in json.loads(node.text("nodes", "-o", "json"))["nodes"]}


# With one operator the three count once; with three they count as three, and a quorum of more than there are
# liars is needed against them.
@pytest.mark.parametrize("operators, quorum", [
    (["liar"] * LIARS, 2),
    (["liar-1", "liar-2", "liar-3"], LIARS + 1),
    pytest.param(["liar"] * LIARS, 3, marks=pytest.mark.long),
    pytest.param(["liar-1", "liar-2", "liar-3"], 3, marks=pytest.mark.long),
    pytest.param(["liar-1", "liar-2", "liar-3"], 2, marks=pytest.mark.long),
])
def test_fewer_liars_than_a_quorum_never_win(operators, quorum, full, mesh, guests, tmp_path, report, bad_input):
    asker, _ = mesh
    asker.forget_peak()
    before = Calls(asker, new_module(asker, guests), quorum)
    alone = statistics.median([before.one()[2] for _ in range(4)][1:])
    module = new_module(asker, guests)
    calls = Calls(asker, module, quorum)
    with contextlib.ExitStack() as running:
        liars = {running.enter_context(lying(asker, LIE, f"operator={operator}", f"warm={module}")) for operator in operators}
        wait_for(lambda: knows(asker, liars), "the liars are known")
        answers = [calls.one() for _ in range(CALLS_FULL if full else CALLS)]
    false = [asked for reply, asked, _ in answers if reply.out == LIE.encode()]
    right = [reply for reply, *_ in answers if reply.out == b"hello\n"]
    undecided = [reply for reply, *_ in answers if reply.code != 0]
    met = [len(asked & liars) for _, asked, _ in answers]
    evidence = [one for one in json.loads(asker.text("evidence", "list", "-o", "json"))
                if liars & {said["peer"] for said in one["statements"]}]
    seconds = [seconds for *_, seconds in answers]
    report(TABLE, operators=len(set(operators)), quorum=quorum, calls=len(answers), right=len(right), false=len(false),
           undecided=len(undecided), met_liars=sum(map(bool, met)), proofs=len(evidence), before=f"{alone * 1000:.0f} ms",
           median=f"{statistics.median(seconds) * 1000:.0f} ms", slowest=f"{max(seconds) * 1000:.0f} ms",
           peak=f"{asker.memory('VmHWM') / MIB:.0f} MiB")
    bad_input(f"3 of 10 lie together, {len(set(operators))} operators, quorum {quorum}",
              f"{len(right)} right, {len(false)} false, {len(undecided)} undecided, {len(evidence)} proofs", asker.memory("VmHWM"),
              f"{alone * 1000:.0f} ms -> {statistics.median(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms")
    votes = len(set(operators))
    assert len(right) + len(false) + len(undecided) == len(answers), [reply.said for reply, *_ in answers]
    assert votes >= quorum or not undecided, [reply.said for reply in undecided]
    assert all(votes >= quorum and len(asked & liars) >= quorum for asked in false)
    assert max(seconds) <= SLOWEST_SECONDS_MAX
    assert asker.memory("VmHWM") <= MEMORY_MAX
    if votes < quorum:
        assert sum(met) > 0, "liars are drawn like others"
        assert sum(met) <= 2 * LIARS, "who was found lying is given nothing any more"
        check_proofs(asker, evidence, liars, tmp_path)


def check_proofs(asker, evidence, liars, folder):
    """A repository that knows nobody, without a node, checks them."""
    assert evidence
    stranger = Node(folder, "stranger", LISTEN)
    proven = set()
    for one in evidence:
        proof = asker.run("block", "get", one["evidence"]).out
        assert "signatures valid" in stranger.text("receipt", "verify", "-", stdin=proof)
        proven |= {said["peer"] for said in one["statements"] if said["outcome"] != one["accepted"]}
        forged = bytearray(proof)
        forged[-1] ^= 1
        assert stranger.run("receipt", "verify", "-", stdin=bytes(forged)).code == 1
    assert proven and proven <= liars
