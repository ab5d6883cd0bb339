# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies between two schemas, as operations that every engine can carry out one after another.

The order: renames; foreign keys (and names needed elsewhere) that go; enums that come or grow; then table by table
what goes from it, its columns, its keys and rules; new tables, whoever refers after what it refers to; foreign keys
between tables; columns that go; tables that go; enums that shrink; enums that go. What comes stands before what is
lost, so that a person can put a step that moves rows in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from .obstacles import Obstacles, merged_values
from .operations import Add, Alter, Drop, Operation, Place
from .ordering import creation_order, removal_order
from .renames import renames
from .schema import Column, Element, Enum, ForeignKey, Schema, Table, TableElement


class Unmanaged(NamedTuple):
    """Something in the database that the model does not name. ``table`` is empty for tables and enums."""

    table: str
    kind: str
    name: str


def difference(current: Schema, target: Schema, *, prune: bool) -> tuple[Operation, ...]:
    """Give the operations that lead from one schema to the other, in an order in which each one can be done.

    Without ``prune`` whatever the target does not name stays as it is. ``renamed_from`` in the target is followed
    where the former name is there and the new one is not. The order of tables, enums, indexes and constraints in
    either schema, and of columns that both hold, has no influence.
    """
    state = current.normalized()
    first = renames(state, target)
    for operation in first:
        state = operation.apply(state)
    state = state.normalized()
    wanted = _wanted(state, target.normalized(), prune=prune)
    return first if state == wanted else first + tuple(_Difference(state, wanted).operations())


def unmanaged(current: Schema, target: Schema) -> tuple[Unmanaged, ...]:
    """Give what the target does not name, by the names that hold once the target's renames are carried out."""
    state = current
    for operation in renames(current, target):
        state = operation.apply(state)
    found = [Unmanaged("", "table", table.name) for table in state.tables if target.table(table.name) is None]
    found.extend(Unmanaged("", "enum", enum.name) for enum in state.enums if target.enum(enum.name) is None)
    for table in state.tables:
        named = target.table(table.name)
        if named is not None:
            found.extend(Unmanaged(table.name, each.kind, each.name) for each in _unnamed(table, named))
    return tuple(sorted(found))


def _wanted(state: Schema, target: Schema, *, prune: bool) -> Schema:
    """Give what is to be there in the end: the target and, without ``prune``, all that it does not name."""
    tables = [_wanted_table(state.table(table.name), table, prune=prune) for table in target.tables]
    enums = list(target.enums)
    if not prune:
        tables.extend(table for table in state.tables if target.table(table.name) is None)
        enums.extend(enum for enum in state.enums if target.enum(enum.name) is None)
    return Schema(tuple(tables), tuple(enums)).normalized()


def _wanted_table(had: Table | None, table: Table, *, prune: bool) -> Table:
    if had is None:
        return table
    places = {column.name: position for position, column in enumerate(had.columns)}
    columns = [_wanted_column(had, column) for column in table.columns]
    unnamed = () if prune else _unnamed(had, table)
    table = replace(table, columns=tuple(columns))
    for element in unnamed:
        table = table.put(element)
    # Nobody can move a column: those that are there keep their places, new ones come behind.
    in_place = sorted(table.columns, key=lambda column: places.get(column.name, len(places)))
    return replace(table, columns=tuple(in_place))


def _wanted_column(had: Table, column: Column) -> Column:
    """A model states neither a collation nor what a computed column computes; what is there stays."""
    found = had.find("column", column.name)
    if not isinstance(found, Column) or not (found.collation or found.generated):
        return column
    return replace(
        column,
        collation=column.collation or found.collation,
        generated=column.generated or found.generated,
    )


def _unnamed(had: Table, table: Table) -> list[TableElement]:
    """What is in the table that the target does not name: a rule of another kind under its name counts as named."""
    names = {(_space(element), element.name) for element in table.elements()}
    return [element for element in had.elements() if (_space(element), element.name) not in names]


def _names(elements: Iterable[Any]) -> Iterator[str]:
    return (element.name for element in elements)


def _space(element: TableElement) -> str:
    """Columns have names of their own, the primary key has none; all else shares one space of names."""
    return element.kind if element.kind in ("column", "primary_key") else "rule"


