# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of an expression, and the rules that give one meaning one tree.

The classes are plain data. The functions that make them (``comparison``, ``negation``, ...) bring every spelling to one
form, so that what a server gives back equals what it was told: ``between`` is a pair of comparisons, ``in`` of one
value an equality, ``not`` before a comparison the opposite comparison, nested ``and`` and ``or`` are flat. All of these
hold for null as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Union

#: Functions with the fewest and the most arguments that they take.
FUNCTIONS = {"length": (1, 1), "lower": (1, 1), "upper": (1, 1), "abs": (1, 1), "coalesce": (2, 16)}

#: Each comparison with its opposite.
OPPOSITES = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

#: Digits of the longest number, before and after the point together.
LONGEST_NUMBER = 60

STRING, NUMBER, BOOLEAN, NULL = "string", "number", "boolean", "null"


class Malformed(ValueError):
    """Well written, but without meaning in the language. ``hint`` says what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Expression:
    """Base of everything in the tree; immutable, comparable and hashable."""


@dataclass(frozen=True)
class Column(Expression):
    """The value of a column."""

    name: str


@dataclass(frozen=True)
class Literal(Expression):
    """A value. ``kind`` keeps ``true`` and ``1`` apart, which are equal to Python; numbers are Decimal."""

    kind: str
    value: Union[str, Decimal, bool, None]


@dataclass(frozen=True)
class Call(Expression):
    """One of FUNCTIONS."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Arithmetic(Expression):
    """``+``, ``-``, ``*`` or ``/``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Comparison(Expression):
    """One of OPPOSITES."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class IsNull(Expression):
    """A test for null."""

    operand: Expression


@dataclass(frozen=True)
class In(Expression):
    """One of two or more values."""

    operand: Expression
    items: tuple[Literal, ...]


@dataclass(frozen=True)
class Like(Expression):
    """A test by pattern: ``%`` is any text, ``_`` one character.

    A backslash stands before these two, and before itself, where they mean themselves; nowhere else.
    """

    operand: Expression
    pattern: str


@dataclass(frozen=True)
class Not(Expression):
    """The opposite of a condition."""

    operand: Expression


@dataclass(frozen=True)
class Logical(Expression):
    """``and`` or ``or`` of two or more operands, none of which is of the same kind."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Opaque(Expression):
    """A server's text that the language cannot say; equal to the same text only."""

    text: str


NULL_LITERAL = Literal(NULL, None)
_TESTS = (Comparison, Logical, Not, IsNull, In, Like)


def number(text: str) -> Literal:
    """Make a number.

    :raises Malformed: it is not finite, or too long to be kept.
    """
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise Malformed("This is not a number.") from error
    if not value.is_finite() or abs(value.adjusted()) + len(value.as_tuple().digits) > LONGEST_NUMBER:
        raise Malformed("The number is too long.", f"At most {LONGEST_NUMBER} digits can be kept.")
    return Literal(NUMBER, value or Decimal(0))


