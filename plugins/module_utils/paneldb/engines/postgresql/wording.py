# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, values, types, defaults and conditions as PostgreSQL writes them."""

from __future__ import annotations

import json
from typing import Any

from ...errors import InputError, Unsupported
from ...model.schema import AUTOINCREMENT, NOW, UUID, Column, Default
from ...model.types import Type
from ..urls import quoted_identifier

#: Bytes of the longest name; the server would cut a longer one in silence (NAMEDATALEN - 1).
LONGEST_NAME = 63
#: Begins the text of what cannot be said in a portable way; the rest is the server's own text.
OPAQUE = "opaque:"
#: The trigger function that keeps updated-at columns.
TOUCH = "_paneldb_touch"
#: The check that proves for a moment that a column holds no null.
PROBE = "_paneldb_not_null"

_TYPES = {
    "uuid": "uuid",
    "text": "text",
    "boolean": "boolean",
    "integer": "integer",
    "bigint": "bigint",
    "float": "double precision",
    "timestamp": "timestamp(3) with time zone",
    "json": "jsonb",
    "bytes": "bytea",
}
_FUNCTIONS = {NOW: "date_trunc('milliseconds', now())", UUID: "gen_random_uuid()"}
#: Values of these types are written without quotes.
_BARE = ("integer", "bigint", "decimal", "float", "boolean")


def quoted(name: str) -> str:
    """Quote a name.

    :raises InputError: where the server would cut it, or cannot have it.
    """
    if not name or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise InputError(
            "PostgreSQL cannot have this name.", found=name, expected=f"1 to {LONGEST_NAME} bytes without NUL"
        )
    return quoted_identifier(name)


def listed(names: Any) -> str:
    """Quote names and join them by commas."""
    return ", ".join(quoted(name) for name in names)


def literal(text: str) -> str:
    """Write a text as a constant; the session has standard_conforming_strings, as is the default since 9.1."""
    if "\0" in text:
        raise InputError("PostgreSQL keeps no NUL character in text.", hint="Take it out.")
    return "'" + text.replace("'", "''") + "'"


def type_text(kind: Type, schema: str) -> str:
    """Write a type. An enum is written with its schema: its name may be that of a type of the system, such as date."""
    if kind.name == "string":
        return f"character varying({kind.length})"
    if kind.name == "decimal":
        return f"numeric({kind.precision},{kind.scale})"
    if kind.name == "enum":
        return f"{quoted(schema)}.{quoted(kind.enum)}"
    if kind.name == "foreign":
        return kind.arguments[0]
    return _TYPES[kind.name]


def default_text(default: Default, kind: Type, schema: str) -> str:
    """Write a default other than AUTOINCREMENT, which is no expression but a property of the column."""
    if default.function.startswith(OPAQUE):
        return default.function[len(OPAQUE) :]
    if default.function in _FUNCTIONS:
        return _FUNCTIONS[default.function]
    if default.function:
        raise Unsupported(f"There is no default {default.function} on PostgreSQL.")
    return value_text(default.value, kind, schema)


def value_text(value: Any, kind: Type, schema: str) -> str:
    """Write a value of ``model.defaults``'s canonical form as a constant of the type."""
    if value is None:
        return "NULL"
    if kind.name in _BARE:
        return str(value).lower()
    if kind.name == "json":
        return f"{literal(json.dumps(value, ensure_ascii=False))}::jsonb"
    if kind.name in ("enum", "foreign"):
        return f"{literal(str(value))}::{type_text(kind, schema)}"
    return literal(str(value))


def autoincrement(column: Column) -> bool:
    """Tell whether the server counts the column up."""
    return column.default is not None and column.default.function == AUTOINCREMENT


def condition(text: str) -> str:
    """Write a condition of the portable expression language as PostgreSQL has it."""
    if text.startswith(OPAQUE):
        return text[len(OPAQUE) :]
    from ...model.expressions import parse, render
    from .conditions import PostgresqlDialect

    return render(parse(text), PostgresqlDialect())
