# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations: the neutral vocabulary in which every change of a schema is said.

Five classes cover all of it, because everything that can be changed is an element (see ``schema``):

=============  ===============================================================================================
``Add``        ``create_table``, ``create_enum``, ``add_column``, ``add_primary_key``, ``add_unique``, ``add_index``,
               ``add_foreign_key``, ``add_check``
``Drop``       the same with ``drop_``; carries the whole definition, so that it can be taken back
``Alter``      ``alter_column``, ``alter_enum``, ``alter_table`` (its comment): definition before and after
``Rename``     ``rename_table``, ``rename_column``, ``rename_enum``, ``rename_index``, ...
``Execute``    statements by a person, one body per engine
=============  ===============================================================================================

Every operation is pure data. ``apply`` gives the schema it leads to; ``inverse`` the operation that takes it back.
Whether an operation is done, or can be done, on a live database is asked of the places it ``touches``: they look as
after it, or as before it (``fits``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Union

from ..errors import PanelDbError
from .schema import Column, Element, Enum, Index, IndexColumn, Schema, Table

#: (table that holds the element, kind, name); the table is empty for tables and enums.
Place = tuple[str, str, str]


class NoInverse(PanelDbError):
    """The operation cannot be taken back; the message says why."""

    code = "no-inverse"


class DoesNotFit(PanelDbError):
    """The operation does not apply to this schema: what it changes is not there, or is there already."""

    code = "operation-does-not-fit"


@dataclass(frozen=True)
class _WholeElement:
    """What is done to an element as a whole. ``table`` is empty for a table or an enum."""

    table: str
    element: Element

    @property
    def target(self) -> str:
        return _dotted(self.table, self.element.name)

    def touches(self) -> tuple[Place, ...]:
        return ((self.table, self.element.kind, self.element.name),)


@dataclass(frozen=True)
class Add(_WholeElement):
    """Bring an element into being."""

    @property
    def name(self) -> str:
        return f"{_creating(self.element.kind)}_{self.element.kind}"

    def apply(self, schema: Schema) -> Schema:
        if schema.element(self.table, self.element.kind, self.element.name) is not None:
            raise DoesNotFit(f"{self.name} {self.target}: it is there already.")
        return _put(schema, self.table, self.element)

    def inverse(self) -> Operation:
        return Drop(self.table, self.element)


@dataclass(frozen=True)
class Drop(_WholeElement):
    """Remove an element, given with its whole definition."""

    @property
    def name(self) -> str:
        return f"drop_{self.element.kind}"

    def apply(self, schema: Schema) -> Schema:
        _expect(schema, self, self.table, self.element.kind, self.element.name)
        if not self.table:
            return schema.without(self.element.kind, self.element.name)
        holder = schema.holder(self.table)
        return schema.put(holder.without(self.element.kind, self.element.name))

    def inverse(self) -> Operation:
        return Add(self.table, self.element)


@dataclass(frozen=True)
class Alter:
    """Give an element of unchanged name another definition.

    For a table only its comment: both sides are then tables that hold name and comment alone.
    """

    table: str
    before: Element
    after: Element

    @property
    def name(self) -> str:
        return f"alter_{self.after.kind}"

    @property
    def target(self) -> str:
        return _dotted(self.table, self.after.name)

    def touches(self) -> tuple[Place, ...]:
        return ((self.table, self.after.kind, self.after.name),)

    def apply(self, schema: Schema) -> Schema:
        found = _expect(schema, self, self.table, self.after.kind, self.after.name)
        if isinstance(found, Table) and isinstance(self.after, Table):
            return schema.put(replace(found, comment=self.after.comment))
        return _put(schema, self.table, self.after)

    def inverse(self) -> Operation:
        return Alter(self.table, self.after, self.before)


@dataclass(frozen=True)
class Rename:
    """Give an element another name; whatever refers to it follows."""

    table: str
    kind: str
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"rename_{self.kind}"

    @property
    def target(self) -> str:
        return _dotted(self.table, self.before)

    def touches(self) -> tuple[Place, ...]:
        return ((self.table, self.kind, self.before), (self.table, self.kind, self.after))

    def apply(self, schema: Schema) -> Schema:
        found = _expect(schema, self, self.table, self.kind, self.before)
        if schema.element(self.table, self.kind, self.after) is not None:
            raise DoesNotFit(f"{self.name} {self.target}: there is a {self.after} already.")
        if isinstance(found, Table):
            return _rename_table(schema, found, self.after)
        if isinstance(found, Enum):
            return _rename_enum(schema, found, self.after)
        if isinstance(found, Column):
            return _rename_column(schema, self.table, self.before, self.after)
        holder = schema.holder(self.table)
        # A primary key, whose name is fixed, is never renamed.
        named: Any = found
        return schema.put(holder.put(replace(named, name=self.after), at=self.before))

    def inverse(self) -> Operation:
        return Rename(self.table, self.kind, self.after, self.before)


@dataclass(frozen=True)
class Execute:
    """Statements that a person wrote: per engine name a tuple of statements, run in order.

    ``done_when`` holds per engine one query; where its first value is true the step counts as done, so that a run can
    be resumed. Without ``down`` the step cannot be taken back. An engine without a body skips the step only if
    ``up`` names it with an empty body; otherwise deploying there is an error.
    """

    kind: ClassVar[str] = "execute"
    label: str
    up: Mapping[str, tuple[str, ...]]
    down: Mapping[str, tuple[str, ...]] | None = None
    done_when: Mapping[str, str] | None = None
    transaction: bool = True

    name: ClassVar[str] = "execute"

    def __hash__(self) -> int:
        return hash((self.label, repr(sorted(self.up.items()))))

    @property
    def target(self) -> str:
        return self.label

    def touches(self) -> tuple[Place, ...]:
        return ()

    def apply(self, schema: Schema) -> Schema:
        return schema

    def inverse(self) -> Operation:
        if self.down is None:
            raise NoInverse(f"The step {self.label!r} has no `down`.", hint="Add one body per engine under `down`.")
        return Execute(self.label, self.down, self.up, None, self.transaction)


Operation = Union[Add, Drop, Alter, Rename, Execute]


def replay(operations: Iterable[Operation], schema: Schema) -> Schema:
    """Give the schema that the operations lead to.

    :raises DoesNotFit: where one of them does not apply.
    """
    for operation in operations:
        schema = operation.apply(schema)
    return schema


def fits(operation: Operation, catalogue: Schema, state: Schema) -> bool:
    """Tell whether all that the operation touches looks in the catalogue as it does in the state.

    With the state behind the operation this is its post-check, with the one before it its pre-check. Both schemas are
    normalized and in the engine's canonical form. An ``Execute`` touches nothing that can be seen here.
    """
    return all(catalogue.element(*place) == state.element(*place) for place in operation.touches())


def _creating(kind: str) -> str:
    return "create" if kind in ("table", "enum") else "add"


def _dotted(table: str, name: str) -> str:
    return f"{table}.{name}" if table else name


def _expect(schema: Schema, operation: Operation, table: str, kind: str, name: str) -> Element:
    found = schema.element(table, kind, name)
    if found is None:
        raise DoesNotFit(f"{operation.name} {operation.target}: there is no {kind.replace('_', ' ')} of that name.")
    return found


def _put(schema: Schema, table: str, element: Element) -> Schema:
    if isinstance(element, (Table, Enum)):
        return schema.put(element)
    holder = schema.table(table)
    if holder is None:
        raise DoesNotFit(f"There is no table {table} to hold {element.kind.replace('_', ' ')} {element.name}.")
    return schema.put(holder.put(element))


def _rename_table(schema: Schema, table: Table, after: str) -> Schema:
    for holder, key in tuple(schema.references_to(table.name)):
        current = schema.holder(holder.name)
        schema = schema.put(current.put(replace(key, ref_table=after)))
    renamed = schema.holder(table.name)
    return schema.put(replace(renamed, name=after), at=table.name)


def _rename_enum(schema: Schema, enum: Enum, after: str) -> Schema:
    for table in schema.tables:
        columns = tuple(_enum_renamed(column, enum.name, after) for column in table.columns)
        schema = schema.put(replace(table, columns=columns))
    return schema.put(replace(enum, name=after), at=enum.name)


def _enum_renamed(column: Column, before: str, after: str) -> Column:
    if column.type.name != "enum" or column.type.enum != before:
        return column
    return replace(column, type=replace(column.type, arguments=(after,)))


def _rename_column(schema: Schema, table: str, before: str, after: str) -> Schema:
    names = {before: after}
    holder = schema.holder(table)
    schema = schema.put(_with_columns_renamed(holder, names))
    for referrer, key in tuple(schema.references_to(table)):
        current = schema.holder(referrer.name)
        schema = schema.put(current.put(replace(key, ref_columns=_renamed(key.ref_columns, names))))
    return schema


def _with_columns_renamed(table: Table, names: Mapping[str, str]) -> Table:
    from .expressions import rename_columns_in_text

    key = table.primary_key
    return replace(
        table,
        columns=tuple(replace(each, name=names.get(each.name, each.name)) for each in table.columns),
        primary_key=replace(key, columns=_renamed(key.columns, names)) if key else None,
        uniques=tuple(replace(each, columns=_renamed(each.columns, names)) for each in table.uniques),
        indexes=tuple(_index_renamed(each, names, rename_columns_in_text) for each in table.indexes),
        foreign_keys=tuple(replace(each, columns=_renamed(each.columns, names)) for each in table.foreign_keys),
        checks=tuple(replace(each, expression=rename_columns_in_text(each.expression, names)) for each in table.checks),
    )


def _renamed(columns: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(column, column) for column in columns)


def _index_renamed(index: Index, names: Mapping[str, str], rename_in_text: Any) -> Index:
    columns = tuple(IndexColumn(names.get(each.name, each.name), each.descending) for each in index.columns)
    return replace(index, columns=columns, where=rename_in_text(index.where, names) if index.where else "")
