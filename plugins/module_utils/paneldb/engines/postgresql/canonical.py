# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema as the catalogue would show it once created."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from ...model.defaults import canonical_value
from ...model.schema import Column, Default, Schema, Table


def canonical_schema(schema: Schema, known: Schema | None = None) -> Schema:
    """See ``Engine.canonical``: every logical type has a type of its own here, so only defaults and keys change.

    Tables that are the very ones of ``known``, which is canonical, are taken as they are: of a long chain of changes
    each touches a table or two.
    """
    there = known or Schema()
    tables = [each if there.table(each.name) is each else _table(each).normalized() for each in schema.tables]
    by_name = attrgetter("name")
    return Schema(tuple(sorted(tables, key=by_name)), tuple(sorted(schema.enums, key=by_name)))


def _table(table: Table) -> Table:
    key = frozenset(table.primary_key.columns) if table.primary_key else frozenset()
    columns = tuple(_column(column, required=column.name in key) for column in table.columns)
    return table if columns == table.columns else replace(table, columns=columns)


def _column(column: Column, *, required: bool) -> Column:
    """A key's columns are never null, nor is one that counts."""
    default = _default(column)
    null = column.null and not required and not column.autoincrement
    if default is column.default and null == column.null:
        return column
    return replace(column, default=default, null=null)


def _default(column: Column) -> Default | None:
    default = column.default
    if default is None or default.function:
        return default
    if default.value is None:
        return None
    return Default(canonical_value(column.type, default.value))
