# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at nodes: never more at once than was said, and nobody takes longer than the time that was given."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import probing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.probing import Probe, look

LOOPBACK = "127.0.0.1"


@contextmanager
def answering(*pieces: bytes, pause: float = 0.0) -> Iterator[int]:
    """A server that says this to whoever comes, with pauses in between; its port."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _unused = listener.accept()
                with closing(client), suppress(OSError):
                    client.recv(4096)
                    for piece in pieces:
                        client.sendall(piece)
                        over.wait(pause)

    with closing(socket.create_server((LOOPBACK, 0))) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([b"HTTP/1.1 200 OK\r\n\r\n"], ""),
        ([b"HTTP/1.0 204\r\n\r\n"], ""),
        ([b"HTT", b"P/1.1 2", b"00 OK\r", b"\n"], ""),
        ([b"HTTP/1.1 503 Resting\r\n\r\n"], "HTTP status 503"),
        ([b"HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\n\r\n"], "HTTP status 301"),
        ([b"SSH-2.0-OpenSSH_9\r\n"], "no answer in HTTP"),
        ([b"HTTP/1.1 20\r\n"], "no answer in HTTP"),
        ([b"x" * 5000], "no answer in HTTP"),
        ([], "no answer in HTTP"),
    ],
)
def test_what_a_page_says(pieces: list[bytes], told: str) -> None:
    with answering(*pieces, pause=0.01) as port:
        assert list(look(Probe(path="/health", timeout=2), [(LOOPBACK, port)])) == [told]


def test_one_that_answers_letter_by_letter_has_the_time_of_all_others() -> None:
    with answering(*[b"H"] * 500, pause=0.1) as port:
        begun = time.monotonic()
        assert list(look(Probe(path="/health", timeout=0.4), [(LOOPBACK, port)])) == ["no answer in time"]
        assert time.monotonic() - begun < 1.5


def test_no_more_are_looked_at_at_once_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def connect(*_unused: Any) -> str:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        return ""

    monkeypatch.setattr(probing, "_connect", connect)
    assert list(look(Probe(parallel=3), [(LOOPBACK, port) for port in range(1, 31)])) == [""] * 30
    assert most == 3
