"""What the programs of this folder share: a bench with its table of rows, and the command line."""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
MIB = 1 << 20


@dataclass
class Row:
    work: str
    ours: str
    peer: str
    ratio: str
    bar: str
    met: bool | None  # None: reported only

    def cells(self) -> list[str]:
        verdict = "reported" if self.met is None else "met" if self.met else "MISSED"
        return [self.work, self.ours, self.peer, self.ratio, self.bar, verdict]


@dataclass
class Bench:
    build: pathlib.Path
    runs: int
    scratch: pathlib.Path
    rows: list[Row] = field(default_factory=list)
    repositories: int = 0

    @property
    def timerose(self) -> pathlib.Path:
        return self.build / "timerose"

    def repository(self) -> dict:
        """An environment with a repository of its own."""
        self.repositories += 1
        folder = self.scratch / f"repo{self.repositories}"
        return dict(os.environ, TIMEROSE_PATH=str(folder))

    def output(self, env: dict, *args) -> str:
        return subprocess.run([self.timerose, *map(str, args)], env=env, check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def paired(self, ours, peer, runs: int | None = None) -> tuple[float, float]:
        """Median seconds of two callables that each return seconds, run in turn after a warm-up."""
        ours(), peer()
        a, b = [], []
        for _ in range(runs or self.runs):
            a.append(ours())
            b.append(peer())
        return statistics.median(a), statistics.median(b)

    def add(self, *cells) -> None:
        self.rows.append(Row(*cells))
        print("  " + " | ".join(self.rows[-1].cells()), flush=True)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def big_file(bench: Bench, size: int) -> pathlib.Path:
    path = bench.scratch / f"big{size // MIB}"
    if not path.exists():
        with open(path, "wb") as out:
            for _ in range(size // MIB):
                out.write(os.urandom(MIB))
            os.fsync(out.fileno())
    return path


def table(rows: list[Row]) -> str:
    head = ["work", "ours", "peer", "ratio", "bar", "verdict"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(r.cells()) + " |" for r in rows])


def save(bench: Bench, path: pathlib.Path) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True).stdout.strip()
    path.write_text(f"# {time.strftime('%Y-%m-%d')}, commit {commit}, {os.cpu_count()} cores, "
                    f"{platform.system()} {platform.machine()}, medians of {bench.runs}\n\n{table(bench.rows)}\n")


def options_of(about: str, runs: int) -> argparse.ArgumentParser:
    """The options that every program has; `runs` unless told."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--only", help="only the measurements whose name contains this")
    parser.add_argument("--save", type=pathlib.Path, help="write the table to this file as well")
    return parser


def measure_all(measurements: list, options: argparse.Namespace, *more) -> None:
    """Calls each with a bench (and what `more` says), and prints the table."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        bench = Bench(options.build.resolve(), options.runs, pathlib.Path(folder))
        for measure in measurements:
            if not options.only or options.only in measure.__name__:
                measure(bench, *more)
    print("\n" + table(bench.rows))
    if options.save:
        save(bench, options.save)
