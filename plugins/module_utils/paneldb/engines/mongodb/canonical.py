# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model as MongoDB's catalogue shows it once created, and what of it the server at hand does not make sure of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...model.schema import Schema, Table
from ..base import Limit
from ..canonical import canonical_columns
from .indexes import can_be_partial
from .probes import PARTIAL_INDEXES, VALIDATORS, Probes


def canonical_schema(schema: Schema) -> Schema:
    """Give the schema normalized, with defaults in their one form; columns of a primary key are never null.

    All else is written down beside the collections, so nothing is left out.
    """
    return Schema(tuple(map(canonical_table, schema.tables)), schema.enums).normalized()


def canonical_table(table: Table) -> Table:
    """Give one table in that form."""
    columns = canonical_columns(table)
    return table.normalized() if columns == table.columns else replace(table, columns=columns).normalized()


def limits_of(schema: Schema, probes: Probes | None = None) -> Iterator[Limit]:
    """Name what is declared only: what a server does not make sure of when others write."""
    if any(table.foreign_keys for table in schema.tables):
        reason = "MongoDB has no foreign keys: they are declared, and `migrate_info` counts what refers to nothing."
        yield Limit("foreign_keys", reason)
    if any(column.default or column.updated_at for table in schema.tables for column in table.columns):
        reason = "MongoDB fills in nothing: only rows that this collection writes get defaults and times of updates."
        yield Limit("defaults", reason)
    if probes is None:
        return
    if not probes.can(VALIDATORS) and any(table.columns for table in schema.tables):
        reason = "This server has no validators: types, lengths, enums, nulls and checks are declared only."
        yield Limit("validators", reason)
    for table in schema.tables:
        yield from _of_table(table, probes)


def _of_table(table: Table, probes: Probes) -> Iterator[Limit]:
    for index in table.indexes:
        if index.where and not can_be_partial(index, table, probes):
            lapse = ", and is not unique" if index.unique else ""
            why = "has no partial indexes" if not probes.can(PARTIAL_INDEXES) else "cannot say its condition"
            yield Limit(f"tables.{table.name}.indexes.{index.name}", f"This server {why}: it covers all rows{lapse}.")
    if probes.can(VALIDATORS):
        from .validators import is_said

        for check in table.checks:
            if not is_said(check, table):
                yield Limit(f"tables.{table.name}.checks.{check.name}", "MongoDB cannot say it: it is declared only.")
