# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a person, with bound values."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from ...errors import AccessDenied, WriteRefused
from ..base import Result
from ..person import alters, sql_text, transaction_ended
from .failures import translated
from .parameters import bound
from .session import Session


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
    try:
        return session.execute(text, values)
    except AccessDenied as error:
        if not session.read_only:
            raise
        raise WriteRefused(error.message, hint=error.hint, **error.details) from error


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
