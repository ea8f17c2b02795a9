"""The command line itself: help, mistakes, pipes."""

import subprocess

import pytest

from conftest import BINARY

COMMANDS = """
add; cat; get; ls; run; rerun; deploy; function inspect; receipt show; receipt verify
trust add; trust rm; trust list
block put; block get; block stat; block rm
dag put; dag get; dag import; dag export; dag resolve; dag stat
pin add; pin rm; pin ls; repo stat; repo gc; repo verify
cid format; cid base32; cid bases; cid codecs; cid hashes
node start; node stop; node status; swarm peers; swarm connect; swarm disconnect; swarm addrs; swarm limits
ping; nodes; routing findprovs; routing findpeer; routing provide; routing reprovide; bitswap stat; bitswap ledger; bitswap wantlist; devnet
id; key gen; key list; key rm; config; config show; config get; config set; version; completion
""".replace("\n", ";").split(";")


@pytest.mark.parametrize("command", [c.strip() for c in COMMANDS if c.strip()])
def test_every_command_has_help_with_examples(timerose, command):
    help_text = timerose.text(*command.split(), "--help")
    assert "Usage: timerose " + command in help_text
    assert f"Examples:\n  " in help_text
    assert not timerose.repository.exists(), "help must not make a repository"


def test_the_root_help_lists_every_family(timerose):
    help_text = timerose.text("--help")
    for command in COMMANDS:
        if command.strip():
            assert f"\n  {command.split()[0]} " in help_text


@pytest.mark.parametrize(
    "words, suggestion",
    [
        (["blcok"], "did you mean 'block'?"),
        (["reciept", "show"], "did you mean 'receipt'?"),
        (["dag", "improt"], "did you mean 'import'?"),
        (["add", "--recusrive", "x"], "did you mean '--recursive'?"),
    ],
)
def test_a_mistyped_word_gets_the_nearest_one(timerose, words, suggestion):
    assert suggestion in timerose.complaint(*words, code=2)


def test_a_word_like_no_command_gets_no_suggestion(timerose):
    complaint = timerose.complaint("frobnicate", code=2)
    assert "there is no command 'frobnicate'" in complaint
    assert "did you mean" not in complaint


@pytest.mark.parametrize(
    "words",
    [["cat"], ["dag"], ["cat", "--offset", "x", "y"], ["pin", "ls", "--type", "odd"], ["id", "more"]],
)
def test_a_command_line_that_makes_no_sense_exits_2_or_1_with_what_to_do(timerose, words):
    result = subprocess.run([BINARY, *words], env=timerose.environment(), capture_output=True)
    assert result.returncode in (1, 2)
    assert result.stderr.startswith(b"timerose: ")


@pytest.mark.parametrize(
    "words, named",
    [(["--bogus", "trust"], "--bogus"), (["-o", "json", "trust"], "-o"), (["trust", "--bogus", "list"], "--bogus")],
)
def test_an_option_that_there_is_not_is_named_wherever_it_stands(timerose, words, named):
    complaint = timerose.complaint(*words, code=2)
    assert f"there is no option '{named}'" in complaint and "command" not in complaint.splitlines()[0]


@pytest.mark.parametrize(
    "words, complaint",
    [
        (["--offlin", "ls"], "there is no option '--offlin'; did you mean '--offline'?"),
        (["--repo-dir", "x", "--bogus", "trust", "add"], "there is no option '--bogus'"),
        (["trust", "add", "--role"], "a value must follow '--role': requester|executor|verifier"),
        (["nodes", "--watch=maybe"], "'--watch' takes no value, or true or false; found 'maybe'"),
        (["jobs", "-o", "json", "-o", "text"], "'-o' is given more than once"),
        (["jobs", "-ojson", "show"], "ID is required"),
    ],
)
def test_a_wrong_option_is_told_in_words(timerose, words, complaint):
    assert timerose.complaint(*words, code=2).splitlines()[0] == "timerose: " + complaint


def test_a_run_command_line_that_makes_no_sense_exits_125(timerose):
    assert "'--explain' takes no value" in timerose.complaint("run", "--explain=dry", "f.wasm", code=125)
    twice = ["run", "--copies", "2", "--copies", "3", "f.wasm"]
    assert "'--copies' is given more than once" in timerose.complaint(*twice, code=125)
    assert "no option '--bogus'" in timerose.complaint("run", "--bogus", "f.wasm", code=125)
    timerose.complaint("run", code=125)


def test_version_is_told_in_two_ways(timerose):
    line = timerose.text("--version")
    assert line.startswith("timerose version ")
    assert timerose.text("version") == line
    assert timerose.text("version", "-n") == line.split()[-1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_every_command(timerose, shell):
    script = timerose.text("completion", shell)
    for word in ("add", "--only-hash", "dag get", "--output-codec", "rerun"):
        assert word.replace("--", "") in script
    assert not timerose.repository.exists()


def test_bash_completes_commands_and_options(timerose):
    script = timerose.text("completion", "bash")

    def complete(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        shell = f"{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _timerose; "
        result = subprocess.run(
            ["bash", "-c", shell + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, check=True
        )
        return result.stdout.decode().split()

    assert complete("timerose", "dep") == ["deploy"]
    assert complete("timerose", "dag", "re") == ["resolve"]
    assert complete("timerose", "dag", "get", "--out") == ["--output-codec"]


def test_an_unknown_shell_is_refused(timerose):
    assert "bash, zsh or fish" in timerose.complaint("completion", "tcsh")


def test_a_reader_that_stops_early_ends_us_quietly(timerose):
    cid = timerose.text("add", stdin=bytes(8 << 20))
    process = timerose.start("cat", cid, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert len(process.stdout.read(1)) == 1
    process.stdout.close()
    assert process.wait(60) != 0
    assert process.stderr.read() == b""


def test_an_output_that_is_full_is_a_failure(timerose):
    cid = timerose.text("add", stdin=b"some text")
    with open("/dev/full", "wb") as full:
        process = timerose.start("cat", cid, stdout=full, stderr=subprocess.PIPE)
        complaint = process.stderr.read().decode()
        assert process.wait(60) == 1
    assert "No space left" in complaint and "standard output" in complaint


def test_an_output_of_a_guest_that_is_full_is_a_failure(timerose, guests):
    with open("/dev/full", "wb") as full:
        process = timerose.start("run", guests("hello"), stdout=full, stderr=subprocess.PIPE)
        complaint = process.stderr.read().decode()
        assert process.wait(60) == 125
    assert "No space left" in complaint and "standard output" in complaint


def test_the_repository_is_where_the_environment_says(timerose, tmp_path):
    timerose("id")
    assert (timerose.repository.stat().st_mode & 0o777) == 0o700
    environment = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    subprocess.run([BINARY, "id"], env=environment, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "data/timerose/identity.key").exists()
    del environment["XDG_DATA_HOME"]
    subprocess.run([BINARY, "id"], env=environment, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / ".local/share/timerose/identity.key").exists()
    elsewhere = tmp_path / "elsewhere"
    timerose("--repo-dir", str(elsewhere), "id")
    assert (elsewhere / "identity.key").exists()


def test_a_repository_path_that_is_a_file_is_refused(timerose):
    timerose.repository.write_text("not a folder")
    assert "TIMEROSE_PATH" in timerose.complaint("id")
