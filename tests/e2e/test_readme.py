"""The commands of README's tour of a mesh, as they stand there."""

import os
import re
import signal
import subprocess

import pytest

from conftest import BINARY, ROOT

SECONDS_MAX = 300
EXAMPLES = ROOT / "build" / "examples"


def tour():
    """The two scripts: what keeps running in one terminal, and what is typed in the other."""
    readme = (ROOT / "README.md").read_text()
    section = readme.split("\n## Run on a mesh\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def folder(tmp_path):
    """A folder that looks like this one after a build."""
    for name in ("wordcount", "query"):
        if not (EXAMPLES / f"{name}.wasm").exists():
            pytest.skip(f"{name}.wasm was not built: its compiler is missing")
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "timerose").symlink_to(BINARY)
    (tmp_path / "build" / "examples").symlink_to(EXAMPLES)
    return tmp_path


@pytest.fixture
def devnet(folder):
    """The first terminal."""
    script = "set -eu\n" + tour()[0].replace("timerose devnet", "exec timerose devnet")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    process = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE)
    try:
        assert any(line.startswith(b"ctrl-C ends all nodes") for line in process.stdout)
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.stdout.close()
        assert process.wait(60) == 0


def test_the_tour_of_a_mesh_goes_as_the_readme_says(folder, devnet):
    # Each command's output in order: both streams in one.
    script = "set -eu\nexec 2>&1\n" + tour()[1]
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=devnet, stdout=subprocess.PIPE, timeout=SECONDS_MAX)
    said = done.stdout.decode()
    assert done.returncode == 0, said
    node3 = re.search(r"^(\w+) .* name=node3$", said, re.MULTILINE)[1]
    explained = next(line for line in said.splitlines() if line.endswith("cheapest"))
    assert explained.split()[:2] == [node3, "holder"]
    assert re.search(r" (\d+ B|[\d.]+ KiB) ", explained), "the function moves, and the text does not"
    assert f"ran at {node3}" in said
    assert said.count(" be\n") >= 2, "the most frequent words, twice"
    running = next(line for line in said.splitlines() if " running " in line)
    executor = running.split()[4]
    after = said.split(running)[1]
    assert "5000000" in after
    assert re.search(rf"{executor}  lost", after) and re.search(r"  answered", after)
