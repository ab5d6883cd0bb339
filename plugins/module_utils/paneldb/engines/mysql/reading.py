# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading rows in bulk.

Rows that the driver reads one by one take several times as long as all else that is done with them. So the server
joins the values of a block of rows to one text, which is split here. Where that is not possible (the text would be
longer than a packet, a value holds one of the marks, there is no key to read by) the rows are read as they are.

No cursor stays open between two blocks, so that the session can do other work meanwhile, and memory stays flat.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from ...errors import StatementFailed
from ...model.schema import Column, Table
from ..encoding import Encoder
from .faults import translated
from .literals import writer
from .naming import quoted
from .transfer import grouped
from .values import readers

if TYPE_CHECKING:
    from .engine import MysqlEngine

Row = tuple[Any, ...]

#: Hardly occur in text; both are counted, so that a text which has one is noticed.
_END, _NULL = "\x1f", "\x1d"
#: Bytes and rows of a block, about; the first one is small, since nothing is known of the rows before it.
_BLOCK_BYTES = 2 << 20
_MOST_ROWS, _FIRST_ROWS = 15_000, 200
#: Values that are looked for by one statement.
_WANTED = 1000
_READING = "Reading rows"
#: Types that are compared in the order in which an index keeps them; an enum's values are kept by number.
_ORDERED = frozenset(("uuid", "string", "integer", "bigint", "decimal", "timestamp", "boolean"))
_AS_HEX = re.compile(r"blob|binary|^bit|geometry|point|polygon|linestring", re.IGNORECASE)
#: Values of different character sets or collations that cannot be joined.
_NOT_JOINED = (1267, 1270, 1271)


def fetch(
    engine: MysqlEngine, table: Table, columns: Sequence[str], where: tuple[str, Sequence[Any]] | None
) -> Iterator[Row]:
    """See ``Engine.fetch``. The first block is read at once, the others when they are asked for."""
    blocks = _blocks(engine, table, columns, where)
    first = next(blocks, ())
    return chain(first, chain.from_iterable(blocks))


@dataclass(frozen=True)
class Reading:
    """What is read from where: a table, its columns, and the condition that all rows meet, empty for none."""

    engine: MysqlEngine
    table: Table
    columns: tuple[Column, ...]
    condition: str = ""

    @property
    def key(self) -> tuple[Column, ...]:
        """The columns to read by, block after block; empty where there are none."""
        primary = self.table.primary_key
        columns = tuple(self.table.column(name) for name in primary.columns) if primary else ()
        return columns if all(column.type.name in _ORDERED for column in columns) else ()

    def among(self, *conditions: str) -> str:
        """Give FROM and WHERE."""
        said = [each for each in (self.condition, *conditions) if each]
        return f"FROM {quoted(self.table.name)}" + (f" WHERE {' AND '.join(said)}" if said else "")


def _blocks(
    engine: MysqlEngine, table: Table, columns: Sequence[str], where: tuple[str, Sequence[Any]] | None
) -> Iterator[Iterable[Row]]:
    chosen = tuple(table.column(name) for name in columns)
    if where is None:
        yield from _of(Reading(engine, table, chosen))
        return
    name, values = where
    wanted = list(dict.fromkeys(value for value in values if value is not None))
    for condition in _among(engine, table.column(name), wanted):
        yield from _of(Reading(engine, table, chosen, condition))


def _among(engine: MysqlEngine, column: Column, values: Sequence[Any]) -> Iterator[str]:
    """Write that the column has one of the values, in as many conditions as the server takes them in."""
    written = writer(engine.connection.server_status)
    most = engine.transfer.packet // 2
    for first in range(0, len(values), _WANTED):
        with translated(_READING):
            texts = [written(value, column.type.name).encode() for value in values[first : first + _WANTED]]
        for start, end in grouped(texts, most):
            yield f"{quoted(column.name)} IN ({b', '.join(texts[start:end]).decode()})"


