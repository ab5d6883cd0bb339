# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a person, with bound values."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from ...errors import AccessDenied, StatementFailed, WriteRefused
from ..base import Result
from ..person import alters, sql_text, transaction_ended
from .failures import translated
from .parameters import bound
from .session import Session

#: SQLITE_ATTACH, which not every Python has by name.
_ATTACH = 24
_UNAUTHORIZED = ("not authorized", "authorization denied")
#: Databases that are in memory alone, or in a file that nobody else sees and that is gone afterwards.
_OWN = ("", ":memory:")


def run_query(
    session: Session, statement: Any, parameters: Sequence[Any] | Mapping[str, Any] | None, limit: int | None
) -> Result:
    """See ``Engine.query``. Text that is no UTF-8, which SQLite does not mind, comes as bytes."""
    text, values = bound(sql_text(statement), parameters)
    session.suspect()
    within, before = session.in_transaction, session.connection.total_changes
    with closing(_executed(session, text, values)) as cursor:
        rows, truncated = _read(session, cursor, limit)
        columns = tuple(each[0] for each in cursor.description or ())
        affected = max(cursor.rowcount, 0)
    if within and not session.connection.in_transaction:
        raise transaction_ended()
    if columns and session.connection.total_changes > before:
        # The driver counts rows that a statement both changes and gives only once it has read them all.
        [(affected,)] = session.execute("SELECT changes()")
    return Result(columns, rows, affected, truncated, not columns and alters(text))


def _executed(session: Session, text: str, values: Any) -> sqlite3.Cursor:
    session.connection.text_factory = _text
    if session.read_only:
        # That a file may only be read holds for this one; another one would be opened as the statement says.
        session.connection.set_authorizer(_authorize)
    try:
        return session.execute(text, values)
    except StatementFailed as error:
        if not any(words in error.message for words in _UNAUTHORIZED):
            raise
        raise WriteRefused("No other file is opened by a session that only reads.", **error.details) from error
    except AccessDenied as error:
        if not session.read_only:
            raise
        raise WriteRefused(error.message, hint=error.hint, **error.details) from error


def _authorize(action: int, subject: str | None, *_unused: object) -> int:
    """Deny what attaches a file, VACUUM INTO among it, or one whose name is no constant."""
    refused = action == _ATTACH and subject not in _OWN
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


def _read(session: Session, cursor: sqlite3.Cursor, limit: int | None) -> tuple[tuple[Any, ...], bool]:
    try:
        with translated(session.path):
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
    finally:
        session.connection.text_factory = str
    return tuple(rows[:limit]), limit is not None and len(rows) > limit


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
