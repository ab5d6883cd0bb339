# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of a change: elements that hold on to a column or a key that is about to be another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .schema import Check, ForeignKey, Index, Schema, Table


def merged_values(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Give the values of an enum that both take: the old ones in their order, each new one behind its neighbour."""
    merged = list(before)
    place = 0
    for value in after:
        if value in merged:
            place = merged.index(value) + 1
        else:
            merged.insert(place, value)
            place += 1
    return tuple(merged)


class Obstacles:
    """Answers what stands in the way between two schemas whose names agree."""

    def __init__(self, state: Schema, wanted: Schema) -> None:
        self._state = state
        self._shrinking = frozenset(_shrinking(state, wanted))
        self._retyped: dict[str, frozenset[str]] = {}
        self._waiting: dict[str, frozenset[str]] = {}
        self._broken: set[tuple[str, frozenset[str]]] = set()
        for table in state.tables:
            after = wanted.table(table.name)
            if after is not None:
                self._look_at(table, after)
        for table in wanted.tables:
            self._waiting[table.name] = frozenset(self._of_shrinking_enums(table))

    def stands_in_the_way(self, table: str, element: Any) -> bool:
        """Tell whether an element that is there has to go, though perhaps only to come back."""
        if isinstance(element, ForeignKey):
            ours, theirs = self._retyped.get(table, frozenset()), self._retyped.get(element.ref_table, frozenset())
            touched = not (ours.isdisjoint(element.columns) and theirs.isdisjoint(element.ref_columns))
            return touched or _key_of(element) in self._broken
        return _reads(element, self._retyped.get(table, frozenset()))

    def has_to_wait(self, table: str, element: Any) -> bool:
        """Tell whether a wanted element can come only after an enum has shrunk."""
        columns = self._waiting.get(table, frozenset())
        if isinstance(element, ForeignKey):
            return not columns.isdisjoint(element.columns)
        return _reads(element, columns)

    def holds_still(self, key: ForeignKey) -> bool:
        """Tell whether what the foreign key refers to is there before and after, unchanged all the while."""
        there = self._state.table(key.ref_table)
        return (
            there is not None
            and key.ref_table in self._retyped
            and self._retyped[key.ref_table].isdisjoint(key.ref_columns)
            and _key_of(key) not in self._broken
            and frozenset(key.ref_columns) in set(_keys(there))
        )

    def _look_at(self, table: Table, after: Table) -> None:
        types = {column.name: column.type for column in after.columns}
        retyped = {column.name for column in table.columns if types.get(column.name, column.type) != column.type}
        self._retyped[table.name] = frozenset(retyped.union(self._of_shrinking_enums(table)))
        lost = set(_named_keys(table)) - set(_named_keys(after))
        self._broken.update((table.name, columns) for _unused, columns in lost)

    def _of_shrinking_enums(self, table: Table) -> Iterator[str]:
        for column in table.columns:
            if column.type.name == "enum" and column.type.enum in self._shrinking:
                yield column.name


def _shrinking(state: Schema, wanted: Schema) -> Iterator[str]:
    """Enums that lose values or take another order: their columns are written anew."""
    for enum in wanted.enums:
        before = state.enum(enum.name)
        if before is not None and merged_values(before.values, enum.values) != enum.values:
            yield enum.name


def _named_keys(table: Table) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], frozenset[str]]]:
    """What a foreign key can lean on: kind, name and columns in order, then the columns as a set."""
    if table.primary_key is not None:
        columns = table.primary_key.columns
        yield ("primary_key", "", columns), frozenset(columns)
    for unique in table.uniques:
        yield ("unique", unique.name, unique.columns), frozenset(unique.columns)
    for index in table.indexes:
        if index.unique and not index.where:
            columns = tuple(column.name for column in index.columns)
            yield ("index", index.name + repr(index.columns), columns), frozenset(columns)


def _keys(table: Table) -> Iterator[frozenset[str]]:
    return (columns for _unused, columns in _named_keys(table))


def _key_of(key: ForeignKey) -> tuple[str, frozenset[str]]:
    return key.ref_table, frozenset(key.ref_columns)


def _reads(element: Any, columns: frozenset[str]) -> bool:
    """Tell whether a check's rule or a partial index's condition reads one of the columns."""
    text = element.expression if isinstance(element, Check) else element.where if isinstance(element, Index) else ""
    if not text or not columns:
        return False
    from .data import OPAQUE
    from .expressions import columns_of, parse

    if text.startswith(OPAQUE):
        return True
    return not columns.isdisjoint(columns_of(parse(text)))
