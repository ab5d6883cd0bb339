# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that says what a test wants it to say, in MongoDB's wire protocol.

No stand-in has transactions. This one takes part in a replica set of one by what it says of itself, keeps every command
that it was sent, and answers as it is told. What it was sent is compared with the documented form of the commands.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, Callable, Union

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target

Document = dict[str, Any]
Answer = Union[Document, Callable[[Document], Document]]

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_HEADER = struct.Struct("<iiii")
#: Commands of the driver's own, about the server and the connection.
AROUND = ("hello", "isMaster", "ismaster", "buildInfo", "endSessions", "ping")
#: The wire protocol of MongoDB 7.0.
WIRE = 21


class ScriptedServer:
    """``commands`` are those that came, without the driver's own; ``answers`` has for a command what comes next."""

    def __init__(self) -> None:
        self.commands: list[Document] = []
        self.answers: dict[str, list[Answer]] = {}
        self.server = _Listener(("127.0.0.1", 0), _Connection)
        self.server.script = self
        self.port: int = self.server.server_address[1]

    def target(self, **parts: Any) -> Target:
        """A target for it."""
        return Target("mongodb", **{"host": "127.0.0.1", "port": self.port, "database": "panel", **parts})

    def named(self, name: str) -> list[Document]:
        """The commands of that name."""
        return [command for command in self.commands if next(iter(command)) == name]

    def names(self) -> list[str]:
        """What came, by name."""
        return [next(iter(command)) for command in self.commands]

    def answer(self, command: Document) -> Document:
        """Keep the command, and say what is to be said."""
        name = next(iter(command))
        if name in AROUND:
            return self._about_itself(name)
        self.commands.append(command)
        left = self.answers.get(name)
        said = left.pop(0) if left else _usual(command)
        return said(command) if callable(said) else said

    def _about_itself(self, name: str) -> Document:
        address = f"127.0.0.1:{self.port}"
        if name == "buildInfo":
            return {"version": "7.0.0", "ok": 1.0}
        return {
            "isWritablePrimary": True,
            "ismaster": True,
            "setName": "rs0",
            "hosts": [address],
            "primary": address,
            "me": address,
            "localTime": datetime.now(timezone.utc),
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": WIRE,
            "maxBsonObjectSize": 16 * 1024 * 1024,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "ok": 1.0,
        }


def _usual(command: Document) -> Document:
    """Everything works, and nothing is found."""
    name = next(iter(command))
    if name in ("find", "aggregate", "listCollections", "listIndexes"):
        return {"cursor": {"id": 0, "ns": f"panel.{command[name]}", "firstBatch": []}, "ok": 1.0}
    written = {"insert": "documents", "update": "updates", "delete": "deletes"}.get(name)
    number = len(command[written]) if written else 0
    return {"ok": 1.0, **({"n": number, "nModified": number} if written else {})}


def failure(code: int, name: str, *labels: str) -> Document:
    """The answer of a command that failed."""
    return {"ok": 0.0, "code": code, "codeName": name, "errmsg": name, "errorLabels": list(labels)}


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    script: ScriptedServer


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while True:
            header = self._read(_HEADER.size)
            if not header:
                return
            length, request, _unused, code = _HEADER.unpack(header)
            body = self._read(length - _HEADER.size)
            assert isinstance(self.server, _Listener)
            self._answer(request, code, self.server.script.answer(_read_command(code, body)))

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                part = self.request.recv(size - len(data))
            except OSError:
                part = b""
            if not part:
                return b""
            data += part
        return data

    def _answer(self, request: int, code: int, document: Document) -> None:
        import bson

        encoded = bson.encode(document)
        if code == _OP_QUERY:
            code, body = _OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + encoded
        else:
            body = struct.pack("<I", 0) + b"\0" + encoded
        self.request.sendall(_HEADER.pack(_HEADER.size + len(body), 0, request, code) + body)


def _read_command(code: int, body: bytes) -> Document:
    import bson

    if code == _OP_QUERY:
        name_end = body.index(b"\0", 4)
        return dict(bson.decode(body[name_end + 9 :]))
    command: Document = {}
    at = 4
    while at < len(body):
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        if kind == 0:
            command = {**bson.decode(body[at : at + size]), **command}
        else:
            end = body.index(b"\0", at + 4)
            command[body[at + 4 : end].decode()] = bson.decode_all(body[end + 1 : at + size])
        at += size
    return command


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Run one for the duration of the block."""
    made = ScriptedServer()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