def number_text(value: Decimal) -> str:
    """Write a number without exponent and without zeros that mean nothing."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def call(name: str, arguments: Sequence[Expression]) -> Expression:
    """Make a call of one of FUNCTIONS.

    :raises Malformed: the number of arguments is wrong.
    """
    fewest, most = FUNCTIONS[name]
    if not fewest <= len(arguments) <= most:
        raise Malformed(f"{name} takes {fewest if fewest == most else f'{fewest} to {most}'} arguments.")
    if name != "coalesce" and any(_is_truth(each) for each in arguments):
        raise Malformed(f"{name} takes no condition.")
    return Call(name, tuple(arguments))


def _is_truth(expression: Expression) -> bool:
    return isinstance(expression, _TESTS) or (isinstance(expression, Literal) and expression.kind == BOOLEAN)


def arithmetic(operator: str, left: Expression, right: Expression) -> Expression:
    """Make a calculation.

    :raises Malformed: an operand cannot be a number.
    """
    for operand in (left, right):
        if _is_truth(operand) or (isinstance(operand, Literal) and operand.kind == STRING):
            raise Malformed(
                f"What stands beside {operator} is not a number.", "Calculate with numbers and columns only."
            )
    return Arithmetic(operator, left, right)


def negative(operand: Expression) -> Expression:
    """Make the negative of a number; of anything else, zero minus it."""
    if isinstance(operand, Literal) and isinstance(operand.value, Decimal):
        return Literal(NUMBER, -operand.value if operand.value else operand.value)
    return arithmetic("-", Literal(NUMBER, Decimal(0)), operand)


def comparison(operator: str, left: Expression, right: Expression) -> Expression:
    """Make a comparison; ``!=`` is ``<>``.

    :raises Malformed: one side is null, which compares with nothing.
    """
    if NULL_LITERAL in (left, right):
        raise Malformed("A comparison with null is never true.", "Write 'is null' or 'is not null'.")
    return Comparison("<>" if operator == "!=" else operator, left, right)


def between(operand: Expression, low: Expression, high: Expression, *, negated: bool) -> Expression:
    """Make the pair of comparisons that ``between`` (or ``not between``) stands for."""
    if negated:
        return logical("or", [comparison("<", operand, low), comparison(">", operand, high)])
    return logical("and", [comparison(">=", operand, low), comparison("<=", operand, high)])


def membership(operand: Expression, items: Sequence[Expression]) -> Expression:
    """Make ``in``; one value is an equality, and values that are not literals make a chain of equalities.

    :raises Malformed: an item is null, which equals nothing.
    """
    equalities = [comparison("=", operand, item) for item in items]
    literals = tuple(item for item in items if isinstance(item, Literal))
    if len(equalities) == 1 or len(literals) != len(items):
        return logical("or", equalities)
    return In(operand, literals)


def like(operand: Expression, pattern: Expression) -> Expression:
    """Make ``like``.

    :raises Malformed: the pattern is not a string, or ends in a backslash that stands before nothing.
    """
    if not (isinstance(pattern, Literal) and isinstance(pattern.value, str)):
        raise Malformed("The pattern of like is not a string.", "Write it between single quotes.")
    return Like(operand, canonical_pattern(pattern.value))


def canonical_pattern(pattern: str) -> str:
    """Give the pattern with a backslash only where one is needed.

    :raises Malformed: it ends in a backslash that stands before nothing.
    """
    return "".join(f"\\{mark}" if escaped and mark in "%_\\" else mark for mark, escaped in pattern_marks(pattern))


def pattern_marks(pattern: str) -> Iterator[tuple[str, bool]]:
    """Give each character of a pattern, and whether a backslash makes it mean itself.

    :raises Malformed: it ends in a backslash that stands before nothing.
    """
    marks = iter(pattern)
    for mark in marks:
        if mark != "\\":
            yield mark, False
            continue
        following = next(marks, None)
        if following is None:
            raise Malformed("The pattern ends in a single backslash.", "Write two for a backslash.")
        yield following, True


def negation(operand: Expression) -> Expression:
    """Make ``not``: twice is nothing, and before a comparison it is the opposite comparison."""
    require_condition(operand)
    if isinstance(operand, Not):
        return operand.operand
    if isinstance(operand, Comparison):
        return Comparison(OPPOSITES[operand.operator], operand.left, operand.right)
    return Not(operand)


def logical(operator: str, operands: Sequence[Expression]) -> Expression:
    """Make ``and`` or ``or``, flat; of one operand, that operand.

    :raises Malformed: an operand is neither true nor false.
    """
    flat: list[Expression] = []
    for operand in operands:
        require_condition(operand)
        same = isinstance(operand, Logical) and operand.operator == operator
        flat.extend(operand.operands if same and isinstance(operand, Logical) else [operand])
    return flat[0] if len(flat) == 1 else Logical(operator, tuple(flat))


def require_condition(expression: Expression) -> None:
    """Refuse what is never true or false. Columns and ``coalesce`` may be.

    :raises Malformed: it is a number, a string, a calculation or another function.
    """
    literal = isinstance(expression, Literal) and expression.kind in (STRING, NUMBER)
    function = isinstance(expression, Call) and expression.name != "coalesce"
    if literal or function or isinstance(expression, Arithmetic):
        raise Malformed("A condition is missing: this is neither true nor false.", "Compare it with something.")


def children(expression: Expression) -> tuple[Expression, ...]:
    """Give what is directly inside."""
    if isinstance(expression, (Arithmetic, Comparison)):
        return expression.left, expression.right
    if isinstance(expression, (IsNull, Like, Not)):
        return (expression.operand,)
    if isinstance(expression, In):
        return (expression.operand, *expression.items)
    if isinstance(expression, Logical):
        return expression.operands
    return expression.arguments if isinstance(expression, Call) else ()


def is_within(expression: Expression, deepest: int) -> bool:
    """Tell whether the tree has at most so many levels; told without recursion."""
    level = [expression]
    for _unused in range(deepest):
        level = [child for each in level for child in children(each)]
    return not level


def walk(expression: Expression) -> Iterator[Expression]:
    """Give the expression and everything in it."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def columns_of(expression: Expression) -> frozenset[str]:
    """Name the columns that are used; none are known of an ``Opaque`` one."""
    return frozenset(each.name for each in walk(expression) if isinstance(each, Column))


def rename_columns(expression: Expression, names: Mapping[str, str]) -> Expression:
    """Give the expression with columns renamed, all at once: ``{"a": "b", "b": "a"}`` swaps two."""

    def renamed(each: Expression) -> Expression:
        return rename_columns(each, names)

    if isinstance(expression, Column):
        return Column(names.get(expression.name, expression.name))
    if isinstance(expression, Call):
        return Call(expression.name, tuple(map(renamed, expression.arguments)))
    if isinstance(expression, (Arithmetic, Comparison)):
        return type(expression)(expression.operator, renamed(expression.left), renamed(expression.right))
    if isinstance(expression, Logical):
        return Logical(expression.operator, tuple(map(renamed, expression.operands)))
    if isinstance(expression, (IsNull, In, Like, Not)):
        return replace(expression, operand=renamed(expression.operand))
    return expression
