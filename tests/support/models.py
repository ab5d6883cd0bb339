# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing schemas, and building small ones from the form in which people write them."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_reader import parse_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.data import schema_from_data
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.validate import problems


def model(text: str) -> Schema:
    """The schema that a model file of this text describes."""
    schema = schema_from_data(parse_yaml(dedent(text), "model.yml"))
    found = [f"{'.'.join(map(str, problem.keys))}: {problem.message}" for problem in problems(schema)]
    assert not found, found
    return schema


def alike(schema: Schema) -> Schema:
    """The schema without what has no meaning: the order of everything, columns included."""
    schema = schema.normalized()
    return Schema(tuple(map(_with_columns_in_order, schema.tables)), schema.enums)


def _with_columns_in_order(table: Table) -> Table:
    return replace(table, columns=tuple(sorted(table.columns, key=lambda column: column.name)))


def told(operations: tuple[Operation, ...]) -> list[str]:
    """What each operation does to what."""
    return [f"{operation.name} {operation.target}" for operation in operations]