class _Difference:
    """The operations between two schemas whose names agree: what bears the same name is the same thing."""

    def __init__(self, state: Schema, wanted: Schema) -> None:
        self.state = state
        self.wanted = wanted
        self.had = {table.name: table for table in state.tables}
        self.has = {table.name: table for table in wanted.tables}
        self.obstacles = Obstacles(state, wanted)
        self.kept = [table.name for table in state.tables if self._changes(table)]
        self.gone = [table for table in state.tables if table.name not in self.has]
        self.new = [table for table in wanted.tables if table.name not in self.had]
        self.moving = frozenset(self._moving())

    def operations(self) -> Iterator[Operation]:
        """All of them, in order."""
        yield from self._early_drops()
        yield from self._enums_that_come()
        for name in self.kept:
            yield from self._within(name)
        yield from self._new_tables()
        for name in self.kept:
            yield from (Add(name, key) for key in self._coming(name, "foreign_key") if not self._settled(name, key))
        for name in self.kept:
            yield from (Drop(name, column) for column in self._drops_of_columns(name))
        yield from self._drops_of_tables()
        yield from self._enums_that_shrink()
        yield from (Drop("", enum) for enum in self.state.enums if self.wanted.enum(enum.name) is None)

    def _changes(self, table: Table) -> bool:
        """Tell whether a table that stays has anything done to it."""
        return table.name in self.has and (
            table != self.has[table.name]
            or any(self.obstacles.stands_in_the_way(table.name, each) for each in table.elements())
        )

    # --- what goes, what comes -------------------------------------------------------------------------------------

    def _going(self, name: str, kind: str) -> Iterator[Any]:
        """Elements of one kind that leave the table, for good or to come back changed."""
        had, wanted = self.had[name], self.has[name]
        for element in had.elements():
            if element.kind == kind and (
                wanted.find(kind, element.name) != element or self.obstacles.stands_in_the_way(name, element)
            ):
                yield element

    def _coming(self, name: str, kind: str, *, late: bool = False) -> Iterator[Any]:
        """Elements of one kind that enter the table, for the first time or again.

        ``late`` ones have to wait until enums have shrunk.
        """
        had, wanted = self.had[name], self.has[name]
        for element in wanted.elements():
            if element.kind != kind or self.obstacles.has_to_wait(name, element) != late:
                continue
            before = had.find(kind, element.name)
            if before != element or self.obstacles.stands_in_the_way(name, before):
                yield element

    def _settled(self, name: str, key: ForeignKey) -> bool:
        """Tell whether a foreign key can go or come while its own table is worked on."""
        return key.ref_table == name or self.obstacles.holds_still(key)

    # --- the parts, in order ---------------------------------------------------------------------------------------

    def _early_drops(self) -> Iterator[Operation]:
        for name in self.kept:
            yield from (Drop(name, key) for key in self._going(name, "foreign_key") if not self._settled(name, key))
        for table in self.gone:
            keys = (key for key in table.foreign_keys if self.obstacles.stands_in_the_way(table.name, key))
            yield from (Drop(table.name, key) for key in keys)
        for name in [*self.kept, *(table.name for table in self.gone)]:
            elements = self.had[name].elements()
            yield from (Drop(name, each) for each in elements if (name, each.kind, each.name) in self.moving)

    def _moving(self) -> Iterator[Place]:
        """Indexes and uniques whose names another table needs: such names are one space for all tables."""
        claimed = self._claimed()
        for name in self.kept:
            for element in chain(self._going(name, "index"), self._going(name, "unique")):
                if claimed.get(element.name, set()) - {name}:
                    yield name, element.kind, element.name
        for table in self.gone:
            rules: Iterator[Any] = chain(table.indexes, table.uniques)
            yield from ((table.name, each.kind, each.name) for each in rules if each.name in claimed)

    def _claimed(self) -> dict[str, set[str]]:
        """Names of indexes and uniques that come, each with the tables that they come to."""
        claimed: dict[str, set[str]] = {}
        for name in self.kept:
            for element in chain(self._coming(name, "index"), self._coming(name, "unique")):
                claimed.setdefault(element.name, set()).add(name)
        for table in self.new:
            for name in chain(_names(table.indexes), _names(table.uniques)):
                claimed.setdefault(name, set()).add(table.name)
        return claimed

    def _enums_that_come(self) -> Iterator[Operation]:
        for enum in self.wanted.enums:
            before = self.state.enum(enum.name)
            if before is None:
                yield Add("", enum)
            elif set(enum.values) - set(before.values):
                yield Alter("", before, Enum(enum.name, merged_values(before.values, enum.values)))

    def _enums_that_shrink(self) -> Iterator[Operation]:
        for enum in self.wanted.enums:
            before = self.state.enum(enum.name)
            values = merged_values(before.values, enum.values) if before else enum.values
            if values != enum.values:
                yield Alter("", Enum(enum.name, values), enum)
        for name in [*self.kept, *(table.name for table in self.new)]:
            yield from (Add(name, element) for element in self._waiting(name))

    def _waiting(self, name: str) -> Iterator[Element]:
        """What could not come before enums had shrunk."""
        if name not in self.had:
            yield from (each for each in self.has[name].elements() if self.obstacles.has_to_wait(name, each))
            return
        for kind in ("index", "check", "foreign_key"):
            yield from self._coming(name, kind, late=True)

    def _within(self, name: str) -> Iterator[Operation]:
        """All that happens to one table on its own, so that an engine can do it in one go."""
        had, wanted = self.had[name], self.has[name]
        if had.comment != wanted.comment:
            yield Alter("", Table(name, comment=had.comment), Table(name, comment=wanted.comment))
        counters = _Counters(had, wanted)
        yield from counters.stop()
        yield from (Drop(name, key) for key in self._going(name, "foreign_key") if self._settled(name, key))
        for kind in ("index", "unique", "check", "primary_key"):
            going = (each for each in self._going(name, kind) if (name, kind, each.name) not in self.moving)
            yield from (Drop(name, element) for element in going)
        yield from counters.columns()
        yield from (Add(name, element) for element in self._coming(name, "primary_key"))
        yield from counters.start()
        for kind in ("unique", "index", "check"):
            yield from (Add(name, element) for element in self._coming(name, kind))
        yield from (Add(name, key) for key in self._coming(name, "foreign_key") if self._settled(name, key))

    def _new_tables(self) -> Iterator[Operation]:
        tables = [self._without_waiting(table) for table in self.new]
        ordered, closing = creation_order(tables)
        yield from (Add("", table) for table in ordered)
        yield from (Add(name, key) for name, key in closing)

    def _without_waiting(self, table: Table) -> Table:
        for element in self._waiting(table.name):
            table = table.without(element.kind, element.name)
        return table

    def _drops_of_columns(self, name: str) -> Iterator[Column]:
        had, wanted = self.had[name], self.has[name]
        counters = _Counters(had, wanted)
        yield from (counters.stopped(column) for column in had.columns if wanted.find("column", column.name) is None)

    def _drops_of_tables(self) -> Iterator[Operation]:
        by_name = {table.name: self._what_is_left(table) for table in self.gone}
        names, closing = removal_order(by_name.values())
        for name, key in closing:
            yield Drop(name, key)
            by_name[name] = by_name[name].without("foreign_key", key.name)
        yield from (Drop("", by_name[name]) for name in names)

    def _what_is_left(self, table: Table) -> Table:
        """A table that goes, without what had to go before."""
        for key in table.foreign_keys:
            if self.obstacles.stands_in_the_way(table.name, key):
                table = table.without("foreign_key", key.name)
        for holder, kind, name in self.moving:
            table = table.without(kind, name) if holder == table.name else table
        return table


