# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions to text: the canonical one, and each engine's."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Union

from .expression_tree import (
    NUMBER,
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
    Malformed,
    Not,
    Opaque,
    number_text,
    pattern_marks,
)

#: Words that cannot be the bare name of a column.
KEYWORDS = ("and", "or", "not", "is", "null", "in", "like", "between", "true", "false")

Value = Union[str, Decimal, bool, None]

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

#: How tightly things hold together; an operand that holds less than it must stands between parentheses.
_TEST, _SUM, _PRODUCT, _TIGHT = 4, 5, 6, 7
_NEGATION = 3


class Dialect(ABC):
    """How one engine writes expressions. Two methods are its own; the others begin as standard SQL has them.

    Texts that the methods are given hold together: they are names, values, calls, or stand between parentheses.
    """

    @abstractmethod
    def identifier(self, name: str) -> str:
        """Quote a name."""

    @abstractmethod
    def literal(self, value: Value) -> str:
        """Write a value; ``number_text`` writes a Decimal."""

    def column(self, name: str) -> str:
        """Write the use of a column; an engine that keeps numbers as text casts here."""
        return self.identifier(name)

    def call(self, name: str, arguments: Sequence[str]) -> str:
        """Write a call of one of FUNCTIONS; ``length`` must count characters."""
        return f"{name}({', '.join(arguments)})"

    def like(self, operand: str, pattern: str, negated: bool) -> str:
        """Write a test by pattern that minds the case and knows the backslash, see ``expression_tree.Like``."""
        return f"{operand} {'NOT ' if negated else ''}LIKE {self.literal(pattern)}"

    def divide(self, left: str, right: str, nonzero: bool) -> str:
        """Write a division that does not cut to whole numbers, and gives null for a divisor of zero.

        ``nonzero`` tells that the divisor is a number other than zero. ``parse_deparsed`` takes NULLIF away again.
        """
        return f"{left} / {right if nonzero else f'NULLIF({right}, 0)'}"

    def keyword(self, word: str) -> str:
        """Write a word of the language, which comes in lower case."""
        return word.upper()


class _Canonical(Dialect):
    """The language itself."""

    def identifier(self, name: str) -> str:
        if _BARE.match(name) and name.lower() not in KEYWORDS:
            return name
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: Value) -> str:
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        if isinstance(value, Decimal):
            return number_text(value)
        return {True: "true", False: "false", None: "null"}[value]

    def like(self, operand: str, pattern: str, negated: bool) -> str:
        return f"{operand} {'not ' if negated else ''}like {self.literal(pattern)}"

    def keyword(self, word: str) -> str:
        return word


_CANONICAL = _Canonical()


def canonical_text(expression: Expression) -> str:
    """Write the expression in the language; ``parse`` makes the same expression of it. Of ``Opaque``, its text."""
    return render(expression, _CANONICAL)


def render(expression: Expression, dialect: Dialect) -> str:
    """Write the expression as an engine has it. What is ``Opaque`` goes back to where it came from as it is."""
    if isinstance(expression, Opaque):
        return expression.text
    return _Printer(dialect).text(expression, 0)


class _Printer:
    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def text(self, expression: Expression, least: int) -> str:
        """Write the expression, between parentheses where it holds less tightly than ``least``."""
        written, tightness = self._write(expression)
        return written if tightness >= least else f"({written})"

    def _write(self, expression: Expression) -> tuple[str, int]:
        dialect = self._dialect
        if isinstance(expression, Column):
            return dialect.column(expression.name), _TIGHT
        if isinstance(expression, Literal):
            return dialect.literal(expression.value), _TIGHT
        if isinstance(expression, Call):
            return dialect.call(expression.name, [self.text(each, 0) for each in expression.arguments]), _TIGHT
        if isinstance(expression, Arithmetic):
            return self._calculation(expression)
        if isinstance(expression, Logical):
            word = f" {dialect.keyword(expression.operator)} "
            return word.join(self.text(each, _NEGATION) for each in expression.operands), _NEGATION - 1
        if isinstance(expression, Not) and not isinstance(expression.operand, (IsNull, In, Like)):
            return f"{dialect.keyword('not')} ({self.text(expression.operand, 0)})", _NEGATION
        return self._test(expression), _TEST

    def _calculation(self, expression: Arithmetic) -> tuple[str, int]:
        left, operator, right = expression.left, expression.operator, expression.right
        if operator == "/" and self._dialect is not _CANONICAL:
            nonzero = isinstance(right, Literal) and right.kind == NUMBER and bool(right.value)
            return self._dialect.divide(self.text(left, _TIGHT), self.text(right, _TIGHT), nonzero), _PRODUCT
        level = _PRODUCT if operator in "*/" else _SUM
        return f"{self.text(left, level)} {operator} {self.text(right, level + 1)}", level

    def _test(self, expression: Expression) -> str:
        word = self._dialect.keyword
        if isinstance(expression, Comparison):
            return f"{self.text(expression.left, _SUM)} {expression.operator} {self.text(expression.right, _SUM)}"
        negated = isinstance(expression, Not)
        test = expression.operand if isinstance(expression, Not) else expression
        if isinstance(test, Like):
            return self._dialect.like(self.text(test.operand, _TIGHT), test.pattern, negated)
        not_ = f"{word('not')} " if negated else ""
        if isinstance(test, In):
            items = ", ".join(self.text(item, 0) for item in test.items)
            return f"{self.text(test.operand, _SUM)} {not_}{word('in')} ({items})"
        if isinstance(test, IsNull):
            return f"{self.text(test.operand, _SUM)} {word('is')} {not_}{word('null')}"
        raise TypeError(f"{type(test).__name__} cannot stand inside an expression")


def glob_from_like(pattern: str) -> str:
    """Give the GLOB pattern that means the same; GLOB minds the case everywhere, which LIKE does not.

    >>> glob_from_like("50\\\\%_*")
    '50%?[*]'
    """
    marks = (
        ("*" if mark == "%" else "?") if mark in "%_" and not escaped else _globbed(mark)
        for mark, escaped in pattern_marks(pattern)
    )
    return "".join(marks)


def _globbed(mark: str) -> str:
    return f"[{mark}]" if mark in "*?[" else mark


_GLOB = re.compile(r"\[([*?\[])\]|(\*)|(\?)|([^\[])", re.DOTALL)


def like_from_glob(pattern: str) -> str:
    """Give the pattern of ``like`` that a GLOB pattern was made of.

    :raises Malformed: it has sets of characters, which ``like`` cannot say.
    """
    made, at = "", 0
    while at < len(pattern):
        found = _GLOB.match(pattern, at)
        if found is None:
            raise Malformed("The pattern holds a set of characters.")
        plain = found.group(1) or found.group(4)
        made += "%" if found.group(2) else "_" if found.group(3) else f"\\{plain}" if plain in "%_\\" else plain
        at = found.end()
    return made
