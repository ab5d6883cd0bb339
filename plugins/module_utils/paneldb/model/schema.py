# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema: tables and what is in them, as plain immutable data.

The same classes hold a model read from a file, the state that migration files lead to, and what an engine's catalogue
shows. Everything in a table, and the table itself, is an *element* with a ``kind`` and a ``name``, so that one small
set of operations (add, drop, alter, rename) covers them all.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar, Union

from .types import Type

T = TypeVar("T")

#: What happens to a row when the row that it refers to is deleted.
DELETE_RULES = ("cascade", "restrict", "set_null", "no_action")

#: Defaults that the engine computes. Anything else is a value.
NOW, UUID, AUTOINCREMENT = "now()", "uuid()", "autoincrement()"
FUNCTIONS = (NOW, UUID, AUTOINCREMENT)


@dataclass(frozen=True)
class Default:
    """What a column holds when an insert does not name it: a ``value`` (plain JSON), or a ``function`` of FUNCTIONS."""

    value: Any = None
    function: str = ""

    def __hash__(self) -> int:
        return hash((repr(self.value), self.function))

    def __eq__(self, other: object) -> bool:
        """``1``, ``1.0`` and ``True`` are three different defaults."""
        return isinstance(other, Default) and (repr(self.value), self.function) == (repr(other.value), other.function)


@dataclass(frozen=True)
class Column:
    """One column. ``updated_at`` columns get the time of the last update from the engine.

    ``collation`` is an engine's own name, kept as found in a catalogue; a model does not state one. ``generated`` is
    the text of a computed column that somebody else made: it is kept and never written.
    """

    kind: ClassVar[str] = "column"
    name: str
    type: Type
    null: bool = False
    default: Default | None = None
    updated_at: bool = False
    comment: str = ""
    renamed_from: str = ""
    collation: str = ""
    generated: str = ""

    @property
    def autoincrement(self) -> bool:
        return self.default is not None and self.default.function == AUTOINCREMENT


@dataclass(frozen=True)
class PrimaryKey:
    """The columns that name a row. There is one at most, so its element name is always ``primary_key``."""

    kind: ClassVar[str] = "primary_key"
    columns: tuple[str, ...]
    name: ClassVar[str] = "primary_key"


@dataclass(frozen=True)
class Unique:
    """Columns whose values together occur once."""

    kind: ClassVar[str] = "unique"
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class IndexColumn:
    """A column of an index, with its direction."""

    name: str
    descending: bool = False


@dataclass(frozen=True)
class Index:
    """An index. ``where`` is a condition in the portable expression language, in canonical text."""

    kind: ClassVar[str] = "index"
    name: str
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    where: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """Columns that name a row of another table, or of the same. ``on_delete`` is one of DELETE_RULES."""

    kind: ClassVar[str] = "foreign_key"
    name: str
    columns: tuple[str, ...]
    ref_table: str
    ref_columns: tuple[str, ...]
    on_delete: str = "no_action"


@dataclass(frozen=True)
class Check:
    """A rule for rows. ``expression`` is in the portable expression language, in canonical text."""

    kind: ClassVar[str] = "check"
    name: str
    expression: str


@dataclass(frozen=True)
class Enum:
    """A named set of texts, in their order."""

    kind: ClassVar[str] = "enum"
    name: str
    values: tuple[str, ...]


Constraint = Union[Unique, Index, ForeignKey, Check]
TableElement = Union[Column, PrimaryKey, Unique, Index, ForeignKey, Check]

#: Where a table keeps its elements of each kind.
_SLOTS = {
    "column": "columns",
    "unique": "uniques",
    "index": "indexes",
    "foreign_key": "foreign_keys",
    "check": "checks",
}


_NAME = operator.attrgetter("name")


def _by_name(elements: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(elements, key=_NAME))


