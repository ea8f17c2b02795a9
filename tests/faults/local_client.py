"""Commands given to a running node over its local socket, without a process for each: many a second.

The messages are those of src/node/daemon/local_socket.h.
"""

import array
import os
import pathlib
import socket
import struct
import tempfile
import time
from dataclasses import dataclass

MAGIC = b"timerose-local-1"


@dataclass
class Reply:
    code: int
    out: bytes
    said: str
    seconds: float


class NodeGone(Exception):
    """The node ended before it answered."""


class LocalClient:
    """Of one repository. Threads may share it."""

    def __init__(self, repository, version, folder):
        self._repository = pathlib.Path(repository)
        self._version = version.encode()
        self._folder = str(folder)

    def run(self, *words, stdin=b"", seconds=300):
        """What a process `timerose WORD...` would print and end with. NodeGone if there is no node."""
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            code = self._ask(words, given, out, err, seconds)
            out.seek(0)
            err.seek(0)
            return Reply(code, out.read(), err.read().decode(errors="replace"), time.monotonic() - began)

    def _ask(self, words, given, out, err, seconds):
        fields = [MAGIC, self._version, b"22", *(str(word).encode() for word in words)]
        body = b"".join(field + b"\0" for field in fields)
        folder = os.open(self._folder, os.O_PATH)
        repository = os.open(self._repository, os.O_PATH)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(seconds)
                # A socket's name is short, a test's folder may be long.
                connection.connect(f"/proc/self/fd/{repository}/node.sock")
                descriptors = array.array("i", [given.fileno(), out.fileno(), err.fileno(), folder])
                connection.sendmsg([struct.pack(">I", len(body)) + body],
                                   [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
                fields = self._receive(connection)
        except (ConnectionError, FileNotFoundError) as error:
            raise NodeGone(str(error)) from error
        finally:
            os.close(folder)
            os.close(repository)
        kind, code, text = (fields + ["", "", ""])[:3]
        if kind != "exit":
            raise NodeGone(f"the command was {kind}: {text}")
        return int(code)

    def _receive(self, connection):
        size = struct.unpack(">I", self._exactly(connection, 4))[0]
        return self._exactly(connection, size).decode().split("\0")

    @staticmethod
    def _exactly(connection, count):
        received = b""
        while len(received) < count:
            piece = connection.recv(count - len(received))
            if not piece:
                raise NodeGone("the node ended without an answer")
            received += piece
        return received
