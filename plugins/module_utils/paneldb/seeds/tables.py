# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rows are there already, which are new, and what references lead to.

Tables are looked at in the order in which they need each other: a row whose key refers to another table can only be
looked for once the row that it refers to has been found, or is known to be new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Any

from ..engines.base import Engine, Row
from ..errors import InputError
from ..model.schema import Schema, Table
from .cells import Reader
from .files import Seed, label
from .rows import Batch, Reference, batches
from .uuids import generate_uuids

#: A table that has over this many times the rows of the input is asked for their keys, not read as a whole.
FEW = 5


class NewKey:
    """A value that the database gives a new row; known once that row has been written. Equal to nothing but itself."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Any = None


@dataclass(eq=False, repr=False)
class Rows:
    """The rows of one batch beside what the database holds: for each the row found, or None where it is new.

    ``generated`` holds what is made for new rows: ``uuid()`` columns, and ``NewKey`` where a reference needs what the
    database gives; its lists are as long as the batch.
    """

    batch: Batch
    keys: Sequence[Any]
    found: list[Row | None]
    new: list[int]
    generated: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(eq=False, repr=False)
class TableState:
    """One table with all its seeds.

    ``wanted`` are the columns to read, ``fetched`` those that were read of the ``existing`` rows: the key's first.
    ``renames`` lead from stored keys (of one column) that rows of the database may have to those that they are to get;
    the rows are looked at as if they had them already, and ``renamed`` says which did not. Writing it is the caller's.
    ``existing_rows`` is an estimate, but where it is 0 there are none.
    ``reading`` makes of the rows that are read those that are kept.
    """

    table: Table
    key: tuple[str, ...]
    prune: bool
    batches: list[Batch]
    fetched: tuple[str, ...] = ()
    existing: list[Row] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    wanted: dict[str, None] = field(default_factory=dict)
    existing_rows: int = 0
    as_wanted: bool = False
    identified: bool = False
    renames: Mapping[Any, Any] = field(default_factory=dict)
    renamed: dict[Any, Any] = field(default_factory=dict)
    reading: Callable[[Iterable[Row]], Iterable[Row]] = iter

    @property
    def size(self) -> int:
        """Rows of the input."""
        return sum(batch.size for batch in self.batches)

    @property
    def secret(self) -> frozenset[str]:
        """Columns whose values are never shown."""
        return frozenset().union(*(batch.secret for batch in self.batches))

    @cached_property
    def rows_by_key(self) -> dict[Any, Rows]:
        """The rows of the input that each key is in."""
        return {key: rows for rows in self.rows for key in rows.keys}

    def rename(self) -> None:
        """Give rows of the database the keys that they are to get, unless another row has and keeps that key."""
        there = {row[0] for row in self.existing}
        self.renamed = {old: new for old, new in self.renames.items() if old in there and self._is_free(new, there)}
        if self.renamed:
            self.existing = [(self.renamed.get(row[0], row[0]), *row[1:]) for row in self.existing]

    def _is_free(self, key: Any, there: set[Any]) -> bool:
        """Tell whether no row has the key, or the one that has it gets another one in turn."""
        while key in there:
            if key not in self.renames:
                return False
            key = self.renames[key]
        return True

    def existing_by_key(self) -> dict[Any, Row]:
        """The rows that were read, by what names each."""
        part = itemgetter(0) if len(self.key) == 1 else itemgetter(slice(len(self.key)))
        return dict(zip(map(part, self.existing), self.existing))


class Tables:
    """All seeded tables of a run."""

    def __init__(self, engine: Engine, schema: Schema, reader: Reader, seeds: Sequence[Seed], *, prune: bool) -> None:
        self._engine = engine
        self._reader = reader
        self.table = schema.table
        self._under_way: list[str] = []
        self._targets: dict[tuple[str, ...], dict[Any, Any]] = {}
        self.states = _states(seeds, prune)
        for state in self.states.values():
            for batch in state.batches:
                reader.read(batch)
        self._note_wanted()
        named = {table.name for batch in self._all_batches() for table in (batch.table,)}
        self.missing = tuple(sorted(named - engine.existing_tables(sorted(named)))) if named else ()

    def identify_all(self) -> None:
        """Find every row and resolve every reference.

        :raises InputError: a reference leads to nothing, a key stands twice in the input, or keys refer in a circle.
        """
        for state in self.states.values():
            self._identify(state)
        for state in self.states.values():
            for batch in state.batches:
                for name in tuple(batch.references):
                    self._resolve(batch, name)

    # --- what to read --------------------------------------------------------------------------------------------

    def _all_batches(self) -> Iterator[Batch]:
        waiting = [batch for state in self.states.values() for batch in state.batches]
        while waiting:
            batch = waiting.pop()
            yield batch
            waiting.extend(each.named for references in batch.references.values() for each in references)

    def _note_wanted(self) -> None:
        """Name, for each seeded table, every column that has to be read of it."""
        for state in self.states.values():
            names = chain(state.key, *(_compared(batch) for batch in state.batches))
            pruned_by = state.table.primary_key.columns if state.prune and state.table.primary_key else ()
            state.wanted = dict.fromkeys(chain(names, pruned_by))
        for batch in self._all_batches():
            for reference in chain.from_iterable(batch.references.values()):
                if reference.named.table.name in self.states:
                    self.states[reference.named.table.name].wanted[reference.target] = None

    # --- finding rows --------------------------------------------------------------------------------------------

    def _identify(self, state: TableState) -> None:
        if state.identified:
            return
        self._resolve_keys(state)
        keys = [key_values(batch, state.key) for batch in state.batches]
        _refuse_null(state)
        _refuse_twice(state, keys)
        self._read(state, keys)
        state.as_wanted = _is_as_wanted(state)
        state.rows = _found(state, keys)
        for rows in state.rows:
            generate_uuids(rows, self._reader)
        state.identified = True

    def _resolve_keys(self, state: TableState) -> None:
        name = state.table.name
        if name in self._under_way:
            place = state.batches[0].at(0)
            circle = " -> ".join([*self._under_way[self._under_way.index(name) :], name])
            raise place.error(f"Keys refer to each other in a circle: {circle}.", hint="Use keys of plain values.")
        self._under_way.append(name)
        for batch in state.batches:
            for column in state.key:
                self._resolve(batch, column)
        self._under_way.pop()

    def _read(self, state: TableState, keys: Sequence[Sequence[Any]]) -> None:
        state.fetched = tuple(state.wanted)
        if state.table.name in self.missing or not (state.prune or state.batches):
            return
        state.existing_rows = self._engine.estimated_count(state.table)
        if not state.existing_rows:
            return
        where = None
        if state.existing_rows > FEW * state.size and not state.prune:
            where = most_selective(state.key, [*chain.from_iterable(keys), *state.renames])
        state.existing = list(state.reading(self._engine.fetch(state.table, state.fetched, where=where)))
        if state.renames:
            state.rename()

    # --- following references ------------------------------------------------------------------------------------

    def _resolve(self, batch: Batch, column: str) -> None:
        """Put into the column what its references lead to."""
        for reference in batch.references.pop(column, ()):
            values = self._follow(reference)
            stored = batch.stored[column]
            for index, value in zip(reference.indexes, values):
                stored[index] = value
            if NewKey in set(map(type, values)):
                batch.pending.add(column)

    def _follow(self, reference: Reference) -> list[Any]:
        named = reference.named
        for name in named.columns:
            self._resolve(named, name)
        keys = key_values(named, named.columns)
        targets = self.targets(named.table, named.columns, reference.target)
        missing = {key for key in keys if key not in targets}
        found = self.look_up(named.table, named.columns, reference.target, missing) if missing else {}
        values = [targets[key] if key in targets else found.get(key) for key in keys]
        if None in values:
            raise self._leads_nowhere(named, values.index(None))
        return values

    def _leads_nowhere(self, named: Batch, index: int) -> InputError:
        said = ", ".join(
            f"{name}={'a secret' if name in named.secret else repr(named.cells[name][index])}" for name in named.columns
        )
        if named.table.name in self.missing:
            hint = f"Table {named.table.name} does not exist yet: deploy the migrations first."
        else:
            hint = "Add the row to a seed, or correct the name."
        return named.at(index).error(f"This refers to nothing: {named.table.name} has no row with {said}.", hint=hint)

    def targets(self, table: Table, names: Sequence[str], target: str) -> dict[Any, Any]:
        """Give, for the rows of the input that name these columns, the value of the target column once written."""
        state = self.states.get(table.name)
        place = (table.name, *names, target)
        if state is None:
            return {}
        if place not in self._targets:
            self._identify(state)
            self._targets[place] = {}
            for rows in state.rows:
                if all(name in rows.batch.cells for name in names):
                    self._targets[place].update(self._targets_of(rows, names, target))
        return self._targets[place]

    def _targets_of(self, rows: Rows, names: Sequence[str], target: str) -> dict[Any, Any]:
        for name in (*names, target):
            if name in rows.batch.references:
                self._resolve(rows.batch, name)
        values = self._written(rows, target)
        keys = key_values(rows.batch, names)
        if rows.batch.protect.isdisjoint(names):
            return dict(zip(keys, values))
        return {keys[index]: values[index] for index in rows.new}

    def _written(self, rows: Rows, target: str) -> Sequence[Any]:
        """Give the column's values as they will be: written in the seed, there already, or made for a new row."""
        if target in rows.batch.cells:
            return rows.batch.stored[target]
        fetched = self.states[rows.batch.table.name].fetched.index(target)
        made = rows.generated.get(target)
        if made is None and rows.new:
            made = rows.generated[target] = [None] * rows.batch.size
            for index in rows.new:
                made[index] = NewKey()
        return [made[index] if row is None and made else row and row[fetched] for index, row in enumerate(rows.found)]

    def look_up(self, table: Table, names: Sequence[str], target: str, keys: set[Any]) -> dict[Any, Any]:
        """Find rows that the input does not name by these columns in the database, as they will be left there."""
        if table.name in self.missing:
            return {}
        state = self.states.get(table.name)
        own = state.key if state else ()
        columns = tuple(dict.fromkeys((*names, target, *own)))
        where = most_selective(names, keys)
        width = len(names)
        at = columns.index(target)
        return {
            (row[0] if width == 1 else row[:width]): row[at]
            for row in self._engine.fetch(table, columns, where=where)
            if state is None or _stays(state, tuple(row[columns.index(name)] for name in own), names)
        }

    def holders(self, state: TableState, names: Sequence[str], values: set[Any]) -> list[Any]:
        """Give those of the values that rows of the database have and keep, in these columns, beside the input."""
        columns = (*names, *state.key)
        width = len(names)
        found: dict[Any, None] = {}
        for row in self._engine.fetch(state.table, columns, where=most_selective(names, values)):
            value = row[0] if width == 1 else row[:width]
            if value in values and _stays(state, row[width:], names):
                found[value] = None
        return list(found)


