# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults as the catalogue shows them, read back into the model's form."""

from __future__ import annotations

import re
from typing import Any

from ...model.defaults import canonical_value
from ...model.schema import NOW, UUID, Default
from ...model.types import Type
from ..canonical import READERS, read_time
from .wording import OPAQUE

#: What several clients write for the same thing.
_FUNCTIONS = {
    "now()": NOW,
    "transaction_timestamp()": NOW,
    "CURRENT_TIMESTAMP": NOW,
    "CURRENT_TIMESTAMP(3)": NOW,
    "date_trunc('milliseconds'::text, now())": NOW,
    "gen_random_uuid()": UUID,
    "uuid_generate_v4()": UUID,
}
_CASTS = r"""(?:::(?:"(?:[^"]|"")*"|[^"':])+)*"""
_CONSTANT = re.compile(rf"(?:(?P<string>E?'(?:[^']|'')*')|(?P<bare>-?[0-9.]+|true|false)){_CASTS}", re.DOTALL)


def read_default(text: str, kind: Type) -> Default | None:
    """Give the default of a column; what a model cannot say has ``OPAQUE`` and the server's text as function."""
    if text in _FUNCTIONS:
        return Default(function=_FUNCTIONS[text])
    if text.startswith("NULL::"):
        return None
    match = _CONSTANT.fullmatch(text[1:-1] if text.startswith("(") and text.endswith(")") else text)
    if match is None or kind.name == "foreign":
        return Default(function=OPAQUE + text)
    try:
        return Default(_value(_unquoted(match["string"]) if match["string"] else match["bare"], kind))
    except ValueError:
        return Default(function=OPAQUE + text)


def _unquoted(text: str) -> str:
    if text.startswith("E"):
        return text[2:-1].replace("''", "'").replace("\\\\", "\\")
    return text[1:-1].replace("''", "'")


def _value(text: str, kind: Type) -> Any:
    read = _READERS.get(kind.name)
    return canonical_value(kind, read(text) if read else text)


def _boolean(text: str) -> bool:
    return {"true": True, "t": True, "false": False, "f": False}[text]


def _timestamp(text: str) -> str:
    """``2026-01-31 08:00:00.5+00``: the session is in UTC, so the zone never has minutes."""
    if not text.endswith("+00"):
        raise ValueError(text)
    return read_time(text[: -len("+00")])


_READERS = {**READERS, "boolean": _boolean, "timestamp": _timestamp}
