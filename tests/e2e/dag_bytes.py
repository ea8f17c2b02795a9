"""CIDs and CAR archives by hand, so that broken ones can be made too."""

import base64
import hashlib

RAW, DAG_PB, DAG_CBOR = 0x55, 0x70, 0x71


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def cid_bytes(codec, data):
    return varint(1) + varint(codec) + b"\x12\x20" + hashlib.sha256(data).digest()


def cid_text(cid):
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def cid_of(codec, data):
    return cid_text(cid_bytes(codec, data))


def cbor_link(cid):
    return b"\xd8\x2a\x58" + bytes([len(cid) + 1]) + b"\x00" + cid


def cbor_list_of_links(*cids):
    return bytes([0x80 + len(cids)]) + b"".join(cbor_link(cid) for cid in cids)


def car(roots, sections):
    """A CARv1; `sections` are pairs of CID bytes and data."""
    header = b"\xa2\x65roots" + cbor_list_of_links(*roots) + b"\x67version\x01"
    out = varint(len(header)) + header
    for cid, data in sections:
        out += varint(len(cid) + len(data)) + cid + data
    return out
