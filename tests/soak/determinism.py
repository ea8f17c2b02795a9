#!/usr/bin/env python3
"""determinism.py TIMEROSE [RUNS]: runs every example RUNS times (100), each time in a new process with
another clock (where libfaketime is installed), time zone, environment, umask, working folder, thread
count and repository, and compares Outcome CIDs. Ends with "N passed, N failed"."""
import glob
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from examples import all_examples, run  # noqa: E402

ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "Europe/Berlin"]
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


def surroundings(dice: random.Random, repository: pathlib.Path) -> dict:
    env = {"PATH": os.environ["PATH"], "HOME": str(repository.parent), "TIMEROSE_PATH": str(repository),
           "TZ": dice.choice(ZONES), "LANG": dice.choice(["C", "C.UTF-8", "de_DE.UTF-8"]),
           f"NOISE_{dice.randrange(1000)}": "x" * dice.randrange(4000)}
    if FAKETIME:
        env["LD_PRELOAD"] = FAKETIME
        env["FAKETIME"] = f"@{dice.randrange(1980, 2037)}-0{dice.randrange(1, 9)}-1{dice.randrange(0, 9)} 03:04:05"
        env["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
    return env


def outcomes_of(example, timerose: str, runs: int, scratch: pathlib.Path) -> set[str]:
    dice = random.Random(example.name)
    seen = set()
    for number in range(runs):
        # A new repository now and then: nothing may depend on what is cached beside the call.
        repository = scratch / f"{example.name}{number // 10}"
        cores = dice.choice(["0", "1", "0,1"]) if (os.cpu_count() or 1) > 1 else "0"
        mask = dice.choice([0o000, 0o022, 0o077, 0o027])
        folder = dice.choice(["/", "/tmp", str(scratch)])
        done = run(["taskset", "-c", cores, *example.command(timerose, "--no-memo", "-o", "json")],
                   surroundings(dice, repository), cwd=folder, preexec_fn=lambda m=mask: os.umask(m))
        if done.returncode not in (0,):
            print(f"{example.name}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:500]}")
            seen.add(f"exit {done.returncode}")
            continue
        seen.add(json.loads(done.stdout)["outcome"])
        if number % 10 == 9:
            shutil.rmtree(repository)
    return seen


def main() -> int:
    timerose = str(pathlib.Path(sys.argv[1]).resolve())
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for example in all_examples(scratch):
            seen = outcomes_of(example, timerose, runs, scratch)
            print(f"{example.name:12} {runs} runs, {len(seen)} outcome{'s' * (len(seen) != 1)}: {', '.join(sorted(seen)[:3])}",
                  flush=True)
            passed, failed = (passed + 1, failed) if len(seen) == 1 else (passed, failed + 1)
    if not FAKETIME:
        print("libfaketime is not installed: clocks were not varied")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
