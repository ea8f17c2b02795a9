#!/usr/bin/env python3
"""Runs the suites and counts their cases.

  run_tests.py --build build/release              unit, bridge, conformance, whole-program, interop and fault tests
  run_tests.py --build build/asan --unit-only     the unit tests of another build
  ... --asan                                      also builds and runs the unit tests under build/asan
  ... --lint                                      also formatting, clang-tidy and the include graph

Ends with a line "N passed, N failed[, N skipped]"; exits 1 if anything failed.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A guest's stack depth is measured from the native stack, which fake stacks would move away.
SANITIZERS = {"ASAN_OPTIONS": "detect_stack_use_after_return=0", "UBSAN_OPTIONS": "print_stacktrace=1"}


@dataclass
class Tally:
    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


def run_gtest(program: pathlib.Path, name: str, scratch: pathlib.Path) -> Tally:
    report = scratch / f"{program.name}.json"
    tally = Tally(name)
    finished = subprocess.run([program, "--gtest_brief=1", f"--gtest_output=json:{report}"],
                              cwd=program.parent, env=dict(os.environ, **SANITIZERS), timeout=1200)
    if not report.exists():
        tally.failed = 1
        return tally
    for suite in json.loads(report.read_text())["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("status") == "NOTRUN":
                continue  # disabled
            if case.get("result") == "SKIPPED":
                tally.skipped += 1
            elif "failures" in case:
                tally.failed += 1
            else:
                tally.passed += 1
    if finished.returncode != 0 and tally.failed == 0:
        tally.failed = 1  # crashed after the last case, or a sanitizer's word at exit
    return tally


def count_junit(report: pathlib.Path, tally: Tally) -> Tally:
    if not report.exists():
        tally.failed = 1
        return tally
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
        tally.failed += bad
        tally.skipped += skipped
        tally.passed += int(suite.get("tests", 0)) - bad - skipped
    return tally


def run_conformance(build: pathlib.Path, scratch: pathlib.Path) -> Tally:
    report = scratch / "conformance.xml"
    subprocess.run(["ctest", "--test-dir", build, "-R", "^conformance", "-V", "--output-junit", report], timeout=600)
    return count_junit(report, Tally("conformance"))


def run_pytest(name: str, folder: str, build: pathlib.Path, scratch: pathlib.Path, workers: int = 0) -> Tally:
    """`workers`: files of tests that run side by side, where a suite neither measures nor shares anything."""
    report = scratch / f"{folder}.xml"
    environment = dict(os.environ, TIMEROSE_BIN=str(build / "timerose"),
                       TIMEROSE_EXAMPLES=str(ROOT / "build" / "examples"))
    subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                    f"--numprocesses={workers}", "--dist=loadfile", f"--junitxml={report}", str(ROOT / "tests" / folder)],
                   cwd=ROOT, env=environment, timeout=2400)
    return count_junit(report, Tally(name))


def run_command(name: str, command: list[str]) -> Tally:
    failed = subprocess.run(command, cwd=ROOT).returncode != 0
    return Tally(name, passed=0 if failed else 1, failed=1 if failed else 0)


def run_bridge(build: pathlib.Path) -> Tally:
    """The Rust half's own tests; the last line: "test result: ok. 16 passed; 0 failed; ..."."""
    subprocess.run(["cmake", "--build", build, "--target", "bridge_test"], timeout=1200)
    program = build / "bridge" / "bridge_test"
    ran = subprocess.run([program], capture_output=True, text=True, timeout=120) if program.exists() else None
    counts = re.search(r"(\d+) passed; (\d+) failed", ran.stdout if ran else "")
    if not counts or ran.returncode != 0:
        print(ran.stdout + ran.stderr if ran else "there is no program of the bridge's tests")
    return Tally("bridge", *map(int, counts.groups())) if counts else Tally("bridge", failed=1)


def timed(action) -> Tally:
    start = time.monotonic()
    tally = action()
    tally.seconds = time.monotonic() - start
    print(f"-- {tally.name}: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped "
          f"({tally.seconds:.1f} s)", flush=True)
    return tally


def gtest_programs(build: pathlib.Path) -> list[pathlib.Path]:
    found = [p for pattern in ("src/*/*_test", "sim/*_test", "tests/conformance/*_test") for p in build.glob(pattern)]
    return sorted(p for p in found if os.access(p, os.X_OK) and p.is_file())


def build_asan() -> Tally:
    preset_ready = (ROOT / "build" / "asan" / "build.ninja").exists()
    if not preset_ready and subprocess.run(["cmake", "--preset", "asan"], cwd=ROOT).returncode != 0:
        return Tally("asan build", failed=1)
    targets = [p.parent.name + "_test" for p in (ROOT / "src").glob("*/CMakeLists.txt")
               if list(p.parent.rglob("*_test.cc"))]
    failed = subprocess.run(["cmake", "--build", "build/asan", "-j", str(os.cpu_count()), "--target"] + targets,
                            cwd=ROOT).returncode != 0
    return Tally("asan build", passed=0 if failed else 1, failed=1 if failed else 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--unit-only", action="store_true")
    parser.add_argument("--asan", action="store_true")
    parser.add_argument("--lint", action="store_true")
    options = parser.parse_args()
    build = options.build.resolve()

    tallies = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        for program in gtest_programs(build):
            tallies.append(timed(lambda p=program: run_gtest(p, p.name, scratch)))
        if not options.unit_only:
            tallies.append(timed(lambda: run_bridge(build)))
            tallies.append(timed(lambda: run_conformance(build, scratch)))
            tallies.append(timed(lambda: run_pytest("whole program", "e2e", build, scratch, workers=2)))
            tallies.append(timed(lambda: run_pytest("interop", "interop", build, scratch)))
            tallies.append(timed(lambda: run_pytest("faults", "faults", build, scratch)))
        if options.asan:
            tallies.append(timed(build_asan))
            for program in gtest_programs(ROOT / "build" / "asan"):
                tallies.append(timed(lambda p=program: run_gtest(p, f"{p.name} (asan)", scratch)))
        if options.lint:
            tallies.append(timed(lambda: run_command("lint", ["tools/lint.sh"])))

    print()
    for tally in tallies:
        print(f"{tally.name:28} {tally.passed:6} passed {tally.failed:4} failed {tally.skipped:4} skipped "
              f"{tally.seconds:8.1f} s")
    passed, failed, skipped = (sum(getattr(t, field) for t in tallies)
                               for field in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
