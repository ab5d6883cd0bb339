# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diff of a seed run for people: which rows come, change and go, secrets masked, long ones cut."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from ..engines.base import Engine, Row
from ..errors import LONGEST_LIST
from ..model.schema import Column
from .changes import TableChanges, Update
from .secrets import MASK
from .tables import Rows, TableState

#: Values longer than this are cut in the diff.
_LONGEST_VALUE = 200

#: The lines of one row before and after.
_Sides = tuple[list[str], list[str]]


def texts(engine: Engine, tables: Sequence[TableChanges]) -> tuple[str, str]:
    """Give the diff's two sides: every changed row with its key and the columns that change."""
    total = sum(number for changes in tables for name, number in changes.counts.items() if name in _TOLD)
    before: list[str] = []
    after: list[str] = []
    for old, new in islice(_rows(engine, tables), LONGEST_LIST):
        before += old
        after += new
    if total > LONGEST_LIST:
        after.append(f"... and {total - LONGEST_LIST} more rows that change")
    return "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)


_TOLD = ("created", "updated", "pruned")


def _rows(engine: Engine, tables: Sequence[TableChanges]) -> Iterator[_Sides]:
    for changes in tables:
        teller = _Teller(engine, changes.state)
        for rows in changes.state.rows:
            for index in rows.new:
                yield [], teller.new(rows, index)
        for update in changes.updates:
            yield teller.changed(update)
        for row in changes.pruned:
            yield [teller.heading(row)], []


class _Teller:
    """Writes the rows of one table."""

    def __init__(self, engine: Engine, state: TableState) -> None:
        self._state = state
        self._columns = [state.table.column(name) for name in state.fetched]
        self._decoders = dict(zip(state.fetched, engine.decoders(self._columns)))

    def new(self, rows: Rows, index: int) -> list[str]:
        """Give the lines of a row that comes."""
        names = [name for name in rows.batch.columns if name not in self._state.key]
        return [self._heading(rows, index), *(f"  {name}: {self._written(rows, index, name)}" for name in names)]

    def changed(self, update: Update) -> _Sides:
        """Give the lines of a row that changes, before and after."""
        row = update.rows.found[update.index] or ()
        heading = self._heading(update.rows, update.index)
        before = [f"  {name}: {self._found(row, name)}" for name in update.columns]
        after = [f"  {name}: {self._written(update.rows, update.index, name)}" for name in update.columns]
        after = [f"{new} (changed)" if new == old else new for old, new in zip(before, after)]
        return [heading, *before], [heading, *after]

    def heading(self, row: Row) -> str:
        """Name a row of the database."""
        return self._named(self._found(row, name) for name in self._state.key)

    def _heading(self, rows: Rows, index: int) -> str:
        return self._named(self._written(rows, index, name) for name in self._state.key)

    def _named(self, values: Iterator[str]) -> str:
        return f"{self._state.table.name} {', '.join(map('='.join, zip(self._state.key, values)))}"

    def _found(self, row: Row, name: str) -> str:
        if name in self._state.secret:
            return MASK
        value, decoder = row[self._state.fetched.index(name)], self._decoders[name]
        return text_of(decoder(value) if decoder is not None and value is not None else value)

    def _written(self, rows: Rows, index: int, name: str) -> str:
        if name in self._state.secret:
            return MASK
        cell = rows.batch.cells[name][index]
        if isinstance(cell, dict) and not _is_json(self._state.table.column(name)):
            named = ", ".join(f"{key}={_short(value)}" for key, value in cell.items() if key != "ref")
            return f"{cell['ref']} {named}"
        return text_of(rows.batch.logical[name][index])


def _is_json(column: Column) -> bool:
    return column.type.name == "json"


def _short(value: Any) -> str:
    """Tell a value that names another row; one that is not plain may be a secret."""
    return MASK if isinstance(value, dict) and "ref" not in value else text_of(value)


def text_of(value: Any) -> str:
    """Give a logical value in one line."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"
