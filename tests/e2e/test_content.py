"""add, cat, get, ls: content in and out again."""

import os
import tempfile

import pytest

HELLO_V1 = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"  # "hello\n", raw
HELLO_V0 = "QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN"
EMPTY_V1 = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
EMPTY_V0 = "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"
EMPTY_FOLDER_V0 = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn"


def write(timerose, name, content):
    path = timerose.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def tree(folder):
    """Everything below a folder: path -> content, None for a folder, link target as text."""
    folder = os.fsencode(folder)
    found = {}
    for at, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(at, name)
            relative = os.path.relpath(path, folder)
            if os.path.islink(path):
                found[relative] = os.readlink(path).decode()
            else:
                found[relative] = open(path, "rb").read() if os.path.isfile(path) else None
    return found


def test_add_prints_the_cid_alone(timerose):
    write(timerose, "book.txt", b"hello\n")
    assert timerose("add", "book.txt").stdout.decode() == HELLO_V1 + "\n"
    assert timerose("cat", HELLO_V1).stdout == b"hello\n"


def test_cids_are_kubos_for_the_same_options(timerose):
    write(timerose, "f", b"hello\n")
    assert timerose.text("add", "--profile", "unixfs-v0-2015", "f") == HELLO_V0
    assert timerose.text("add", "--cid-version", "0", "f") == HELLO_V0
    assert timerose.text("add", "--cid-version=1", "f") == HELLO_V1
    assert timerose.text("add", "--raw-leaves=false", "f") == timerose.text(
        "cid", "format", "-v", "1", HELLO_V0
    )
    (timerose.folder / "empty").mkdir()
    assert timerose.text("add", "-r", "--profile", "unixfs-v0-2015", "empty") == EMPTY_FOLDER_V0


def test_a_file_of_0_bytes(timerose):
    write(timerose, "nothing", b"")
    assert timerose.text("add", "nothing") == EMPTY_V1
    assert timerose.text("add", "--profile", "unixfs-v0-2015", "nothing") == EMPTY_V0
    for cid in (EMPTY_V1, EMPTY_V0):
        assert timerose("cat", cid).stdout == b""
        timerose("get", "-o", cid, cid)
        assert (timerose.folder / cid).read_bytes() == b""


def test_standard_input_is_added(timerose):
    assert timerose.text("add", stdin=b"hello\n") == HELLO_V1
    assert timerose.text("add", "-", stdin=b"hello\n") == HELLO_V1
    wrapped = timerose.text("add", "-Q", "-w", "--stdin-name", "greeting", stdin=b"hello\n")
    assert timerose("cat", wrapped + "/greeting").stdout == b"hello\n"


def test_many_chunks_come_back(timerose):
    content = os.urandom(5 * (1 << 20) + 17)
    for options in ([], ["--chunker", "size-4096"], ["--profile", "fan-2021"]):
        cid = timerose.text("add", *options, stdin=content)
        assert timerose("cat", cid).stdout == content
        assert timerose("cat", "--offset", "4095", "--length", "2", cid).stdout == content[4095:4097]
        assert timerose("cat", "--offset", "5MiB", cid).stdout == content[5 << 20 :]
        assert timerose("cat", "--offset", "6MiB", cid).stdout == b""


def test_several_files_are_named_and_read_as_one(timerose):
    write(timerose, "a", b"12345")
    write(timerose, "b", b"67890")
    lines = timerose.lines("add", "a", "b")
    assert [line.split()[0] for line in lines] == ["added", "added"]
    a, b = (line.split()[1] for line in lines)
    assert [line.split()[2] for line in lines] == ["a", "b"]
    assert timerose.lines("add", "-Q", "a", "b") == [a, b]
    assert timerose("cat", a, b).stdout == b"1234567890"
    assert timerose("cat", "-o", "3", "-l", "4", a, b).stdout == b"4567"


def test_a_folder_is_added_entry_by_entry(timerose):
    write(timerose, "d/sub/x", b"x")
    write(timerose, "d/y", b"y")
    write(timerose, "d/.hidden", b"h")
    lines = timerose.lines("add", "-r", "d")
    assert [line.split()[-1] for line in lines[:-1]] == ["d/sub/x", "d/sub", "d/y"]
    root = lines[-1]
    assert timerose.text("add", "-r", "-Q", "d/") == root
    assert timerose.lines("add", "-rq", "d")[-1] == root
    assert timerose("cat", f"{root}/sub/x", f"/ipfs/{root}/y").stdout == b"xy"
    assert timerose.lines("ls", root)[0].endswith(" sub/")
    assert timerose.lines("ls", "-l", "--headers", root)[0] == "Hash Size Name"
    assert timerose.lines("ls", "-l", root)[1].split()[1:] == ["1", "y"]
    with_hidden = timerose.text("add", "-rQH", "d")
    assert with_hidden != root
    timerose("get", with_hidden, "-o", "out")
    assert tree(timerose.folder / "out") == tree(timerose.folder / "d")


