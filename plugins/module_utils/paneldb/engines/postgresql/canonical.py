# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema as the catalogue would show it once created."""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from ...model.schema import Schema, Table
from ..canonical import canonical_columns


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
    columns = canonical_columns(table)
    return table if columns == table.columns else replace(table, columns=columns)
