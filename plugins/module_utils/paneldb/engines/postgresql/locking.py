# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one lock of a database: an advisory lock of the session, which ends with the session."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol
from zlib import crc32

from ...errors import LockHeld
from ..waiting import held_by_somebody, holding, taken

#: First half of the key: the letters of ``pndb``. The second half stands for the schema.
_KEY = int.from_bytes(b"pndb", "big")
_SIGNED = 1 << 32

_OWNER = """
    SELECT a.pid, a.usename, a.application_name, coalesce(host(a.client_addr), 'local'), coalesce(a.state, 'unknown'),
        extract(epoch FROM clock_timestamp() - a.backend_start)::float8
    FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %s::bigint::oid
        AND l.objid = %s::bigint::oid
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""


class Asking(Protocol):
    """A session that answers questions."""

    in_transaction: bool

    def ask(self, statement: str, parameters: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        """Run a statement of ours and give its rows."""


def held(session: Asking, schema: str, timeout: float) -> AbstractContextManager[None]:
    """Hold the lock; see ``Engine.lock``.

    The lock is asked for again and again: a session that waits for it inside the server would hold a snapshot, for
    which CREATE INDEX CONCURRENTLY of the holder would wait in turn.
    """
    key = (_KEY, _signed(crc32(schema.encode())))

    def attempt() -> bool:
        return bool(session.ask("SELECT pg_try_advisory_lock(%s, %s)", key)[0][0])

    def take() -> None:
        if not taken(attempt, timeout):
            raise _lock_held(session, key, timeout)

    return holding(session, take, lambda: session.ask("SELECT pg_advisory_unlock(%s, %s)", key))


def _signed(number: int) -> int:
    return number - _SIGNED if number >= _SIGNED // 2 else number


def _lock_held(session: Asking, key: tuple[int, int], timeout: float) -> LockHeld:
    rows = session.ask(_OWNER, [number % _SIGNED for number in key])
    hint = "Wait for it, or end it: SELECT pg_terminate_backend(pid)."
    if not rows:
        return held_by_somebody(timeout)
    pid, user, application, client, state, age = rows[0]
    owner = f"pid {pid}, user {user}, application {application or '-'}, client {client}, {state}"
    return LockHeld(
        f"Another session works on this database: {owner}, connected for {age:.0f} s.",
        hint=hint.replace("pid", str(pid)),
        owner=owner,
        pid=pid,
        user=user,
        application=application,
        client=client,
        state=state,
        age_seconds=round(age, 3),
    )
