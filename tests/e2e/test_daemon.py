"""`timerose node`: the daemon of a repository, and commands carried out by it."""

import json
import os
import signal
import subprocess

import pytest

from conftest import BINARY
from nodes import Node, runs, running, wait_for


@pytest.fixture
def node(tmp_path):
    with running(tmp_path, "node") as (one,):
        yield one


def test_a_node_says_who_it_is_where_it_listens_and_that_it_is_ready(tmp_path):
    with running(tmp_path) as _:
        node = Node(tmp_path, "node")
        try:
            lines = node.start_node()
            assert lines[0] == f"PeerID: {node.peer_id()}"
            assert lines[-1] == "ready"
            assert any("/ip4/127.0.0.1/tcp/" in line and line.startswith("Address: ") for line in lines)
            assert not any("/ip4/0.0.0.0/" in line for line in lines)
        finally:
            assert node.end_node() == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path, how):
    node = Node(tmp_path, "node")
    node.start_node()
    cid = node.text("add", "-Q", stdin=b"kept")
    assert node.end_node(how) == 0
    assert not (node.repository / "node.sock").exists()
    assert node("cat", cid).stdout == b"kept"


def test_detached_it_runs_on_until_it_is_stopped(tmp_path):
    node = Node(tmp_path, "node")
    lines = node.lines("node", "start", "--detach")
    assert lines[-1] == "ready"
    try:
        status = dict(line.split(":", 1) for line in node.lines("node", "status"))
        process = int(status["Process"])
        assert runs(process)
        assert status["PeerID"].strip() == node.peer_id()
        assert (node.repository / "node.log").exists()
    finally:
        node("node", "stop")
    assert not runs(process), "stop returns once it has ended"
    assert "no node runs" in node.complaint("node", "status")
    assert "no node runs" in node.complaint("node", "stop")


def test_a_second_node_is_told_who_has_the_repository(node):
    complaint = node.complaint("node", "start")
    assert f"process {node.process.pid}" in complaint
    assert f"process {node.process.pid}" in node.complaint("node", "start", "--detach")


def test_the_socket_of_a_killed_node_is_replaced(node):
    node.process.kill()
    node.process.wait()
    assert (node.repository / "node.sock").exists()
    cid = node.text("add", "-Q", stdin=b"without a node")
    node.start_node()
    assert node("cat", cid).stdout == b"without a node"
    assert node.end_node() == 0


def test_it_listens_only_where_it_is_told_and_says_why_it_cannot(tmp_path):
    node = Node(tmp_path, "node", {"Addresses.Listen": "/ip4/192.0.2.1/tcp/0"})
    assert "/ip4/192.0.2.1/tcp/0" in node.complaint("node", "start")
    assert "multiaddr" in node.complaint("config", "set", "Addresses.Listen", "localhost:4001")


def test_commands_through_it_do_what_they_do_without(node, guests):
    assert node("add", "-Q", "--pin=false", stdin=b"hello").stdout
    (node.folder / "book.txt").write_bytes(b"a book\n" * 1000)
    cid = node.text("add", "-Q", "book.txt")
    assert node("cat", cid).stdout == b"a book\n" * 1000
    node("get", "-o", "copy.txt", cid)
    assert (node.folder / "copy.txt").read_bytes() == b"a book\n" * 1000
    assert node.text("dag", "put", stdin=b'{"a":1}').startswith("baf")
    assert cid in node.text("pin", "ls")
    assert "NumObjects" in node.text("repo", "stat")
    assert "there is no command" in node.complaint("frobnicate", code=2)
    assert "neither a CID" in node.complaint("run", "nothing-here", code=127)
    archive = node("dag", "export", cid).stdout
    assert node("dag", "import", stdin=archive).returncode == 0
    node("repo", "verify")
    node("repo", "gc")


def test_a_guest_runs_in_it_with_the_exit_code_and_streams_of_a_command(node, guests):
    module = node.text("add", "-Q", guests("exit7"))
    direct = subprocess.run([BINARY, "run", module], capture_output=True, env=node.environment())
    node.end_node()
    without = subprocess.run([BINARY, "run", "--no-memo", module], capture_output=True, env=node.environment())
    assert (direct.returncode, direct.stdout, direct.stderr) == (
        without.returncode,
        without.stdout,
        without.stderr,
    )


def test_files_are_made_with_the_mask_of_the_client(node):
    cid = node.text("add", "-Q", stdin=b"secret")
    subprocess.run(
        ["sh", "-c", f"umask 077; exec {BINARY} get -o mine {cid}"],
        cwd=node.folder,
        env=node.environment(),
        check=True,
        capture_output=True,
    )
    assert (node.folder / "mine").stat().st_mode & 0o777 == 0o600


def test_commands_run_beside_each_other_each_in_its_own_folder(node):
    folders = []
    for i in range(16):
        folder = node.folder / str(i)
        folder.mkdir()
        (folder / "name.txt").write_text(f"content {i}")
        folders.append(folder)
    started = [
        subprocess.Popen(
            [BINARY, "add", "-Q", "name.txt"], cwd=folder, env=node.environment(), stdout=subprocess.PIPE
        )
        for folder in folders
    ]
    for i, process in enumerate(started):
        cid = process.communicate()[0].decode().strip()
        assert process.returncode == 0
        assert node("cat", cid).stdout == f"content {i}".encode()


