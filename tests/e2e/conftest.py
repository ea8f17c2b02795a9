"""Whole-program tests: the real `timerose`, each test with a repository of its own."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("TIMEROSE_BIN", str(ROOT / "build/release/timerose"))
sys.path.append(str(ROOT / "tests" / "common"))
from guests import guests  # noqa: E402, F401: a fixture

# Longer than any command here takes; a command that hangs fails its test.
SECONDS_MAX = 120

# A shell starts its background jobs with this signal ignored, which programs hand on to theirs; one
# that is handled here is not.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Timerose:
    """Runs commands in one repository."""

    def __init__(self, repository: pathlib.Path, folder: pathlib.Path):
        self.repository = repository
        self.folder = folder

    def environment(self):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TIMEROSE_PATH": str(self.repository),
        }

    def __call__(self, *args, stdin=b"", code=0):
        """Runs a command, which must end with `code`; gives its CompletedProcess."""
        result = subprocess.run(
            [BINARY, *args],
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(),
            timeout=SECONDS_MAX,
        )
        assert result.returncode == code, (
            f"{args}: exit code {result.returncode}, expected {code}\n"
            f"stdout: {result.stdout[-2000:]!r}\nstderr: {result.stderr[-2000:]!r}"
        )
        return result

    def text(self, *args, stdin=b"", code=0):
        """Standard output, without the newline at its end."""
        return self(*args, stdin=stdin, code=code).stdout.decode().rstrip("\n")

    def lines(self, *args, stdin=b""):
        return self.text(*args, stdin=stdin).splitlines()

    def complaint(self, *args, stdin=b"", code=1):
        """Standard error of a command that must fail with `code`."""
        complaint = self(*args, stdin=stdin, code=code).stderr.decode()
        assert complaint.startswith("timerose: "), complaint
        return complaint

    def start(self, *args, **options):
        """Starts a command that the test itself ends."""
        return subprocess.Popen([BINARY, *args], cwd=self.folder, env=self.environment(), **options)


@pytest.fixture
def timerose(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return Timerose(tmp_path / "repository", folder)
