# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of this engine alone: columns that a foreign key cannot pair, though a model gives them the same type.

InnoDB pairs columns that it keeps alike ("FOREIGN KEY Constraints" in MySQL's manual: size and sign of numbers,
character set and collation of text are the same). A table that others made may keep another text or number than ours
do; the server would tell so when the key is added, in the middle of a run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

from ...model.operations import Add, Alter, Operation
from ...model.plan import BLOCK, Hazard
from ...model.schema import Column, ForeignKey, Schema, Table
from ..base import Catalogue
from .canonical import values_of
from .native import Native
from .types import UUID_COLLATION, enum_values, exact_collation, type_text

_WORD = re.compile(r"[a-z0-9]+")
_TEXTS = frozenset(("char", "varchar"))
_WHOLE = frozenset(("tinyint", "smallint", "mediumint", "int", "bigint"))
_FLOATING = frozenset(("float", "double"))
#: Kept as bytes, and compared as such, whatever they mean.
_BYTES = frozenset(("binary", "varbinary", "decimal", "datetime", "timestamp", "time", "bit", "uuid", "inet4", "inet6"))
#: Kept as numbers, some of them without a sign.
_NUMBERS = {"date": ("mediumint", False), "year": ("tinyint", True)}
_MOST_OF_ONE_BYTE = 255


def unlike_keys(operations: Sequence[Operation], before: Catalogue) -> Iterator[Hazard]:
    """Find the foreign keys that the server would refuse for the types of their columns."""
    native = before.native if isinstance(before.native, Native) else Native()
    state = before.schema
    for operation in operations:
        state = operation.apply(state)
        for table, key in _held_by(operation, state):
            other = state.table(key.ref_table) or table
            for names in zip(key.columns, key.ref_columns):
                ours, theirs = (_Kept.of(*place, state, native) for place in zip((table, other), names))
                if not ours.pairs_with(theirs):
                    yield _hazard(operation, key, ours, theirs)


def _held_by(operation: Operation, state: Schema) -> list[tuple[Table, ForeignKey]]:
    """Give the keys that come with the operation, or hold on to the column that it changes."""
    if isinstance(operation, Add) and isinstance(operation.element, Table):
        return [(operation.element, key) for key in operation.element.foreign_keys]
    if isinstance(operation, Add) and isinstance(operation.element, ForeignKey):
        return [(state.holder(operation.table), operation.element)]
    if isinstance(operation, Alter) and isinstance(operation.after, Column):
        place = (operation.table, operation.after.name)
        return [(table, key) for table in state.tables for key in table.foreign_keys if place in _places(table, key)]
    return []


def _places(table: Table, key: ForeignKey) -> list[tuple[str, str]]:
    theirs = [(key.ref_table, name) for name in key.ref_columns]
    return [*theirs, *((table.name, name) for name in key.columns)]


@dataclass(frozen=True)
class _Kept:
    """A column, by its name with the table's, the type that the server has of it, and its collation."""

    name: str
    text: str
    collation: str

    @classmethod
    def of(cls, table: Table, name: str, state: Schema, native: Native) -> _Kept:
        column = table.column(name)
        kind, collation = column.type, exact_collation(column.type, column.collation, native.flavour)
        text = type_text(kind, values_of(state), collation).partition(" CHARACTER SET ")[0].partition(" COLLATE ")[0]
        return cls(f"{table.name}.{name}", text, UUID_COLLATION if kind.name == "uuid" else collation)

    def pairs_with(self, other: _Kept) -> bool:
        """Whether the server keeps both alike; True as well where only it can tell."""
        return self._form is None or other._form is None or self._form == other._form

    @property
    def _form(self) -> Optional[tuple[str, object]]:
        match = _WORD.match(self.text.lower())
        word = match[0] if match else ""
        if word in _TEXTS:
            return "text", self.collation
        if word in _WHOLE:
            return word, "unsigned" in self.text
        if word == "enum":
            return ("tinyint" if len(enum_values(self.text)) <= _MOST_OF_ONE_BYTE else "smallint"), True
        if word in _FLOATING:
            return word, False
        return ("bytes", "") if word in _BYTES else _NUMBERS.get(word)

    def __str__(self) -> str:
        collated = f", {self.collation}" if self._form and self._form[0] == "text" else ""
        return f"{self.name} ({self.text}{collated})"


def _hazard(operation: Operation, key: ForeignKey, ours: _Kept, theirs: _Kept) -> Hazard:
    return Hazard(
        "mysql-foreign-key-types",
        BLOCK,
        f"{operation.name} {operation.target}",
        f"The server refuses foreign key {key.name}: it keeps {ours} otherwise than {theirs}.",
        "Give one of the columns the type and collation of the other by an execute step before.",
    )
