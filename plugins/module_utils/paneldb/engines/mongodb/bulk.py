# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in bulk: documents read by cursors, changed and removed by unordered bulk writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from ...model.schema import Table
from .faults import translated

if TYPE_CHECKING:
    from .engine import MongodbEngine

Row = tuple[Any, ...]
Filter = dict[str, Any]

_FETCHED = 5000
#: So many values stand in one condition, and so many keys in one command that removes them.
_VALUES = 5000
_KEYS = 1000
FENCE = "fence"
#: Types of columns whose values may be as long as a document.
_LONG = frozenset(("text", "string", "json", "bytes"))


def fetch(
    engine: MongodbEngine, table: Table, columns: Sequence[str], where: tuple[str, Sequence[Any]] | None
) -> Iterator[Row]:
    """See ``Engine.fetch``. A field that is not there is null."""
    for condition in [{}] if where is None else _conditions(*where):
        yield from _found(engine, table, columns, condition)


def _found(engine: MongodbEngine, table: Table, columns: Sequence[str], condition: Filter) -> Iterator[Row]:
    shown = {**dict.fromkeys(columns, 1), "_id": int("_id" in columns or not columns)}
    documents = engine.collection(table.name)
    found = documents.find(condition, shown, batch_size=_FETCHED, session=engine.session)
    with translated(f"Reading rows of {table.name}"), found as cursor:
        for document in cursor:
            yield tuple(map(document.get, columns))


def _conditions(column: str, values: Sequence[Any]) -> Iterator[Filter]:
    wanted = _distinct(values)
    for start in range(0, len(wanted), _VALUES):
        yield {column: {"$in": wanted[start : start + _VALUES]}}


def _distinct(values: Sequence[Any]) -> list[Any]:
    """A value that stands in two conditions would be found twice."""
    try:
        return list(dict.fromkeys(values))
    except TypeError:
        return list(values)


def insert(engine: MongodbEngine, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.insert``."""
    from .inserting import write_new

    return write_new(engine, table, columns, rows)


def update(engine: MongodbEngine, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.update``. Null removes the field; ``updated_at`` columns that are not given get the server's time.

    Outside a transaction, what was changed before a row is refused stays changed.
    """
    from pymongo import UpdateMany, UpdateOne

    from .client_rules import verified
    from .writing import encoding

    make = UpdateOne if is_unique(table, key) else UpdateMany
    fence = engine.fence(table.name)
    touched = {each.name: True for each in table.columns if each.updated_at and each.name not in columns}
    width = len(key)

    sized = any(table.column(name).type.name in _LONG for name in columns)
    encode, numbers = encoding(f"Changing rows of {table.name}"), count()

    def operation(row: Row) -> Any:
        values = dict(zip(columns, row[width:]))
        if sized:
            encode(values, next(numbers))
        if fence is not None:
            values[FENCE] = fence
        return make(matching(key, row, fence), changes(values, touched))

    checked = verified(engine, table, [*key, *columns], rows, given=columns)
    return _written(engine, table, checked, operation, "matched_count")


def changes(values: Mapping[str, Any], touched: Mapping[str, Any]) -> dict[str, Any]:
    """Give the update that sets fields, removes those that are None, and sets others to the server's time."""
    said = {
        "$set": {name: value for name, value in values.items() if value is not None},
        "$unset": {name: "" for name, value in values.items() if value is None},
        "$currentDate": dict(touched),
    }
    return {name: fields for name, fields in said.items() if fields}


def delete(engine: MongodbEngine, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
    """See ``Engine.delete``: a key of one column by lists of its values, any other one by one."""
    from pymongo import DeleteMany, DeleteOne

    fence = engine.fence(table.name)
    if len(key) == 1:
        guard = _guard(fence)
        conditions = ({key[0]: {"$in": [row[0] for row in rows]}, **guard} for rows in _lists(keys))
        return _written(engine, table, conditions, DeleteMany, "deleted_count", at_once=1)
    make: Any = DeleteOne if is_unique(table, key) else DeleteMany
    return _written(engine, table, keys, lambda row: make(matching(key, row, fence)), "deleted_count")


def _lists(keys: Iterable[Row]) -> Iterator[list[Row]]:
    remaining = iter(keys)
    while True:
        rows = list(islice(remaining, _KEYS))
        if not rows:
            return
        yield rows


def matching(key: Sequence[str], row: Row, fence: int | None) -> Filter:
    """Give the condition for the row of a key; null matches a field that is not there."""
    return {**dict(zip(key, row)), **_guard(fence)}


def _guard(fence: int | None) -> Filter:
    """What a later holder of the lock has written is not touched by an earlier one."""
    return {} if fence is None else {FENCE: {"$not": {"$gt": fence}}}


def is_unique(table: Table, columns: Sequence[str]) -> bool:
    """Tell whether the columns name one row at the most; the server then need not look for others."""
    named = set(columns)
    keys = [each.columns for each in table.uniques]
    keys += [tuple(column.name for column in each.columns) for each in table.indexes if each.unique and not each.where]
    if table.primary_key:
        keys.append(table.primary_key.columns)
    return any(named.issuperset(each) and not any(table.column(name).null for name in each) for each in keys)


def _written(
    engine: MongodbEngine,
    table: Table,
    rows: Iterable[Any],
    operation: Callable[[Any], Any],
    counted: str,
    *,
    at_once: int = 0,
) -> int:
    """Send what ``operation`` makes of the rows, so many at once as the server takes; give how many were meant."""
    from .writing import write

    remaining, affected, sent = iter(rows), 0, 0
    size = at_once or engine.probes.updates_at_once
    while True:
        operations = [operation(row) for row in islice(remaining, size)]
        if not operations:
            if affected < sent and engine.fence(table.name) is not None and engine.lease is not None:
                # What was not found may be what a later holder of the lock has written.
                engine.lease.confirm()
            return affected
        answer = write(engine, table, operations, first=sent, action=f"Changing rows of {table.name}")
        affected += int(getattr(answer, counted))
        sent += len(operations)
