#!/usr/bin/env python3
"""crash.py TIMEROSE [KILLS] [SEED]: kills the program with SIGKILL at KILLS random moments (200) during
add, run and gc, one repository throughout. After each kill every CID that was ever printed (and not
unpinned) must read back, and `repo verify` must be clean. Ends with "N passed, N failed"."""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from examples import EXAMPLES, TEXT  # noqa: E402


class Soak:
    def __init__(self, timerose: str, scratch: pathlib.Path, seed: int):
        self.timerose = timerose
        self.scratch = scratch
        self.dice = random.Random(seed)
        self.env = dict(os.environ, TIMEROSE_PATH=str(scratch / "repo"))
        self.kept: dict[str, bytes | None] = {}  # printed CID -> content, or None for a directory
        self.problems: list[str] = []

    def call(self, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run([self.timerose, *args], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def a_file(self) -> tuple[list[str], bytes]:
        content = self.dice.randbytes(self.dice.choice([0, 10, 5_000, 300_000, 3_000_000, 20_000_000]))
        path = self.scratch / "file"
        path.write_bytes(content)
        return ["add", "-Q", str(path)], content

    def a_folder(self) -> tuple[list[str], None]:
        folder = self.scratch / "folder"
        subprocess.run(["rm", "-rf", str(folder)], check=True)
        folder.mkdir()
        for i in range(self.dice.choice([3, 300])):
            (folder / f"{i}").write_bytes(self.dice.randbytes(self.dice.randrange(9000)))
        return ["add", "-r", "-Q", str(folder)], None

    def a_run(self) -> tuple[list[str], None]:
        return ["run", "-o", "cid", "--seed", self.dice.randbytes(4).hex(), "--input", str(TEXT),
                str(EXAMPLES / "letters.wasm")], None

    def work(self) -> tuple[list[str], bytes | None]:
        return self.dice.choice([self.a_file, self.a_file, self.a_folder, self.a_run,
                                 lambda: (["repo", "gc"], None)])()

    def kill_once(self) -> None:
        command, content = self.work()
        process = subprocess.Popen([self.timerose, *command], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
        # Most work is over in a few milliseconds; some kills come early, some late, some not at all.
        time.sleep(self.dice.random() ** 3 * 0.25)
        process.send_signal(signal.SIGKILL)
        printed = process.stdout.read().decode().split()
        process.wait()
        if command[0] != "repo" and printed:
            self.kept[printed[-1]] = content
        self.check(command)

    def check(self, command: list[str]) -> None:
        verified = self.call("repo", "verify")
        if verified.returncode != 0:
            self.problems.append(f"after {command[0]}: repo verify: {(verified.stdout + verified.stderr).decode()[-300:]}")
        for cid, content in self.dice.sample(sorted(self.kept.items(), key=lambda kv: kv[0]), min(5, len(self.kept))):
            done = self.call("cat", cid) if content is not None else self.call("dag", "stat", cid)
            if done.returncode != 0 or (content is not None and done.stdout != content):
                self.problems.append(f"after {command[0]}: {cid} does not read back: {done.stderr.decode()[-300:]}")

    def check_all(self) -> None:
        for cid, content in self.kept.items():
            done = self.call("cat", cid) if content is not None else self.call("dag", "stat", cid)
            if done.returncode != 0 or (content is not None and done.stdout != content):
                self.problems.append(f"at the end: {cid} does not read back: {done.stderr.decode()[-300:]}")


def main() -> int:
    timerose = str(pathlib.Path(sys.argv[1]).resolve())
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(timerose, pathlib.Path(folder), seed)
        for number in range(kills):
            soak.kill_once()
            if soak.problems:
                break
        soak.check_all()
        print(f"{number + 1} kills, {len(soak.kept)} printed CIDs read back, seed {seed}")
        print("\n".join(soak.problems))
    print(f"{1 if not soak.problems else 0} passed, {len(soak.problems)} failed")
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
