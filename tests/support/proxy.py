# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection that a test can cut: bytes are handed on both ways until it says otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Callable, Optional

from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK

_CHUNK = 1 << 16


class Proxy:
    """Listens on ``port`` and hands on to a server. ``cut_when`` sees what clients send, and cuts by saying true."""

    def __init__(self, host: str, port: int) -> None:
        self.cut_when: Optional[Callable[[bytes], bool]] = None
        self._server = (host, port)
        self._open: list[socket.socket] = []
        self._whole = True
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and let no new one come through."""
        self._whole = False
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections come through again."""
        self.cut_when = None
        self._whole = True

    def close(self) -> None:
        """End everything."""
        self.cut()
        self._listener.close()
        for each in self._open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _unused = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._open += [client, server]
            threading.Thread(target=self._hand_on, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._hand_on, args=(server, client, False), daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, from_client: bool) -> None:
        with suppress(OSError):
            while True:
                data = source.recv(_CHUNK)
                if not data:
                    break
                if from_client and self.cut_when is not None and self.cut_when(data):
                    self.cut()
                    return
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(host: str, port: int) -> Iterator[Proxy]:
    """Run one for the duration of the block."""
    made = Proxy(host, port)
    try:
        yield made
    finally:
        made.close()
