"""The example functions on real input, and the long checks with a small count."""
import hashlib
import pathlib
import re
import sqlite3
import subprocess
import sys
from collections import Counter

import pytest
from conftest import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests" / "soak"))
from examples import EXAMPLES, OTHER_TEXT, PICTURE, TEXT, make_database  # noqa: E402


def example(name):
    path = EXAMPLES / f"{name}.wasm"
    if not path.exists():
        pytest.skip(f"{path.name} was not built: its compiler is missing")
    return str(path)


def test_wordcount_counts_as_python_does(timerose):
    words = Counter(re.findall("[a-z]+", TEXT.read_text().lower()))
    expected = sorted(words.items(), key=lambda w: (-w[1], w[0]))[:5]
    lines = timerose.lines("run", "--input", str(TEXT), example("wordcount"), "5")
    assert [(l.split()[1], int(l.split()[0])) for l in lines[:5]] == expected


def test_sha256_of_mounted_inputs(timerose):
    lines = timerose.lines("run", "--input", str(TEXT), "--input", str(OTHER_TEXT), example("sha256"),
                           "/in/0", "/in/1")
    assert [l.split()[0] for l in lines] == [hashlib.sha256(p.read_bytes()).hexdigest() for p in (TEXT, OTHER_TEXT)]


def test_a_directory_is_an_output(timerose):
    cid = timerose.text("run", "-o", "cid", "--input", str(TEXT), example("letters"))
    index = dict(l.split() for l in timerose.lines("cat", f"{cid}/index.txt"))
    lines = [l for l in TEXT.read_text().split("\n") if l]
    assert sum(map(int, index.values())) == len(lines)
    a_lines = sorted(l for l in lines if (m := re.search("[A-Za-z]", l)) and m.group().lower() == "a")
    assert timerose.lines("cat", f"{cid}/a.txt") == a_lines


def test_sqlite_answers_on_a_mounted_database(timerose, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    make_database(folder / "words.db")
    query = "select word, uses from words order by uses desc, word limit 3"
    rows = timerose.lines("run", "--mount", f"/data={folder}", example("query"), "/data/words.db", query)
    assert rows == [f"{w}|{n}" for w, n in sqlite3.connect(folder / "words.db").execute(query)]


@pytest.mark.skipif(not PICTURE.exists(), reason="this machine has no such picture")
def test_a_go_program_filters_a_picture(timerose):
    png = timerose("run", "--input", str(PICTURE), example("edges")).stdout
    assert png.startswith(b"\x89PNG\r\n\x1a\n") and png[12:16] == b"IHDR"
    assert png[16:24] == PICTURE.read_bytes()[16:24]  # as wide and as high


@pytest.mark.parametrize("flags", [["--no-memo"], []])
def test_the_timerose_abi_prints_its_output_once(timerose, flags):
    timerose("run", "--input", str(TEXT), example("lines"))
    lines = timerose.lines("run", *flags, "--input", str(TEXT), example("lines"))
    assert len(lines) == 1 and lines[0].startswith("0: 674 lines")


def test_inputs_are_given_one_after_the_other(timerose):
    done = timerose("run", "--input", str(TEXT), "--input", str(OTHER_TEXT), example("echo"))
    assert done.stdout == TEXT.read_bytes() + OTHER_TEXT.read_bytes()


def test_a_deployed_fan_function_runs_by_its_cid(timerose):
    function = timerose.text("deploy", "--abi", "fan", "--fx", "upper", "--arg", "string", example("upper"))
    assert timerose.text("cat", function).startswith('{"Fxs":["upper"],"Bytecode":{"/":"')
    assert timerose("run", "--input", str(TEXT), function).stdout == TEXT.read_bytes().upper()


def last_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_examples_give_one_outcome_everywhere():
    assert last_line(sys.executable, str(ROOT / "tests/soak/determinism.py"), BINARY, "4").endswith(", 0 failed")


def test_kills_lose_nothing():
    assert last_line(sys.executable, str(ROOT / "tests/soak/crash.py"), BINARY, "15").endswith(", 0 failed")


def test_workers_that_are_killed_leave_nothing_behind():
    assert last_line(sys.executable, str(ROOT / "tests/soak/workers.py"), BINARY, "40").endswith(", 0 failed")


def test_generated_modules_give_one_outcome():
    build = pathlib.Path(BINARY).resolve().parent
    assert last_line(str(ROOT / "tools/smith.sh"), str(build), "0", "400").endswith(", 0 failed")
