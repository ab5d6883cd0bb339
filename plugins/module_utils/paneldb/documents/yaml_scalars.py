# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a YAML scalar without quotes and without a tag means: the core schema of YAML 1.2.2, section 10.3.2."""

from __future__ import annotations

import re
from typing import Any

from .text import LONGEST_NUMBER, exact_float

CONSTANTS: dict[str, Any] = {"": None, "~": None}
for _word, _value in (("null", None), ("true", True), ("false", False)):
    CONSTANTS.update(dict.fromkeys((_word, _word.capitalize(), _word.upper()), _value))

#: What a scalar that is not a string begins with.
NOT_PLAIN_TEXT = frozenset("~nNtTfF+-.0123456789")

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NO_NUMBER = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")


def resolve(text: str) -> Any:
    """Give the value: None, a boolean, an integer, a float, or the text itself.

    :raises ValueError: the text is a number that would lose digits, or infinity or NaN, which few engines keep.
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    if _INTEGER.match(text):
        return int(text) if len(text) <= LONGEST_NUMBER else _refuse(text)
    if _OTHER_BASE.match(text):
        return int(text, 0) if len(text) <= LONGEST_NUMBER else _refuse(text)
    if _FLOAT.match(text):
        value = exact_float(text) if len(text) <= LONGEST_NUMBER else None
        return _refuse(text) if value is None else value
    return _refuse(text) if _NO_NUMBER.match(text) else text


def _refuse(text: str) -> Any:
    raise ValueError(text)
