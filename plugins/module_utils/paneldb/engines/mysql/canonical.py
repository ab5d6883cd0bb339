# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema as the catalogue would show it once created, and what is left out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Optional

from ...model.schema import NOW, Column, Default, Index, IndexColumn, Schema, Table
from ..base import Limit
from .conditions import settled, truths_of
from .defaults import canonical_default
from .flavour import Flavour

_NAME = attrgetter("name")
#: What the server would give a time that an update sets otherwise is the year nought, which strict sessions refuse.
_BY_ITSELF = Default(function=NOW)


def canonical_schema(schema: Schema, flavour: Flavour, known: Optional[Schema] = None) -> Schema:
    """See ``Engine.canonical``.

    An index is over all rows: a condition goes, and with it the rule that values occur once. Only the first column of
    a key counts, and only one in a table. A time that updates set and that is never null begins as now. Conditions of
    checks take the form that the server gives them. Tables that are the very ones of ``known``, which is canonical, are
    taken as they are.
    """
    there = known or Schema()
    tables = [
        each if there.table(each.name) is each else canonical_table(each, flavour).normalized()
        for each in schema.tables
    ]
    return Schema(tuple(sorted(tables, key=_NAME)), tuple(sorted(schema.enums, key=_NAME)))


def canonical_table(table: Table, flavour: Flavour) -> Table:
    """Give one table in that form."""
    key = frozenset(table.primary_key.columns) if table.primary_key else frozenset[str]()
    counting = counted(table)
    columns = tuple([_column(each, required=each.name in key, counts=each.name == counting) for each in table.columns])
    truths = truths_of(table)
    return replace(
        table,
        columns=columns,
        indexes=tuple([_index(each, flavour) for each in table.indexes]),
        checks=tuple([replace(each, expression=settled(each.expression, truths)) for each in table.checks]),
    )


def counted(table: Table) -> str:
    """Name the column that counts by itself, if there is one: it must be the first one of a key."""
    first = {columns[0] for columns in _keys(table)}
    return next((each.name for each in table.columns if each.autoincrement and each.name in first), "")


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    if table.primary_key is not None:
        yield table.primary_key.columns
    yield from (unique.columns for unique in table.uniques)
    yield from (tuple(column.name for column in index.columns) for index in table.indexes)


def _column(column: Column, *, required: bool, counts: bool) -> Column:
    default = None if column.autoincrement and not counts else canonical_default(column.default, column.type)
    null = column.null and not required and not (counts and column.autoincrement)
    if column.updated_at and default is None and not null and column.type.name == "timestamp":
        default = _BY_ITSELF
    if default is column.default and null == column.null:
        return column
    return replace(column, default=default, null=null)


def _index(index: Index, flavour: Flavour) -> Index:
    columns = index.columns
    if not flavour.descends and any(column.descending for column in columns):
        columns = tuple(IndexColumn(column.name) for column in columns)
    if not index.where and columns is index.columns:
        return index
    return Index(index.name, columns, index.unique and not index.where)


def limits_of(schema: Schema, flavour: Flavour) -> tuple[Limit, ...]:
    """Name what ``canonical_schema`` leaves out."""
    return tuple(limit for table in schema.tables for limit in _limits(table, flavour))


def _limits(table: Table, flavour: Flavour) -> Iterator[Limit]:
    place = f"tables.{table.name}"
    for column in table.columns:
        if column.autoincrement and column.name != counted(table):
            reason = "The server counts in one column of a table alone, which is the first one of a key."
            yield Limit(f"{place}.columns.{column.name}.default", reason)
        if column.updated_at and column.default is None and not column.null:
            reason = "A time that updates set and that is never null has a default here: now."
            yield Limit(f"{place}.columns.{column.name}.default", reason)
    for index in table.indexes:
        if index.where:
            reason = "There are no partial indexes; the index is over all rows"
            yield Limit(
                f"{place}.indexes.{index.name}.where",
                f"{reason}, and nothing makes sure that values occur once." if index.unique else f"{reason}.",
            )
        if not flavour.descends and any(column.descending for column in index.columns):
            yield Limit(f"{place}.indexes.{index.name}", "This release forgets the direction of an index's columns.")
    for check, reason in refused_checks(table, flavour):
        yield Limit(f"{place}.checks.{check}", reason)


def refused_checks(table: Table, flavour: Flavour) -> Iterator[tuple[str, str]]:
    """Name the checks that neither server takes, each with the reason."""
    from ...model.expressions import columns_of, parse
    from .wording import OPAQUE

    rules_of_columns = {column.name for column in table.columns if column.type.name == "json" and flavour.mariadb}
    for check in table.checks:
        if check.name in rules_of_columns:
            yield (
                check.name,
                "MariaDB keeps the rule of a column of JSON by the column's name, which is that of the check.",
            )
    counting = counted(table)
    emptied = {name for key in table.foreign_keys if key.on_delete == "set_null" for name in key.columns}
    for check in table.checks if counting or emptied else ():
        columns = frozenset[str]() if check.expression.startswith(OPAQUE) else columns_of(parse(check.expression))
        if counting in columns:
            yield check.name, f"MySQL takes no check about a column that counts ({counting})."
        elif not emptied.isdisjoint(columns):
            yield check.name, f"MySQL takes no check about a column that a foreign key sets to null ({min(emptied)})."


def values_of(schema: Schema) -> Mapping[str, tuple[str, ...]]:
    """Values of each enum."""
    return {enum.name: enum.values for enum in schema.enums}
