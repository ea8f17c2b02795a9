"""Bad input of the content commands: what was expected, what was found, what to do; nothing lost."""

import os

import pytest

from dag_bytes import DAG_CBOR, RAW, car, cbor_list_of_links, cid_bytes, cid_of, cid_text

GOOD = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        GOOD[:-1],
        GOOD[:20],
        GOOD + "aa",
        GOOD.replace("y", "1"),
        "Qm" + "1" * 44,
        "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMn0",
        "bafkqaaa=",
        # A version 1 whose codec is not in its shortest form.
        cid_text(b"\x01\xd5\x00\x12\x20" + bytes(32)),
        "/ipfs/",
        "/ipns/" + GOOD,
        GOOD + "//x",
    ],
)
def test_a_cid_that_is_none_is_refused(timerose, text):
    for command in (["cat"], ["block", "get"], ["dag", "get"], ["pin", "add"]):
        timerose.complaint(*command, "--", text)


def test_a_non_canonical_last_digit_is_refused(timerose):
    # The last digit of a base32 CID of 36 bytes has 2 unused bits.
    timerose("add", stdin=b"hello\n")
    last = "abcdefghijklmnopqrstuvwxyz234567".index(GOOD[-1])
    other = GOOD[:-1] + "abcdefghijklmnopqrstuvwxyz234567"[last ^ 1]
    timerose.complaint("cat", other)


def test_a_path_that_leads_nowhere_says_where_it_ends(timerose):
    (timerose.folder / "d").mkdir()
    (timerose.folder / "d/file").write_bytes(b"text")
    root = timerose.text("add", "-rQ", "d")
    complaint = timerose.complaint("cat", root + "/flie")
    assert "flie" in complaint and "file" in complaint.replace("flie", "")
    through = timerose.complaint("cat", root + "/file/deeper")
    assert "file" in through and "deeper" in through


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x18\x01",  # 1, not in its shortest form
        b"\xa2\x61b\x01\x61a\x02",  # keys not sorted
        b"\xa2\x61a\x01\x61a\x02",  # a key twice
        b"\x9f\xff",  # indefinite length
        b"\xfa\x3f\x80\x00\x00",  # a float of 32 bits
        b"\xf9\x7e\x00",  # NaN
        b"\xf7",  # undefined
        b"\xc1\x01",  # another tag
        b"\xd8\x2a\x41\x00",  # a link that is no CID
        b"\x61\xff",  # text that is not UTF-8
        b"\xa1\x01\x01",  # a key that is not text
        b"\x01\x01",  # bytes after the end
        b"\x82\x01",  # truncated
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",  # a length nobody has
        b"\x81" * 5000 + b"\x01",  # too deep
    ],
)
def test_dag_cbor_that_is_not_canonical_is_refused(timerose, data):
    complaint = timerose.complaint("dag", "put", "--input-codec", "dag-cbor", stdin=data)
    assert "dag-cbor" in complaint
    cid = timerose.text("block", "put", "--codec", "dag-cbor", stdin=data)
    timerose.complaint("dag", "get", cid)
    timerose.complaint("pin", "add", cid)


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":1}x', b'{"a":1,"a":2}', b'{"/":"x"}', b"nul"])
def test_dag_json_that_is_wrong_is_refused(timerose, data):
    timerose.complaint("dag", "put", stdin=data)


def test_a_block_of_another_format_than_its_codec_says(timerose):
    cid = timerose.text("block", "put", "--codec", "dag-pb", stdin=b"\xff\xff not protobuf")
    for command in (["cat"], ["ls"], ["get"], ["dag", "get"], ["dag", "export"]):
        timerose.complaint(*command, cid)


def test_a_block_over_the_limit_is_refused(timerose):
    timerose.complaint("block", "put", stdin=bytes(3 << 20))


def archive_of_three():
    leaves = [(cid_bytes(RAW, data), data) for data in (b"one", b"two")]
    data = cbor_list_of_links(*(cid for cid, _ in leaves))
    root = cid_bytes(DAG_CBOR, data)
    return root, [(root, data)] + leaves


def test_a_truncated_car_is_refused_at_every_byte(timerose):
    root, sections = archive_of_three()
    whole = car([root], sections)
    boundaries = {len(car([root], sections[:n])) for n in range(4)}
    for length in range(0, len(whole), 7):
        if length not in boundaries:
            timerose.complaint("dag", "import", stdin=whole[:length])


def test_a_car_with_a_damaged_block_is_refused(timerose):
    root, sections = archive_of_three()
    sections[2] = (sections[2][0], b"tvo")
    complaint = timerose.complaint("dag", "import", stdin=car([root], sections))
    assert sections[2] and cid_of(RAW, b"two") in complaint
    timerose.complaint("block", "get", cid_of(RAW, b"two"))


@pytest.mark.parametrize("data", [b"not a CAR", b"\x00", b"\x0a\xa1\x67version\x03", b"\xff" * 64])
def test_what_is_no_car_is_refused(timerose, data):
    timerose.complaint("dag", "import", stdin=data)


def test_a_missing_block_deep_in_a_dag_is_named(timerose):
    content = os.urandom(100_000)
    cid = timerose.text("add", "--chunker", "size-1000", "--pin=false", stdin=content)
    missing = cid_of(RAW, content[50_000:51_000])
    timerose("block", "rm", missing)
    assert missing in timerose.complaint("cat", cid)
    assert missing in timerose.complaint("pin", "add", cid)
    assert missing in timerose.complaint("dag", "export", cid)
    assert missing in timerose.complaint("dag", "stat", cid)
    # What does not need the block is still there.
    assert timerose("cat", "--length", "50000", cid).stdout == content[:50_000]


def test_collection_keeps_everything_if_pinned_content_has_a_hole(timerose):
    content = os.urandom(10_000)
    cid = timerose.text("add", "--chunker", "size-1000", stdin=content)
    loose = timerose.text("block", "put", stdin=b"loose")
    timerose("pin", "rm", cid)
    timerose("block", "rm", cid_of(RAW, content[:1000]))
    # Bring the pin back without the check that pin add makes.
    archive = timerose("dag", "export", cid, code=1)
    assert archive.stderr
    timerose("repo", "gc", "-q")
    timerose.complaint("block", "get", loose)


def damage(folder, found, replacement):
    """Replaces bytes in the files of a folder; they must be there."""
    times = 0
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if found in data:
                times += 1
                path.write_bytes(data.replace(found, replacement))
    assert times > 0, "the bytes to damage are not on disk"


def test_a_block_that_was_damaged_in_the_store_is_never_handed_out(timerose):
    marker = b"a sentence that is easily found on disk"
    content = marker + os.urandom(4 << 20)  # enough to be written to a blob file
    cid = timerose.text("add", "--chunker", "size-65536", stdin=content)
    other = timerose.text("add", stdin=b"another file")
    damage(timerose.repository / "blocks", marker, marker.replace(b"easily", b"barely"))
    complaint = timerose.complaint("cat", cid)
    assert cid_of(RAW, content[:65536]) in complaint
    assert timerose("cat", cid, code=1).stdout == b""
    timerose.complaint("repo", "verify")
    assert timerose("cat", other).stdout == b"another file"
    # The damaged block may go though it is pinned; adding the content again mends it.
    timerose("block", "rm", cid_of(RAW, content[:65536]))
    assert timerose.text("add", "--chunker", "size-65536", stdin=content) == cid
    assert timerose("cat", cid).stdout == content
    timerose("repo", "verify")
