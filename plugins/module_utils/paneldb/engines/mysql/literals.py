# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored values as constants of statements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable
from uuid import UUID

from ...errors import InputError

#: ``SERVER_STATUS_NO_BACKSLASH_ESCAPES``; only a statement of a person can have brought it about.
_NO_BACKSLASHES = 512
_ESCAPES = str.maketrans({"\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z", '"': '\\"', "'": "\\'", "\\": "\\\\"})
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def writer(server_status: int) -> Callable[[Any, str], str]:
    """Give what writes a stored value of a column whose type has that name."""
    plain = bool(server_status & _NO_BACKSLASHES)

    def written(value: Any, kind: str) -> str:
        if value is None:
            return "NULL"
        if isinstance(value, (bytes, bytearray)):
            return f"x'{value.hex()}'"
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, float):
            return _number(value)
        text = str(value)
        # Compared as text, a decimal would be one only after it was rounded to a double.
        if kind == "decimal" and _DECIMAL.fullmatch(text):
            return text
        return "'" + (text.replace("'", "''") if plain else text.translate(_ESCAPES)) + "'"

    return written


def bound(statement: str, parameters: Sequence[Any] | Mapping[str, Any], server_status: int) -> str:
    """Put values in the places ``%s`` or ``%(name)s`` of a statement.

    :raises ValueError: and TypeError, KeyError where places and values do not fit, or a value is of an unknown kind.
    """
    written = writer(server_status)

    def constant(value: Any) -> str:
        if isinstance(value, (list, tuple, set, frozenset)):
            return f"({', '.join(map(constant, value)) or 'NULL'})"
        plain = _plain(value)
        return written(plain, "decimal" if isinstance(value, Decimal) else "")

    if isinstance(parameters, Mapping):
        return statement % {name: constant(value) for name, value in parameters.items()}
    return statement % tuple(map(constant, parameters))


def _plain(value: Any) -> Any:
    """Give the value as one that ``writer`` knows; times with a zone in UTC, a mapping as JSON."""
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        moment = value.astimezone(timezone.utc).replace(tzinfo=None) if value.tzinfo else value
        return moment.isoformat(" ")
    if isinstance(value, (date, time, UUID)):
        return str(value)
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{value.__class__.__name__} cannot be bound")


def _duration(value: timedelta) -> str:
    sign, whole = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(whole.days * 86400 + whole.seconds, 60)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{whole.microseconds:06}"


def row_of(values: Iterable[Any], kinds: Iterable[str], written: Callable[[Any, str], str]) -> str:
    """Write a row in parentheses."""
    return f"({', '.join(map(written, values, kinds))})"


def _number(value: float) -> str:
    """With an exponent it is a double; without one it would be a decimal."""
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        raise InputError("MySQL has no number such as this.", found=text)
    return text if "e" in text else f"{text}e0"
