# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in bulk: each method is one prepared statement over many rows, in one transaction, with flat memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from operator import length_hint
from typing import Any

from ...model.schema import Table
from ..base import BOOKKEEPING_PREFIX, Row
from .failures import our_error, translated, violation
from .session import Session
from .words import quote, quoted

#: Rows handed to SQLite at once, and taken from it.
CHUNK = 10_000
READ_AT_ONCE = 1_000
#: Values of one IN list: SQLite before 3.32 takes no more than 999 bound values.
LONGEST_IN = 900


def fetch(
    session: Session, table: Table, columns: Sequence[str], where: tuple[str, Sequence[Any]] | None
) -> Iterator[Row]:
    """See ``Engine.fetch``."""
    select = f"SELECT {quoted(columns)} FROM {quote(table.name)}"
    if where is None:
        yield from _rows(session, select, ())
        return
    name, values = where
    for start in range(0, len(values), LONGEST_IN):
        wanted = values[start : start + LONGEST_IN]
        marks = ", ".join("?" * len(wanted))
        yield from _rows(session, f"{select} WHERE {quote(name)} IN ({marks})", wanted)


def _rows(session: Session, select: str, values: Sequence[Any]) -> Iterator[Row]:
    cursor = session.execute(select, values)
    while True:
        session.start_clock()
        with translated(session.path):
            rows = cursor.fetchmany(READ_AT_ONCE)
        if not rows:
            return
        yield from rows


def insert(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.insert``."""
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {quote(table.name)} ({quoted(columns)}) VALUES ({marks})"
    return _each(session, table, statement, rows)


def update(session: Session, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.update``."""
    if not columns:
        return 0
    settings = ", ".join(f"{quote(name)} = ?{position}" for position, name in enumerate(columns, len(key) + 1))
    return _each(session, table, f"UPDATE {quote(table.name)} SET {settings} WHERE {_named_by(table, key)}", rows)


def delete(session: Session, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
    """See ``Engine.delete``."""
    return _each(session, table, f"DELETE FROM {quote(table.name)} WHERE {_named_by(table, key)}", keys)


def _named_by(table: Table, key: Sequence[str]) -> str:
    """Give the condition that a row has these values in the key; a null is found like any other value."""
    return " AND ".join(
        f"{quote(name)} {'IS' if table.column(name).null else '='} ?{position}" for position, name in enumerate(key, 1)
    )


def _each(session: Session, table: Table, statement: str, rows: Iterable[Row]) -> int:
    """Run the statement for every row, all or none; give the number of rows that it changed."""
    changed = done = 0
    source = iter(rows)
    cursor = session.connection.cursor()
    if not table.name.startswith(BOOKKEEPING_PREFIX):
        session.suspect()
    with _all_or_nothing(session):
        while True:
            chunk = list(islice(source, CHUNK))
            if not chunk:
                return changed
            remaining = iter(chunk)
            session.start_clock()
            try:
                cursor.executemany(statement, remaining)
            except sqlite3.IntegrityError as error:
                # SQLite takes rows from the iterator one by one, so that it has just taken the one that it refused.
                raise violation(
                    str(error), table=table.name, row=done + len(chunk) - length_hint(remaining) - 1
                ) from error
            except sqlite3.Error as error:
                raise our_error(error, session.path) from error
            changed += max(cursor.rowcount, 0)
            done += len(chunk)


@contextmanager
def _all_or_nothing(session: Session) -> Iterator[None]:
    """A transaction or, inside of one, a savepoint: a caller that goes on after an error finds no half of the rows."""
    if not session.in_transaction:
        with session.transaction():
            yield
        return
    session.execute("SAVEPOINT _paneldb_rows")
    try:
        yield
    except BaseException:
        if session.connection.in_transaction:
            session.connection.execute("ROLLBACK TO _paneldb_rows")
        raise
    finally:
        if session.connection.in_transaction:
            session.connection.execute("RELEASE _paneldb_rows")
