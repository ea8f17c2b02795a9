"""Full disks, storage limits, and a second process."""

import contextlib
import os
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root; the storage limit tests cover the same path")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def check_nothing_was_lost(timerose, cid, content):
    assert timerose("cat", cid).stdout == content
    timerose("repo", "verify")
    assert cid in timerose.text("pin", "ls", "--type", "recursive")


def test_a_disk_that_fills_up_during_add(timerose, tmp_path):
    with small_disk(tmp_path / "disk", "24m") as disk:
        timerose.repository = disk / "repository"
        kept = timerose.text("add", stdin=b"kept")
        complaint = timerose.complaint("add", stdin=os.urandom(64 << 20))
        assert "space" in complaint
        assert timerose("add", "-Q", stdin=os.urandom(64 << 20), code=1).stdout == b""
        check_nothing_was_lost(timerose, kept, b"kept")


def test_a_disk_that_fills_up_during_run(timerose, tmp_path, guests):
    with small_disk(tmp_path / "disk", "24m") as disk:
        timerose.repository = disk / "repository"
        kept = timerose.text("add", stdin=b"kept")
        assert "space" in timerose.complaint("run", guests("write_file"), code=125)
        check_nothing_was_lost(timerose, kept, b"kept")
        assert timerose("run", guests("hello")).stdout == b"hello\n"


def test_a_storage_limit_that_is_reached_during_add(timerose):
    kept = timerose.text("add", stdin=b"kept")
    timerose("config", "set", "Storage.Limit", "8MiB")
    complaint = timerose.complaint("add", stdin=os.urandom(16 << 20))
    assert "limit" in complaint and "repo gc" in complaint
    check_nothing_was_lost(timerose, kept, b"kept")
    # Collection makes room again.
    timerose("repo", "gc", "-q")
    timerose("add", stdin=os.urandom(4 << 20))


def test_a_storage_limit_that_is_reached_during_run(timerose, guests):
    kept = timerose.text("add", stdin=b"kept")
    timerose("config", "set", "Storage.Limit", "8MiB")
    assert "limit" in timerose.complaint("run", guests("write_file"), code=125)
    check_nothing_was_lost(timerose, kept, b"kept")


def test_a_second_process_is_told_which_one_has_the_store(timerose):
    cid = timerose.text("add", stdin=bytes(8 << 20))
    first = timerose.start("cat", cid, stdout=subprocess.PIPE)
    assert first.stdout.read(1) == b"\0"  # it has the store open, and waits for us to read on
    complaint = timerose.complaint("add", stdin=b"more")
    assert str(first.pid) in complaint
    assert timerose.text("run", "--no-memo", cid, code=125) == ""
    assert len(timerose("cat", cid).stdout) == 8 << 20  # several may read
    timerose("id")  # needs no store
    assert len(first.stdout.read()) == (8 << 20) - 1
    assert first.wait(60) == 0
    timerose("add", stdin=b"more")


def test_a_process_that_was_killed_holds_nothing(timerose):
    cid = timerose.text("add", stdin=bytes(8 << 20))
    first = timerose.start("cat", cid, stdout=subprocess.PIPE)
    first.stdout.read(1)
    first.kill()
    first.wait(60)
    assert len(timerose("cat", cid).stdout) == 8 << 20


def test_a_repository_that_cannot_be_written(timerose):
    timerose("add", stdin=b"x")
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    timerose.repository.chmod(0o500)
    timerose.complaint("add", stdin=b"y")
    timerose.repository.chmod(0o700)
