# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical values to what SQLite keeps, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from ...model.defaults import canonical_value
from ...model.schema import Column
from ...model.types import Type
from ..encoding import Encoder, nullable
from .types import json_text


def encoder(column: Column) -> Encoder:
    """Give what leads from a logical value of the column to the stored one; None where SQLite keeps the same.

    Text and whole numbers are the same, and a call for each of their values would cost more than all else that is done
    with a seed that changes nothing.
    """
    make = _ENCODERS.get(column.type.name)
    return make(column.type) if make else None


def decoder(column: Column) -> Encoder:
    """Give what leads back."""
    return nullable(_DECODERS.get(column.type.name))


def _boolean(kind: Type) -> Callable[[Any], Any]:
    def number(value: Any) -> Any:
        return None if value is None else 1 if value is True else 0 if value is False else canonical_value(kind, value)

    return number


def _other(kind: Type) -> Callable[[Any], Any]:
    def fitted(value: Any) -> Any:
        return None if value is None else canonical_value(kind, value)

    return fitted


def _timestamp(kind: Type) -> Callable[[Any], Any]:
    def text(value: Any) -> Any:
        if value is None or not isinstance(value, datetime):
            return None if value is None else canonical_value(kind, value)
        if value.tzinfo is None:
            raise ValueError("A timestamp needs its zone, such as +00:00 at the end.")
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds")

    return text


def _json(_unused: Type) -> Callable[[Any], Any]:
    def text(value: Any) -> Any:
        return None if value is None else json_text(value)

    return text


def _bytes(_unused: Type) -> Callable[[Any], Any]:
    def octets(value: Any) -> Any:
        if value is not None and not isinstance(value, (bytes, bytearray, memoryview)):
            raise ValueError("A column of type bytes takes bytes.")
        return None if value is None else bytes(value)

    return octets


_ENCODERS: dict[str, Callable[[Type], Callable[[Any], Any]]] = {
    "boolean": _boolean,
    "decimal": _other,
    "float": _other,
    "timestamp": _timestamp,
    "json": _json,
    "bytes": _bytes,
}


def _moment(text: str) -> datetime:
    """Read the text of a time; other clients write ``Z`` where we write ``+00:00``."""
    if text.endswith("Z"):
        text = f"{text[:-1]}+00:00"
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _loaded(text: str) -> Any:
    import json

    return json.loads(text)


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "boolean": bool,
    "decimal": Decimal,
    "timestamp": _moment,
    "json": _loaded,
}
