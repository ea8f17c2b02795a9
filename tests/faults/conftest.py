"""Tables of what the fault tests measured, printed at the end."""

import os

import pytest

import hostile_peer
import lab
import nodes
from guests import guests  # noqa: F401: a fixture

TABLES = pytest.StashKey[dict]()


def is_full():
    return os.environ.get("FAULTS_FULL", "") not in ("", "0")


def pytest_configure(config):
    config.stash[TABLES] = {}
    config.addinivalue_line("markers", "long: takes more time than CI has; FAULTS_FULL=1 runs it")


def pytest_collection_modifyitems(items):
    """Leaves out what is for FAULTS_FULL=1."""
    if not is_full():
        items[:] = [item for item in items if item.get_closest_marker("long") is None]


@pytest.fixture(scope="session")
def full():
    """Whether all is run, or the selection that CI has time for."""
    return is_full()


@pytest.fixture(scope="session")
def namespaces():
    why = lab.why_not()
    if why is not None:
        pytest.skip(why)


@pytest.fixture(scope="session")
def hostile_program():
    why = hostile_peer.build()
    if why is not None:
        pytest.fail(f"the hostile peer cannot be built: {why}", pytrace=False)


@pytest.fixture
def hostile(hostile_program, tmp_path):
    with hostile_peer.HostilePeer(tmp_path) as peer:
        yield peer


@pytest.fixture
def victim(tmp_path):
    with nodes.Node(tmp_path, "victim", "/ip4/127.0.0.1/tcp/0") as node:
        yield node


@pytest.fixture
def report(request):
    """report(table, column=value, ...) adds a row to a table."""

    def add(table, **row):
        request.config.stash[TABLES].setdefault(table, []).append({k: str(v) for k, v in row.items()})

    return add


@pytest.fixture
def bad_input(report):
    """bad_input(attack, answer, memory, others) adds to the one table of what bad input of the mesh gets: the
    answer that it has, the most memory that the node held, and how long calls of others took before and during
    (or, of one that asks, meanwhile).
    """

    def add(attack, answer, memory, others):
        report("what bad input gets", attack=attack, answer=answer, memory=f"{memory / nodes.MIB:.0f} MiB", others=others)

    return add


def pytest_terminal_summary(terminalreporter, config):
    for title, rows in config.stash[TABLES].items():
        terminalreporter.section(title)
        names = list(rows[0])
        widths = [max(len(name), *(len(row.get(name, "")) for row in rows)) for name in names]
        for row in [dict(zip(names, names)), *rows]:
            cells = [row.get(name, "").ljust(width) for name, width in zip(names, widths)]
            terminalreporter.write_line("  ".join(cells).rstrip())
