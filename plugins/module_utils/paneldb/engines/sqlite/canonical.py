# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model as SQLite's catalogue shows it once created."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...model.operations import Add, Alter, Drop, Operation
from ...model.schema import Column, Default, Element, Schema, Table
from ...model.types import Type
from ..base import Limit

_BIGINT = Type("bigint")


def canonical_schema(schema: Schema) -> Schema:
    """Give the schema without what SQLite does not know, normalized.

    ``integer`` is ``bigint``: whole numbers have one type. There are no comments. Columns of a primary key are never
    null. Only a sole primary key counts by itself.
    """
    return Schema(tuple(map(canonical_table, schema.tables)), schema.enums).normalized()


def canonical_table(table: Table) -> Table:
    """Give one table in that form."""
    key = table.primary_key.columns if table.primary_key else ()
    columns = tuple([_canonical_column(column, column.name in key, key == (column.name,)) for column in table.columns])
    return replace(table, columns=columns, comment="")


def canonical_operation(operation: Operation) -> Operation:
    """Give the operation with its elements in that form, as far as they alone tell."""
    if isinstance(operation, (Add, Drop)):
        return replace(operation, element=_canonical_element(operation.element))
    if isinstance(operation, Alter):
        before, after = _canonical_element(operation.before), _canonical_element(operation.after)
        return replace(operation, before=before, after=after)
    return operation


def limits_of(schema: Schema) -> Iterator[Limit]:
    """Name what ``canonical_schema`` leaves out."""
    if any(table.comment or any(column.comment for column in table.columns) for table in schema.tables):
        yield Limit("comments", "SQLite keeps no comments; they stay in the model.")
    for table in schema.tables:
        key = table.primary_key.columns if table.primary_key else ()
        for column in table.columns:
            if column.autoincrement and key != (column.name,):
                place = f"tables.{table.name}.columns.{column.name}.default"
                yield Limit(place, "SQLite counts only in a column that is the whole primary key.")


def _canonical_element(element: Element) -> Element:
    if isinstance(element, Table):
        return canonical_table(element)
    return _canonical_column(element, False, True) if isinstance(element, Column) else element


def _canonical_column(column: Column, in_key: bool, counts: bool) -> Column:
    kind, default = column.type, column.default
    if kind.name == "integer":
        kind = _BIGINT
    if default is not None:
        default = None if column.autoincrement and not counts else _canonical_default(kind, default)
    null = column.null and not in_key
    if (kind, default, null, "") == (column.type, column.default, column.null, column.comment):
        return column
    return replace(column, type=kind, default=default, null=null, comment="")


def _canonical_default(kind: Type, default: Default) -> Default | None:
    """JSON has no order of keys. A null as default is none."""
    if default.function:
        return default
    if default.value is None and kind.name != "json":
        return None
    return Default(_sorted(default.value)) if kind.name == "json" else default


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
