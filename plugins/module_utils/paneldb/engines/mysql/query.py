# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a person, with bound values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import StatementFailed, WriteRefused
from ..base import Result
from ..person import alters, first_word, sql_text, transaction_ended
from .ending import ended_in_time

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    from .engine import MysqlEngine

_ACTION = "Running the query"
#: What a session that only reads may say. A transaction that only reads keeps the rest of these from writing rows.
_READING = frozenset(
    (
        "SELECT",
        "WITH",
        "VALUES",
        "TABLE",
        "SHOW",
        "EXPLAIN",
        "DESCRIBE",
        "DESC",
        "ANALYZE",
        "CHECKSUM",
        "HELP",
        "CALL",
        "DO",
    )
)
#: Texts and comments are skipped; comments that MySQL (``/*!``) and MariaDB (``/*M!``) run are not.
_TO_FILE = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|--\s[^\n]*|\#[^\n]*|/\*(?!M?!).*?\*/"""
    r"""|\b(?P<into>INTO\s+(?:OUTFILE|DUMPFILE))\b|(?P<hidden>/\*M?!)""",
    re.DOTALL | re.IGNORECASE,
)
#: Begin statements that end a transaction in silence ("Statements That Cause an Implicit Commit" in the manual), unless
#: they are about a temporary table.
_COMMITTING = frozenset(
    (
        *("ALTER", "ANALYZE", "CACHE", "CREATE", "DROP", "FLUSH", "GRANT", "INSTALL", "OPTIMIZE", "RENAME", "REPAIR"),
        *("RESET", "REVOKE", "TRUNCATE", "UNINSTALL", "BEGIN", "START", "COMMIT", "LOCK"),
    )
)
_TEMPORARY = re.compile(r"\A\W*(?:CREATE(?:\s+OR\s+REPLACE)?|DROP)\s+TEMPORARY\b", re.IGNORECASE)
_RETURNING = frozenset(("INSERT", "DELETE", "REPLACE"))


def run_query(
    engine: MysqlEngine, statement: Any, parameters: Sequence[Any] | Mapping[str, Any] | None, limit: int | None
) -> Result:
    """See ``Engine.query``. Without values a percent sign in the statement is one."""
    text = sql_text(statement)
    try:
        bound = engine.bound(text, parameters) if parameters else text
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _not_bound() from error
    if not engine.read_only:
        return _run(engine, bound, limit)
    _require_reading(text)
    with engine.transaction(), _limited(engine, limit):
        return _run(engine, bound, limit)


def _run(engine: MysqlEngine, text: str, limit: int | None) -> Result:
    within = engine.in_transaction
    if within and not engine.read_only:
        _refuse_committing(text)
    with _all_types(engine), ended_in_time(engine):
        cursor = engine.execute(text, action=_ACTION, unbuffered=limit is not None)
        columns = tuple(each[0] for each in cursor.description or ())
        affected = cursor.rowcount if not columns else 0
        rows, truncated = _read(engine, cursor, limit)
    if within and not engine.is_in_transaction:
        raise transaction_ended()
    if columns and first_word(text) in _RETURNING:
        affected = len(rows)
    return Result(columns, rows, affected, truncated, not columns and alters(text))


def _read(engine: MysqlEngine, cursor: Cursor, limit: int | None) -> tuple[tuple[tuple[Any, ...], ...], bool]:
    """Read what is wanted and let go of the rest, further results of a procedure included."""
    from .faults import translated

    with engine.noting_loss(), translated(_ACTION):
        rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
        while cursor.nextset():
            pass
        cursor.close()
    found = tuple(rows)
    return (found, False) if limit is None else (found[:limit], len(found) > limit)


@contextmanager
def _all_types(engine: MysqlEngine) -> Iterator[None]:
    """Have times and decimals read as such for a while."""
    from pymysql.converters import decoders

    connection = engine.connection
    usual = connection.decoders
    connection.decoders = dict(decoders)
    try:
        yield
    finally:
        connection.decoders = usual


@contextmanager
def _limited(engine: MysqlEngine, limit: int | None) -> Iterator[None]:
    """Have the server itself stop behind the rows that are wanted, where nothing but rows can come of the others."""
    if limit is None:
        yield
        return
    engine.ask(f"SET SESSION sql_select_limit = {limit + 1}")
    try:
        yield
    finally:
        if not engine.closed:
            engine.ask("SET SESSION sql_select_limit = DEFAULT")


def _require_reading(text: str) -> None:
    writes = first_word(text) not in _READING
    if writes or any(match["into"] or match["hidden"] for match in _TO_FILE.finditer(text)):
        raise WriteRefused(
            "The session only reads, and this statement may change something.",
            hint="Ask for writing (query: write), or leave the statement out.",
        )


def _refuse_committing(text: str) -> None:
    """What came before it in the transaction could not be undone any more, and nor could the statement itself."""
    if first_word(text) in _COMMITTING and not _TEMPORARY.search(text):
        raise StatementFailed(
            "This statement would end the transaction: MySQL commits before and after each change of the schema.",
            hint="Run it on its own, or make it a step of a migration.",
        )


def _not_bound() -> StatementFailed:
    return StatementFailed(
        "Running the query: the values do not fit the places in the statement.",
        hint="Write %s for each value of a list, %(name)s for one of a mapping, and %% for a percent sign.",
    )
