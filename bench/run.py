#!/usr/bin/env python3
"""Measures the program beside its peers, in one run on one machine, and prints a table of ratios.

  run.py --build build/release [--only WORD] [--runs N] [--save FILE]

Commands that are compared run in turn (A B A B ...), each a whole process; figures are medians. Nothing
here fails a build: a bar that is missed is printed as missed.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from harness import MIB, ROOT, Bench, big_file, measure_all, ms, options_of

EXAMPLES = ROOT / "build" / "examples"


@dataclass
class Timed:
    seconds: float
    peak_bytes: int
    code: int


def run_command(command: list[str], env: dict | None = None, stdin: str | None = None,
                cwd: pathlib.Path | None = None, stdout=subprocess.DEVNULL) -> Timed:
    """One whole process: wall seconds and peak resident memory."""
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    start = time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], env=env, stdin=source, stdout=stdout,
                               stderr=subprocess.DEVNULL, cwd=cwd)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if stdin:
        source.close()
    return Timed(seconds, usage.ru_maxrss * 1024, process.returncode)


def must(timed: Timed, what: str) -> Timed:
    if timed.code != 0:
        sys.exit(f"bench: {what} ended with {timed.code}")
    return timed


def micro(bench: Bench, program: str, pattern: str) -> dict[str, dict]:
    """The results of a google-benchmark program by name; medians of repetitions."""
    path = bench.build / "bench" / program
    out = subprocess.run([path, f"--benchmark_filter={pattern}", "--benchmark_format=json",
                          f"--benchmark_repetitions={bench.runs}", "--benchmark_report_aggregates_only=true"],
                         check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return {b["run_name"]: b for b in json.loads(out)["benchmarks"] if b["aggregate_name"] == "median"}


def whole_process_run(bench: Bench) -> None:
    env = bench.repository()
    function = bench.output(env, "add", EXAMPLES / "echo.wasm")
    node_script = ("const m=new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));"
                   "new WebAssembly.Instance(m,{timerose:{input_count:()=>0,input_read:()=>0,output_write:()=>0}})"
                   ".exports.timerose_main()")
    node = lambda: must(run_command(["node", "-e", node_script, EXAMPLES / "echo.wasm"]), "node").seconds
    for memo, bar in (("off", 0.030), ("on", 0.020)):
        flags = ["--no-memo"] if memo == "off" else []
        command = [bench.timerose, "run", *flags, function]
        ours, peer = bench.paired(lambda: must(run_command(command, env), "run").seconds, node,
                                  max(bench.runs, 21))
        bench.add(f"`timerose run` of a tiny function, whole process, memo {memo}", ms(ours),
                  f"node -e {ms(peer)}", f"{peer / ours:.2f}x", f"<= {bar * 1e3:.0f} ms", ours <= bar)


def add_to_disk(bench: Bench) -> None:
    source = big_file(bench, 1024 * MIB)

    def ours() -> float:
        env = bench.repository()
        seconds = must(run_command([bench.timerose, "add", source], env), "add").seconds
        shutil.rmtree(env["TIMEROSE_PATH"])
        return seconds

    def copy() -> float:
        target = bench.scratch / "copy"
        seconds = must(run_command(["sh", "-c", f"cp {source} {target} && sync {target}"]), "cp").seconds
        target.unlink()
        return seconds

    a, b = bench.paired(ours, copy)
    bench.add("add 1 GiB to disk, durable", f"{a:.2f} s", f"cp + fsync {b:.2f} s", f"{b / a:.2f}x",
              ">= 0.8x", b / a >= 0.8)


def add_directory(bench: Bench) -> None:
    folder = bench.scratch / "files"
    for i in range(10_000):
        path = folder / f"{i % 100:02}" / f"{i:05}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(4096))

    def ours() -> float:
        env = bench.repository()
        seconds = must(run_command([bench.timerose, "add", "-r", "-Q", folder], env), "add -r").seconds
        shutil.rmtree(env["TIMEROSE_PATH"])
        return seconds

    def git() -> float:
        repo = bench.scratch / "git"
        repo.mkdir()
        subprocess.run(["git", "init", "-q", repo], check=True)
        seconds = must(run_command(["git", f"--git-dir={repo}/.git", f"--work-tree={folder}", "add", "."],
                                   cwd=folder), "git add").seconds
        shutil.rmtree(repo)
        return seconds

    a, b = bench.paired(ours, git)
    bench.add("add a directory of 10,000 files of 4 KiB, durable", f"{a:.2f} s", f"git add {b:.2f} s",
              f"{b / a:.1f}x", ">= 6x", b / a >= 6)


def cat_from_disk(bench: Bench) -> None:
    source = big_file(bench, 1024 * MIB)
    env = bench.repository()
    cid = bench.output(env, "add", source)
    sha = lambda: must(run_command(["openssl", "dgst", "-sha256", source]), "openssl").seconds
    a, b = bench.paired(lambda: must(run_command([bench.timerose, "cat", cid], env), "cat").seconds, sha)
    bench.add("cat 1 GiB from disk, verified", f"{a:.2f} s", f"SHA-256 alone {b:.2f} s", f"{b / a:.2f}x",
              ">= 0.8x", b / a >= 0.8)


def peak_memory(bench: Bench) -> None:
    source = big_file(bench, 4096 * MIB)
    env = bench.repository()
    added = must(run_command([bench.timerose, "add", source], env), "add")
    cid = bench.output(env, "add", "--only-hash", source)
    read = must(run_command([bench.timerose, "cat", cid], env), "cat")
    for name, timed in (("add", added), ("cat", read)):
        peak = timed.peak_bytes / MIB
        bench.add(f"peak memory, {name} of 4 GiB", f"{peak:.0f} MiB", "", "", "<= 128 MiB", peak <= 128)
    shutil.rmtree(env["TIMEROSE_PATH"])
    source.unlink()


def guest_reads(bench: Bench) -> None:
    env = bench.repository()
    cid = bench.output(env, "add", big_file(bench, 1024 * MIB))
    timed = must(run_command([bench.timerose, "run", "--no-memo", "--input", cid, EXAMPLES / "sha256.wasm"], env),
                 "run sha256")
    peak = timed.peak_bytes / MIB
    bench.add("peak memory, a guest that reads 1 GiB through WASI", f"{peak:.0f} MiB", "", "", "<= 256 MiB",
              peak <= 256)


def cpu_bound(bench: Bench) -> None:
    native = bench.scratch / "sha256-native"
    subprocess.run(["clang-19", "-O2", ROOT / "examples" / "sha256" / "sha256.c", "-o", native], check=True)
    source = big_file(bench, 256 * MIB)
    env = bench.repository()
    cid = bench.output(env, "add", source)
    function = bench.output(env, "add", EXAMPLES / "sha256.wasm")
    command = [bench.timerose, "run", "--no-memo", "--input", cid, function]
    a, b = bench.paired(lambda: must(run_command(command, env), "run").seconds,
                        lambda: must(run_command([native], stdin=source), "native").seconds)
    bench.add("CPU-bound guest: SHA-256 in C of 256 MiB", f"{a:.2f} s", f"native -O2 {b:.2f} s",
              f"{a / b:.2f}x its time", "goal <= 1.6x", None)


def node_instance_us() -> float:
    script = ROOT / "bench" / "node_instance.js"
    return float(subprocess.run(["node", script, EXAMPLES / "echo.wasm"], check=True, stdout=subprocess.PIPE,
                                text=True).stdout)


def calls_in_process(bench: Bench) -> None:
    results = micro(bench, "micro_memo", "FreshCall$|AnsweredByMemo$")
    fresh = results["FreshCall"]["real_time"] / 1e3
    node = statistics.median(node_instance_us() for _ in range(bench.runs))
    bench.add("fresh sandboxed call, memo off, outcome recorded in memory, in process", f"{fresh:.2f} us",
              f"node new Instance + call {node:.1f} us", f"{node / fresh:.1f}x", "<= 5 us, >= 5x",
              fresh <= 5 and node / fresh >= 5)
    memo = results["AnsweredByMemo"]["real_time"] / 1e3
    bench.add("the same call answered by the memo, in process", f"{memo:.3f} us", "",
              f"{1 / memo:.1f} million/s", "<= 0.4 us", memo <= 0.4)


def memo_sizes(bench: Bench) -> None:
    for kind in ("FreshCallWithOutcomes", "AnsweredWithOutcomes"):
        results = micro(bench, "micro_memo", f"{kind}/")
        times = {name.split("/")[1]: b["real_time"] / 1e3 for name, b in results.items()}
        spread = max(times.values()) / min(times.values())
        bench.add(f"cost of a call by outcomes in the memo ({kind})",
                  ", ".join(f"{int(n):,}: {t:.2f} us" for n, t in times.items()), "", f"{spread:.2f}x",
                  "flat within 1.3x", spread <= 1.3)


def in_memory(bench: Bench) -> None:
    results = micro(bench, "micro_unixfs", "(add_to_memory|cat_from_memory)/MiB:256/v0:[01]/threads:1")
    for name, result in results.items():
        work = "add, memory store, one core" if name.startswith("add") else "cat, memory store, verified, one core"
        profile = "unixfs-v0-2015" if "/v0:1/" in name else "unixfs-v1-2025"
        ratio = result["of_sha256_cpu"]
        bench.add(f"{work} ({profile})", "", "SHA-256 alone, in turn", f"{ratio:.2f}x", ">= 0.8x", ratio >= 0.8)


# What needs much memory comes late: the machine gives it back slowly, and that would be measured too.
ALL = [calls_in_process, whole_process_run, in_memory, memo_sizes, add_to_disk, add_directory, cat_from_disk,
       peak_memory, guest_reads, cpu_bound]


if __name__ == "__main__":
    measure_all(ALL, options_of(__doc__, runs=5).parse_args())
