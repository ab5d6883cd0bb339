# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of seeds, turned on their side: batches of rows that name the same columns, kept column by column.

Nothing here, nor what is built on it, has a ``repr`` with values: those may be secrets, and tracebacks show them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from ..model.reading import Place
from ..model.schema import Table
from .files import Seed, writable_column

#: Gives the place of a row, or of a cell in it, by the row's index in the batch.
At = Callable[..., Place]


@dataclass(eq=False, repr=False)
class Reference:
    """Cells ``{ref: TABLE, COLUMN: VALUE}`` of one column that name rows of one table by the same columns.

    ``named`` holds the values that name the rows, as a batch of that table; its row ``n`` belongs to the row
    ``indexes[n]`` of the batch that refers. ``target`` is the column of the other table whose value the cell takes.
    """

    target: str
    indexes: list[int]
    named: Batch


@dataclass(eq=False, repr=False)
class Batch:
    """Rows of one table that name the same columns.

    ``cells`` holds what was written, ``logical`` and ``stored`` what the plain cells among it mean (see
    ``engines.base``); cells that ``references`` and ``passwords`` stand for are filled into ``stored`` later. Values of
    ``secret`` columns are never shown; ``referring`` ones hold references, ``pending`` ones
    also values that the database makes when it writes.
    """

    table: Table
    cells: dict[str, list[Any]]
    size: int
    at: At
    text: bool = False
    protect: frozenset[str] = frozenset()
    secret: set[str] = field(default_factory=set)
    logical: dict[str, list[Any]] = field(default_factory=dict)
    stored: dict[str, list[Any]] = field(default_factory=dict)
    references: dict[str, list[Reference]] = field(default_factory=dict)
    passwords: dict[str, dict[int, Any]] = field(default_factory=dict)
    referring: set[str] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rows name, in the order of the table."""
        return tuple(name for name in self.table.column_names if name in self.cells)


def batches(seed: Seed) -> list[Batch]:
    """Give the rows of a seed as batches, rows in the order in which they were written.

    :raises InputError: a row is not of the form that the seed says, names an unknown column, or lacks one of the key.
    """
    if not seed.rows:
        return []
    found = _of_lists(seed, seed.columns) if seed.columns is not None else _of_mappings(seed)
    for batch in found:
        for name in batch.cells:
            writable_column(seed.table, name, batch.at(0).key(name))
        missing = [name for name in seed.key if name not in batch.cells]
        if missing:
            raise batch.at(0).error(f"The row lacks {missing[0]!r}.", expected=f"a value for each of {list(seed.key)}")
    return found


def _of_lists(seed: Seed, columns: tuple[str, ...]) -> list[Batch]:
    width = len(columns)
    if set(map(type, seed.rows)) != {list} or set(map(len, seed.rows)) != {width}:
        row = next(i for i, row in enumerate(seed.rows) if not isinstance(row, list) or len(row) != width)
        expected = f"a list of {width} cells: {', '.join(columns)}"
        raise seed.at(row).unexpected("a row of this seed", seed.rows[row], expected)
    cells = {name: list(map(itemgetter(index), seed.rows)) for index, name in enumerate(columns)}
    return [_batch(seed, cells, range(len(seed.rows)))]


def _of_mappings(seed: Seed) -> list[Batch]:
    if set(map(type, seed.rows)) != {dict}:
        row = next(i for i, row in enumerate(seed.rows) if not isinstance(row, dict))
        raise seed.at(row).unexpected("a row", seed.rows[row], "a mapping of columns to values")
    names = tuple(seed.rows[0])
    if set(map(len, seed.rows)) == {len(names)}:
        try:
            return [_batch(seed, _transposed(seed.rows, names), range(len(seed.rows)))]
        except KeyError:
            pass
    return _of_unlike_mappings(seed)


def _of_unlike_mappings(seed: Seed) -> list[Batch]:
    groups: dict[frozenset[str], list[int]] = {}
    for position, row in enumerate(seed.rows):
        groups.setdefault(frozenset(row), []).append(position)
    return [
        _batch(seed, _transposed([seed.rows[position] for position in positions], sorted(names)), positions)
        for names, positions in groups.items()
    ]


def _transposed(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    return {name: list(map(itemgetter(name), rows)) for name in names}


def _batch(seed: Seed, cells: dict[str, list[Any]], positions: Sequence[int]) -> Batch:
    def at(index: int, column: str = "") -> Place:
        return seed.at(positions[index], column)

    return Batch(seed.table, cells, len(positions), at, seed.text, seed.protect, set(seed.secret))


def sub_batch(batch: Batch, column: str, indexes: list[int], table: Table, names: Sequence[str]) -> Batch:
    """Give what the ``ref`` cells of a column name other rows by, as a batch of the table that they refer to."""
    written = batch.cells[column]
    cells = {name: [written[index][name] for index in indexes] for name in names}

    def at(index: int, inner: str = "") -> Place:
        place = batch.at(indexes[index], column)
        return place.key(inner) if inner else place

    return Batch(table, cells, len(indexes), at)
