# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a person, with bound values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import InputError, StatementFailed, Unsupported
from ..base import Result
from ..person import alters, first_word, sql_text, transaction_ended
from .faults import translated

if TYPE_CHECKING:
    import psycopg2.extensions

    from .engine import PostgresqlEngine

#: What a cursor of the server can be declared for begins with one of these.
_READING = ("SELECT", "WITH", "VALUES", "TABLE")
#: Types of times by their numbers in the server's catalogue, with what reads them in the driver.
_TIMES = {1082: "PYDATE", 1114: "PYDATETIME", 1184: "PYDATETIMETZ"}
_CURSOR = '"_paneldb_query"'
_SAVEPOINT = '"_paneldb_declared"'
#: Texts and comments, in which a semicolon ends nothing.
_QUOTED = re.compile(
    r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|(\$(?:[^\W\d]\w*)?\$).*?\1""",
    re.DOTALL,
)


def run_query(
    engine: PostgresqlEngine, statement: Any, parameters: Sequence[Any] | Mapping[str, Any] | None, limit: int | None
) -> Result:
    """See ``Engine.query``. Without values a percent sign in the statement is one."""
    text = sql_text(statement)
    if engine.read_only:
        _refuse_several(text)
    try:
        with translated("Running the query"), engine.cursor() as cursor:
            _read_all_times(cursor)
            bound = cursor.mogrify(text, _adapted(parameters)) if parameters else text.encode()
            _limit_time(engine, cursor)
            if limit is not None and engine.in_transaction and first_word(text) in _READING:
                return _by_cursor(engine, cursor, bound, limit)
            return _at_once(engine, cursor, bound, limit)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _not_bound(error) from None


def _by_cursor(engine: PostgresqlEngine, cursor: psycopg2.extensions.cursor, bound: bytes, limit: int) -> Result:
    """Leave the rows on the server, which otherwise come all at once, whether they are asked for or not."""
    cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        with translated("Running the query"):
            cursor.execute(f"DECLARE {_CURSOR} NO SCROLL CURSOR FOR ".encode() + bound)
    except (StatementFailed, Unsupported) as error:
        # Nothing has run yet. Either the statement is wrong and says so best itself, or it changes rows in its WITH.
        cursor.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}")
        return _at_once(engine, cursor, bound, limit, altered=isinstance(error, Unsupported))
    _limit_time(engine, cursor)
    cursor.execute(f"FETCH FORWARD {limit + 1} FROM {_CURSOR}")
    columns, rows = _read(cursor)
    if not engine.read_only and len(rows) > limit:
        # What functions of the statement do is done for every row.
        _limit_time(engine, cursor)
        cursor.execute(f"MOVE FORWARD ALL IN {_CURSOR}")
    cursor.execute(f"CLOSE {_CURSOR}; RELEASE SAVEPOINT {_SAVEPOINT}")
    return Result(columns, rows[:limit], 0, len(rows) > limit)


def _limit_time(engine: PostgresqlEngine, cursor: psycopg2.extensions.cursor) -> None:
    """Give the next statement the time that is left; the server counts it anew for each."""
    if engine.deadline != math.inf:
        cursor.execute(f"SET LOCAL statement_timeout = {math.ceil(engine.time_left * 1000)}")


def _at_once(
    engine: PostgresqlEngine,
    cursor: psycopg2.extensions.cursor,
    bound: bytes,
    limit: int | None,
    *,
    altered: bool = False,
) -> Result:
    cursor.execute(bound)
    if engine.in_transaction and not cursor.connection.info.transaction_status:
        raise transaction_ended()
    columns, rows = _read(cursor, limit)
    truncated = limit is not None and cursor.description is not None and cursor.rowcount > limit
    return Result(columns, rows, _affected(cursor), truncated, altered or alters(bound.decode("utf-8", "replace")))


def _read(
    cursor: psycopg2.extensions.cursor, limit: int | None = None
) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    if not cursor.description:
        return (), ()
    found = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
    return tuple(each.name for each in cursor.description), tuple(tuple(map(_plain, row)) for row in found)


def _read_all_times(cursor: psycopg2.extensions.cursor) -> None:
    """Let times that Python lacks, infinite ones among them, come as the server's text instead of as others."""
    from psycopg2 import extensions

    for number, usual in _TIMES.items():
        read = getattr(extensions, usual)
        extensions.register_type(extensions.new_type((number,), usual, partial(_time, read)), cursor)


def _time(read: Any, text: str | None, cursor: Any) -> Any:
    if text is None or text.endswith("infinity"):
        return text
    try:
        return read(text, cursor)
    except ValueError:
        return text


def _refuse_several(text: str) -> None:
    """Several statements in one text could end the transaction that only reads and begin another one."""
    if ";" in text and _QUOTED.sub("", text).rstrip().rstrip(";").count(";"):
        raise InputError("This is more than one statement.", source="statement", expected="one statement")


def _affected(cursor: psycopg2.extensions.cursor) -> int:
    """The driver's row count is that of the result too; the command's tag tells the one from the other."""
    changing = (cursor.statusmessage or "").split(" ")[0] in ("INSERT", "UPDATE", "DELETE", "MERGE")
    return max(cursor.rowcount, 0) if changing else 0


def _not_bound(error: Exception) -> StatementFailed:
    if isinstance(error, ValueError):
        return StatementFailed("Running the query: a value cannot be read or bound.", hint="Cast it to text.")
    return StatementFailed(
        "Running the query: the values do not fit the places in the statement.",
        hint="Write %s for each value of a list, %(name)s for one of a mapping, and %% for a percent sign.",
    )


def _adapted(parameters: Sequence[Any] | Mapping[str, Any]) -> Any:
    if isinstance(parameters, Mapping):
        return {name: _value(value) for name, value in parameters.items()}
    return [_value(value) for value in parameters]


def _value(value: Any) -> Any:
    """A mapping is JSON; a list is an array."""
    if isinstance(value, Mapping):
        from psycopg2.extras import Json

        return Json(value)
    return value


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
