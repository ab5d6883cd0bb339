# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in bulk: COPY in, cursors out, and joins with what was copied for updates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ...model.schema import Column, Table
from .copying import CopyText
from .faults import copied_row, lone_surrogate, nul_found, translate, translated
from .values import AS_TEXT
from .wording import listed, quoted, type_text

if TYPE_CHECKING:
    from .engine import PostgresqlEngine

Row = tuple[Any, ...]

_FETCHED = 5000
#: Bytes of a table that is read in one piece: its rows need about three times as much here.
_SMALL = 8 << 20
_READING = "Reading rows"
_CURSOR = '"_paneldb_rows"'
_STAGED = '"_paneldb_staged"'
#: Up to so many rows go in the statement itself; a table to copy them to costs more.
FEW = 50
_COPY_BUFFER = 1 << 18


def fetch(
    engine: PostgresqlEngine, table: Table, columns: Sequence[str], where: tuple[str, Sequence[Any]] | None
) -> Iterator[Row]:
    """See ``Engine.fetch``. A large table is read through a cursor of the server, so that memory stays flat."""
    names = ", ".join(selected(table.column(name)) for name in columns)
    text = f"SELECT {names} FROM {quoted(table.name)}"
    parameters: list[Any] = []
    if where is not None:
        text = text.replace("%", "%%") + f" WHERE {_among(table.column(where[0]), engine.schema)}"
        parameters.append(list(where[1]))
    size = engine.ask("SELECT pg_table_size(to_regclass(%s))", [quoted(table.name)])[0][0]
    return _at_once(engine, text, parameters) if (size or 0) <= _SMALL else _through_cursor(engine, text, parameters)


def _at_once(engine: PostgresqlEngine, text: str, parameters: Sequence[Any]) -> Iterator[Row]:
    with translated(_READING), engine.cursor() as cursor:
        cursor.execute(text, parameters or None)
        return iter(cursor.fetchall())


def selected(column: Column) -> str:
    """Write a column of a SELECT so that it gives stored values."""
    return f"{quoted(column.name)}::text" if column.type.name in AS_TEXT else quoted(column.name)


def _among(column: Column, schema: str) -> str:
    """Names may hold a percent sign, which the driver reads as the place of a value where there are values."""
    if column.type.name == "foreign":
        return f"{quoted(column.name)}::text".replace("%", "%%") + " = ANY(%s::text[])"
    kind = type_text(column.type, schema).replace("%", "%%")
    return quoted(column.name).replace("%", "%%") + f" = ANY(%s::{kind}[])"


def _through_cursor(engine: PostgresqlEngine, text: str, parameters: Sequence[Any]) -> Iterator[Row]:
    """Outside a transaction the cursor is WITH HOLD: what happens between two rows is not part of reading them."""
    name = engine.fresh_name(_CURSOR)
    hold = "WITHOUT" if engine.in_transaction else "WITH"
    more = f"FETCH {_FETCHED} FROM {name}"
    with translated(_READING), engine.cursor() as cursor:
        cursor.execute(f"DECLARE {name} NO SCROLL CURSOR {hold} HOLD FOR {text}", parameters or None)
        try:
            while True:
                cursor.execute(more)
                rows = cursor.fetchall()
                yield from rows
                if len(rows) < _FETCHED:
                    break
        finally:
            if not engine.failed:
                cursor.execute(f"CLOSE {name}")


