# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which differences are names alone: renames that the model says, that follow from structure, or that look forgotten.

A table or a column is renamed only where the model says so (``renamed_from``). An enum, index or constraint carries no
rows, so one that goes and one of the same structure that comes are the same one under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .operations import Operation, Rename, replay
from .schema import Column, Enum, Schema, Table

#: Kinds of elements in a table that may take another name because their structure is the same.
_NAMED_KINDS = (("unique", "uniques"), ("index", "indexes"), ("foreign_key", "foreign_keys"), ("check", "checks"))


class SuspectedRename(NamedTuple):
    """A table (empty ``table``) or column that goes while one of the same shape comes, and nobody said what it is.

    ``blocked`` tells that it was said, but cannot be followed: the new name is taken by another one.
    """

    table: str
    kind: str
    before: str
    after: str
    blocked: bool = False

    @property
    def question(self) -> str:
        """What a person has to answer, in the model."""
        place = f" of table {self.table}" if self.table else ""
        if self.blocked:
            return (
                f"{self.kind.capitalize()} {self.after}{place} says `renamed_from: {self.before}`, but both are there. "
                f"Drop or rename the present {self.after} in a migration of its own first."
            )
        return (
            f"Is {self.kind} {self.after}{place} the former {self.before}? "
            f"Then say `renamed_from: {self.before}` on it; else its contents are lost."
        )


def carry_renames(model: Schema, canonical: Schema) -> Schema:
    """Give the canonical form of a model with the model's ``renamed_from`` put back on."""
    tables = []
    for table in canonical.tables:
        said = model.table(table.name)
        tables.append(_with_renames(table, said) if said else table)
    return replace(canonical, tables=tuple(tables))


def renames(current: Schema, target: Schema) -> tuple[Operation, ...]:
    """Give all renames that lead from one schema towards the other, in an order in which each one can be done."""
    found: list[Operation] = []
    state = current
    for stage in (_said_tables, _said_columns, _enums, _elements):
        more = tuple(stage(state, target))
        state = replay(more, state)
        found.extend(more)
    return tuple(found)


def suspected_renames(current: Schema, target: Schema) -> tuple[SuspectedRename, ...]:
    """Give the pairs of something that goes and something of the same shape that comes, in order of name.

    Tables have the same shape where at least three quarters of their columns agree in name and type; columns where
    they agree in type, nullability and default.
    """
    state = replay(renames(current, target), current)
    found = list(_suspected("", "table", state.tables, target.tables, _alike_tables))
    for table, wanted in _in_both(state, target):
        found.extend(_suspected(table.name, "column", table.columns, wanted.columns, _alike_columns))
    return tuple(found)


def _suspected(
    table: str, kind: str, had: Sequence[Any], has: Sequence[Any], alike: Callable[[Any, Any], bool]
) -> Iterator[SuspectedRename]:
    going = {element.name: element for element in _gone(had, has)}
    for element in sorted(has, key=_name):
        if element.renamed_from in going:
            del going[element.renamed_from]
            yield SuspectedRename(table, kind, element.renamed_from, element.name, blocked=True)
    for before, after in _pairs(list(going.values()), _gone(has, had), alike):
        yield SuspectedRename(table, kind, before.name, after.name)


def _with_renames(table: Table, said: Table) -> Table:
    formers = {column.name: column.renamed_from for column in said.columns if column.renamed_from}
    if not formers and not said.renamed_from:
        return table
    columns = tuple(replace(column, renamed_from=formers.get(column.name, "")) for column in table.columns)
    return replace(table, columns=columns, renamed_from=said.renamed_from)


def _said_tables(current: Schema, target: Schema) -> Iterator[Operation]:
    said = [(table.renamed_from, table.name) for table in target.tables if table.renamed_from]
    for before, after in _in_order(said, {table.name for table in current.tables}):
        yield Rename("", "table", before, after)


def _said_columns(current: Schema, target: Schema) -> Iterator[Operation]:
    for table, wanted in _in_both(current, target):
        said = [(column.renamed_from, column.name) for column in wanted.columns if column.renamed_from]
        for before, after in _in_order(said, set(table.column_names)):
            yield Rename(table.name, "column", before, after)


