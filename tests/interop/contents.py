"""What is exchanged: made from a seed, so that no two rows of the table share a block."""

import hashlib
import os
import pathlib
import random
import sys
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import dag_bytes  # noqa: E402

FULL = os.environ.get("INTEROP_FULL") == "1"
MIB = 1 << 20
FILE_BYTES = 1024 * MIB if FULL else 64 * MIB
DIRECTORY_ENTRIES = 10_000
# Entries beyond these repeat the content of earlier ones.
DIRECTORY_CONTENTS = 10_000 if FULL else 250
# A peer on boxo holds each lone want back for 20 ms.
CHAIN_BLOCKS = 5_000 if FULL else 100
BLOCK_BYTES = 200_000


@dataclass
class Content:
    """A file, a folder or a CAR archive."""

    kind: str
    path: pathlib.Path
    bytes: int  # of the files, or of the blocks of the archive
    blocks: dict = field(default_factory=dict)  # of an archive: data by CID
    root: str = ""  # of an archive

    @property
    def is_archive(self):
        return bool(self.blocks)

    def digest(self):
        return digest_of(self.path).hex()


def make(kind, folder, seed):
    return MAKERS[kind](kind, pathlib.Path(folder), random.Random(seed))


def make_file(kind, folder, chance):
    path = folder / "file"
    with open(path, "wb") as out:
        for _ in range(FILE_BYTES // MIB):
            out.write(chance.randbytes(MIB))
    return Content(kind, path, FILE_BYTES)


def make_directory(kind, folder, chance):
    path = folder / "directory"
    path.mkdir()
    salt = chance.randbytes(16).hex()
    total = 0
    for i in range(DIRECTORY_ENTRIES):
        text = f"{salt} {i % DIRECTORY_CONTENTS}\n".encode()
        (path / f"an entry with the number {i:05}").write_bytes(text)
        total += len(text)
    return Content(kind, path, total)


def make_block(kind, folder, chance):
    return archive(kind, folder, [(dag_bytes.RAW, chance.randbytes(BLOCK_BYTES))])


def make_chain(kind, folder, chance):
    """Each block links to the one before: none can be asked for before its parent has come."""
    blocks = [(dag_bytes.DAG_CBOR, cbor_bytes(chance.randbytes(16)))]
    for _ in range(CHAIN_BLOCKS - 1):
        blocks.append((dag_bytes.DAG_CBOR, dag_bytes.cbor_list_of_links(dag_bytes.cid_bytes(*blocks[-1]))))
    return archive(kind, folder, blocks[::-1])


def make_cbor(kind, folder, chance):
    """A map of lists of links to DAG-CBOR, which links to raw blocks."""
    leaves = [(dag_bytes.RAW, chance.randbytes(1000)) for _ in range(200)]
    middle = [
        (dag_bytes.DAG_CBOR, dag_bytes.cbor_list_of_links(*(dag_bytes.cid_bytes(*leaf) for leaf in leaves[i : i + 20])))
        for i in range(0, len(leaves), 20)
    ]
    links = dag_bytes.cbor_list_of_links(*(dag_bytes.cid_bytes(*block) for block in middle))
    root = (dag_bytes.DAG_CBOR, b"\xa2\x61a" + cbor_bytes(b"data") + b"\x65links" + links)
    return archive(kind, folder, [root, *middle, *leaves])


MAKERS = {
    "block": make_block,
    "file": make_file,
    "directory": make_directory,
    "chain": make_chain,
    "dag-cbor": make_cbor,
}


def cbor_bytes(data):
    assert len(data) < 24
    return bytes([0x40 + len(data)]) + data


def archive(kind, folder, blocks):
    sections = [(dag_bytes.cid_bytes(codec, data), data) for codec, data in blocks]
    path = folder / f"{kind}.car"
    path.write_bytes(dag_bytes.car([sections[0][0]], sections))
    by_cid = {dag_bytes.cid_text(cid): data for cid, data in sections}
    return Content(kind, path, sum(map(len, by_cid.values())), by_cid, dag_bytes.cid_text(sections[0][0]))


def block_sizes(archive_path):
    """The sizes of the blocks of a CARv1 whose CIDs are of SHA-256."""
    sizes = {}
    data = memoryview(archive_path.read_bytes())
    length, at = read_varint(data, 0)
    at += length
    while at < len(data):
        length, at = read_varint(data, at)
        start = 0 if bytes(data[at : at + 2]) == b"\x12\x20" else 2  # CIDv1: the version and a codec of one byte
        cid_length = start + 34
        sizes[bytes(data[at : at + cid_length])] = length - cid_length
        at += length
    return list(sizes.values())


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def digest_of(path):
    """As the peers' command `digest` has it: of a file its SHA-256, of a folder that of its entries."""
    if path.is_file():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    total = hashlib.sha256()
    for entry in sorted(path.iterdir(), key=lambda p: p.name.encode()):
        total.update(entry.name.encode() + b"\0" + digest_of(entry))
    return total.digest()