def test_a_folder_needs_r(timerose):
    (timerose.folder / "d").mkdir()
    assert "-r" in timerose.complaint("add", "d")


def test_wrapping_gives_names_to_what_is_added(timerose):
    write(timerose, "a", b"A")
    write(timerose, "b", b"B")
    root = timerose.text("add", "-w", "-Q", "a", "b")
    assert [line.split()[1] for line in timerose.lines("ls", root)] == ["a", "b"]


def test_symbolic_links_stay_links(timerose):
    write(timerose, "d/x", b"x")
    os.symlink("x", timerose.folder / "d/link")
    os.symlink("nowhere", timerose.folder / "d/dangling")
    root = timerose.text("add", "-rQ", "d")
    timerose("get", root, "-o", "out")
    assert tree(timerose.folder / "out") == tree(timerose.folder / "d")
    os.symlink("d/x", timerose.folder / "l")
    assert timerose.text("add", "--dereference-args", "l") == timerose.text("add", "d/x")
    assert timerose.text("add", "l") != timerose.text("add", "d/x")


def test_names_may_hold_every_byte(timerose):
    folder = os.fsencode(timerose.folder / "d")
    os.mkdir(folder)
    for byte in set(range(1, 256)) - {ord("/")}:
        with open(os.path.join(folder, b"n" + bytes([byte])), "wb") as file:
            file.write(bytes([byte]))
    for name in (b"-", b"--", b"-r", b"[a,b]", b"{}", b"%%", b" ", b"*"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(name)
    root = timerose.text("add", "-rQ", "d")
    timerose("get", root, "-o", "out")
    assert tree(timerose.folder / "out") == tree(timerose.folder / "d")
    for name in (b"n\n", b"n\xff", b"[a,b]", b"n%", b" ", b"-r"):
        path = root.encode() + b"/" + name
        assert timerose("cat", path).stdout == (name[1:] if name[:1] == b"n" else name)


@pytest.mark.parametrize("name", ["[a,b]", "{}", "%%", " ", "a b", "Ünï", "--", "-r"])
def test_arguments_are_names_exactly_as_typed(timerose, name):
    write(timerose, name, name.encode())
    cid = timerose.text("add", "--", name)
    assert timerose("cat", cid).stdout == name.encode()


def test_only_hash_stores_nothing(timerose):
    write(timerose, "f", b"hello\n")
    assert timerose.text("add", "--only-hash", "f") == HELLO_V1
    assert timerose.text("add", "-n", "f") == HELLO_V1
    timerose.complaint("block", "stat", HELLO_V1)


def test_what_was_added_is_pinned_unless_told_otherwise(timerose):
    kept = timerose.text("add", "--pin-name", "greeting", stdin=b"kept")
    lost = timerose.text("add", "--pin=false", stdin=b"lost")
    assert timerose.lines("pin", "ls", "--type=recursive", "--names") == [
        f"{kept} recursive greeting"
    ]
    timerose("repo", "gc", "-q")
    assert timerose("cat", kept).stdout == b"kept"
    timerose.complaint("cat", lost)


def test_get_replaces_nothing(timerose):
    cid = timerose.text("add", stdin=b"new")
    path = write(timerose, "precious", b"old")
    assert "exists" in timerose.complaint("get", "-o", "precious", cid)
    assert path.read_bytes() == b"old"
    os.symlink("precious", timerose.folder / "link")
    timerose.complaint("get", "-o", "link", cid)
    assert path.read_bytes() == b"old"


def test_what_is_no_file_is_refused_with_what_to_do(timerose):
    write(timerose, "d/x", b"x")
    root = timerose.text("add", "-rQ", "d")
    assert "timerose ls" in timerose.complaint("cat", root)
    assert "timerose cat" in timerose.complaint("ls", root + "/x")
    assert "No such file" in timerose.complaint("add", "missing")


def test_options_that_make_no_sense_are_refused(timerose):
    write(timerose, "f", b"x")
    for options in (
        ["--chunker", "rabin"],
        ["--chunker", "size-0"],
        ["--chunker", "size-3MiB"],
        ["--profile", "nonesuch"],
        ["--hash", "md5"],
        ["--hash", "sha2-512", "--cid-version", "0"],
    ):
        timerose.complaint("add", *options, "f")


@pytest.mark.slow
def test_a_directory_of_1000000_entries(timerose, guests):
    # In memory where the machine allows: a million files on a disk take minutes.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        handle = os.open(folder, os.O_RDONLY)
        for i in range(1_000_000):
            os.mknod(f"{i:07}", dir_fd=handle)
        os.close(handle)
        root = timerose.text("add", "-rQ", folder)
    assert timerose("ls", root).stdout.count(b"\n") == 1_000_000
    assert timerose("cat", root + "/0999999").stdout == b""
    assert "0999999x" in timerose.complaint("cat", root + "/0999999x")
