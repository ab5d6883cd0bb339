# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the values of a column into those of another type, in SQL, and tells which values cannot be.

Each conversion is two expressions over the column: the new value, and a condition that holds for every value that can
be converted without loss. What PostgreSQL casts and this loses nothing of is converted; the rest is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, NamedTuple

from ...errors import Unsupported
from ...model.schema import Column
from ...model.types import Type
from .types import DECLARED, type_check
from .words import quote


class Conversion(NamedTuple):
    """``value`` is the new value; ``fits`` the condition, empty where every value fits."""

    value: str
    fits: str = ""


_TEXTS = ("string", "text", "enum", "uuid")


def conversion(before: Column, after: Column, values: Sequence[str]) -> Conversion:
    """Give what leads from the one type to the other; ``values`` are those of the enum that the new type names.

    :raises Unsupported: no value of the one type is one of the other.
    """
    name = quote(before.name)
    if before.type == after.type or after.type.name == "foreign":
        return Conversion(name, _checked(after.type, name, values) if after.type.name == "enum" else "")
    makers = _MAKERS.get(after.type.name)
    made = makers(name, before.type, after.type) if makers else None
    if made is None:
        raise Unsupported(
            f"SQLite cannot turn a {before.type} into a {after.type} ({before.name}).",
            hint="Add a column of the new type, fill it in a step of your own, and drop the old one.",
        )
    checked = _checked(after.type, made.value, values)
    return Conversion(made.value, " AND ".join(f"({each})" for each in (made.fits, checked) if each))


def _checked(kind: Type, value: str, values: Sequence[str]) -> str:
    return type_check(kind, value if value.startswith('"') else f"({value})", values)


def _is(kind: Type, *declared: str) -> bool:
    return DECLARED.get(kind.name) in declared


def _to_text(name: str, before: Type, _unused: Type) -> Conversion | None:
    if before.name == "boolean":
        return Conversion(f"CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
    if before.name == "foreign":
        return Conversion(f"CAST({name} AS TEXT)", f"typeof({name}) <> 'blob'")
    return Conversion(name) if _is(before, "TEXT") else _number_to_text(name, before)


def _number_to_text(name: str, before: Type) -> Conversion | None:
    return Conversion(f"CAST({name} AS TEXT)") if _is(before, "INTEGER", "REAL") else None


def _as_text(name: str, before: Type) -> str:
    """Give the column as trimmed text, whatever its values are kept as."""
    return f"trim(CAST({name} AS TEXT))" if before.name == "foreign" else f"trim({name})"


def _to_whole(name: str, before: Type, _unused: Type) -> Conversion | None:
    if _is(before, "INTEGER"):
        return Conversion(name)
    if _is(before, "REAL"):
        return Conversion(f"CAST({name} AS INTEGER)", f"CAST({name} AS INTEGER) = {name}")
    if _is(before, "BLOB"):
        return None
    text = _as_text(name, before)
    if before.name in ("decimal", "foreign"):
        text = f"CASE WHEN instr({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    number = f"CAST({text} AS NUMERIC)"
    fits = (
        f"{text} GLOB '*[0-9]' AND {text} NOT GLOB '*[^0-9+-]*' AND {text} NOT GLOB '?*[+-]*'"
        f" AND typeof({number}) = 'integer'"
    )
    return Conversion(number, _grouped(fits, text))


def _grouped(condition: str, text: str) -> str:
    """Put a CASE between parentheses wherever it is an operand."""
    return condition.replace(text, f"({text})") if text.startswith("CASE") else condition


def _to_boolean(name: str, before: Type, _unused: Type) -> Conversion | None:
    if _is(before, "INTEGER"):
        return Conversion(name)
    if _is(before, "REAL", "BLOB"):
        return None
    text = f"lower({_as_text(name, before)})"
    yes, no = "('true', 't', 'yes', 'y', 'on', '1')", "('false', 'f', 'no', 'n', 'off', '0')"
    value = f"CASE WHEN {text} IN {yes} THEN 1 WHEN {text} IN {no} THEN 0 END"
    return Conversion(value, f"{text} IN {yes} OR {text} IN {no}")


def _to_decimal(name: str, before: Type, after: Type) -> Conversion | None:
    if before.name in ("boolean", "bytes", "json", "uuid", "timestamp"):
        return None
    text = _as_text(name, before) if _is(before, "TEXT") or before.name == "foreign" else f"CAST({name} AS TEXT)"
    zeros = "0" * after.scale
    point = f"instr({text}, '.')"
    whole = f"{text} || '.{zeros}'" if zeros else text
    cut = f"substr({text}, 1, {point}) || substr(substr({text}, {point} + 1) || '{zeros}', 1, {after.scale})"
    fraction = cut if zeros else f"substr({text}, 1, {point} - 1)"
    lost = f"ltrim(substr({text}, {point} + {1 + after.scale}), '0') = ''"
    return Conversion(f"CASE WHEN {point} THEN {fraction} ELSE {whole} END", f"NOT {point} OR {lost}")


def _to_float(name: str, before: Type, _unused: Type) -> Conversion | None:
    if before.name == "decimal":
        return Conversion(f"CAST({name} AS REAL)")
    if before.name == "bigint":
        return Conversion(f"CAST({name} AS REAL)", f"CAST(CAST({name} AS REAL) AS INTEGER) = {name}")
    if before.name not in ("string", "text", "enum", "foreign"):
        return None
    text = _as_text(name, before)
    return Conversion(f"CAST({text} AS REAL)", f"json_valid({text}) AND json_type({text}) IN ('integer', 'real')")


def _to_timestamp(name: str, before: Type, _unused: Type) -> Conversion | None:
    if before.name not in ("string", "text", "foreign"):
        return None
    form = "'%Y-%m-%dT%H:%M:%f+00:00'"
    text = _as_text(name, before)
    value = f"CASE WHEN {text} GLOB '[0-9]*-*' THEN strftime({form}, {text}) END"
    if before.name == "foreign":
        # Other clients keep milliseconds since 1970 in such columns.
        millis = f"strftime({form}, {name} / 1000.0, 'unixepoch')"
        value = f"CASE WHEN typeof({name}) = 'integer' THEN {millis} ELSE {value} END"
    return Conversion(value, f"({value}) IS NOT NULL")


def _to_json(name: str, before: Type, after: Type) -> Conversion | None:
    return _to_text(name, before, after)


def _to_bytes(name: str, before: Type, _unused: Type) -> Conversion | None:
    return Conversion(name, f"typeof({name}) = 'blob'") if before.name == "foreign" else None


_Maker = Callable[[str, Type, Type], "Conversion | None"]
_MAKERS: dict[str, _Maker] = {
    **dict.fromkeys(_TEXTS, _to_text),
    "integer": _to_whole,
    "bigint": _to_whole,
    "boolean": _to_boolean,
    "decimal": _to_decimal,
    "float": _to_float,
    "timestamp": _to_timestamp,
    "json": _to_json,
    "bytes": _to_bytes,
}
