# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults of columns: as they are written, and as the two catalogues show them.

MariaDB shows the text of the default as SQL, ``NULL`` included. MySQL shows a constant without its quotes, no default
as null, and marks an expression with ``DEFAULT_GENERATED``; of text without an end nothing else may be the default.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Optional

from ...errors import Unsupported
from ...model.defaults import canonical_value
from ...model.schema import NOW, UUID, Default
from ...model.types import Type
from ..canonical import READERS
from .flavour import Flavour
from .wording import OPAQUE, constant, plain_quotes, read_constant

NOW_TEXT = "current_timestamp(3)"
_FUNCTIONS = {NOW: NOW_TEXT, UUID: "(uuid())"}
_READ = {
    NOW_TEXT: NOW,
    "now(3)": NOW,
    "(now(3))": NOW,
    "uuid()": UUID,
    "(uuid())": UUID,
}
#: MySQL takes nothing but an expression as the default of these.
_UNBOUNDED = ("text", "json", "bytes")
#: What stands behind DEFAULT without parentheses.
_BARE_EXPRESSION = re.compile(
    r"(?:current_timestamp|now|localtime|localtimestamp)(?:\(\d*\))?|-?[0-9.]+(?:e[-+]?\d+)?|NULL|b'[01]+'",
    re.IGNORECASE,
)
#: What MariaDB shows of a time that must be given, where an update sets it.
_NO_TIME = ("'0000-00-00 00:00:00.000'", "0000-00-00 00:00:00.000")
_TRUTHS = {"1": True, "0": False, "true": True, "false": False}
_BARE = ("boolean", "integer", "bigint", "decimal", "float")


def default_text(default: Default, kind: Type) -> str:
    """Write a default other than AUTOINCREMENT, which is a word of its own."""
    if default.function.startswith(OPAQUE):
        return default.function[len(OPAQUE) :]
    if default.function in _FUNCTIONS:
        return _FUNCTIONS[default.function]
    if default.function:
        raise Unsupported(f"There is no default {default.function} on MySQL.")
    if default.value is None and kind.name != "json":
        return "NULL"
    if kind.name in _BARE:
        return str(int(default.value)) if kind.name == "boolean" else str(default.value)
    text = constant(_as_text(default.value, kind))
    return f"({text})" if kind.name in _UNBOUNDED and not text.startswith("(") else text


def _as_text(value: Any, kind: Type) -> str:
    if kind.name == "json":
        # ASCII alone: the catalogue cannot show every character.
        return json.dumps(value)
    if kind.name == "timestamp":
        return str(value)[:23].replace("T", " ")
    return str(value)


def canonical_default(default: Optional[Default], kind: Type) -> Optional[Default]:
    """Give a default as the catalogue shows it: a null is none, and there is no zero below zero."""
    if default is None or default.function:
        return default
    if default.value is None and kind.name != "json":
        return None
    value = canonical_value(kind, default.value)
    return Default(value + 0.0 if kind.name == "float" else value)


def read_default(text: Optional[str], extra: str, kind: Type, flavour: Flavour) -> Optional[Default]:
    """Give the default of a column; what a model cannot say has ``OPAQUE`` and the server's text as function."""
    if text is None or (flavour.mariadb and text == "NULL") or (kind.name == "timestamp" and text in _NO_TIME):
        return None
    expression = flavour.mariadb or "DEFAULT_GENERATED" in extra.upper()
    return _read(text if flavour.mariadb or not expression else plain_quotes(text), kind, expression)


@cache
def _read(text: str, kind: Type, expression: bool) -> Default:
    function = _READ.get(text.lower())
    if function and expression:
        return Default(function=function)
    try:
        return Default(_value(text, kind, expression))
    except ValueError:
        return Default(function=OPAQUE + _written(text, expression))


def _written(text: str, expression: bool) -> str:
    """An expression as it can be written again: MySQL shows it without the parentheses that it wants."""
    if not expression:
        return constant(text)
    bare = _BARE_EXPRESSION.fullmatch(text)
    return text if bare or text.startswith("(") or read_constant(text) is not None else f"({text})"


def _value(text: str, kind: Type, expression: bool) -> Any:
    if kind.name == "foreign":
        raise ValueError(text)
    plain: Optional[str] = text
    if expression and kind.name not in _BARE:
        plain = read_constant(text)
    if plain is None:
        raise ValueError(text)
    reader = _READERS.get(kind.name)
    return canonical_value(kind, reader(plain) if reader else plain)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUTHS:
        raise ValueError(text)
    return _TRUTHS[text.lower()]


_READERS = {**READERS, "boolean": _boolean}
