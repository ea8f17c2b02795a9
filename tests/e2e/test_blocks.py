"""block, dag, pin, repo, cid: data below files."""

import json

from dag_bytes import DAG_CBOR, RAW, car, cbor_list_of_links, cid_bytes, cid_of, cid_text


def test_a_block_is_put_read_counted_and_removed(timerose):
    cid = timerose.text("block", "put", stdin=b"some bytes")
    assert cid == cid_of(RAW, b"some bytes")
    assert timerose("block", "get", cid).stdout == b"some bytes"
    assert timerose.lines("block", "stat", cid) == [f"Key: {cid}", "Size: 10"]
    assert timerose.text("block", "rm", cid) == f"removed {cid}"
    timerose.complaint("block", "get", cid)
    timerose.complaint("block", "rm", cid)
    timerose("block", "rm", "-f", "-q", cid)


def test_a_pinned_block_is_not_removed(timerose):
    cid = timerose.text("block", "put", "--pin", stdin=b"kept")
    assert "pin rm" in timerose.complaint("block", "rm", cid)
    assert timerose("block", "get", cid).stdout == b"kept"


def test_blocks_have_codecs_and_hashes(timerose):
    cid = timerose.text("block", "put", "--codec", "dag-cbor", "--hash", "blake3", stdin=b"\xa0")
    assert timerose.text("cid", "format", "-f", "%P", cid) == "cidv1-dag-cbor-blake3-32"
    assert timerose.text("dag", "get", cid) == "{}"


def test_values_are_stored_and_read_by_path(timerose):
    leaf = timerose.text("dag", "put", stdin=b'{"deep":[1,2,{"x":"y"}]}')
    root = timerose.text("dag", "put", stdin=b'{"child":{"/":"%s"},"n":1}' % leaf.encode())
    assert timerose.text("dag", "get", root) == '{"child":{"/":"%s"},"n":1}' % leaf
    assert timerose.text("dag", "get", f"{root}/child/deep/2") == '{"x":"y"}'
    assert timerose.text("dag", "resolve", f"{root}/child/deep/2") == f"{leaf}/deep/2"
    assert timerose.text("dag", "resolve", f"{root}/child") == leaf
    assert timerose("dag", "get", "--output-codec", "dag-cbor", f"{root}/n").stdout == b"\x01"
    assert "no" in timerose.complaint("dag", "get", f"{root}/nothing")


def test_codecs_are_converted(timerose):
    as_json = timerose.text(
        "dag", "put", "--input-codec", "dag-cbor", "--store-codec", "dag-json", stdin=b"\xa1\x61a\x01"
    )
    assert timerose("block", "get", as_json).stdout == b'{"a":1}'
    assert timerose("dag", "get", "--output-codec", "dag-cbor", as_json).stdout == b"\xa1\x61a\x01"


def test_a_file_is_seen_as_dag_pb(timerose):
    cid = timerose.text("add", "--profile", "unixfs-v0-2015", stdin=b"hello\n")
    value = json.loads(timerose.text("dag", "get", cid))
    assert value["Links"] == []
    assert value["Data"]["/"]["bytes"] == "CAISBmhlbGxvChgG"


def test_dags_travel_as_car(timerose, tmp_path):
    content = bytes(3 << 20)
    cid = timerose.text("add", "--chunker", "size-65536", stdin=content)
    archive = timerose("dag", "export", cid).stdout
    blocks, size = 2, 65536  # all the zeros are one leaf
    assert timerose.text("dag", "stat", cid).startswith(f"{cid}\tBlocks: {blocks}\tSize: ")
    timerose("pin", "rm", cid)
    timerose("repo", "gc", "-q")
    timerose.complaint("cat", cid)
    assert timerose.lines("dag", "import", "--stats", stdin=archive) == [
        f"Pinned root\t{cid}\tsuccess",
        f"Imported {blocks} blocks ({len(timerose('block', 'get', cid).stdout) + size} bytes)",
    ]
    assert timerose("cat", cid).stdout == content
    assert timerose("dag", "export", cid).stdout == archive


def test_pins_are_listed_with_how_and_why(timerose):
    root = timerose.text("add", "--chunker", "size-1", "--pin-name", "ab", stdin=b"ab")
    a = cid_of(RAW, b"a")
    timerose("pin", "add", "-r=false", "-n=letter", cid_of(RAW, b"b"))
    assert timerose.lines("pin", "ls", "--type", "direct", "--names") == [
        f"{cid_of(RAW, b'b')} direct letter"
    ]
    assert timerose.text("pin", "ls", a) == f"{a} indirect through {root}"
    assert sorted(timerose.lines("pin", "ls")) == sorted(
        [f"{root} recursive", f"{a} indirect", f"{cid_of(RAW, b'b')} direct"]
    )
    assert timerose.lines("pin", "ls", "--name", "ab") == [f"{root} recursive ab"]
    assert timerose.lines("pin", "ls", "-q", "-t", "recursive") == [root]
    timerose("pin", "rm", root)
    timerose.complaint("pin", "rm", root)
    timerose.complaint("pin", "ls", root)


def test_collection_removes_what_is_not_reached(timerose):
    kept = timerose.text("add", stdin=b"kept")
    lost = timerose.text("block", "put", stdin=b"lost")
    lines = timerose.lines("repo", "gc")
    assert lines[0] == f"removed {lost}"
    assert lines[-1].startswith("removed 1 blocks (4 B), kept 1")
    assert timerose("cat", kept).stdout == b"kept"


def test_the_repository_is_counted_and_verified(timerose):
    timerose("add", stdin=b"12345")
    stat = dict(line.split(":", 1) for line in timerose.lines("repo", "stat"))
    assert stat["NumObjects"].strip() == "1"
    assert stat["BlockBytes"].strip() == "5"
    assert stat["RepoPath"].strip() == str(timerose.repository)
    assert "1 blocks" in timerose.text("repo", "verify")


def test_cids_are_converted(timerose):
    v0 = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR"
    v1 = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
    assert timerose.text("cid", "base32", v0) == v1
    assert timerose.text("cid", "format", "-v", "0", v1) == v0
    assert timerose.lines("cid", "format", "-f", "%c %v", stdin=f"{v0}\n{v1}\n".encode()) == [
        "dag-pb cidv0",
        "dag-pb cidv1",
    ]
    assert timerose.text("cid", "format", "-b", "base58btc", v1).startswith("z")
    assert "base32" in timerose.lines("cid", "bases")
    assert "dag-cbor" in timerose.lines("cid", "codecs")
    assert "18\tsha2-256" in timerose.lines("cid", "hashes", "-n")
    assert not timerose.repository.exists(), "cid commands need no repository"


def test_a_partial_dag_is_imported_only_without_a_pin(timerose):
    leaf = cid_bytes(RAW, b"leaf")
    data = cbor_list_of_links(leaf)
    root = cid_bytes(DAG_CBOR, data)
    archive = car([root], [(root, data)])
    complaint = timerose.complaint("dag", "import", stdin=archive)
    assert cid_text(leaf) in complaint and "--pin-roots=false" in complaint
    timerose("dag", "import", "--pin-roots=false", stdin=archive)
    assert timerose("block", "get", cid_text(root)).stdout == data
