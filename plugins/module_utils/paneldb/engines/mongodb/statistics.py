# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a live server and about the rows in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import StatementFailed
from ...model.schema import Check, ForeignKey, Table
from ..base import Server
from .conditions import filter_of
from .faults import translated
from .probes import DECIMALS
from .values import decoder

if TYPE_CHECKING:
    from .engine import MongodbEngine

Row = tuple[Any, ...]
Stage = dict[str, Any]

#: So many values are shown.
SHOWN = 5


def server(engine: MongodbEngine) -> Server:
    """Tell who answered, and what it can do as far as is known by now."""
    probes = engine.probes
    product, version = probes.product
    facts = {
        "database": engine.target.database,
        "replica_set": probes.hello.get("setName", ""),
        "sharded": probes.hello.get("msg") == "isdbgrid",
        "speaks": str(probes.build.get("version", "")),
        "capabilities": probes.facts(),
    }
    numbers = tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())
    return Server(product, version, numbers, facts)


def count(engine: MongodbEngine, table: Table) -> int:
    """Count the rows."""
    return _count(engine, table, {})


def estimated_count(engine: MongodbEngine, table: Table) -> int:
    """Take what the server has counted along, which may be wrong after a crash; transactions do not know it."""
    if engine.session is not None:
        return count(engine, table)
    collection = engine.collection(table.name)
    with translated(f"Counting the rows of {table.name}"):
        return int(collection.estimated_document_count()) or int(collection.count_documents({}, limit=1))


def count_nulls(engine: MongodbEngine, table: Table, column: str) -> int:
    """Count rows in which the column is null, which is a field that is not there."""
    return _count(engine, table, {column: None})


def violations(engine: MongodbEngine, table: Table, check: Check) -> int:
    """Count rows that break the rule; where a filter cannot say it, they are read and looked at here."""
    condition = filter_of(check.expression, table, holds=False, decimals=engine.probes.can(DECIMALS))
    if condition is not None:
        return _count(engine, table, condition)
    holds, names = _holding(check.expression, table)
    return sum(holds(row) is False for row in engine.fetch(table, names))


def duplicates(engine: MongodbEngine, table: Table, columns: Sequence[str], where: str) -> tuple[int, tuple[Row, ...]]:
    """Count groups of rows that share non-null values; also give some of the values."""
    condition = filter_of(where, table, decimals=engine.probes.can(DECIMALS)) if where else {}
    if condition is None:
        return _duplicates_here(engine, table, columns, where)
    stages = [*grouped(columns, condition), {"$match": {"n": {"$gt": 1}}}]
    total = list(aggregate(engine, table, [*stages, {"$count": "groups"}]))
    shown = aggregate(engine, table, [*stages, {"$limit": SHOWN}]) if total else ()
    return int(total[0]["groups"]) if total else 0, tuple(values_of(each["_id"], columns) for each in shown)


def orphans(engine: MongodbEngine, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    """Count rows that refer to nothing; also give some of the values that they refer with."""
    from .orphans import found_orphans

    return found_orphans(engine, table, key)


def grouped(columns: Sequence[str], condition: Mapping[str, Any]) -> list[Stage]:
    """Give the stages that make one document, with its number ``n``, of all rows that share non-null values."""
    given: list[Stage] = [{name: {"$ne": None}} for name in columns]
    rules = [*given, dict(condition)] if condition else given
    fields = {f"v{position}": f"${name}" for position, name in enumerate(columns)}
    return [{"$match": {"$and": rules}}, {"$group": {"_id": fields, "n": {"$sum": 1}}}]


def values_of(group: Mapping[str, Any], columns: Sequence[str]) -> Row:
    """Give the values of a group."""
    return tuple(group.get(f"v{position}") for position in range(len(columns)))


def aggregate(engine: MongodbEngine, table: Table, stages: Sequence[Stage]) -> Iterator[dict[str, Any]]:
    """Run the stages and give what comes out."""
    collection = engine.collection(table.name)
    with translated(f"Looking at the rows of {table.name}"):
        yield from collection.aggregate(list(stages), session=engine.session)


def table_bytes(engine: MongodbEngine, table: Table) -> int | None:
    """Give the size on disk with indexes; None where the server does not tell."""
    try:
        answer = engine.command({"collStats": table.name}, f"Asking for the size of {table.name}")
    except StatementFailed:
        return None
    size = answer.get("totalSize", int(answer.get("storageSize", 0)) + int(answer.get("totalIndexSize", 0)))
    return int(size)


def _count(engine: MongodbEngine, table: Table, condition: Mapping[str, Any]) -> int:
    collection = engine.collection(table.name)
    with translated(f"Counting the rows of {table.name}"):
        return int(collection.count_documents(condition, session=engine.session))


def _duplicates_here(
    engine: MongodbEngine, table: Table, columns: Sequence[str], where: str
) -> tuple[int, tuple[Row, ...]]:
    """Read the rows and count: no filter can say which of them are meant."""
    holds, names = _holding(where, table)
    width = len(columns)
    rows = engine.fetch(table, (*columns, *names))
    counts = Counter(row[:width] for row in rows if None not in row[:width] and holds(row[width:]))
    found = [values for values, number in counts.items() if number > 1]
    return len(found), tuple(found[:SHOWN])


def _holding(text: str, table: Table) -> tuple[Callable[[Row], bool | None], tuple[str, ...]]:
    """Give what tells whether a condition is true for the values of the columns, and these columns."""
    from ...model.expression_evaluator import evaluator
    from ...model.expressions import columns_of, parse

    expression = parse(text)
    names = tuple(sorted(columns_of(expression)))
    decoders = [decoder(table.column(name)) for name in names]
    evaluate = evaluator(expression)

    def holds(row: Row) -> bool | None:
        values = (value if decode is None else decode(value) for decode, value in zip(decoders, row))
        return evaluate(dict(zip(names, values)))

    return holds, names
