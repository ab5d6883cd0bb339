# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of a column to logical values, the whole column at a time.

Ten thousand rows are ten thousand calls per column when each cell is looked at by itself. Here a column is first tried
as a whole, by a few calls that loop in C; only where that finds something to convert, or something wrong, is each cell
taken by itself, through ``model.defaults.canonical_value``, which knows what each type takes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Optional

from ..model.defaults import canonical_value
from ..model.schema import Enum
from ..model.types import Type

#: Gives the logical values of a column without nulls, or None where the cells have to be looked at one by one.
#: It is told the set of the cells' Python types.
Bulk = Callable[[Type, list[Any], set[type]], Optional[list[Any]]]

_RANGES = {"integer": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}
_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Misfit(ValueError):
    """A cell does not fit its column: ``index`` in the cells, and what the column takes instead."""

    def __init__(self, index: int, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.index = index
        self.reason = reason
        self.hint = hint


def to_logical(kind: Type, enum: Enum | None, cells: list[Any], types: set[type], *, text: bool) -> list[Any]:
    """Give the logical values of the cells, None among them staying None; the same object where nothing changes.

    ``types`` are the Python types of the cells. ``text`` says that all cells are text and are to be read by the type of
    the column. ``enum`` is that of an enum column.

    :raises Misfit: for the first cell that does not fit.
    """
    if None.__class__ not in types:
        return _convert(kind, enum, cells, types, text=text)
    if len(types) == 1:
        return cells
    kept = [index for index, cell in enumerate(cells) if cell is not None]
    try:
        values = _convert(kind, enum, [cells[index] for index in kept], types - {type(None)}, text=text)
    except Misfit as misfit:
        raise Misfit(kept[misfit.index], misfit.reason, misfit.hint) from None
    result: list[Any] = [None] * len(cells)
    for index, value in zip(kept, values):
        result[index] = value
    return result


def _convert(kind: Type, enum: Enum | None, cells: list[Any], types: set[type], *, text: bool) -> list[Any]:
    if text and kind.name in _FROM_TEXT:
        cells = _each(_FROM_TEXT[kind.name], cells)
        types = set(map(type, cells))
    if enum is not None:
        _require_known(enum, cells)
        return cells
    bulk = _BULK.get(kind.name)
    values = bulk(kind, cells, types) if bulk else None
    return values if values is not None else _each(lambda cell: _logical(kind, cell), cells)


def _each(convert: Callable[[Any], Any], cells: list[Any]) -> list[Any]:
    """Convert cell by cell, so that the one that does not fit is known."""
    values: list[Any] = []
    try:
        for cell in cells:
            values.append(convert(cell))  # noqa: PERF401 - the length says which cell failed
    except ValueError as error:
        raise Misfit(len(values), str(error)) from None
    return values


def _require_known(enum: Enum, cells: list[Any]) -> None:
    try:
        unknown = set(cells).difference(enum.values)
    except TypeError:
        unknown = {cell for cell in cells if isinstance(cell, str)}.difference(enum.values) | {_NOT_TEXT}
    if unknown:
        from ..model.reading import nearest

        index = next(i for i, cell in enumerate(cells) if not isinstance(cell, str) or cell in unknown)
        hint = nearest(cells[index], enum.values)
        raise Misfit(index, f"This is no value of enum {enum.name}: {', '.join(enum.values)} are.", hint)


_NOT_TEXT = object()


# --- columns as a whole ------------------------------------------------------------------------------------------


def _texts(kind: Type, cells: list[Any], types: set[type]) -> list[Any] | None:
    if types - {str} or (kind.name == "string" and max(map(len, cells), default=0) > kind.length):
        return None
    return cells if storable("".join(cells)) else None


def storable(text: str) -> bool:
    """Tell whether every engine can keep the text: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _integers(kind: Type, cells: list[Any], types: set[type]) -> list[Any] | None:
    low, high = _RANGES[kind.name]
    return cells if not types - {int} and low <= min(cells, default=0) and max(cells, default=0) <= high else None


def _booleans(_unused: Type, cells: list[Any], types: set[type]) -> list[Any] | None:
    return cells if not types - {bool} else None


def _floats(_unused: Type, cells: list[Any], types: set[type]) -> list[Any] | None:
    return cells if not types - {float} and all(map(math.isfinite, cells)) else None


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _uuids(_unused: Type, cells: list[Any], types: set[type]) -> list[Any] | None:
    return cells if not types - {str} and all(map(_UUID.fullmatch, cells)) else None


_BULK: dict[str, Bulk] = {
    "string": _texts,
    "text": _texts,
    "integer": _integers,
    "bigint": _integers,
    "boolean": _booleans,
    "float": _floats,
    "uuid": _uuids,
}


# --- cells one by one --------------------------------------------------------------------------------------------


def _logical(kind: Type, cell: Any) -> Any:
    """Give the logical value of one cell.

    :raises ValueError: it does not fit.
    """
    if kind.name == "bytes":
        return _bytes(cell)
    value = canonical_value(kind, cell)
    if kind.name == "decimal":
        from decimal import Decimal

        return Decimal(value)
    if kind.name == "timestamp":
        from datetime import datetime

        return datetime.fromisoformat(value)
    if isinstance(value, str) and not storable(value):
        raise ValueError("The text holds a character that no engine can keep.")
    return value


def _bytes(cell: Any) -> bytes:
    import base64
    import binascii

    if isinstance(cell, bytes):
        return cell
    try:
        return base64.b64decode(cell, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("These are no bytes: 'AAEC' in base64 would be some.") from None


def _integer_of(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("This is no whole number.")
    return int(text)


def _boolean_of(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError("This is neither true nor false.")
    return value


def _float_of(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("This is no number.") from None


def _json_of(text: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError:
        raise ValueError("This is not JSON.") from None


_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": _integer_of,
    "bigint": _integer_of,
    "boolean": _boolean_of,
    "float": _float_of,
    "json": _json_of,
}
