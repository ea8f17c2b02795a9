"""The example functions with real input: what determinism.py runs and how each is called."""
import os
import pathlib
import sqlite3
import subprocess
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = pathlib.Path(os.environ.get("TIMEROSE_EXAMPLES", ROOT / "build" / "examples"))
TEXT = pathlib.Path("/usr/share/common-licenses/GPL-3")
OTHER_TEXT = pathlib.Path("/usr/share/common-licenses/Apache-2.0")
PICTURE = pathlib.Path("/usr/share/pixmaps/debian-logo.png")


@dataclass
class Example:
    name: str
    options: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)

    def command(self, timerose: str, *extra: str) -> list[str]:
        return [timerose, "run", *extra, *self.options, str(EXAMPLES / f"{self.name}.wasm"), *self.arguments]


def make_database(path: pathlib.Path) -> None:
    """A database of the words of a licence text, by length."""
    database = sqlite3.connect(path)
    database.execute("create table words (word text primary key, uses integer)")
    for word in TEXT.read_text().split():
        database.execute("insert into words values (?, 1) on conflict (word) do update set uses = uses + 1", (word,))
    database.commit()
    database.close()


def all_examples(scratch: pathlib.Path) -> list[Example]:
    """Every example that was built, with files it needs made below `scratch`."""
    folder = scratch / "data"
    folder.mkdir(exist_ok=True)
    if not (folder / "words.db").exists():
        make_database(folder / "words.db")
    examples = [
        Example("wordcount", ["--input", str(TEXT)], ["5"]),
        Example("sha256", ["--input", str(TEXT), "--input", str(OTHER_TEXT)], ["/in/0", "/in/1"]),
        Example("letters", ["--input", str(TEXT), "--input", str(OTHER_TEXT)]),
        Example("query", ["--mount", f"/data={folder}"],
                ["/data/words.db", "select word, uses from words order by uses desc, word limit 5"]),
        Example("edges", ["--input", str(PICTURE)]),
        Example("lines", ["--input", str(TEXT)]),
        Example("echo", ["--input", str(TEXT)]),
        Example("upper", ["--fx", "upper", "--input", str(TEXT)]),
    ]
    return [e for e in examples if (EXAMPLES / f"{e.name}.wasm").exists()]


def run(command: list[str], env: dict, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
