# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a condition says about a row, without a database, so that the row that breaks a check can be named beforehand.

The answer is only given where every engine must agree. Where they may differ (order of text, upper and lower case
outside ASCII, values of unlike types, numbers out of range) it is None, and the database decides.
"""

from __future__ import annotations

import math
import operator as operators
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Context, Decimal
from typing import Any, Optional

from .expression_tree import (
    Arithmetic,
    Call,
    Column,
    Comparison,
    Expression,
    In,
    IsNull,
    Like,
    Literal,
    Logical,
    Not,
    Opaque,
    columns_of,
    pattern_marks,
)

_CONTEXT = Context(prec=80)
_LARGEST = 2**63 - 1
_ORDERS = {"<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge}


class _EnginesDiffer(Exception):
    """Nothing can be said that holds everywhere."""


def evaluate(expression: Expression, row: Mapping[str, Any]) -> bool | None:
    """Tell whether the row keeps the condition; None where that is unknown, which a check lets pass.

    ``row`` maps columns to logical values: None, bool, int, float, Decimal, str, datetime. Columns that are not in it
    make the answer None.
    """
    return evaluator(expression)(row)


def evaluator(expression: Expression) -> Callable[[Mapping[str, Any]], Optional[bool]]:
    """Give ``evaluate`` for one expression and many rows."""
    columns = columns_of(expression)
    opaque = isinstance(expression, Opaque)

    def answer(row: Mapping[str, Any]) -> Optional[bool]:
        if opaque or not columns <= row.keys():
            return None
        try:
            return _truth(_value(expression, row))
        except _EnginesDiffer:
            return None

    return answer


def _value(expression: Expression, row: Mapping[str, Any]) -> Any:
    return _RULES[type(expression)](expression, row)


def _truth(value: Any) -> Optional[bool]:
    if value is None or isinstance(value, bool):
        return value
    raise _EnginesDiffer


def _literal(expression: Literal, _row: Mapping[str, Any]) -> Any:
    value = expression.value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def _logical(expression: Logical, row: Mapping[str, Any]) -> Optional[bool]:
    values = [_truth(_value(each, row)) for each in expression.operands]
    decisive = expression.operator == "or"
    if decisive in values:
        return decisive
    return None if None in values else not decisive


def _not(expression: Not, row: Mapping[str, Any]) -> Optional[bool]:
    value = _truth(_value(expression.operand, row))
    return None if value is None else not value


def _comparison(expression: Comparison, row: Mapping[str, Any]) -> Optional[bool]:
    return _compare(expression.operator, _value(expression.left, row), _value(expression.right, row))


def _compare(operator: str, left: Any, right: Any) -> Optional[bool]:
    if left is None or right is None:
        return None
    left, right = _alike(left, right)
    if operator in ("=", "<>"):
        return bool((left == right) == (operator == "="))
    if isinstance(left, (str, bool)):
        # The order of text is the collation's; that of booleans is not portable.
        raise _EnginesDiffer
    return bool(_ORDERS[operator](left, right))


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Give two values of one kind: numbers (both float where one is), texts, booleans or times."""
    if _is_number(left) and _is_number(right):
        return (_float(left), _float(right)) if isinstance(left, float) or isinstance(right, float) else (left, right)
    for kind in (bool, str):
        if isinstance(left, kind) and isinstance(right, kind):
            return left, right
    return _time(left), _time(right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _float(value: Any) -> float:
    try:
        made = float(value)
    except OverflowError as error:
        raise _EnginesDiffer from error
    if not math.isfinite(made):
        raise _EnginesDiffer
    return made


def _time(value: Any) -> datetime:
    """Give a time in UTC; a literal is read as ISO 8601, and one without a zone is UTC, as sessions are."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            raise _EnginesDiffer from error
    if not isinstance(value, datetime):
        raise _EnginesDiffer
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _is_null(expression: IsNull, row: Mapping[str, Any]) -> bool:
    return _value(expression.operand, row) is None


def _in(expression: In, row: Mapping[str, Any]) -> Optional[bool]:
    operand = _value(expression.operand, row)
    if operand is None:
        return None
    return True in [_compare("=", operand, _literal(item, row)) for item in expression.items]


def _arithmetic(expression: Arithmetic, row: Mapping[str, Any]) -> Any:
    left, right = _value(expression.left, row), _value(expression.right, row)
    if left is None or right is None:
        return None
    if not (_is_number(left) and _is_number(right)):
        raise _EnginesDiffer
    if isinstance(left, float) or isinstance(right, float):
        return _calculated_floats(expression.operator, _float(left), _float(right))
    return _calculated(expression.operator, Decimal(left), Decimal(right))


def _calculated_floats(operator: str, left: float, right: float) -> Optional[float]:
    if operator == "/":
        return _float(left / right) if right else None
    return _float(left + right if operator == "+" else left - right if operator == "-" else left * right)


def _calculated(operator: str, left: Decimal, right: Decimal) -> Optional[Decimal]:
    if operator == "/" and not right:
        return None
    names = {"+": _CONTEXT.add, "-": _CONTEXT.subtract, "*": _CONTEXT.multiply, "/": _CONTEXT.divide}
    result = names[operator](left, right)
    if not result.is_finite() or abs(result) > _LARGEST:
        raise _EnginesDiffer
    return result


def _call(expression: Call, row: Mapping[str, Any]) -> Any:
    values = [_value(each, row) for each in expression.arguments]
    if expression.name == "coalesce":
        return next((value for value in values if value is not None), None)
    return None if values[0] is None else _FUNCTIONS[expression.name](values[0])


def _length(value: Any) -> int:
    if not isinstance(value, str):
        raise _EnginesDiffer
    return len(value)


def _lower(value: Any) -> str:
    return _ascii(value).lower()


def _upper(value: Any) -> str:
    return _ascii(value).upper()


def _ascii(value: Any) -> str:
    if not (isinstance(value, str) and value.isascii()):
        raise _EnginesDiffer
    return value


def _abs(value: Any) -> Any:
    if not _is_number(value):
        raise _EnginesDiffer
    return abs(value)


def _like(expression: Like, row: Mapping[str, Any]) -> Optional[bool]:
    value = _value(expression.operand, row)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _EnginesDiffer
    return matches(value, expression.pattern)


def matches(text: str, pattern: str) -> bool:
    """Tell whether the pattern of ``like`` fits the text, in at most as many steps as their lengths multiplied."""
    marks = list(pattern_marks(pattern))
    at = begin = 0
    resume: Optional[int] = None
    position = 0
    while position < len(text):
        if at < len(marks) and marks[at] == ("%", False):
            resume, begin = at + 1, position
            at += 1
        elif at < len(marks) and (marks[at] == ("_", False) or marks[at][0] == text[position]):
            at, position = at + 1, position + 1
        elif resume is None:
            return False
        else:
            begin += 1
            at, position = resume, begin
    return all(mark == ("%", False) for mark in marks[at:])


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"length": _length, "lower": _lower, "upper": _upper, "abs": _abs}

_RULES: dict[type[Expression], Callable[[Any, Mapping[str, Any]], Any]] = {
    Arithmetic: _arithmetic,
    Call: _call,
    Column: lambda expression, row: row[expression.name],
    Comparison: _comparison,
    In: _in,
    IsNull: _is_null,
    Like: _like,
    Literal: _literal,
    Logical: _logical,
    Not: _not,
}
