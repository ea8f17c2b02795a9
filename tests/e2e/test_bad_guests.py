"""Guests that do wrong, and what is no guest at all."""

import json

import pytest


@pytest.mark.parametrize(
    "content, found",
    [
        (b"", "empty"),
        (b"just some text\n", "text"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "ELF"),
        (b"\0asm\x01\0\0\0\xff\xff", ""),
        (b"\0asm\x0d\0\x01\0", "component"),
    ],
)
def test_what_is_not_webassembly_is_not_runnable(timerose, content, found):
    (timerose.folder / "module").write_bytes(content)
    complaint = timerose.complaint("run", "module", code=126)
    assert "WebAssembly" in complaint and found in complaint


def test_a_folder_is_not_runnable(timerose):
    (timerose.folder / "d").mkdir()
    timerose.complaint("run", "d", code=126)


def test_an_unknown_import_is_named(timerose, guests):
    complaint = timerose.complaint("run", guests("unknown_import"), code=126)
    assert "nowhere" in complaint and "no_such_function" in complaint


def test_a_function_that_is_not_there(timerose):
    assert "missing.wasm" in timerose.complaint("run", "missing.wasm", code=127)
    cid = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
    assert cid in timerose.complaint("run", cid, code=127)


def test_data_that_is_not_there(timerose, guests):
    cid = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"
    assert "no-such-file" in timerose.complaint(
        "run", "--input", "no-such-file", guests("cat"), code=127
    )
    assert cid in timerose.complaint("run", "--input", cid, guests("cat"), code=127)
    # A call that lacked data is not remembered: once the data is there, it runs.
    timerose("add", stdin=b"hello\n")
    assert timerose("run", "--input", cid, guests("cat")).stdout == b"hello\n"


def test_a_guest_that_loops_for_ever_is_stopped_by_its_fuel(timerose, guests):
    complaint = timerose.complaint("run", "--fuel", "1000000", guests("loop"), code=124)
    assert "fuel" in complaint
    # It is remembered that so little is not enough.
    assert "fuel" in timerose.complaint("run", "--fuel", "999999", guests("loop"), code=124)
    timerose.complaint("run", "--fuel", "2000000", guests("loop"), code=124)


def test_a_guest_that_loops_for_ever_is_stopped_by_its_deadline(timerose, guests):
    complaint = timerose.complaint("run", "--deadline", "200ms", guests("loop"), code=124)
    assert "200" in complaint or "deadline" in complaint


def test_a_guest_that_takes_memory_for_ever_gets_no_more(timerose, guests):
    answer = json.loads(
        timerose.text("run", "-o", "json", "--memory", "16MiB", guests("allocate"), code=9)
    )
    assert 15 << 20 < answer["memory_bytes_peak"] <= 16 << 20


def test_a_guest_that_writes_for_ever_is_told_that_there_is_no_room(timerose, guests):
    result = timerose("run", guests("write"), code=51)  # ENOSPC
    assert len(result.stdout) == 64 << 20


def test_a_guest_that_recurses_for_ever_is_stopped(timerose, guests):
    assert "stack" in timerose.complaint("run", guests("recurse"), code=134)


def test_a_guest_that_traps(timerose, guests):
    assert "unreachable" in timerose.complaint("run", guests("trap"), code=134)
    assert "unreachable" in timerose.complaint("run", guests("trap"), code=134)  # from the memo
    answer = json.loads(timerose.text("run", "-o", "json", guests("trap"), code=134))
    assert answer["trap"] == "unreachable" and answer["output"] is None
    assert answer["outcome"] is not None


def test_a_pointer_outside_of_memory_is_an_errno(timerose, guests):
    timerose("run", guests("outside"), code=21)  # EFAULT


@pytest.mark.parametrize(
    "options",
    [
        ["--mount", "data=x"],
        ["--mount", "/data"],
        ["--env", "NO_VALUE"],
        ["--memory", "lots"],
        ["--fuel", "-1"],
        ["--deadline", "soon"],
        ["--link", "other"],
        ["--output", "xml"],
    ],
)
def test_options_that_make_no_sense(timerose, guests, options):
    (timerose.folder / "x").write_bytes(b"")
    timerose.complaint("run", *options, guests("hello"), code=125)


def test_an_entry_that_the_module_does_not_export(timerose, guests):
    complaint = timerose.complaint("run", "--entry", "absent", guests("hello"), code=126)
    assert "absent" in complaint
