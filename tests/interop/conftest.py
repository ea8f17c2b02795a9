"""Builds the peers, and prints the table of what was exchanged at the end."""

import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "common"))
from guests import guests  # noqa: E402, F401: a fixture

# A first build on a slow network; a later one takes a second.
BUILD_SECONDS_MAX = 600
ROWS = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def built():
    """A peer that cannot be built fails every test that needs it, and says why."""
    try:
        built = subprocess.run([HERE / "build.sh"], capture_output=True, text=True, timeout=BUILD_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        pytest.fail(f"the peers were not built in {BUILD_SECONDS_MAX} s")
    if built.returncode != 0:
        pytest.fail(built.stdout + built.stderr, pytrace=False)


def pytest_configure(config):
    config.stash[ROWS] = []


@pytest.fixture
def report(request):
    """Adds a row: peer, transport, content, direction, bytes, seconds."""
    return lambda *row: request.config.stash[ROWS].append(row)


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[ROWS]
    if not rows:
        return
    terminalreporter.section("exchanged with peers by other hands")
    layout = "{:6} {:9} {:10} {:16} {:>14} {:>9} {:>9}"
    terminalreporter.write_line(layout.format("peer", "transport", "content", "direction", "bytes", "seconds", "MB/s"))
    for peer, transport, content, direction, size, seconds in rows:
        rate = f"{size / seconds / 1e6:.1f}" if size else ""
        terminalreporter.write_line(
            layout.format(peer, transport, content, direction, f"{size:,}" if size else "", f"{seconds:.3f}", rate))
