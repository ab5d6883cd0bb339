# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing what a plan holds: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..engines.base import Engine, Row
from ..errors import ConstraintViolated
from ..model.reading import Place
from .changes import TableChanges
from .files import label
from .secrets import Password
from .tables import NewKey, Rows, TableState, most_selective


def write(engine: Engine, tables: Sequence[TableChanges]) -> None:
    """Write new rows, then changed ones, then remove pruned ones; ``tables`` are in the order of their references.

    :raises ConstraintViolated: rows break a rule; ``source`` and ``path`` name the row where the engine knows it.
    """
    with engine.transaction():
        for changes in tables:
            for rows in changes.state.rows:
                if rows.new:
                    _insert(engine, changes, rows)
            _learn_keys(engine, changes.state)
        for changes in tables:
            _update(engine, changes)
        for changes in reversed(tables):
            if changes.pruned:
                _prune(engine, changes)


def _insert(engine: Engine, changes: TableChanges, rows: Rows) -> None:
    generated = [name for name, values in rows.generated.items() if not _is_learnt(rows, values)]
    columns = (*rows.batch.columns, *generated)
    cells = [_new_cells(rows, name, postponed=name in changes.postponed) for name in columns]
    with _naming(lambda row: rows.batch.at(rows.new[row])):
        engine.insert(changes.state.table, columns, zip(*cells))


def _is_learnt(rows: Rows, values: Sequence[Any]) -> bool:
    return values[rows.new[0]].__class__ is NewKey


def _new_cells(rows: Rows, name: str, *, postponed: bool) -> Sequence[Any]:
    """Give the values that new rows get in a column."""
    if postponed:
        return [None] * len(rows.new)
    values = rows.generated[name] if name in rows.generated else rows.batch.stored[name]
    chosen = values if len(rows.new) == rows.batch.size else [values[index] for index in rows.new]
    if name in rows.batch.passwords or name in rows.batch.pending:
        return list(map(_final, chosen))
    return chosen


def _final(value: Any) -> Any:
    if value.__class__ is Password:
        return value.hashed()
    return value.value if value.__class__ is NewKey else value


def _learn_keys(engine: Engine, state: TableState) -> None:
    """Ask for what the database gave to new rows, where other rows refer to it."""
    for rows in state.rows:
        learnt = [name for name, values in rows.generated.items() if _is_learnt(rows, values)]
        if learnt:
            indexes = {_key(rows, index): index for index in rows.new}
            wanted = [key if len(key) > 1 else key[0] for key in indexes]
            where = most_selective(state.key, wanted)
            for row in engine.fetch(state.table, (*state.key, *learnt), where=where):
                index = indexes.get(row[: len(state.key)])
                for name, value in zip(learnt, row[len(state.key) :]):
                    if index is not None:
                        rows.generated[name][index].value = value


def _key(rows: Rows, index: int) -> Row:
    key = rows.keys[index]
    return tuple(map(_final, key)) if key.__class__ is tuple else (_final(key),)


# --- rows that are there ---------------------------------------------------------------------------------------------


def _update(engine: Engine, changes: TableChanges) -> None:
    """Write changed rows, those that change in the same columns at once."""
    alike: dict[tuple[str, ...], list[tuple[Rows, int]]] = {}
    for rows in changes.state.rows:
        for name in rows.batch.columns:
            if name in changes.postponed:
                there = [(rows, index) for index in rows.new if rows.batch.stored[name][index] is not None]
                alike.setdefault((name,), []).extend(there)
    for update in changes.updates:
        alike.setdefault(update.columns, []).append((update.rows, update.index))
    for columns, members in alike.items():
        _update_alike(engine, changes.state, columns, members)


def _update_alike(
    engine: Engine, state: TableState, columns: tuple[str, ...], members: Sequence[tuple[Rows, int]]
) -> None:
    def row(rows: Rows, index: int) -> Row:
        return (*_key(rows, index), *(_final(rows.batch.stored[name][index]) for name in columns))

    with _naming(lambda number: members[number][0].batch.at(members[number][1])):
        if members:
            engine.update(state.table, state.key, columns, (row(rows, index) for rows, index in members))


def _prune(engine: Engine, changes: TableChanges) -> None:
    state = changes.state
    names = state.table.primary_key.columns if state.table.primary_key else state.key
    at = [state.fetched.index(name) for name in names]
    try:
        engine.delete(state.table, names, (tuple(row[index] for index in at) for row in changes.pruned))
    except ConstraintViolated as error:
        raise ConstraintViolated(
            f"Rows of {state.table.name} that no seed names cannot be pruned: {error.message}",
            hint="Seed them, remove what refers to them, or do not prune this table.",
            **error.details,
        ) from error


@contextmanager
def _naming(place_of: Callable[[int], Place]) -> Iterator[None]:
    """Put the place in the seed into an error that knows the row only by its number in a statement."""
    try:
        yield
    except ConstraintViolated as error:
        row = error.details.get("row")
        if not isinstance(row, int):
            raise
        place = place_of(row)
        told = {**error.details, "source": place.source, "path": place.path}
        raise ConstraintViolated(f"{label(place)}: {error.message}", hint=error.hint, **told) from error
