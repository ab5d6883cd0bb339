# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept in memory of nodes that are there: of a long list that says what is so already, next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from ..engines.base import Row
from ..seeds.tables import TableState
from .node_table import NodeTable
from .tokens import is_retired


def without_known(state: TableState, nodes: NodeTable, rows: Iterable[Row]) -> Iterator[Row]:
    """Give the rows that are read without tokens and keys, which stand at their ends; those of retired nodes with them.

    Values that are those of the list are the list's own.
    """
    token = state.fetched.index(nodes.token)
    kept, nothing = state.fetched[:token], ("",) * len(state.fetched[token:])
    stored = state.batches[0].stored
    alike = len(state.batches) == 1 and all(name in stored for name in kept)
    same: Callable[[Row], Row] = _Listed([stored[name] for name in kept]).same if alike else tuple
    for row in rows:
        yield row if is_retired(row[token]) else same(row[:token]) + nothing


class _Listed:
    """A list by its columns, of which the first names a row. Most databases give rows in the order of the list."""

    def __init__(self, columns: Sequence[Sequence[Any]]) -> None:
        self._columns = columns
        self._next = zip(*columns)
        self._index: dict[Any, int] = {}

    def same(self, row: Row) -> Row:
        """Give the row of the list that equals this one, or this one."""
        wanted: Row = next(self._next, ())
        if wanted != row:
            wanted = self._named(row[0])
        return wanted if wanted == row else row

    def _named(self, name: Any) -> Row:
        if not self._index:
            self._index.update(zip(self._columns[0], count()))
        at = self._index.get(name)
        return () if at is None else tuple(column[at] for column in self._columns)
