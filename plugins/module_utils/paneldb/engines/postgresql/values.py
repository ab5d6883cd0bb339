# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical values to stored ones and back.

Stored values are the text that the server itself writes, wherever that is cheaper to read than the driver's object:
timestamps, decimals, json and bytes are read as text, compared as text and copied back as text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Context, Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any

from ...model.schema import Column
from ...model.types import Type
from ..encoding import Encoder, encode_uuid, nullable

#: Types whose columns are cast to text when they are read; uuid and enums the driver hands out as text by itself.
AS_TEXT = frozenset(("timestamp", "decimal", "json", "bytes", "foreign"))

_write = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(", ", ": ")).encode
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00")
#: Leaves of JSON that the standard library writes as the server does.
_PLAIN = frozenset((str, int, bool, type(None)))


def encoders(columns: Sequence[Column]) -> tuple[Encoder, ...]:
    """See ``Engine.encoders``."""
    return tuple(_encoder(column.type) for column in columns)


def decoders(columns: Sequence[Column]) -> tuple[Encoder, ...]:
    """See ``Engine.decoders``."""
    return tuple(nullable(_DECODERS.get(column.type.name)) for column in columns)


def _encoder(kind: Type) -> Encoder:
    if kind.name in _MINDING_NULL:
        return _MINDING_NULL[kind.name]
    if kind.name == "decimal":
        return nullable(_decimal_encoder(kind))
    return nullable(_ENCODERS.get(kind.name))


def _decimal_encoder(kind: Type) -> Callable[[Any], str]:
    """The server writes exactly as many digits behind the point as the type has."""
    unit, context = Decimal(1).scaleb(-kind.scale), Context(prec=kind.precision)

    def encode(value: Any) -> str:
        try:
            number = value if isinstance(value, Decimal) else Decimal(str(value))
            fitted = number.quantize(unit, context=context)
        except InvalidOperation:
            raise ValueError(f"{value!r} is no {kind}.") from None
        if fitted != number:
            raise ValueError(f"{value!r} has more digits than {kind} keeps.")
        return f"{fitted or unit - unit:f}"

    return encode


def encode_timestamp(value: Any) -> str | None:
    """``2026-01-31 08:00:00.5+00``: without a fraction where it is zero or zeros at its end; null stays null."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{value!r} is no time with a zone.")
    if value.tzinfo is not timezone.utc:
        value = value.astimezone(timezone.utc)
    # About three times as fast as isoformat of a time with a zone.
    fields = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond // 1000)
    if not fields[-1]:
        return "%04d-%02d-%02d %02d:%02d:%02d+00" % fields[:-1]  # noqa: UP031 - ten thousand times a run
    return ("%04d-%02d-%02d %02d:%02d:%02d.%03d" % fields).rstrip("0") + "+00"  # noqa: UP031


def encode_json(value: Any) -> str:
    """Write plain JSON values as the server writes jsonb: keys by length, then by bytes; numbers without exponents."""
    try:
        text = _write(_ordered(value))
        text.encode()
    except (_Unusual, TypeError):
        return _encode_unusual(value)
    return text if "\\u0000" not in text else _encode_unusual(value)


class _Unusual(Exception):
    """A value that the standard library's writer would write otherwise than the server."""


def _ordered(value: Any) -> Any:
    """Give the value with all keys in the server's order."""
    kind = value.__class__
    if kind in _PLAIN:
        return value
    if kind is dict:
        pairs = value.items() if len(value) == 1 else sorted(value.items(), key=_by_length)
        return {
            key if key.__class__ is str else _no_text(): inner if inner.__class__ in _PLAIN else _ordered(inner)
            for key, inner in pairs
        }
    if kind is list:
        return [inner if inner.__class__ in _PLAIN else _ordered(inner) for inner in value]
    if kind is float and value and "e" not in repr(value) and math.isfinite(value):
        return value
    raise _Unusual


def _by_length(pair: tuple[Any, Any]) -> tuple[int, str]:
    """The order of code points is that of bytes in UTF-8."""
    key = pair[0] if isinstance(pair[0], str) else _no_text()
    return len(key) if key.isascii() else len(key.encode()), key


def _no_text() -> str:
    raise ValueError("Keys of JSON objects are text.")


def _encode_unusual(value: Any) -> str:
    """Write any JSON value, or say what is none."""
    if isinstance(value, str):
        return _encode_text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=_by_length)
        return "{" + ", ".join([f"{_encode_text(key)}: {_encode_unusual(inner)}" for key, inner in pairs]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join([_encode_unusual(inner) for inner in value]) + "]"
    return _encode_number(value)


def _encode_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("JSON on PostgreSQL holds no NUL character.")
    text.encode()
    return str(encode_basestring(text))


def _encode_number(value: Any) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is no JSON number.")
        return _plain_float(value) if value else "0.0"
    if isinstance(value, int):
        return str(value)
    raise ValueError(f"{type(value).__name__} is no JSON value.")


def _plain_float(value: float) -> str:
    """Without an exponent, and always with a point: it is read back as a float."""
    text = repr(value)
    if "e" not in text:
        return text
    plain = f"{Decimal(text):f}"
    return plain if "." in plain else f"{plain}.0"


def _encode_bytes(value: Any) -> str:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ValueError(f"{type(value).__name__} is not bytes.")  # noqa: TRY004 - encoders raise ValueError
    return "\\x" + bytes(value).hex()


def decode_timestamp(text: str) -> datetime:
    """Read what the server writes in a session in UTC.

    :raises ValueError: for infinity, and for years that Python does not have.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is beyond what a time can be here.")
    fraction = (match[3] or "").ljust(6, "0")
    return datetime.fromisoformat(f"{match[1]}T{match[2]}.{fraction}+00:00")


def _decode_bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


#: The types that most columns have look for null themselves, which saves a call per value.
_MINDING_NULL: Mapping[str, Callable[[Any], Any]] = {"uuid": encode_uuid, "timestamp": encode_timestamp}
_ENCODERS: Mapping[str, Callable[[Any], Any]] = {
    "float": float,
    "json": encode_json,
    "bytes": _encode_bytes,
}
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "timestamp": decode_timestamp,
    "json": json.loads,
    "bytes": _decode_bytes,
}
