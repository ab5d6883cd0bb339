# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical values to stored ones and back.

Stored values are the text that the server itself writes, wherever that is cheaper to read than an object: decimals,
timestamps and json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from ...model.defaults import canonical_value
from ...model.schema import Column
from ...model.types import Type
from ..encoding import Encoder, encode_uuid, nullable

_write = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def encoders(columns: Sequence[Column]) -> tuple[Encoder, ...]:
    """See ``Engine.encoders``."""
    return tuple(_encoder(column.type) for column in columns)


def decoders(columns: Sequence[Column]) -> tuple[Encoder, ...]:
    """See ``Engine.decoders``."""
    return tuple(nullable(_DECODERS.get(column.type.name)) for column in columns)


def readers(columns: Sequence[Column]) -> tuple[Encoder, ...]:
    """Give what makes a stored value of the text that the server writes for it, per column; null is not among them."""
    return tuple(_READERS.get(column.type.name) for column in columns)


def _encoder(kind: Type) -> Encoder:
    if kind.name in _MINDING_NULL:
        return _MINDING_NULL[kind.name]
    if kind.name in ("decimal", "float"):
        return nullable(lambda value: canonical_value(kind, value))
    return nullable(_ENCODERS.get(kind.name))


def encode_timestamp(value: Any) -> str | None:
    """``2026-01-31 08:00:00.500``, in UTC; null stays null."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{value!r} is no time with a zone.")
    if value.tzinfo is not timezone.utc:
        value = value.astimezone(timezone.utc)
    # About three times as fast as isoformat of a time with a zone.
    fields = (value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond // 1000)
    return "%04d-%02d-%02d %02d:%02d:%02d.%03d" % fields  # noqa: UP031


def decode_timestamp(text: str) -> datetime:
    """Read what the server keeps, in UTC.

    :raises ValueError: for a date with zeros in it, which the server keeps where it does not insist on strictness.
    """
    try:
        # Pythons before 3.11 read three or six digits of a second, no others.
        whole, _unused, fraction = text.partition(".")
        moment = datetime.fromisoformat(f"{whole}.{fraction[:3].ljust(3, '0')}+00:00")
    except ValueError:
        raise ValueError(f"{text} is no time: give the row one, or let the column be null.") from None
    return moment.replace(tzinfo=timezone.utc)


def encode_json(value: Any) -> str:
    """Write JSON in the one form in which equal values are equal text.

    :raises ValueError: for what is no JSON value.
    """
    try:
        return _write(value)
    except TypeError as error:
        raise ValueError(f"This is no JSON value: {error}.") from None


def read_json(text: str) -> str:
    """Whoever wrote it, and whatever the server's own form is (MySQL's, not MariaDB's), it is compared in ours."""
    return _write(json.loads(text))


def _encode_bytes(value: Any) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ValueError(f"{type(value).__name__} is not bytes.")  # noqa: TRY004 - encoders raise ValueError
    return bytes(value)


#: The types that most columns have look for null themselves, which saves a call per value.
_MINDING_NULL: Mapping[str, Callable[[Any], Any]] = {"uuid": encode_uuid, "timestamp": encode_timestamp}
_ENCODERS: Mapping[str, Callable[[Any], Any]] = {"json": encode_json, "bytes": _encode_bytes}
_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "decimal": Decimal,
    "timestamp": decode_timestamp,
    "json": json.loads,
}


class _Truths(dict[Any, bool]):
    """The server keeps a number, which others may have written; the driver reads it as such."""

    def __missing__(self, key: Any) -> Any:
        return int(key)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _Truths({"0": False, "1": True, 0: False, 1: True}).__getitem__,
    "integer": int,
    "bigint": int,
    "float": float,
    "json": read_json,
    "bytes": bytes.fromhex,
}
