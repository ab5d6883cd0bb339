# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends statements whose time is over.

The server's own limits do not do: that of MySQL (max_execution_time) is for what reads, and both count each statement
anew.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError

if TYPE_CHECKING:
    from .engine import MysqlEngine


@contextmanager
def ended_in_time(engine: MysqlEngine) -> Iterator[None]:
    """Have another session end what runs in the block once ``time_left`` is over, where the session has a deadline."""
    if engine.deadline == math.inf:
        yield
        return
    ended = Event()
    timer = Timer(engine.time_left, _end, (engine, ended))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if ended.is_set() and not engine.closed:
            # Where it came too late, it is the next statement that is ended, and that shall not be one of ours.
            with suppress(PanelDbError):
                engine.ask("DO 0")


def _end(engine: MysqlEngine, ended: Event) -> None:
    """Ask the server to end the statement; where it cannot be asked, end the connection."""
    from .session import open_session

    ended.set()
    try:
        with closing(open_session(engine.target)) as session, session.cursor() as cursor:
            connection: Any = engine.connection
            cursor.execute(f"KILL QUERY {connection.thread_id()}")
    except Exception:  # noqa: BLE001 - whatever it is, the statement ends
        line: Any = getattr(engine.connection, "_sock", None)
        with suppress(OSError, AttributeError):
            line.shutdown(socket.SHUT_RDWR)
