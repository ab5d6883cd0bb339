# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of giving a column another type: rows written anew, values that no longer fit or cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from ..expression_printer import canonical_text
from ..expression_tree import Call, Comparison, Literal, logical
from ..expression_tree import Column as ColumnName
from ..operations import Alter
from ..plan import INFO, WARN
from ..schema import Check, Column, Enum
from ..types import Type
from .finding import VIOLATIONS, Finding, Need
from .situation import MYSQL, POSTGRESQL, Situation

#: What whole numbers lie between.
_WHOLE = {"integer": (-(2**31), 2**31 - 1), "bigint": (-(2**63), 2**63 - 1)}

#: From these to those every value can be read, if it fits.
_READABLE = {
    "boolean": ("integer", "bigint", "decimal", "float"),
    "integer": ("bigint", "decimal", "float"),
    "bigint": ("integer", "decimal", "float"),
    "decimal": ("integer", "bigint", "float"),
    "float": ("integer", "bigint", "decimal"),
    "string": (),
    "text": (),
}
#: Characters that a value takes at the most.
_WIDTHS = {"uuid": 36, "boolean": 5, "integer": 11, "bigint": 20, "float": 24, "timestamp": 32}
_TEXTS = ("string", "text")


def alter_type(situation: Situation) -> Iterator[Finding]:
    """What a change of type does to the rows."""
    operation = situation.operation
    if not (
        isinstance(operation, Alter) and isinstance(operation.before, Column) and isinstance(operation.after, Column)
    ):
        return
    before, after = operation.before.type, operation.after.type
    if before == after or situation.is_fresh(situation.table.name, operation.after.name):
        return
    yield from _rewrite(situation, before, after)
    if not _readable(before, after):
        yield _may_fail(situation, operation.before, operation.after)
    elif _narrower(situation, before, after):
        yield _narrowing(situation, operation.before, operation.after)


def _rewrite(situation: Situation, before: Type, after: Type) -> Iterator[Finding]:
    engines = [
        engine for engine in (POSTGRESQL, MYSQL) if situation.on(engine) and not is_in_place(engine, before, after)
    ]
    if not engines:
        return
    table = situation.table
    hazard = situation.hazard(
        "type-rewrite",
        WARN,
        f"Table {table.name} and its indexes are written anew ({', '.join(engines)}); nobody can use it meanwhile.",
        "Add a column of the new type, write both, fill it in batches, read the new one, drop the old one.",
    )
    yield situation.finding(hazard, table)


def _may_fail(situation: Situation, before: Column, after: Column) -> Finding:
    table = situation.table
    values = _fitting(situation, after) if before.type.name in _TEXTS else None
    hazard = situation.hazard(
        "type-cast-may-fail",
        WARN,
        f"Values of {table.name}.{after.name} are read as {after.type}; one that is none stops the change.",
        "First look for values that cannot be read so, and mend them in an execute step.",
    )
    if values is None:
        return situation.finding(hazard, table)
    needs = Need(VIOLATIONS, table, Check(after.name, values))
    return situation.finding(hazard, table, needs, decides=VIOLATIONS, otherwise=INFO, refuses=True)


def _narrowing(situation: Situation, before: Column, after: Column) -> Finding:
    table = situation.table
    hazard = situation.hazard(
        "type-narrowing",
        WARN,
        f"Values of {table.name}.{after.name} that do not fit {after.type} any more are refused or rounded.",
        "First look for values that do not fit, and mend them in an execute step.",
        destroys=True,
    )
    if _rounds(before.type, after.type):
        return situation.finding(hazard, table)
    rule = Check(after.name, _limits(before, after))
    return situation.finding(hazard, table, Need(VIOLATIONS, table, rule), decides=VIOLATIONS)


def is_in_place(engine: str, before: Type, after: Type) -> bool:
    """Tell whether the engine changes the type without touching rows.

    PostgreSQL's manual on ALTER TABLE: where the old values are binary coercible to the new type. MySQL's manual on
    online DDL: a string that grows within the same number of length bytes (255 in utf8mb4: 63 characters).
    """
    if before.name == after.name == "string":
        grows = after.length >= before.length
        same_width = (before.length > 63) == (after.length > 63)  # noqa: PLR2004
        return grows and (engine == POSTGRESQL or same_width)
    if before.name == after.name == "decimal" and engine == POSTGRESQL:
        return after.scale == before.scale and after.precision >= before.precision
    return engine == POSTGRESQL and (before.name, after.name) == ("string", "text")


def _readable(before: Type, after: Type) -> bool:
    """Tell whether every value of the one type means something in the other."""
    if after.name == before.name:
        return before.name not in ("enum", "foreign")
    if after.name in _TEXTS:
        return before.name not in ("bytes", "foreign")
    return after.name in _READABLE.get(before.name, ())


def _narrower(situation: Situation, before: Type, after: Type) -> bool:
    if after.name == "string":
        width = _width(situation, before)
        return width is None or after.length < width
    if _rounds(before, after):
        return True
    had, has = _whole_digits(before), _whole_digits(after)
    return had is not None and has is not None and has < had


def _rounds(before: Type, after: Type) -> bool:
    """Tell whether digits behind the point are lost."""
    if after.name in _WHOLE:
        return before.name == "float" or (before.name == "decimal" and before.scale > 0)
    if after.name == "decimal":
        return before.name == "float" or (before.name == "decimal" and after.scale < before.scale)
    return False


def _width(situation: Situation, kind: Type) -> int | None:
    """How many characters a value of the type takes at the most; None where there is no end to it."""
    if kind.name == "string":
        return kind.length
    if kind.name == "decimal":
        return kind.precision + len("-.")
    enum = situation.state.enum(kind.enum) if kind.name == "enum" else None
    if enum is not None:
        return max(map(len, enum.values), default=0)
    return _WIDTHS.get(kind.name)


def _whole_digits(kind: Type) -> int | None:
    """How many digits before the point a value of the type has at the most."""
    if kind.name == "decimal":
        return kind.precision - kind.scale
    return {"boolean": 1, "integer": 10, "bigint": 19}.get(kind.name)


def _fitting(situation: Situation, after: Column) -> str | None:
    """Say, where the language can, which values of a text column can be read as the new type."""
    enum = situation.state.enum(after.type.enum) if after.type.name == "enum" else None
    if not isinstance(enum, Enum):
        return None
    equal = [Comparison("=", ColumnName(after.name), Literal("string", value)) for value in enum.values]
    return canonical_text(logical("or", equal))


def _limits(before: Column, after: Column) -> str:
    """Say in the expression language which values of the column fit the narrower type."""
    name, kind = ColumnName(before.name), after.type
    if kind.name == "string":
        return canonical_text(Comparison("<=", Call("length", (name,)), _number(kind.length)))
    if kind.name in _WHOLE:
        low, high = _WHOLE[kind.name]
    else:
        high = 10 ** (kind.precision - kind.scale) - 1
        low = -high
    inside = [Comparison(">=", name, _number(low)), Comparison("<=", name, _number(high))]
    return canonical_text(logical("and", inside))


def _number(value: int) -> Literal:
    return Literal("number", Decimal(value))