@dataclass(frozen=True)
class Table:
    """A table with all that is in it."""

    kind: ClassVar[str] = "table"
    name: str
    columns: tuple[Column, ...] = ()
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str = ""
    renamed_from: str = ""

    def column(self, name: str) -> Column:
        """Give the column.

        :raises KeyError: where there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def elements(self) -> Iterator[TableElement]:
        """All that is in the table: columns, primary key, uniques, indexes, foreign keys, checks."""
        yield from self.columns
        if self.primary_key is not None:
            yield self.primary_key
        yield from self.uniques
        yield from self.indexes
        yield from self.foreign_keys
        yield from self.checks

    def find(self, kind: str, name: str) -> TableElement | None:
        """Give the element of that kind and name, or None."""
        if kind == "primary_key":
            return self.primary_key
        found: Iterable[TableElement] = getattr(self, _SLOTS[kind])
        return next((element for element in found if element.name == name), None)

    def put(self, element: TableElement, at: str = "") -> Table:
        """Give a table with the element in it: in place of the one called ``at`` (or as itself), else at the end."""
        if isinstance(element, PrimaryKey):
            return replace(self, primary_key=element)
        slot = _SLOTS[element.kind]
        changes: dict[str, Any] = {slot: _put(getattr(self, slot), element, at)}
        return replace(self, **changes)

    def normalized(self) -> Table:
        """Give the same table with everything but columns in order of name, and without ``renamed_from``."""
        if self._is_normal:
            return self
        return replace(
            self,
            columns=tuple(replace(each, renamed_from="") if each.renamed_from else each for each in self.columns),
            uniques=_by_name(self.uniques),
            indexes=_by_name(self.indexes),
            foreign_keys=_by_name(self.foreign_keys),
            checks=_by_name(self.checks),
            renamed_from="",
        )

    @cached_property
    def _is_normal(self) -> bool:
        """Remembered: schemas are normalized again for every change, and nearly all of their tables stay the same."""
        parts = (self.uniques, self.indexes, self.foreign_keys, self.checks)
        renamed = self.renamed_from or any(column.renamed_from for column in self.columns)
        return not renamed and all(part == _by_name(part) for part in parts if len(part) > 1)

    def without(self, kind: str, name: str) -> Table:
        """Give a table that lacks the element; the same table where it is not there."""
        if kind == "primary_key":
            return replace(self, primary_key=None)
        slot = _SLOTS[kind]
        changes: dict[str, Any] = {slot: tuple(each for each in getattr(self, slot) if each.name != name)}
        return replace(self, **changes)


SchemaElement = Union[Table, Enum]
Element = Union[TableElement, SchemaElement]


def _put(elements: Iterable[Any], element: Any, at: str) -> tuple[Any, ...]:
    """Give the elements with one more, which takes the place of the one called ``at`` (or as itself)."""
    kept = list(elements)
    names = [each.name for each in kept]
    if (at or element.name) in names:
        kept[names.index(at or element.name)] = element
    else:
        kept.append(element)
    return tuple(kept)


@dataclass(frozen=True)
class Schema:
    """Tables and enums, in the order in which they were stated or read; order has no meaning."""

    tables: tuple[Table, ...] = ()
    enums: tuple[Enum, ...] = ()
    _by_name: dict[str, Table] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({table.name: table for table in self.tables})

    def table(self, name: str) -> Table | None:
        """Give the table of that name, or None."""
        return self._by_name.get(name)

    def holder(self, name: str) -> Table:
        """Give the table of that name.

        :raises KeyError: where there is none.
        """
        return self._by_name[name]

    def enum(self, name: str) -> Enum | None:
        """Give the enum of that name, or None."""
        return next((enum for enum in self.enums if enum.name == name), None)

    def put(self, element: SchemaElement, at: str = "") -> Schema:
        """Give a schema with the element in it: in place of the one called ``at`` (or as itself), else at the end."""
        slot = "enums" if isinstance(element, Enum) else "tables"
        changes: dict[str, Any] = {slot: _put(getattr(self, slot), element, at)}
        return replace(self, **changes)

    def without(self, kind: str, name: str) -> Schema:
        """Give a schema that lacks the table or enum; the same schema where it is not there."""
        slot = "enums" if kind == "enum" else "tables"
        changes: dict[str, Any] = {slot: tuple(each for each in getattr(self, slot) if each.name != name)}
        return replace(self, **changes)

    def element(self, table: str, kind: str, name: str) -> Element | None:
        """Give any element by its place: ``table`` is the table that holds it, empty for tables and enums."""
        if kind == "enum":
            return self.enum(name)
        if kind == "table":
            return self.table(name)
        holder = self.table(table)
        return holder.find(kind, name) if holder else None

    def normalized(self) -> Schema:
        """Give the same schema with everything but columns in order of name, and without ``renamed_from``.

        Two schemas that mean the same are equal once both are normalized, if their columns stand in the same order.
        """
        return Schema(_by_name(table.normalized() for table in self.tables), _by_name(self.enums))

    def references_to(self, table: str) -> Iterator[tuple[Table, ForeignKey]]:
        """All foreign keys that point at the table, each with the table that holds it."""
        for holder in self.tables:
            for key in holder.foreign_keys:
                if key.ref_table == table:
                    yield holder, key
