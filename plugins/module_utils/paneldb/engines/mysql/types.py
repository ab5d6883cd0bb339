# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How MySQL and MariaDB keep each logical type, and what each of their types means.

Every logical type has a type of its own, so that the catalogue alone tells them apart: ``uuid`` is the one of 36
characters of ASCII, ``boolean`` the whole number shown with one digit, ``json`` on MariaDB the text with a check that
it is JSON. Native types for UUIDs are avoided: clients of the panel read them as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Optional

from ...errors import Unsupported
from ...model.types import Type
from .flavour import Flavour
from .wording import literal, unescaped

Enums = Mapping[str, Sequence[str]]

UUID_COLLATION = "ascii_bin"
#: MariaDB's name ``json`` means a text of this collation.
_JSON_COLLATION = "utf8mb4_bin"

_TYPES = {
    "text": "longtext",
    "boolean": "tinyint(1)",
    "integer": "int",
    "bigint": "bigint",
    "float": "double",
    "timestamp": "datetime(3)",
    "json": "json",
    "bytes": "longblob",
}
#: MySQL shows whole numbers without a width since 8.0.19.
_LOGICAL = {
    "longtext": Type("text"),
    "tinyint(1)": Type("boolean"),
    "int": Type("integer"),
    "int(11)": Type("integer"),
    "bigint": Type("bigint"),
    "bigint(20)": Type("bigint"),
    "double": Type("float"),
    "datetime(3)": Type("timestamp"),
    "json": Type("json"),
    "longblob": Type("bytes"),
}
_WITH_NUMBERS = re.compile(r"varchar\((\d+)\)|decimal\((\d+),(\d+)\)")
_VALUE = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_COLLATED = ("string", "text", "enum")


def type_text(kind: Type, enums: Enums, collation: str) -> str:
    """Write a type with the collation of its text."""
    if kind.name == "uuid":
        return f"char(36) CHARACTER SET ascii COLLATE {UUID_COLLATION}"
    text = _plain_text(kind, enums)
    if kind.name in _COLLATED or (kind.name == "foreign" and collation):
        return f"{text} COLLATE {collation}"
    return text


def _plain_text(kind: Type, enums: Enums) -> str:
    if kind.name == "string":
        return f"varchar({kind.length})"
    if kind.name == "decimal":
        return f"decimal({kind.precision},{kind.scale})"
    if kind.name == "enum":
        return f"enum({', '.join(map(literal, _possible(kind.enum, enums)))})"
    return kind.arguments[0] if kind.name == "foreign" else _TYPES[kind.name]


def _possible(name: str, enums: Enums) -> Sequence[str]:
    """Values of an enum, if the server can have them all."""
    values = enums.get(name, ())
    lost = [value for value in values if value.endswith(" ") or len(value) > _LONGEST_VALUE]
    if lost or not values:
        raise Unsupported(
            f"MySQL cannot have enum {name} with {f'the value {lost[0]!r}' if lost else 'no value'}.",
            hint=f"A value has up to {_LONGEST_VALUE} characters, of which the last is no blank.",
        )
    return values


#: Characters of the longest value of an enum in utf8mb4, see "String Type Syntax" in MySQL's manual.
_LONGEST_VALUE = 255


def is_enum(text: str) -> bool:
    """Tell whether the server's type is a list of values."""
    return text.startswith("enum(")


def enum_values(text: str) -> tuple[str, ...]:
    """Give the values of a type as the catalogue shows it: quotes are doubled, backslashes escape on MariaDB."""
    return tuple(unescaped(value) for value in _VALUE.findall(text[len("enum(") : -1]))


def logical_type(text: str, collation: Optional[str], *, is_json: bool) -> Type:
    """Give the logical type of what the catalogue shows, but for enums; ``foreign`` where a model cannot state it."""
    if text == "char(36)" and collation == UUID_COLLATION:
        return Type("uuid")
    if is_json and text == "longtext":
        return Type("json")
    if text in _LOGICAL:
        return _LOGICAL[text]
    match = _WITH_NUMBERS.fullmatch(text)
    if match is None:
        return Type("foreign", (text,))
    return Type("string", (match[1],)) if match[1] else Type("decimal", (match[2], match[3]))


def shown_collation(kind: Type, collation: Optional[str], flavour: Flavour) -> str:
    """Give a column's collation where it is not the one that we would give it."""
    if kind.name == "foreign":
        return collation or ""
    usual = {"uuid": UUID_COLLATION, "json": _JSON_COLLATION}.get(kind.name, flavour.collation)
    return "" if collation in (None, usual) else str(collation)


def exact_collation(kind: Type, collation: str, flavour: Flavour) -> str:
    """Give the collation that a column is written with."""
    return collation or ("" if kind.name == "foreign" else flavour.collation)