def _of(reading: Reading) -> Iterator[Iterable[Row]]:
    """Give the blocks between one key and the next. How long rows are is learnt from those that have been read."""
    if not reading.key:
        yield _block(reading, [], _joined(reading, []))
        return
    lower: Row | None = None
    size = _FIRST_ROWS
    while True:
        upper = _bound(reading, lower, size)
        limits = _limits(reading, lower, upper)
        joined = _joined(reading, limits)
        yield _block(reading, limits, joined)
        if upper is None:
            return
        lower = upper
        if joined is not None:
            size = min(max(_FIRST_ROWS, _BLOCK_BYTES * joined.count // (len(joined.text) + 1)), _MOST_ROWS)


def _block(reading: Reading, limits: Sequence[str], joined: _Joined | None) -> Iterable[Row]:
    if joined is None:
        return _plain(reading, limits)
    return _split(joined.text, reading.columns) if joined.count else ()


@dataclass(frozen=True)
class _Joined:
    """So many rows as one text."""

    count: int
    text: str


def _bound(reading: Reading, lower: Row | None, size: int) -> Row | None:
    """Give the key of the last row of the block; None where it is the last block."""
    names = ", ".join(quoted(column.name) for column in reading.key)
    source = reading.among(*([_beyond(reading, lower)] if lower else []))
    rows = _ask(reading, f"SELECT {names} {source} ORDER BY {names} LIMIT {size - 1}, 1")
    return rows[0] if rows else None


def _limits(reading: Reading, lower: Row | None, upper: Row | None) -> list[str]:
    conditions = [_beyond(reading, lower)] if lower else []
    return [*conditions, *_up_to(reading, upper)] if upper else conditions


def _beyond(reading: Reading, key: Row) -> str:
    """Write that a row comes behind the key; by the first column alone the server finds its place in an index."""
    pairs = _pairs(reading, key)
    text = ""
    for name, value in reversed(pairs):
        text = f"({name} > {value} OR ({name} = {value} AND {text}))" if text else f"{name} > {value}"
    return f"{pairs[0][0]} >= {pairs[0][1]} AND {text}" if len(pairs) > 1 else text


def _up_to(reading: Reading, key: Row) -> list[str]:
    name, value = _pairs(reading, key)[0]
    return [f"{name} <= {value}", *([f"NOT ({_beyond(reading, key)})"] if len(key) > 1 else [])]


def _pairs(reading: Reading, key: Row) -> list[tuple[str, str]]:
    written = writer(reading.engine.connection.server_status)
    return [(quoted(column.name), written(value, column.type.name)) for column, value in zip(reading.key, key)]


def _joined(reading: Reading, limits: Sequence[str]) -> _Joined | None:
    """Read rows as one text; None where that cannot be."""
    values = ", ".join(_mark_null(column) for column in reading.columns)
    nulls = "+".join(f"({quoted(column.name)} IS NULL)" for column in reading.columns if column.null)
    text = (
        f"SELECT COUNT(*), {f'CAST(SUM({nulls}) AS SIGNED)' if nulls else '0'},"
        f" GROUP_CONCAT(CONCAT_WS('{_END}', {values}) SEPARATOR '{_END}') {reading.among(*limits)}"
    )
    engine = reading.engine
    try:
        [(count, null_count, joined)] = engine.ask(text, action=_READING)
    except StatementFailed as error:
        if error.details.get("errno") not in _NOT_JOINED:
            raise
        return None
    if not count:
        return _Joined(0, "")
    whole = isinstance(joined, str) and not engine.connection.warning_count
    if not whole or joined.count(_END) != count * len(reading.columns) - 1 or joined.count(_NULL) != null_count:
        return None
    return _Joined(count, joined)


def _split(joined: str, columns: Sequence[Column]) -> Iterable[Row]:
    flat = joined.split(_END)
    width = len(columns)
    found = []
    for position, (column, read) in enumerate(zip(columns, readers(columns))):
        texts: Sequence[Any] = flat[position::width]
        if column.null:
            texts = [None if text == _NULL else text if read is None else read(text) for text in texts]
        elif read is not None:
            texts = list(map(read, texts))
        found.append(texts)
    return zip(*found)


def _mark_null(column: Column) -> str:
    return f"IFNULL({selected(column)}, '{_NULL}')" if column.null else selected(column)


def selected(column: Column, prefix: str = "") -> str:
    """Write a column of a SELECT so that it gives the text of which stored values are made."""
    name = prefix + quoted(column.name)
    kind = column.type.name
    if kind == "bytes" or (kind == "foreign" and _AS_HEX.search(column.type.arguments[0])):
        return f"HEX({name})"
    return f"CAST({name} AS CHAR)" if kind == "foreign" else name


def _plain(reading: Reading, limits: Sequence[str]) -> Iterable[Row]:
    names = ", ".join(selected(column) for column in reading.columns)
    rows = _ask(reading, f"SELECT {names} {reading.among(*limits)}")
    made = readers(reading.columns)
    return [stored(row, made) for row in rows] if any(made) else rows


def stored(row: Row, made: Sequence[Encoder]) -> Row:
    """Give the stored values of a row that the driver has read."""
    return tuple(value if value is None or read is None else read(value) for value, read in zip(row, made))


def _ask(reading: Reading, text: str) -> list[Row]:
    return reading.engine.ask(text, action=_READING)
