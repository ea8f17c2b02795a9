"""The hostile peer of hostile/, built once and driven by lines."""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "interop"))
import peers  # noqa: E402

BUILD = peers.ROOT / "build" / "faults"
PROGRAM = BUILD / "hostile"
BUILD_SECONDS_MAX = 600


def build():
    """Gives why it cannot be built, or None."""
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        return "go is missing: install Go 1.25.7 or newer"
    BUILD.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["env", "CGO_ENABLED=0", go, "build", "-ldflags", "-s -w", "-o", PROGRAM, "."],
                           cwd=HERE / "hostile", capture_output=True, text=True, timeout=BUILD_SECONDS_MAX)
    return None if built.returncode == 0 else built.stderr[-2000:]


class HostilePeer(peers.LinePeer):
    def __init__(self, folder):
        peers.COMMANDS["hostile"] = lambda *_: [str(PROGRAM)]
        peers.TRANSPORTS["hostile"] = ()
        super().__init__("hostile", folder)

    @property
    def address(self):
        return self.addresses[0]