class _Counters:
    """Changes of one table's columns, minding that an engine counts only in a column that is a key.

    Where the primary key changes, counting stops before the old key goes and starts once the new one is there.
    """

    def __init__(self, had: Table, wanted: Table) -> None:
        self.had = had
        self.wanted = wanted
        self.rekeyed = had.primary_key != wanted.primary_key

    def _stops(self, column: Column) -> bool:
        if not self.rekeyed or not column.autoincrement:
            return False
        wanted = self.wanted.find("column", column.name)
        return not (isinstance(wanted, Column) and wanted.autoincrement)

    def _starts(self, column: Column) -> bool:
        before = self.had.find("column", column.name)
        return self.rekeyed and column.autoincrement and isinstance(before, Column) and not before.autoincrement

    def stopped(self, column: Column) -> Column:
        """The column as it is once counting has stopped."""
        return replace(column, default=None) if self._stops(column) else column

    def stop(self) -> Iterator[Operation]:
        """Before the primary key goes."""
        for column in self.had.columns:
            if self._stops(column):
                yield Alter(self.had.name, column, self.stopped(column))

    def columns(self) -> Iterator[Operation]:
        """New columns, then changed ones; a new one that counts comes last, next to its key."""
        new = [column for column in self.wanted.columns if self.had.find("column", column.name) is None]
        yield from (Add(self.had.name, column) for column in new if not column.autoincrement)
        for column in self.had.columns:
            wanted = self.wanted.find("column", column.name)
            if isinstance(wanted, Column):
                yield from self._alter(self.stopped(column), self._not_yet_counting(wanted))
        yield from (Add(self.had.name, column) for column in new if column.autoincrement)

    def start(self) -> Iterator[Operation]:
        """Once the primary key is there."""
        for column in self.wanted.columns:
            if self._starts(column):
                yield from self._alter(self._not_yet_counting(column), column)

    def _not_yet_counting(self, column: Column) -> Column:
        return replace(column, default=None) if self._starts(column) else column

    def _alter(self, before: Column, after: Column) -> Iterator[Operation]:
        if before != after:
            yield Alter(self.had.name, before, after)
