# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of checks and partial indexes in the two languages of MongoDB: query filters and aggregation expressions.

A condition is true, false or unknown, as in SQL; MongoDB knows but two values. So each translation says one thing only:
that the condition *is true* (``holds``), or that it *is false* (not ``holds``); unknown is neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from ...model.data import OPAQUE
from ...model.expression_tree import (
    OPPOSITES,
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
    pattern_marks,
)
from ...model.expressions import parse
from ...model.schema import Table

_OPERATORS = {"=": "$eq", "<>": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CALCULATIONS = {"+": "$add", "-": "$subtract", "*": "$multiply"}
_FUNCTIONS = {"length": "$strLenCP", "lower": "$toLower", "upper": "$toUpper"}

#: Operators that the condition of a partial index may have.
_ABLE = frozenset(["$eq", "$gt", "$gte", "$lt", "$lte", "$in"])

Document = dict[str, Any]


class Inexpressible(Exception):
    """The language at hand cannot say it."""


def filter_of(text: str, table: Table, *, holds: bool = True, decimals: bool = True) -> Document | None:
    """Give the query filter of the rows in which the condition is true (or, not ``holds``, false); None where the query
    language cannot say it.

    ``decimals`` tells that decimals are kept as numbers; elsewhere they are text, and only read by a client.
    """
    if text.startswith(OPAQUE):
        return None
    try:
        return _Filter(table, decimals).said(parse(text), holds)
    except Inexpressible:
        return None


def partial_filter_of(text: str, table: Table) -> Document | None:
    """Give the condition of a partial index, in what the server takes there; None where it cannot be said so.

    The manual on partial indexes: equality, ``$exists: true``, comparisons, ``$type``, ``$and``, ``$or`` and ``$in``.
    """
    told = filter_of(text, table)
    made = _partial(told) if told is not None else None
    return made and together(made)


def together(*conditions: Document) -> Document:
    """Give the condition that all of these hold, with no ``$and`` inside another, which servers before 6.0 refuse."""
    flat = [each for condition in conditions for each in _conjuncts(condition)]
    return flat[0] if len(flat) == 1 else {"$and": flat}


def _conjuncts(condition: Document) -> Iterator[Document]:
    for key, value in condition.items():
        if key == "$and":
            for each in value:
                yield from _conjuncts(each)
        else:
            yield {key: value}


def _partial(told: Document) -> Document | None:
    made: Document = {}
    for key, value in told.items():
        if key in ("$and", "$or"):
            parts = [_partial(each) for each in value]
            if None in parts:
                return None
            made[key] = parts
        elif value == {"$ne": None}:
            made[key] = {"$exists": True}
        elif value is None or (isinstance(value, dict) and not _ABLE.issuperset(value)):
            return None
        else:
            made[key] = value
    return made


def formula_of(text: str, table: Table, *, holds: bool = True) -> Any:
    """Give an aggregation expression that is true where the condition is true (or, not ``holds``, false).

    :raises Inexpressible: for a text that is not in the portable language.
    """
    if text.startswith(OPAQUE):
        raise Inexpressible(text)
    return _Formula(table).said(parse(text), holds)


def like_pattern(pattern: str) -> str:
    """Give the regular expression of a ``like`` pattern, for the whole text with all its line ends."""
    wild = {"%": r"[\s\S]*", "_": r"[\s\S]"}
    marks = (wild[mark] if mark in wild and not kept else re.escape(mark) for mark, kept in pattern_marks(pattern))
    return "^" + "".join(marks) + r"\z"


def number_value(value: Decimal) -> Any:
    """Give a number as MongoDB keeps it: whole ones as such, others as double; each as it stands in the text."""
    return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)


class _Words:
    """What both languages share: the table's types, and literals as they are stored."""

    def __init__(self, table: Table) -> None:
        self._types = {column.name: column.type.name for column in table.columns}

    def literal(self, literal: Literal, kind: str) -> Any:
        """Give a literal as a column of that type keeps it."""
        if isinstance(literal.value, Decimal):
            return _decimal(literal.value) if kind == "decimal" else number_value(literal.value)
        if isinstance(literal.value, str) and kind in ("timestamp", "decimal"):
            return _moment(literal.value) if kind == "timestamp" else _decimal(literal.value)
        return literal.value

    def kind_of(self, *expressions: Expression) -> str:
        """Give the type by which literals beside these are read."""
        from ...model.expression_tree import columns_of

        kinds = [self._types.get(name, "") for each in expressions for name in sorted(columns_of(each))]
        if any(isinstance(each, Call) and each.name == "length" for each in expressions):
            return ""
        return "decimal" if "decimal" in kinds else kinds[0] if kinds else ""


def _moment(text: str) -> Any:
    from datetime import datetime

    from ...model.defaults import canonical_value
    from ...model.types import Type

    try:
        return datetime.fromisoformat(canonical_value(Type("timestamp"), text))
    except ValueError:
        raise Inexpressible(text) from None


def _decimal(value: Decimal | str) -> Any:
    from bson.decimal128 import Decimal128

    try:
        return Decimal128(value if isinstance(value, str) else format(value, "f"))
    except ArithmeticError:
        raise Inexpressible(str(value)) from None


