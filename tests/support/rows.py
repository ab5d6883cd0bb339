# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that obey a schema, and the schema that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Optional

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import columns_of, parse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.ordering import creation_order
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Enum,
    ForeignKey,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS, TEXTS, Chooser
from ansible_collections.ctrlaltplay.paneldb.tests.support.edits import Pair, related

#: Per table its columns and its rows of logical values; tables in an order in which they can be filled.
Rows = dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]

Place = tuple[str, str]


@dataclass
class Demands:
    """What rows must obey beyond their own schema: columns that hold no null, or tame values, or fewer enum values."""

    required: frozenset[Place] = frozenset()
    tame: frozenset[Place] = frozenset()
    values: Optional[dict[Place, tuple[str, ...]]] = None


class RowMaker:
    """Makes rows of which no two share a value in a column that could be a key."""

    def __init__(self, chooser: Chooser, schema: Schema, demands: Demands) -> None:
        self.chooser = chooser
        self.schema = schema
        self.demands = demands
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def make(self) -> Rows:
        """Up to four rows for each table."""
        ordered, closing = creation_order(self.schema.tables)
        for name in (table.name for table in ordered):
            table = self.schema.table(name)
            assert table
            self._fill(table, {key.name for holder, key in closing if holder == name})
        return {
            name: (tuple(rows[0]), [tuple(row.values()) for row in rows]) for name, rows in self.rows.items() if rows
        }

    def _fill(self, table: Table, closing: set[str]) -> None:
        self.rows[table.name] = []
        for position in range(self.chooser.number(0, 4)):
            row = {column.name: self._value(table, column, position) for column in table.columns}
            for key in table.foreign_keys:
                parent = None if key.name in closing else self._parent(table, key, position)
                if parent is None and any(self._must_not_be_null(table, column) for column in key.columns):
                    return
                for column, theirs in zip(key.columns, key.ref_columns):
                    row[column] = parent[theirs] if parent else None
            self.rows[table.name].append(row)

    def _parent(self, table: Table, key: ForeignKey, position: int) -> Optional[dict[str, Any]]:
        others = self.rows.get(key.ref_table, [])
        parent = others[position % len(others)] if others else None
        null = not any(self._must_not_be_null(table, column) for column in key.columns)
        missing = parent is not None and any(parent[column] is None for column in key.ref_columns)
        return None if missing or (null and self.chooser.chance(20)) else parent

    def _must_not_be_null(self, table: Table, column: str) -> bool:
        return not table.column(column).null or (table.name, column) in self.demands.required

    def _value(self, table: Table, column: Column, position: int) -> Any:
        place = (table.name, column.name)
        if not self._must_not_be_null(table, column.name) and self.chooser.chance(25):
            return None
        if column.type.name == "enum":
            enum = self.schema.enum(column.type.enum)
            assert isinstance(enum, Enum)
            allowed = (self.demands.values or {}).get(place, enum.values)
            return self.chooser.pick(allowed)
        return value(column.type, position, self.chooser, tame=place in self.demands.tame)


def value(kind: Type, position: int, chooser: Chooser, *, tame: bool) -> Any:
    """A logical value that no other row has (booleans apart); tame ones obey every condition of the strategies."""
    if kind.name in ("string", "text"):
        longest = kind.length if kind.name == "string" else 300
        text = chooser.pick([*TEXTS, TEXTS[0] * 40])
        return f"{text[: longest - 1]}{position}"
    if kind.name in ("integer", "bigint"):
        largest = 2**31 if kind.name == "integer" else 2**63
        return 10 + position if tame or chooser.chance(60) else [largest - 1, -largest, 0, -1][position]
    if kind.name == "decimal":
        smallest = Decimal(position + 1).scaleb(-kind.scale)
        return smallest if tame or chooser.chance(60) else -smallest
    if kind.name == "float":
        return position + 0.5 if tame or chooser.chance(60) else [0.1, 1e300, -2.5e-8, 123456789.125][position]
    return {
        "uuid": f"c0ffee00-0000-4000-8000-{position:012x}",
        "boolean": position % 2 == 0,
        "timestamp": datetime(2024, 2, 29, 23, 59, 59, 7000, tzinfo=timezone.utc)
        + timedelta(days=position, milliseconds=position),
        "json": [{"it's": [1, None, "%s", {"ü": 1.5}]}, [], f"te\\xt{position}", position][position],
        "bytes": bytes([0, 255, 39, 92, position]),
    }[kind.name]


def demands_of(pair: Pair) -> Demands:
    """What the second schema asks of rows of the first, in the first one's names."""
    required, values = set(), {}
    for (table, before), (_unused, after) in pair.kept():
        if not after.null:
            required.add((table, before.name))
        if before.type.name == after.type.name == "enum":
            had, has = pair.before.enum(before.type.enum), pair.after.enum(after.type.enum)
            assert had
            assert has
            values[table, before.name] = tuple(each for each in had.values if each in has.values)
        elif before.type.name == "enum":
            had = pair.before.enum(before.type.enum)
            assert had
            values[table, before.name] = had.values
    return Demands(frozenset(required), frozenset(_tame(pair)), values)


def tame_places(schema: Schema) -> set[Place]:
    """Columns that some check is about."""
    return {
        (table.name, name)
        for table in schema.tables
        for check in table.checks
        for name in columns_of(parse(check.expression))
    }


def _tame(pair: Pair) -> set[Place]:
    """Columns that a check of either schema is about, and those that lend them their values."""
    former = {pair.columns[place] for place in tame_places(pair.after) if place in pair.columns}
    places = tame_places(pair.before) | former
    for table in pair.before.tables:
        for key in table.foreign_keys:
            lent = zip(key.columns, key.ref_columns)
            places.update((key.ref_table, theirs) for ours, theirs in lent if (table.name, ours) in places)
    return places


@st.composite
def filled(draw: Any, stems: Sequence[str] = STEMS) -> tuple[Pair, Rows]:
    """A pair of schemas, and rows of the first that both allow; names begin in these ways."""
    pair = draw(related(stems))
    demands = demands_of(pair)
    if any(not allowed for allowed in (demands.values or {}).values()):
        return pair, {}
    return pair, RowMaker(Chooser(draw), pair.before, demands).make()