def _enums(current: Schema, target: Schema) -> Iterator[Operation]:
    going, coming = _gone(current.enums, target.enums), _gone(target.enums, current.enums)
    if not going or not coming:
        return
    for before, after in _pairs(going, coming, lambda one, other: one.values == other.values):
        if _follows(current, target, before, after):
            yield Rename("", "enum", before.name, after.name)


def _follows(current: Schema, target: Schema, before: Enum, after: Enum) -> bool:
    """Tell whether the columns that took their values from the one all take them from the other."""
    wanted = {
        target_column.type.enum if target_column.type.name == "enum" else ""
        for table, target_table in _in_both(current, target)
        for column in table.columns
        for target_column in target_table.columns
        if column.name == target_column.name and column.type.name == "enum" and column.type.enum == before.name
    }
    return wanted == {after.name}


def _elements(current: Schema, target: Schema) -> Iterator[Operation]:
    taken = {table.name for table in current.tables}
    taken.update(name for table in current.tables for name in _names_of_rules(table))
    for table, wanted in _in_both(current, target):
        if table != wanted:
            yield from _elements_of(table, wanted, taken)


def _elements_of(table: Table, wanted: Table, taken: set[str]) -> Iterator[Operation]:
    named = set(_names_of_rules(wanted))
    for kind, slot in _NAMED_KINDS:
        had, has = getattr(table, slot), getattr(wanted, slot)
        going = [element for element in _gone(had, has) if element.name not in named]
        pairs = [(one.name, other.name) for one, other in _pairs(going, _gone(has, had), _alike_elements)]
        for before, after in _in_order(pairs, taken):
            yield Rename(table.name, kind, before, after)


def _names_of_rules(table: Table) -> Iterator[str]:
    for _unused, slot in _NAMED_KINDS:
        yield from (element.name for element in getattr(table, slot))


def _in_order(said: Iterable[tuple[str, str]], taken: set[str]) -> Iterator[tuple[str, str]]:
    """Give the pairs whose former name is taken and whose new one is free, each when its new name is free.

    ``taken`` follows what is given. Names that go in a ring cannot be done one after another and are left out.
    """
    waiting = sorted(said, key=lambda pair: (pair[1], pair[0]))
    while True:
        ready = next((pair for pair in waiting if pair[0] in taken and pair[1] not in taken), None)
        if ready is None:
            return
        waiting.remove(ready)
        taken.remove(ready[0])
        taken.add(ready[1])
        yield ready


def _in_both(current: Schema, target: Schema) -> Iterator[tuple[Table, Table]]:
    """Tables that both hold, in order of name."""
    for name in sorted(table.name for table in current.tables):
        table, wanted = current.table(name), target.table(name)
        if table is not None and wanted is not None:
            yield table, wanted


def _gone(elements: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """What of the first is in the second under no name, in order of name."""
    names = {element.name for element in others}
    return sorted((element for element in elements if element.name not in names), key=_name)


def _name(element: Any) -> str:
    return str(element.name)


def _pairs(going: Sequence[Any], coming: Sequence[Any], alike: Callable[[Any, Any], bool]) -> Iterator[tuple[Any, Any]]:
    """Pair each one that goes with the first one that comes, is alike and is not yet paired."""
    left = list(coming)
    for before in going:
        after = next((element for element in left if alike(before, element)), None)
        if after is not None:
            left.remove(after)
            yield before, after


def _alike_elements(one: Any, other: Any) -> bool:
    return bool(replace(one, name="") == replace(other, name=""))


def _alike_columns(one: Column, other: Column) -> bool:
    return (one.type, one.null, one.default) == (other.type, other.null, other.default)


def _alike_tables(one: Table, other: Table) -> bool:
    ours = {(column.name, column.type) for column in one.columns}
    theirs = {(column.name, column.type) for column in other.columns}
    return 4 * len(ours & theirs) >= 3 * max(len(ours), len(theirs))