class _Filter(_Words):
    """Says conditions in the query language, which compares a field with a value."""

    def __init__(self, table: Table, decimals: bool) -> None:
        super().__init__(table)
        self._decimals = decimals

    def said(self, expression: Expression, holds: bool) -> Document:
        if isinstance(expression, Logical):
            word = "$and" if (expression.operator == "and") == holds else "$or"
            return {word: [self.said(each, holds) for each in expression.operands]}
        if isinstance(expression, Not):
            return self.said(expression.operand, not holds)
        if isinstance(expression, IsNull):
            return {self._field(expression.operand): None if holds else {"$ne": None}}
        if isinstance(expression, Comparison):
            return self._comparison(expression, holds)
        if isinstance(expression, In):
            return self._membership(expression, holds)
        if isinstance(expression, Like):
            return self._like(expression, holds)
        if isinstance(expression, Column):
            return {self._field(expression): holds}
        raise Inexpressible

    def _field(self, expression: Expression) -> str:
        if not isinstance(expression, Column) or expression.name not in self._types:
            raise Inexpressible
        if self._types[expression.name] == "decimal" and not self._decimals:
            raise Inexpressible
        return expression.name

    def _comparison(self, expression: Comparison, holds: bool) -> Document:
        operator, left, right = expression.operator, expression.left, expression.right
        if isinstance(left, Literal):
            operator, left, right = _MIRRORED[operator], right, left
        if not isinstance(right, Literal):
            raise Inexpressible
        field = self._field(left)
        operator = operator if holds else OPPOSITES[operator]
        value = self.literal(right, self._types[field])
        return {field: {"$nin": [None, value]} if operator == "<>" else {_OPERATORS[operator]: value}}

    def _membership(self, expression: In, holds: bool) -> Document:
        field = self._field(expression.operand)
        values = [self.literal(item, self._types[field]) for item in expression.items]
        return {field: {"$in": values} if holds else {"$nin": [None, *values]}}

    def _like(self, expression: Like, holds: bool) -> Document:
        matched = {"$regex": like_pattern(expression.pattern)}
        return {self._field(expression.operand): matched if holds else {"$ne": None, "$not": matched}}


class _Formula(_Words):
    """Says conditions in the aggregation language, which calculates."""

    def said(self, expression: Expression, holds: bool) -> Any:
        if isinstance(expression, Logical):
            word = "$and" if (expression.operator == "and") == holds else "$or"
            return {word: [self.said(each, holds) for each in expression.operands]}
        if isinstance(expression, Not):
            return self.said(expression.operand, not holds)
        if isinstance(expression, IsNull):
            return {"$lte" if holds else "$gt": [self.value(expression.operand, ""), None]}
        if isinstance(expression, Comparison):
            kind = self.kind_of(expression.left, expression.right)
            operator = expression.operator if holds else OPPOSITES[expression.operator]
            sides = [self.value(each, kind) for each in (expression.left, expression.right)]
            return self._known(sides, {_OPERATORS[operator]: sides})
        if isinstance(expression, In):
            kind = self.kind_of(expression.operand)
            operand = self.value(expression.operand, kind)
            among: Any = {"$in": [operand, [_quoted(self.literal(item, kind)) for item in expression.items]]}
            return self._known([operand], among if holds else {"$not": [among]})
        if isinstance(expression, Like):
            operand = self.value(expression.operand, "")
            found = {"$regexMatch": {"input": operand, "regex": like_pattern(expression.pattern)}}
            return self._known([operand], found if holds else {"$not": [found]})
        return {"$eq": [self.value(expression, ""), holds]}

    @staticmethod
    def _known(operands: Sequence[Any], told: Any) -> Document:
        """Null is less than every value, and compares with none."""
        fields = [each for each in operands if isinstance(each, (str, dict)) and not _is_literal(each)]
        return {"$and": [*({"$gt": [each, None]} for each in fields), told]}

    def value(self, expression: Expression, kind: str) -> Any:
        """Give the value of an operand; a calculation with null gives null by itself."""
        if isinstance(expression, Column):
            if expression.name not in self._types:
                raise Inexpressible(expression.name)
            return f"${expression.name}"
        if isinstance(expression, Literal):
            return _quoted(self.literal(expression, kind))
        if isinstance(expression, Arithmetic):
            return self._calculation(expression, kind)
        if isinstance(expression, Call):
            return self._call(expression, kind)
        raise Inexpressible

    def _calculation(self, expression: Arithmetic, kind: str) -> Any:
        left, right = (self.value(each, kind) for each in (expression.left, expression.right))
        if expression.operator in _CALCULATIONS:
            return {_CALCULATIONS[expression.operator]: [left, right]}
        return {"$cond": [{"$eq": [right, 0]}, None, {"$divide": [left, right]}]}

    def _call(self, expression: Call, kind: str) -> Any:
        arguments = [self.value(each, kind) for each in expression.arguments]
        if expression.name == "abs":
            return {"$abs": arguments[0]}
        if expression.name == "coalesce":
            make: Callable[[Any, Any], Any] = lambda rest, first: {"$ifNull": [first, rest]}  # noqa: E731
            value = arguments[-1]
            for each in reversed(arguments[:-1]):
                value = make(value, each)
            return value
        # Of null these three would make a text, or fail.
        return {"$cond": [{"$gt": [arguments[0], None]}, {_FUNCTIONS[expression.name]: arguments[0]}, None]}


def _quoted(value: Any) -> Any:
    """A text that begins with a dollar would be read as the name of a field."""
    return {"$literal": value} if isinstance(value, str) else value


def _is_literal(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"$literal"}
