# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one lock of a database: a named lock of the server, which ends with the session.

See ``GET_LOCK`` in the manual. Names are the server's, not the database's, and have 64 characters at the most.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ...errors import LockHeld, StatementFailed
from ..waiting import held_by_somebody, holding

if TYPE_CHECKING:
    from .engine import MysqlEngine

_PREFIX = "paneldb:"
_LONGEST = 64
#: Seconds that the server waits at a time: a client that is gone meanwhile gets the lock no later than this.
_ATTEMPT = 2.0

_OWNER = "SELECT id, user, host, command, time FROM information_schema.processlist WHERE id = %s"


def held(engine: MysqlEngine, timeout: float) -> AbstractContextManager[None]:
    """Hold the lock; see ``Engine.lock``."""
    name = lock_name(engine.database)
    take, release = partial(_take, engine, name, timeout), partial(engine.ask, "SELECT RELEASE_LOCK(%s)", [name])
    return holding(engine, take, release)


def lock_name(database: str) -> str:
    """Give the name of the lock; one that would be too long ends in what only this database's name gives."""
    name = f"{_PREFIX}{database}"
    if len(name) <= _LONGEST and name.isascii():
        return name
    return _PREFIX + sha256(database.encode()).hexdigest()[: _LONGEST - len(_PREFIX)]


def _take(engine: MysqlEngine, name: str, timeout: float) -> None:
    """The answer is 1 for the lock, 0 for none in time, NULL for an error that the server does not tell."""
    deadline = time.monotonic() + timeout
    # A statement's own time limit would end the waiting without an answer.
    longest = min(_ATTEMPT, engine.target.statement_timeout / 2 or _ATTEMPT)
    while True:
        left = max(0.0, deadline - time.monotonic())
        answer = _attempt(engine, name, min(left, longest))
        if answer == 1:
            return
        if answer is None:
            raise StatementFailed("The server could not give the lock.", hint="Look at the server's log; run it again.")
        if time.monotonic() >= deadline:
            raise _lock_held(engine, name, timeout)


def _attempt(engine: MysqlEngine, name: str, seconds: float) -> int | None:
    started = time.monotonic()
    answer: int | None = engine.ask("SELECT GET_LOCK(%s, %s)", [name, seconds])[0][0]
    if answer == 0:
        # MySQL takes whole seconds, and MariaDB is back a little early.
        time.sleep(max(0.0, min(0.05, seconds - (time.monotonic() - started))))
    return answer


def _lock_held(engine: MysqlEngine, name: str, timeout: float) -> LockHeld:
    number = engine.ask("SELECT IS_USED_LOCK(%s)", [name])[0][0]
    rows: list[tuple[Any, ...]] = engine.ask(_OWNER, [number]) if number is not None else []
    if number is None:
        return held_by_somebody(timeout)
    # Accounts that may not see the sessions of others get no row.
    _unused, user, client, state, age = rows[0] if rows else (number, "unknown", "unknown", "unknown", None)
    owner = f"connection {number}, user {user}, client {client}, {state}"
    known = "" if age is None else f", in this state for {age} s"
    return LockHeld(
        f"Another session works on this database: {owner}{known}.",
        hint=f"Wait for it, or end it: KILL {number}.",
        owner=owner,
        pid=number,
        user=user,
        client=client,
        state=state,
        age_seconds=age,
    )
