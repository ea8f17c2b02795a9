"""name publish|resolve|inspect and /ipns/ paths, without a network."""

import pathlib

import pytest

RECORDS = pathlib.Path(__file__).resolve().parents[2] / "src/names/testdata"
# The name of the key of seed 01..01, by which the test data was signed.
NAME = "k51qzi5uqu5djmw2yvf8kk5cdjc1ddc00o4d5sjwi6f79xzcay9j3gkddw5uu4"


def publish(timerose, *args):
    return timerose.text("name", "publish", "--allow-offline", *args)


@pytest.fixture
def folder(timerose):
    (timerose.folder / "dir").mkdir()
    (timerose.folder / "dir/readme.txt").write_bytes(b"read me\n")
    return timerose.text("add", "-Qr", "dir")


def test_a_name_stands_for_what_was_published(timerose, folder):
    name = timerose.text("key", "gen", "releases")
    assert publish(timerose, "--key=releases", folder) == f"Published to {name}: /ipfs/{folder}"
    assert timerose.text("name", "resolve", name) == f"/ipfs/{folder}"
    assert timerose.text("name", "resolve", f"/ipns/{name}/readme.txt") == f"/ipfs/{folder}/readme.txt"
    assert timerose.text("cat", f"/ipns/{name}/readme.txt") == "read me"
    assert timerose.text("cat", f"ipns://{name}/readme.txt") == "read me"
    assert timerose.text("ls", f"/ipns/{name}").endswith("readme.txt")
    timerose("get", f"/ipns/{name}/readme.txt")
    assert (timerose.folder / "readme.txt").read_bytes() == b"read me\n"


def test_a_name_may_be_written_in_every_form(timerose, folder):
    peer = timerose.text("id", "-f", "<id>")
    name = publish(timerose, "-Q", f"/ipfs/{folder}")
    assert name.startswith("k51")
    base32 = timerose.text("cid", "format", "-b", "base32", name)
    for form in (peer, name, base32, ""):
        assert timerose.text("name", "resolve", *([form] if form else [])) == f"/ipfs/{folder}"


def test_a_name_may_stand_for_a_name(timerose, folder):
    first = timerose.text("key", "gen", "first")
    second = timerose.text("key", "gen", "second")
    publish(timerose, "-k", "first", folder)
    publish(timerose, "-k", "second", f"/ipns/{first}/readme.txt")
    assert timerose.text("name", "resolve", second) == f"/ipfs/{folder}/readme.txt"
    assert timerose.text("name", "resolve", "--recursive=false", second) == f"/ipns/{first}/readme.txt"
    assert timerose.text("cat", f"/ipns/{second}") == "read me"


def test_a_circle_of_names_ends(timerose):
    first = timerose.text("key", "gen", "first")
    second = timerose.text("key", "gen", "second")
    publish(timerose, "-k", "first", "--resolve=false", f"/ipns/{second}")
    publish(timerose, "-k", "second", "--resolve=false", f"/ipns/{first}")
    assert "32" in timerose.complaint("name", "resolve", first)


def test_a_change_is_seen_at_once_where_it_was_made(timerose, folder):
    name = publish(timerose, "-Q", folder)
    other = timerose.text("add", "-Q", stdin=b"other\n")
    publish(timerose, other)
    assert timerose.text("name", "resolve", name) == f"/ipfs/{other}"


def test_publishing_without_a_node_says_what_to_do(timerose, folder):
    assert "--allow-offline" in timerose.complaint("name", "publish", folder)
    assert "node start" in timerose.complaint("name", "resolve")


@pytest.mark.parametrize("path", ["nothing", "/ipfs/nothing", "/ipns/nothing", "/ipns/"])
def test_what_is_no_path_is_not_published(timerose, path):
    timerose.complaint("name", "publish", "--allow-offline", path)


def test_a_path_that_leads_nowhere_is_not_published(timerose, folder):
    complaint = timerose.complaint("name", "publish", "--allow-offline", f"{folder}/absent")
    assert "absent" in complaint
    publish(timerose, "--resolve=false", f"{folder}/absent")


def test_a_key_that_is_not_there_is_named(timerose, folder):
    assert "key list" in timerose.complaint("name", "publish", "-k", "absent", folder)


def test_a_record_is_shown_and_checked(timerose):
    record = (RECORDS / "v1_v2.ipns-record").read_bytes()
    shown = timerose.text("name", "inspect", "-", stdin=record)
    assert 'Value:         "/ipfs/bafkqaddwgevxmmraojswg33smq"' in shown
    assert "Validity:      2126-11-21T12:00:00.123456789Z" in shown
    assert "Sequence:      7" in shown
    assert "not validated" in shown
    assert "Valid:     true" in timerose.text("name", "inspect", f"--verify={NAME}", "-", stdin=record)


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("broken_signature_v2", "signature"),
        ("other_v1_value", "value"),
        ("expired", "expired"),
        ("other_embedded_key", "holds the key"),
    ],
)
def test_a_bad_record_fails_and_says_why(timerose, kind, reason):
    shown = timerose.text(
        "name", "inspect", f"--verify={NAME}", str(RECORDS / f"{kind}.ipns-record"), code=1
    )
    assert "Valid:     false" in shown
    assert reason in shown.split("Reason:")[1]


def test_bytes_that_are_no_record_are_refused(timerose):
    assert "IPNS record" in timerose.complaint("name", "inspect", "-", stdin=b"\xff" * 100)
    timerose.complaint("name", "inspect", "-", stdin=b"x" * 20000)
