# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change: the rows of the input beside those of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, count
from operator import itemgetter, ne
from typing import Any

from ..engines.base import Row
from .rows import Batch
from .secrets import Password
from .tables import Rows, TableState

#: What happens to rows, in the order in which people are told.
OUTCOMES = ("created", "updated", "unchanged", "protected", "pruned")


@dataclass(frozen=True)
class Update:
    """One row of a batch whose ``columns`` differ from the row that was found."""

    rows: Rows
    index: int
    columns: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class TableChanges:
    """What happens to one table. ``postponed`` columns of new rows are written once all rows are there."""

    state: TableState
    updates: tuple[Update, ...]
    protected: int
    pruned: tuple[Row, ...]
    postponed: frozenset[str] = frozenset()

    @property
    def changed(self) -> bool:
        return bool(self.updates or self.pruned or any(rows.new for rows in self.state.rows))

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what happens to them; a row that differs in protected columns alone counts as protected."""
        created = sum(len(rows.new) for rows in self.state.rows)
        told = created + len(self.updates) + self.protected
        numbers = (created, len(self.updates), self.state.size - told, self.protected, len(self.pruned))
        return dict(zip(OUTCOMES, numbers))


def changes_of(state: TableState, postponed: frozenset[str]) -> TableChanges:
    """Compare every row of the input with the row that was found for it."""
    updates: list[Update] = []
    protected = 0
    for rows in () if state.as_wanted else state.rows:
        for index in _differing(state, rows):
            columns = _differing_columns(state, rows, index)
            free = tuple(name for name in columns if name not in rows.batch.protect)
            if free:
                updates.append(Update(rows, index, free))
            elif columns:
                protected += 1
    return TableChanges(state, tuple(updates), protected, _pruned(state), postponed)


def compared_columns(batch: Batch, key: Sequence[str]) -> tuple[str, ...]:
    """Give the columns outside the key that are compared. A protected password is left as it is, unchecked."""
    return tuple(
        name for name in batch.columns if name not in key and not (name in batch.passwords and name in batch.protect)
    )


def _differing(state: TableState, rows: Rows) -> list[int]:
    """Give the rows that are there and do not look the same, by one comparison for each row."""
    names = (*state.key, *compared_columns(rows.batch, state.key))
    if len(names) == len(state.key) or len(rows.new) == rows.batch.size:
        return []
    wanted = zip(*(rows.batch.stored[name] for name in names))
    found: Sequence[Any] = rows.found
    if names != state.fetched:
        pick = itemgetter(*(state.fetched.index(name) for name in names))
        found = [row if row is None else pick(row) for row in found]
    unlike = compress(count(), map(ne, wanted, found))
    return [index for index in unlike if found[index] is not None] if rows.new else list(unlike)


def _differing_columns(state: TableState, rows: Rows, index: int) -> tuple[str, ...]:
    row = rows.found[index] or ()
    return tuple(
        name
        for name in compared_columns(rows.batch, state.key)
        if not _same(rows.batch.stored[name][index], row[state.fetched.index(name)])
    )


def _same(wanted: Any, found: Any) -> bool:
    return wanted.verifies(found) if wanted.__class__ is Password else bool(wanted == found)


def _pruned(state: TableState) -> tuple[Row, ...]:
    """Give the rows of a pruned table that no row of the input names, in an order that does not hang on chance."""
    if state.as_wanted or not state.prune:
        return ()
    width = len(state.key)
    named = state.rows_by_key
    unnamed = (row for row in state.existing if (row[0] if width == 1 else row[:width]) not in named)
    return tuple(sorted(unnamed, key=repr))


def writing_order(states: dict[str, TableState]) -> list[tuple[TableState, frozenset[str]]]:
    """Order tables so that rows are written after those they refer to, each with its columns to postpone.

    A table that refers to itself, or is part of a circle, gets its rows with null in such columns first. There is
    always a next table, for no valid model has a circle of references that cannot be null.
    """
    waiting = list(states.values())
    ordered: list[tuple[TableState, frozenset[str]]] = []
    while waiting:
        names = {state.table.name for state in waiting}
        chosen = min(waiting, key=lambda state: (_weight(state, names), waiting.index(state)))
        ordered.append((chosen, _postponed(chosen, names)))
        waiting.remove(chosen)
    return ordered


def _weight(state: TableState, waiting: set[str]) -> int:
    """0: refers to nothing that is still to come; 1: only in columns that can be null; 2: in others too."""
    weight = 0
    for key in state.table.foreign_keys:
        if key.ref_table in waiting and key.ref_table != state.table.name:
            nullable = any(state.table.column(name).null for name in key.columns)
            weight = max(weight, 1 if nullable else 2)
    return weight


def _postponed(state: TableState, waiting: set[str]) -> frozenset[str]:
    return frozenset(
        name
        for key in state.table.foreign_keys
        if key.ref_table in waiting
        for name in key.columns
        if state.table.column(name).null
    )