def insert(engine: PostgresqlEngine, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.insert``."""
    with engine.transaction():
        count = _copy(engine, quoted(table.name), columns, rows, f"Writing rows to {table.name}")
        for column in (table.column(name) for name in columns):
            if column.autoincrement and count:
                _count_on(engine, table, column)
    return count


def _copy(engine: PostgresqlEngine, place: str, columns: Sequence[str], rows: Iterable[Row], action: str) -> int:
    import psycopg2

    reader = CopyText(rows, columns)
    try:
        with engine.cursor() as cursor:
            cursor.copy_expert(f"COPY {place} ({listed(columns)}) FROM STDIN", reader, _COPY_BUFFER)
    except psycopg2.Error as error:
        if reader.failure is not None:
            raise _reason(reader.failure, action) from None
        failure = translate(error, action)
        found = copied_row(error)
        if found:
            failure.details.update(found)
            failure.message = f"{failure.message} Row {found['row']} (0 is the first) is to blame."
        raise failure from None
    return reader.count


def _reason(failure: BaseException, action: str) -> BaseException:
    from .copying import NulFound

    if isinstance(failure, NulFound):
        return nul_found(action, **failure.details)
    return lone_surrogate(action) if isinstance(failure, UnicodeEncodeError) else failure


def _count_on(engine: PostgresqlEngine, table: Table, column: Column) -> None:
    """Let the sequence go on behind the largest value that was written, as other engines do by themselves."""
    place = "pg_get_serial_sequence(%s, %s)"
    largest = f"(SELECT max({quoted(column.name)}) FROM {quoted(table.name)})".replace("%", "%%")
    text = f"SELECT setval({place}, {largest}) WHERE {largest} > coalesce(pg_sequence_last_value({place}::regclass), 0)"
    parameters = [quoted(table.name), column.name]
    engine.ask(text, parameters * 2)


def update(
    engine: PostgresqlEngine, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]
) -> int:
    """See ``Engine.update``: few rows as VALUES, more by COPY to a table of the session and a join."""
    names = [f"k{position}" for position in range(len(key))] + [f"v{position}" for position in range(len(columns))]
    changes = ", ".join(f"{quoted(column)} = s.{name}" for column, name in zip(columns, names[len(key) :]))
    text = f"UPDATE {quoted(table.name)} AS t SET {changes} FROM {{source}} WHERE {_matching(table, key)}"
    return _joined(engine, table, [*key, *columns], names, rows, text)


def delete(engine: PostgresqlEngine, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
    """See ``Engine.delete``."""
    names = [f"k{position}" for position in range(len(key))]
    text = f"DELETE FROM {quoted(table.name)} AS t USING {{source}} WHERE {_matching(table, key)}"
    return _joined(engine, table, key, names, keys, text)


def _matching(table: Table, key: Sequence[str]) -> str:
    """Only a nullable part of a key is compared as null to null, which no index and no hash join can do."""
    return " AND ".join(
        f"t.{quoted(name)} IS NOT DISTINCT FROM s.k{position}"
        if table.column(name).null
        else f"t.{quoted(name)} = s.k{position}"
        for position, name in enumerate(key)
    )


def _joined(
    engine: PostgresqlEngine,
    table: Table,
    columns: Sequence[str],
    names: Sequence[str],
    rows: Iterable[Row],
    text: str,
) -> int:
    types = [type_text(table.column(name).type, engine.schema) for name in columns]
    remaining = iter(rows)
    first = list(islice(remaining, FEW + 1))
    if not first:
        return 0
    action = f"Changing rows of {table.name}"
    if len(first) <= FEW:
        return _with_values(engine, first, names, types, text, action)
    with engine.transaction():
        defined = ", ".join(f"{name} {kind}" for name, kind in zip(names, types))
        engine.ask(f"CREATE TEMPORARY TABLE {_STAGED} ({defined}) ON COMMIT DROP")
        _copy(engine, f"pg_temp.{_STAGED}", names, chain(first, remaining), action)
        engine.ask(f"ANALYZE pg_temp.{_STAGED}")
        count = _changed(engine, text.format(source=f"pg_temp.{_STAGED} AS s"), [], action)
        engine.ask(f"DROP TABLE pg_temp.{_STAGED}")
    return count


def _with_values(
    engine: PostgresqlEngine, rows: Sequence[Row], names: Sequence[str], types: Sequence[str], text: str, action: str
) -> int:
    width = ", ".join(["%s"] * len(names))
    selected = ", ".join(f"{name}::{kind}" for name, kind in zip(names, types)).replace("%", "%%")
    values = ", ".join([f"({width})"] * len(rows))
    source = f"(SELECT {selected} FROM (VALUES {values}) AS v ({', '.join(names)})) AS s"
    before, after = text.split("{source}")
    statement = before.replace("%", "%%") + source + after.replace("%", "%%")
    return _changed(engine, statement, [value for row in rows for value in row], action)


def _changed(engine: PostgresqlEngine, text: str, parameters: Sequence[Any], action: str) -> int:
    with translated(action), engine.cursor() as cursor:
        cursor.execute(text, parameters or None)
        return int(cursor.rowcount)