def _stays(state: TableState, key: Row, names: Sequence[str]) -> bool:
    """Tell whether a row of the database is left there with its values in these columns."""
    rows = state.rows_by_key.get(key[0] if len(key) == 1 else key)
    if rows is None:
        return not state.prune
    return not all(name in rows.batch.cells for name in names) or not rows.batch.protect.isdisjoint(names)


def _states(seeds: Sequence[Seed], prune: bool) -> dict[str, TableState]:
    states: dict[str, TableState] = {}
    for seed in seeds:
        state = states.setdefault(seed.table.name, TableState(seed.table, seed.key, prune, []))
        state.prune = state.prune or seed.prune
        state.batches.extend(batches(seed))
    return states


def _compared(batch: Batch) -> Iterator[str]:
    """A password that an operator may change is never looked at again: checking it would cost time for nothing."""
    return (name for name in batch.columns if not (name in batch.passwords and name in batch.protect))


def key_values(batch: Batch, names: Sequence[str]) -> Sequence[Any]:
    """Give what names each row: the stored value of the one column, or a tuple of those of several."""
    if len(names) == 1:
        return batch.stored[names[0]]
    return list(zip(*(batch.stored[name] for name in names)))


def most_selective(names: Sequence[str], keys: Iterable[Any]) -> tuple[str, list[Any]]:
    """Give the column of a key that has the most different values, with those that a database can know."""
    columns = [set(keys)] if len(names) == 1 else [set(values) for values in zip(*keys)] or [set()]
    best = max(range(len(columns)), key=lambda index: len(columns[index]))
    return names[best], [value for value in columns[best] if value.__class__ is not NewKey]


