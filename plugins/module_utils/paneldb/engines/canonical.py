# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns and their defaults as more than one engine's catalogue shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..model.defaults import canonical_value
from ..model.schema import Column, Default, Table

_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3}))?")


def canonical_columns(table: Table) -> tuple[Column, ...]:
    """Give the columns where every logical type has a type of its own, so that only defaults and keys change."""
    key = frozenset(table.primary_key.columns) if table.primary_key else frozenset()
    return tuple(_column(column, required=column.name in key) for column in table.columns)


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
    return None if default.value is None else Default(canonical_value(column.type, default.value))


def read_time(text: str) -> str:
    """Read the default ``2026-01-31 08:00:00.5`` in UTC.

    :raises ValueError: for any other text.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return f"{match[1]}T{match[2]}.{(match[3] or '').ljust(3, '0')}+00:00"


#: What makes a default's value of its text, by type; the text itself is the value of others.
READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "bigint": int,
    "float": float,
    "json": json.loads,
    "timestamp": read_time,
}
