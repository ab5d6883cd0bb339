# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a statement must give: numbers of rows, the rows themselves, the shape of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from ..engines.base import Result
from ..model.reading import Fields, Place, as_list, as_mapping, as_texts
from ..plain import plain

_KEYS = ("rows", "count", "affected", "columns", "types")
_BOUNDS = ("min", "max")


def _is_text(value: Any) -> bool:
    """Texts are also what has no other form in JSON, such as UUIDs, but for what has a word of its own."""
    others = (int, float, Decimal, bytes, bytearray, *_TIMES)
    return isinstance(plain(value), str) and not isinstance(value, others)


_TIMES = (datetime.date, datetime.time, datetime.timedelta)
#: Words for types, and what Python values are of them.
_TYPES: dict[str, Callable[[Any], bool]] = {
    "any": lambda _value: True,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float, Decimal)) and not isinstance(value, bool),
    "time": lambda value: isinstance(value, _TIMES),
    "bytes": lambda value: isinstance(value, (bytes, bytearray)),
    "list": lambda value: isinstance(value, (list, tuple)),
    "mapping": lambda value: isinstance(value, Mapping),
    "text": _is_text,
}
#: Behind a type: nulls may be among the values.
_NULLABLE = "?"


@dataclass(frozen=True)
class Bounds:
    """How many there must be; None is no bound."""

    least: int | None = None
    most: int | None = None

    def hold(self, number: int) -> bool:
        """Tell whether a number is within the bounds."""
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return str(self.least)
        words = [(self.least, "at least"), (self.most, "at most")]
        return " and ".join(f"{word} {number}" for number, word in words if number is not None)


@dataclass(frozen=True)
class Expectation:
    """What one statement must give. Nothing of the values shows itself."""

    count: Bounds = Bounds()
    affected: Bounds = Bounds()
    columns: tuple[str, ...] | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Any, ...] | None = field(default=None, repr=False)

    @property
    def limit(self) -> int:
        """Rows that must be read to tell whether the expectation holds."""
        numbers = (self.count.least, self.count.most, len(self.rows) if self.rows is not None else None)
        return max((number for number in numbers if number is not None), default=0)

    def mismatch(self, result: Result) -> str:
        """Say what is not as expected, without any value; empty where all is."""
        number = f"{'more than ' if result.truncated else ''}{len(result.rows)} rows"
        if not self.count.hold(len(result.rows) + result.truncated):
            return f"gave {number} where {self.count} were expected"
        if not self.affected.hold(result.affected):
            return f"changed {result.affected} rows where {self.affected} were expected"
        if self.columns is not None and result.columns != self.columns:
            return f"gave the columns {_listed(result.columns)} where {_listed(self.columns)} were expected"
        return self._types_mismatch(result) or self._rows_mismatch(result, number)

    def _types_mismatch(self, result: Result) -> str:
        for name, word in self.types.items():
            if name not in result.columns:
                return f"gave no column {name}"
            at, fits = result.columns.index(name), _TYPES[word.rstrip(_NULLABLE)]
            for position, row in enumerate(result.rows):
                if not (word.endswith(_NULLABLE) if row[at] is None else fits(row[at])):
                    return f"gave in row {position}, column {name}, something else than {word}"
        return ""

    def _rows_mismatch(self, result: Result, number: str) -> str:
        if self.rows is None:
            return ""
        if len(result.rows) + result.truncated != len(self.rows):
            return f"gave {number} where {len(self.rows)} were expected"
        for position, (row, wanted) in enumerate(zip(result.rows, self.rows)):
            for name, value in wanted.items():
                if name not in result.columns:
                    return f"gave no column {name}"
                if not same(row[result.columns.index(name)], value):
                    return f"gave in row {position}, column {name}, another value than was expected"
        return ""


NOTHING = Expectation()


def parse_expectation(data: Any, place: Place) -> Expectation:
    """Read what stands under ``expect``.

    :raises InputError: where it is no expectation.
    """
    said = {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data
    fields = Fields(said, place, _KEYS, "an expectation")
    columns = as_texts(fields.value("columns"), fields.at("columns"), "a list") if "columns" in fields else None
    return Expectation(
        count=_bounds(fields, "count"),
        affected=_bounds(fields, "affected"),
        columns=columns,
        types=_types(fields),
        rows=_rows(fields, columns) if "rows" in fields else None,
    )


def same(value: Any, wanted: Any) -> bool:
    """Tell whether a value of a database is the one that was written down, in whatever type that could be written."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(wanted, (Mapping, list)):
        number, other = _number(value), _number(wanted)
        if number is not None and other is not None:
            return number == other
    return bool(plain(value) == plain(wanted))


def _number(value: Any) -> Decimal | None:
    """Give a finite number; None where the value is none."""
    try:
        number = Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _bounds(fields: Fields, key: str) -> Bounds:
    if key not in fields:
        return Bounds()
    value = fields.data[key]
    if isinstance(value, dict):
        inner = Fields(value, fields.at(key), _BOUNDS, "bounds")
        least, most = (_whole(inner.data.get(each), inner.at(each)) for each in _BOUNDS)
        return Bounds(least, most)
    number = _whole(value, fields.at(key))
    return Bounds(number, number)


def _whole(value: Any, place: Place) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        # What a template gives is text, unless Jinja keeps the types of values.
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise place.unexpected("a number of rows", value, "a whole number, or a mapping of min and max")
    return value


def _types(fields: Fields) -> dict[str, str]:
    types = fields.mapping("types")
    for name, word in types.items():
        if not isinstance(word, str) or word.removesuffix(_NULLABLE) not in _TYPES:
            raise fields.at("types").key(name).unknown("There is no such type.", word, _TYPES)
    return types


def _rows(fields: Fields, columns: Sequence[str] | None) -> tuple[Any, ...]:
    place = fields.at("rows")
    rows = as_list(fields.data["rows"], place, "a list of rows")
    for position, row in enumerate(rows):
        if isinstance(row, list):
            if columns is None or len(row) != len(columns):
                raise place.item(position).error(
                    "A row without names needs the columns.", hint="Give columns, too, and a value for each."
                )
        else:
            as_mapping(row, place.item(position), "a row")
    return tuple(rows) if columns is None else tuple(_named(row, columns) for row in rows)


def _named(row: Any, columns: Sequence[str]) -> Any:
    return dict(zip(columns, row)) if isinstance(row, list) else row


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
