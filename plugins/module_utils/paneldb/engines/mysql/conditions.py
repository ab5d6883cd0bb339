# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of checks: from the portable language to the servers', and back from what they show.

Both servers keep what they have read, not what was written: ``true`` is 1, ``not`` is pushed inwards until it stands
before a test. So every condition is brought to that form before two of them are compared (``settled``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache

from ...model.expression_printer import Dialect, Value, canonical_text
from ...model.expression_reader import Reading, parse_deparsed
from ...model.expression_tree import BOOLEAN, NUMBER, OPPOSITES, Not, number
from ...model.expressions import (
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
    Opaque,
    number_text,
    parse,
    render,
)
from ...model.schema import Table
from .naming import quoted
from .wording import OPAQUE, constant, with_plain_constants

_FUNCTIONS = {"length": "char_length"}
READING = Reading(
    functions={
        "char_length": "length",
        "character_length": "length",
        "lower": "lower",
        "lcase": "lower",
        "upper": "upper",
        "ucase": "upper",
        "abs": "abs",
        "coalesce": "coalesce",
    },
    likes={"like": lambda pattern: pattern},
    casts=frozenset(),
    backslashes=True,
    chains=True,
)
#: Conditions that hold for every row, or for none.
_ALONE = {"1": "true", "0": "false"}
_TRUE, _FALSE = Literal(BOOLEAN, True), Literal(BOOLEAN, False)


class MysqlDialect(Dialect):
    """Conditions as both servers read them, in a session where backslashes escape."""

    def identifier(self, name: str) -> str:
        return quoted(name)

    def literal(self, value: Value) -> str:
        if isinstance(value, str):
            return constant(value)
        if isinstance(value, Decimal):
            return number_text(value)
        return {True: "TRUE", False: "FALSE", None: "NULL"}[value]

    def call(self, name: str, arguments: Sequence[str]) -> str:
        return super().call(_FUNCTIONS.get(name, name), arguments)


_DIALECT = MysqlDialect()


def condition(text: str) -> str:
    """Write a condition of the portable language as the servers have it."""
    if text.startswith(OPAQUE):
        return text[len(OPAQUE) :]
    expression = parse(text)
    # A column is a number to MySQL, which takes only what compares (or is true, or false) for a rule.
    value = isinstance(expression, (Column, Call))
    return render(Comparison("<>", expression, _FALSE) if value else expression, _DIALECT)


def truths_of(table: Table) -> frozenset[str]:
    """Names of the columns that are true or false."""
    return frozenset(column.name for column in table.columns if column.type.name == "boolean")


@cache
def settled(text: str, truths: frozenset[str]) -> str:
    """Give a condition in the one form in which such conditions are compared; ``truths`` are boolean columns."""
    return text if not text or text.startswith(OPAQUE) else canonical_text(_Settling(truths).condition(parse(text)))


@cache
def portable(text: str, truths: frozenset[str]) -> str:
    """Give a condition as the catalogue shows it in canonical text; one that cannot be said so begins with OPAQUE."""
    if text in _ALONE:
        return _ALONE[text]
    expression = parse_deparsed(with_plain_constants(text), READING)
    if isinstance(expression, Opaque):
        return OPAQUE + text
    return canonical_text(_Settling(truths).condition(expression))


class _Settling:
    def __init__(self, truths: frozenset[str]) -> None:
        self._truths = truths

    def condition(self, expression: Expression) -> Expression:
        """Settle what stands where a condition is wanted."""
        if isinstance(expression, Logical):
            return Logical(expression.operator, _flat(expression.operator, map(self.condition, expression.operands)))
        if isinstance(expression, Not):
            return self._opposite(expression.operand)
        return _as_truth(self.value(expression))

    def _opposite(self, operand: Expression) -> Expression:
        if isinstance(operand, Logical):
            word = "or" if operand.operator == "and" else "and"
            return Logical(word, _flat(word, map(self._opposite, operand.operands)))
        if isinstance(operand, Not):
            return self.condition(operand.operand)
        inner = self.condition(operand)
        if isinstance(inner, Comparison):
            return _plain(Comparison(OPPOSITES[inner.operator], inner.left, inner.right))
        if inner in (_TRUE, _FALSE):
            return _FALSE if inner == _TRUE else _TRUE
        if isinstance(inner, (IsNull, In, Like)):
            return Not(inner)
        return Comparison("=", inner, _FALSE)

    def value(self, expression: Expression) -> Expression:
        """Settle what stands anywhere else."""
        if isinstance(expression, (Logical, Not)):
            return self.condition(expression)
        if isinstance(expression, Comparison):
            return self._comparison(expression)
        if isinstance(expression, Call):
            arguments = tuple(map(self.value, expression.arguments))
            truth = any(map(self._is_truth, arguments))
            return Call(expression.name, tuple(map(_as_truth, arguments)) if truth else arguments)
        if isinstance(expression, In):
            operand = self.value(expression.operand)
            items = tuple(map(_as_truth, expression.items)) if self._is_truth(operand) else expression.items
            return In(operand, items)  # type: ignore[arg-type]
        if isinstance(expression, IsNull):
            return IsNull(_as_truth(self.value(expression.operand)))
        if isinstance(expression, Like):
            return Like(self.value(expression.operand), expression.pattern)
        if isinstance(expression, Arithmetic):
            return Arithmetic(expression.operator, self.value(expression.left), self.value(expression.right))
        return expression

    def _comparison(self, expression: Comparison) -> Expression:
        left, right = self.value(expression.left), self.value(expression.right)
        if isinstance(left, Literal) and isinstance(right, Literal):
            # Nobody can tell whether a 1 was written as such or as true.
            return Comparison(expression.operator, _as_number(left), _as_number(right))
        if self._is_truth(left) or self._is_truth(right):
            left, right = _as_truth(left), _as_truth(right)
        return _plain(Comparison(expression.operator, left, right))

    def _is_truth(self, expression: Expression) -> bool:
        if isinstance(expression, Column):
            return expression.name in self._truths
        if isinstance(expression, Call):
            return expression.name == "coalesce" and any(map(self._is_truth, expression.arguments))
        if isinstance(expression, Literal):
            return isinstance(expression.value, bool)
        return isinstance(expression, (Comparison, Logical, Not, IsNull, In, Like))


def _plain(test: Comparison) -> Expression:
    """``0 <> c`` is how MySQL shows a column that stands for a condition."""
    if test.operator in ("=", "<>") and test.left in (_TRUE, _FALSE):
        test = Comparison(test.operator, test.right, test.left)
    return test.left if test.operator == "<>" and test.right == _FALSE else test


def _as_truth(expression: Expression) -> Expression:
    if isinstance(expression, Literal) and expression.kind == NUMBER and expression.value in (0, 1):
        return _TRUE if expression.value else _FALSE
    return expression


def _as_number(literal: Literal) -> Literal:
    return number(str(int(literal.value))) if isinstance(literal.value, bool) else literal


def _flat(operator: str, operands: Iterable[Expression]) -> tuple[Expression, ...]:
    made: list[Expression] = []
    for each in operands:
        made.extend(each.operands if isinstance(each, Logical) and each.operator == operator else [each])
    return tuple(made)
