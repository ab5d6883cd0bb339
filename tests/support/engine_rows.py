# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing rows of logical values through an engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Encoder, Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema, Table
from ansible_collections.ctrlaltplay.paneldb.tests.support.rows import Rows


def write_rows(engine: Engine, schema: Schema, rows: Rows) -> None:
    """Put rows into tables of the schema as the engine's catalogue has it."""
    for name, (columns, values) in rows.items():
        table = table_of(schema, name)
        encoders = engine.encoders([table.column(column) for column in columns])
        engine.insert(table, columns, [_led(encoders, row) for row in values])


def read_rows(engine: Engine, table: Table, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Logical values of the columns, in an order that depends on nothing but the values."""
    decoders = engine.decoders([table.column(column) for column in columns])
    return sorted((_led(decoders, row) for row in engine.fetch(table, columns)), key=repr)


def table_of(schema: Schema, name: str) -> Table:
    """The table, which must be there."""
    table = schema.table(name)
    assert table is not None, f"there is no table {name}"
    return table


def _led(leads: Sequence[Encoder], row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(value if lead is None or value is None else lead(value) for lead, value in zip(leads, row))
