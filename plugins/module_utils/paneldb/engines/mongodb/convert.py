# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns stored values of one type into those of another, on the client, and refuses what would lose something.

What a value becomes is told by the value itself, so that one that is converted already stays as it is: a run that was
stopped inside of a batch does the batch again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from ...errors import Unsupported
from ...model.defaults import canonical_value
from ...model.schema import Column
from ...model.types import Type
from .probes import Probes
from .values import decoder, encoder

Convert = Callable[[Any], Any]

_TEXTS = ("string", "text", "enum", "uuid")
_NUMBERS = ("integer", "bigint", "decimal", "float")
#: Types whose values can be read as values of each type, as on the other engines.
_READABLE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_TEXTS, (*_TEXTS, *_NUMBERS, "boolean", "timestamp", "json", "foreign")),
    **dict.fromkeys(("integer", "bigint"), (*_TEXTS, *_NUMBERS, "boolean", "foreign")),
    "decimal": (*_TEXTS, *_NUMBERS, "foreign"),
    "float": (*_TEXTS, *_NUMBERS, "foreign"),
    "boolean": (*_TEXTS, "integer", "bigint", "boolean", "foreign"),
    "timestamp": (*_TEXTS, "timestamp", "foreign"),
    "json": (*_TEXTS, *_NUMBERS, "boolean", "json", "foreign"),
    "bytes": ("bytes", "foreign"),
}
_TRUE, _FALSE = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")
#: Not every text of a JSON value can be told from the value: such columns are converted beside the former one.
_TELLTALE = "json"


def refuse_unreadable(before: Column, after: Column) -> None:
    """Refuse a change of type between which no value means anything.

    :raises Unsupported: no value of the one type is one of the other.
    """
    if after.type.name == "foreign" or before.type.name in _READABLE[after.type.name]:
        return
    raise Unsupported(
        f"MongoDB cannot turn a {before.type} into a {after.type} ({before.name}).",
        hint="Add a column of the new type, fill it in a step of your own, and drop the old one.",
    )


def keeps_values(before: Type, after: Type) -> bool:
    """Tell whether every stored value of the one type is one of the other as it is."""
    if before == after or after.name == "foreign":
        return True
    if after.name == "text":
        return before.name in _TEXTS
    if after.name == "string":
        return (before.name == "string" and before.length <= after.length) or (
            before.name == "uuid" and after.length >= len("00000000-0000-4000-8000-000000000000")
        )
    return (before.name, after.name) == ("integer", "bigint")


def needs_place_beside(before: Type, after: Type) -> bool:
    """Tell whether a converted value could be taken for one that is not."""
    return before != after and _TELLTALE in (before.name, after.name) and before.name != "foreign"


def converter(kind: Type, values: Collection[str], probes: Probes, former: Type) -> Convert:
    """Give what makes stored values of the type; ``values`` are those of its enum.

    What it gives raises ValueError for a value that cannot be one.
    """
    encode = encoder(Column("", kind), probes)
    read = _READERS[kind.name]

    def convert(value: Any) -> Any:
        if former.name == "foreign" and kind.name == _TELLTALE:
            return value
        plain = _plain(value, former)
        if former.name == _TELLTALE and kind.name in _TEXTS:
            import json

            plain = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        made = read(kind, plain)
        if kind.name == "enum" and made not in values:
            raise ValueError("The enum has no such value.")
        return made if encode is None else encode(made)

    return convert


def _plain(value: Any, former: Type) -> Any:
    """Give a stored value as a logical one, by what it is."""
    if former.name == _TELLTALE:
        decode = decoder(Column("", former))
        return decode(value) if decode else value
    if hasattr(value, "to_decimal"):
        return value.to_decimal()
    return value


def _text(kind: Type, value: Any) -> str:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, datetime):
        text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    elif isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, float):
        text = repr(value)
    elif isinstance(value, (str, int)):
        text = str(value)
    else:
        raise ValueError(f"This is no {kind}.")  # noqa: TRY004 - told like any other misfit
    return str(canonical_value(kind, text))


def _whole(kind: Type, value: Any) -> int:
    if isinstance(value, (bool, int)):
        number = int(value)
    else:
        exact = _number(value)
        number = int(exact)
        if number != exact:
            raise ValueError("The number is not whole.")
    return int(canonical_value(kind, number))


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise ValueError("This is no number.")  # noqa: TRY004 - told like any other misfit
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        raise ValueError("This is no number.") from None
    if not number.is_finite():
        raise ValueError("This is no number.")
    return number


def _decimal(kind: Type, value: Any) -> Any:
    return canonical_value(kind, format(_number(value), "f"))


def _float(kind: Type, value: Any) -> float:
    exact = _number(value)
    number = float(exact)
    if isinstance(value, int) and int(number) != value:
        raise ValueError("The number has more digits than a float.")
    return float(canonical_value(kind, number))


def _boolean(_kind: Type, value: Any) -> bool:
    word = str(value).strip().lower()
    if isinstance(value, float) or word not in (*_TRUE, *_FALSE):
        raise ValueError("This is neither true nor false.")
    return word in _TRUE


def _timestamp(kind: Type, value: Any) -> Any:
    return value if isinstance(value, datetime) else canonical_value(kind, value)


def _json(_kind: Type, value: Any) -> Any:
    import json

    if isinstance(value, str):
        return json.loads(value)
    # Text of FerretDB's decimals is read as the number that it is.
    return float(value) if isinstance(value, Decimal) else value


def _bytes(_kind: Type, value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("These are no bytes.")  # noqa: TRY004 - told like any other misfit
    return value


_READERS: dict[str, Callable[[Type, Any], Any]] = {
    **dict.fromkeys(_TEXTS, _text),
    "integer": _whole,
    "bigint": _whole,
    "decimal": _decimal,
    "float": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "json": _json,
    "bytes": _bytes,
    "foreign": lambda _kind, value: value,
}
