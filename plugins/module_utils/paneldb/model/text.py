# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schema as text for people: one line for each column, key, index and check, so that a diff shows just what changes.

The text looks like a model file. It is the same for schemas that mean the same, whatever the order of their parts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .data import column_to_data, element_to_data, lists_of
from .schema import Column, Element, Enum, PrimaryKey, Schema, Table

_PLAIN = re.compile(r"[A-Za-z_][\w.()/@+-]*\Z", re.ASCII)
#: The last character that an escape of four digits can name.
_LAST_SHORT = 0xFFFF

_CONSTANTS = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def schema_text(schema: Schema) -> str:
    """Give the text of a whole schema, empty for an empty one; it ends with a line end."""
    parts = schema.normalized()
    lines = ["enums:"] if parts.enums else []
    lines += [f"  {element_text(enum)}" for enum in parts.enums]
    lines += ["tables:"] if parts.tables else []
    for table in parts.tables:
        lines += [f"  {line}" for line in _table_lines(table)]
    return "".join(f"{line}\n" for line in lines)


def table_text(table: Table) -> str:
    """Give the text of one table; it ends with a line end."""
    return "".join(f"{line}\n" for line in _table_lines(table.normalized()))


def element_text(element: Element) -> str:
    """Give the one line of an element that is not a table."""
    if isinstance(element, Table):
        raise TypeError("a table has more than one line, see table_text")
    if isinstance(element, Enum):
        return f"{_flow(element.name)}: {_flow(list(element.values))}"
    if isinstance(element, PrimaryKey):
        return f"primary_key: {_flow(list(element.columns))}"
    if isinstance(element, Column):
        return f"{_flow(element.name)}: {_flow(column_to_data(element))}"
    return f"- {_flow(element_to_data(element))}"


def _table_lines(table: Table) -> Iterator[str]:
    yield f"{_flow(table.name)}:"
    if table.comment:
        yield f"  comment: {_flow(table.comment)}"
    yield "  columns:"
    yield from (f"    {element_text(column)}" for column in table.columns)
    if table.primary_key is not None:
        yield f"  {element_text(table.primary_key)}"
    for word, elements in lists_of(table).items():
        yield f"  {word}:"
        yield from (f"    {element_text(each)}" for each in elements)


def _flow(value: Any) -> str:
    """Write a value on one line as YAML does, which reads JSON as well."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.match(value) and value.lower() not in _CONSTANTS:
        return value
    return "".join(map(_visible, json.dumps(value, ensure_ascii=False, default=str)))


def _visible(character: str) -> str:
    """Escape what nobody can see, and what turns the direction of text around."""
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= _LAST_SHORT else f"\\U{number:08x}"


def _key(key: str) -> str:
    return key if key == "null" else _flow(key)