def _refuse_null(state: TableState) -> None:
    for batch in state.batches:
        for name in state.key:
            if batch.table.column(name).null and None in batch.stored[name]:
                index = batch.stored[name].index(None)
                raise batch.at(index, name).error("A column of the key is null.", expected="a value that names the row")


def _refuse_twice(state: TableState, keys: Sequence[Sequence[Any]]) -> None:
    if len(set(chain.from_iterable(keys))) == state.size:
        return
    seen: dict[Any, tuple[Batch, int]] = {}
    for batch, values in zip(state.batches, keys):
        for index, key in enumerate(values):
            other, before = seen.setdefault(key, (batch, index))
            if (other, before) != (batch, index):
                raise batch.at(index).error(
                    f"The key {list(state.key)} of this row is that of {label(other.at(before))} already.",
                    hint="Leave one of the two rows out.",
                )


def _found(state: TableState, keys: Sequence[Sequence[Any]]) -> list[Rows]:
    """Put each batch beside the rows that have its keys now."""
    if state.as_wanted:
        return [Rows(batch, values, [*state.existing], []) for batch, values in zip(state.batches, keys)]
    by_key = state.existing_by_key()
    paired: list[Rows] = []
    for batch, values in zip(state.batches, keys):
        found: list[Row | None] = list(map(by_key.get, values)) if by_key else [None] * batch.size
        new = [index for index, row in enumerate(found) if row is None] if None in found else []
        paired.append(Rows(batch, values, found, new))
    return paired


def _is_as_wanted(state: TableState) -> bool:
    """Tell whether the database gave just the rows of the input, in their order, as it mostly does after a seed."""
    if len(state.batches) != 1 or len(state.existing) != state.size or not state.size:
        return False
    stored = state.batches[0].stored
    if any(name not in stored or state.existing[0][at] != stored[name][0] for at, name in enumerate(state.fetched)):
        return False
    return state.existing == list(zip(*(stored[name] for name in state.fetched)))
