# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical values to what a document keeps, and back.

A column is the field of its name. Null is a field that is not there: so unique indexes let many rows be without a
value, as on every other engine. ``_id`` is an ObjectId of its own and is no column; the primary key is a unique index.

=================  ================================================================================================
``uuid``           string of 36 characters
``string text``    string
``boolean``        bool
``integer``        int
``bigint``         long
``decimal(p,s)``   decimal with ``s`` digits behind the point; text on servers that have no decimals (FerretDB 1)
``float``          double
``timestamp``      date
``json``           object, array, or what a JSON value is; ``{"_paneldb_json": TEXT}`` where BSON or the server cannot
                   hold it: numbers beyond 64 bits, keys with ``$`` at their beginning, dots or NUL, deep nesting
``enum``           string
``bytes``          binData, subtype 0
=================  ================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ...model.defaults import canonical_value
from ...model.schema import Column
from ...model.types import Type
from ..encoding import Encoder, nullable
from .probes import ANY_KEYS, DECIMALS, NESTED_ARRAYS

if TYPE_CHECKING:
    from .probes import Probes

#: The only key of a document that stands for a JSON value as text.
AS_TEXT = "_paneldb_json"
#: BSON of more levels is refused by servers ("BSON Document Size" and nesting, 100 levels); some are left to others.
DEEPEST = 90
_LARGEST = 2**63 - 1


def encoder(column: Column, probes: Probes) -> Encoder:
    """Give what leads from a logical value of the column to the stored one; None where both are the same."""
    make = _ENCODERS.get(column.type.name)
    return make(column.type, probes) if make else None


def decoder(column: Column) -> Encoder:
    """Give what leads back."""
    return nullable(_DECODERS.get(column.type.name))


def _bigint(_kind: Type, _probes: Probes) -> Callable[[Any], Any]:
    from bson.int64 import Int64

    def long(value: Any) -> Any:
        if value is None:
            return None
        if value.__class__ is not int or not -_LARGEST - 1 <= value <= _LARGEST:
            raise ValueError("A bigint is a whole number of 64 bits.")
        return Int64(value)

    return long


def _decimal(kind: Type, probes: Probes) -> Callable[[Any], Any]:
    if not probes.can(DECIMALS):
        return lambda value: None if value is None else canonical_value(kind, value)
    from bson.decimal128 import Decimal128

    return lambda value: None if value is None else Decimal128(canonical_value(kind, value))


def _float(kind: Type, _probes: Probes) -> Callable[[Any], Any]:
    return lambda value: None if value is None else canonical_value(kind, value)


def _timestamp(kind: Type, _probes: Probes) -> Callable[[Any], Any]:
    def moment(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, datetime):
            return datetime.fromisoformat(canonical_value(kind, value))
        if value.tzinfo is None:
            raise ValueError("A timestamp needs its zone, such as +00:00 at the end.")
        value = value.astimezone(timezone.utc)
        return value.replace(microsecond=value.microsecond // 1000 * 1000)

    return moment


def _bytes(_kind: Type, _probes: Probes) -> Callable[[Any], Any]:
    def octets(value: Any) -> Any:
        if value is not None and not isinstance(value, (bytes, bytearray, memoryview)):
            raise ValueError("A column of type bytes takes bytes.")
        return None if value is None else bytes(value)

    return octets


def _json(_kind: Type, probes: Probes) -> Callable[[Any], Any]:
    any_keys, nested = probes.can(ANY_KEYS), probes.can(NESTED_ARRAYS)

    def fitted(value: Any) -> Any:
        if value is None or value.__class__ in (str, bool, float):
            return value
        if _fits(value, DEEPEST, any_keys=any_keys, nested=nested):
            return value
        return {AS_TEXT: json.dumps(value, ensure_ascii=True, sort_keys=True, allow_nan=False)}

    return fitted


def _fits(value: Any, levels: int, *, any_keys: bool, nested: bool) -> bool:
    """Tell whether a plain JSON value can be a BSON value as it is."""
    kind = value.__class__
    if kind is dict:
        members, inside = value.values(), levels - 1
        if levels <= 0 or AS_TEXT in value or not all(_is_key(key, any_keys=any_keys) for key in value):
            return False
    elif kind is list:
        members, inside = value, levels - 1
        if levels <= 0 or not (nested or list not in map(type, value)):
            return False
    else:
        return kind is not int or -_LARGEST - 1 <= value <= _LARGEST
    return all(_fits(member, inside, any_keys=any_keys, nested=nested) for member in members)


def _is_key(key: Any, *, any_keys: bool) -> bool:
    """Keys with dots are allowed inside documents since MongoDB 5.0; those that begin with ``$`` hinder updates."""
    if key.__class__ is not str or "\0" in key:
        return False
    return key[:1] != "$" and (any_keys or "." not in key)


def _loaded(value: Any) -> Any:
    """Give plain JSON values; what other clients put there that is none is told as text."""
    kind = value.__class__
    if kind is dict:
        if len(value) == 1 and AS_TEXT in value:
            return json.loads(value[AS_TEXT])
        return {key: _loaded(member) for key, member in value.items()}
    if kind is list:
        return [_loaded(member) for member in value]
    if value is None or kind in (str, int, float, bool):
        return value
    return int(value) if isinstance(value, int) else str(value)


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) else value.to_decimal()


_ENCODERS: dict[str, Callable[[Type, Any], Callable[[Any], Any]]] = {
    "bigint": _bigint,
    "decimal": _decimal,
    "float": _float,
    "timestamp": _timestamp,
    "json": _json,
    "bytes": _bytes,
}
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "bigint": int,
    "decimal": _exact,
    "json": _loaded,
    "timestamp": lambda value: value.replace(tzinfo=timezone.utc),
}
