"""The modules that tests run, compiled from tests/e2e/guests."""

import pathlib
import shutil
import subprocess

import pytest

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "guests"


def compiled(name, folder):
    """The path of NAME.wat, compiled into the folder unless it is there."""
    binary = folder / f"{name}.wasm"
    if not binary.exists():
        subprocess.run(["wat2wasm", SOURCES / f"{name}.wat", "-o", binary], check=True)
    return binary


@pytest.fixture(scope="session")
def guests(tmp_path_factory):
    """guests(name) gives the path of NAME.wat, compiled."""
    if shutil.which("wat2wasm") is None:
        pytest.fail("wat2wasm is missing: install the package wabt")
    folder = tmp_path_factory.mktemp("guests")
    return lambda name: compiled(name, folder)