def test_a_killed_client_cancels_its_command(node):
    reader, writer = os.pipe()
    client = node.start("add", stdin=reader, stdout=subprocess.DEVNULL)
    os.close(reader)
    os.write(writer, b"x")
    wait_for(lambda: "Commands:   1" in node.text("node", "status"), "the command runs")
    client.kill()
    client.wait()
    wait_for(lambda: "Commands:   0" in node.text("node", "status"), "the command is cancelled")
    os.close(writer)


def test_a_killed_client_ends_its_guest(node, guests):
    module = node.text("add", "-Q", guests("loop"))
    client = node.start("run", module)
    wait_for(lambda: "Commands:   1" in node.text("node", "status"), "the guest runs")
    client.send_signal(signal.SIGINT)
    assert client.wait(30) == -signal.SIGINT
    wait_for(lambda: "Commands:   0" in node.text("node", "status"), "the guest has ended")


AS_A_JOB = ["--require", "cores>=1"]


@pytest.mark.parametrize("options", [[], AS_A_JOB])
def test_a_reader_that_stops_early_ends_the_guest_quietly(node, guests, options):
    client = node.start("run", *options, guests("chatter"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert len(client.stdout.read(1)) == 1
    client.stdout.close()
    assert client.wait(30) == -signal.SIGPIPE
    assert client.stderr.read() == b""
    wait_for(lambda: "Commands:   0" in node.text("node", "status"), "the guest has ended")


@pytest.mark.parametrize("options", [[], AS_A_JOB])
def test_an_output_of_a_guest_that_is_full_is_a_failure(node, guests, options):
    with open("/dev/full", "wb") as full:
        client = node.start("run", *options, guests("hello"), stdout=full, stderr=subprocess.PIPE)
        complaint = client.stderr.read().decode()
        assert client.wait(30) == 125
    assert "No space left" in complaint and "standard output" in complaint


def test_a_killed_client_ends_the_guest_that_it_reruns(node, guests):
    ended = json.loads(node.text("run", "-o", "json", node.text("add", "-Q", guests("hello"))))
    call = json.loads(node.text("dag", "get", ended["invocation"]))
    call["module"] = {"/": node.text("add", "-Q", guests("loop"))}
    endless = node.text("dag", "put", stdin=json.dumps(call).encode())
    client = node.start("rerun", "--fuel", "1000000000000000", endless)
    wait_for(lambda: "Commands:   1" in node.text("node", "status"), "the guest runs")
    client.kill()
    client.wait()
    wait_for(lambda: "Commands:   0" in node.text("node", "status"), "the guest has ended")


def test_a_killed_client_ends_its_guest_that_waits_for_content(node, guests):
    module = node.text("add", "-Q", guests("cat"))
    missing = node.text("add", "-nQ", stdin=b"nobody has this")
    client = node.start("run", module, "--input", missing)
    wait_for(lambda: missing in node.text("bitswap", "wantlist"), "the guest waits")
    client.kill()
    client.wait()
    wait_for(lambda: "Commands:   0" in node.text("node", "status"), "the guest has ended")
    assert missing not in node.text("bitswap", "wantlist")


def test_stopping_cancels_the_commands_that_run(node):
    reader, writer = os.pipe()
    client = node.start("add", stdin=reader, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.close(reader)
    wait_for(lambda: "Commands:   1" in node.text("node", "status"), "the command runs")
    node("node", "stop")
    _, complaint = client.communicate()
    os.close(writer)
    assert client.returncode == 1
    assert b"cancelled" in complaint
    assert node.process.wait() == 0


def test_a_reader_that_stops_early_ends_the_command_quietly(node):
    cid = node.text("add", "-Q", stdin=os.urandom(8 << 20))
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {BINARY} cat {cid} | head -c 10"],
        cwd=node.folder,
        env=node.environment(),
        capture_output=True,
    )
    assert len(result.stdout) == 10
    assert result.stderr == b""
    assert result.returncode == 128 + signal.SIGPIPE


def test_standard_input_by_its_path_is_the_clients(node):
    assert node("add", "-Q", "/dev/stdin", stdin=b"by path").stdout == node("add", "-Q", stdin=b"by path").stdout


def test_one_command_too_many_is_refused(node):
    reader, writer = os.pipe()
    clients = []

    # Some may be refused themselves, while it is asked for its status.
    def is_full():
        clients.extend(node.start("add", stdin=reader, stdout=subprocess.DEVNULL) for _ in range(8))
        return b"64 commands already" in Run(node, "node", "status").stderr

    try:
        wait_for(is_full, "the limit is reached")
    finally:
        os.close(reader)
        for client in clients:
            client.kill()
            client.wait()
        os.close(writer)
    wait_for(lambda: Run(node, "node", "status").returncode == 0, "there is room again")


def Run(node, *args):
    return subprocess.run([BINARY, *args], env=node.environment(), capture_output=True)
