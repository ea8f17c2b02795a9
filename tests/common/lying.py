"""Executors that make their answers up: tests/doubles/lying_executor.cc, built beside the program."""

import contextlib
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TIMEROSE_BIN", str(ROOT / "build/release/timerose"))
LIAR = pathlib.Path(BINARY).resolve().parent / "tests/doubles/lying_executor"


@contextlib.contextmanager
def lying(node, *words):
    """A peer of `node` that answers every call with what it made up; gives its PeerID."""
    if not LIAR.exists():
        pytest.skip(f"{LIAR} is not built")
    process = subprocess.Popen([LIAR, node.address(), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
