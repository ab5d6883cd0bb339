# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers give back of the conditions they hold, read leniently into the same trees.

PostgreSQL's pg_get_expr adds parentheses and casts and has its own operators, SQLite keeps the text it was given, MySQL
and MariaDB add backticks and character set introducers. Only what we would have written ourselves is taken for the
same: a cast that may change a value, a division that may cut, or another function makes the whole text ``Opaque``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, TypeVar

from ..errors import InputError
from .expression_parser import Parser, Token
from .expression_printer import like_from_glob
from .expression_tree import (
    BOOLEAN,
    FUNCTIONS,
    NUMBER,
    STRING,
    Call,
    Expression,
    Literal,
    Malformed,
    Opaque,
    like,
    logical,
    membership,
    negation,
    number,
    walk,
)

_Made = TypeVar("_Made")

_LEXICON = r"""(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
      | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:%s|'')*')
      | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
      | (?P<name>"(?:[^"]|"")+" | `(?:[^`]|``)+`)
      | (?P<symbol><=|>=|<>|!=|::|!~~|~~|[-+*/=<>(),.\[\]!])"""
_STANDARD = re.compile(_LEXICON % r"[^']", re.VERBOSE | re.DOTALL)
_BACKSLASHED = re.compile(_LEXICON % r"[^'\\]|\\.", re.VERBOSE | re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "Z": "\x1a"}

#: Casts that keep every value, which PostgreSQL adds where it compares two types, and which our dialects write.
KEEPING_CASTS = frozenset(
    ("text", "character varying", "bpchar", "numeric", "double precision", "bigint", "timestamp with time zone", "real")
)
_WHOLE_NUMBERS = frozenset(("smallint", "integer", "bigint"))
_NUMBERS = _WHOLE_NUMBERS | {"numeric", "real", "double precision"}
_TEXTS = frozenset(("text", "character varying", "character", "bpchar"))
_TYPE_WORDS = frozenset(("varying", "precision", "with", "without", "time", "zone"))


def _same(pattern: str) -> str:
    return pattern


@dataclass(frozen=True)
class Reading:
    """How one server writes conditions; as it stands for PostgreSQL and for what we wrote to SQLite.

    ``functions``: the server's names, in lower case, with ours. ``likes``: operators that test by pattern as ``like``
    does, each with what makes our pattern of the server's. ``casts``: types to which casting a column keeps its value.
    ``backslashes``: whether a backslash in any string begins an escape. ``chains``: whether tests stand side by side,
    read from left to right, and 1 and 0 for true and false, as MariaDB writes them.
    """

    functions: Mapping[str, str] = field(default_factory=lambda: {name: name for name in FUNCTIONS})
    likes: Mapping[str, Callable[[str], str]] = field(default_factory=lambda: {"~~": _same, "glob": like_from_glob})
    casts: frozenset[str] = KEEPING_CASTS
    backslashes: bool = False
    chains: bool = False


_DEFAULT = Reading()


def parse_deparsed(text: str, reading: Reading = _DEFAULT) -> Expression:
    """Read a condition as a server gives it, without ``CHECK`` or ``WHERE`` before it.

    What a dialect of ours rendered, stored and given back by its server, is the expression that was rendered. What
    cannot be read is ``Opaque``; nothing is raised.
    """
    try:
        expression = _DeparsedParser(text, reading).condition()
    except (InputError, RecursionError):
        return Opaque(text.strip())
    known = all(each.name in FUNCTIONS for each in walk(expression) if isinstance(each, Call))
    return expression if known else Opaque(text.strip())


class _DeparsedParser(Parser):
    longest_text: ClassVar[int] = 100_000

    def __init__(self, text: str, reading: Reading) -> None:
        self._reading = reading
        self.pattern = _BACKSLASHED if reading.backslashes else _STANDARD
        self.likes = reading.likes
        self.chains = reading.chains
        super().__init__(text)

    def _tokenized(self) -> list[Token]:
        tokens: list[Token] = []
        for token in super()._tokenized():
            if token.text == "!~~":
                tokens += [Token("word", "not", token.start, "not"), Token("symbol", "~~", token.start + 1, "~~")]
            else:
                tokens.append(token)
        return tokens

    def _make(self, token: Token, maker: Callable[..., _Made], *arguments: object) -> _Made:
        if self.chains and maker in (logical, negation):
            arguments = tuple(map(_as_condition, arguments))
        return super()._make(token, maker, *arguments)

    def _compared(self) -> Expression:
        """Where tests stand side by side, in, like and between hold together more tightly than comparisons."""
        right = super()._compared()
        while self.chains and self._peek.word in ("not", "in", "between", *self.likes):
            right = self._worded(self._next(), right)
        return right

    # --- values

    def _operand(self) -> Expression:
        if self._peek.word == "!":
            return self._make(self._next(), negation, self._operand())
        operand = super()._operand()
        while self._peek.word == "::":
            token = self._next()
            operand = self._make(token, self._cast, operand, self._type())
        return operand

    def _string(self, written: str) -> str:
        extended = written[0] in "eE"
        body = written[2 if extended else 1 : -1]
        if extended or self._reading.backslashes:
            return _ESCAPE.sub(lambda found: _unescaped(found.group(1)), body)
        return body.replace("''", "'")

    def _word(self, token: Token) -> Expression:
        following = self._peek
        if token.text.startswith("_") and following.kind == "string":
            # A character set introducer, such as _utf8mb4'text'.
            return self._atom(self._next())
        if token.word == "cast" and self._accept("("):
            operand = self._expression(0)
            self._expect("as", "of cast")
            kind = self._type()
            self._expect(")", "of cast")
            return self._make(token, self._cast, operand, kind)
        return super()._word(token)

    def _cast(self, operand: Expression, kind: str) -> Expression:
        if isinstance(operand, Literal):
            return _cast_literal(operand, kind)
        if kind.lower() not in self._reading.casts:
            raise Malformed("The cast may change the value.")
        return operand

    def _type(self) -> str:
        """Read the name of a type, such as ``character varying(20)``, ``public."Role"`` or ``text[]``."""
        name = self._next().text
        while self._accept("."):
            name = self._next().text
        while self._peek.word in _TYPE_WORDS or self._peek.word == "(":
            token = self._next()
            name += f"({len(self._list())})" if token.word == "(" else f" {token.word}"
        while self._accept("["):
            self._expect("]", "after [")
            name += "[]"
        return name

    # --- calls and operators

    def _function(self, token: Token) -> Expression:
        if token.word == "nullif":
            arguments = self._list()
            if len(arguments) == 2 and _is_zero(arguments[1]):  # noqa: PLR2004
                return Call("nullif", tuple(arguments))
        return super()._function(token)

    def _function_name(self, token: Token) -> str:
        if token.word not in self._reading.functions:
            raise self._refuse(token.start, "There is no such function.")
        return self._reading.functions[token.word]

    def _calculation(self, token: Token, left: Expression, right: Expression) -> Expression:
        if token.word == "/":
            if isinstance(right, Call) and right.name == "nullif":
                right = right.arguments[0]
            elif not (isinstance(right, Literal) and right.kind == NUMBER and right.value):
                raise self._refuse(token.start, "The division is not ours.")
        return super()._calculation(token, left, right)

    def _like(self, word: str, left: Expression, pattern: Expression) -> Expression:
        if not (isinstance(pattern, Literal) and isinstance(pattern.value, str)):
            raise Malformed("The pattern is not a string.")
        return like(left, Literal(STRING, self._reading.likes[word](pattern.value)))

    def _comparison(self, token: Token, left: Expression) -> Expression:
        quantifier = self._peek.word
        if (token.word, quantifier) not in (("=", "any"), ("<>", "all")):
            return super()._comparison(token, left)
        self._next()
        self._expect("(", "after any")
        made = self._make(token, membership, left, self._array())
        self._expect(")", "after the array")
        return made if quantifier == "any" else negation(made)

    def _array(self) -> list[Expression]:
        """Read ``ARRAY[...]``, between parentheses or not; a cast of it changes no item that we would have written."""
        if self._accept("("):
            items = self._array()
            self._expect(")", "after the array")
        else:
            self._expect("array", "after (")
            self._expect("[", "after ARRAY")
            items = [self._expression(0)]
            while self._accept(","):
                items.append(self._expression(0))
            self._expect("]", "after the items")
        while self._accept("::"):
            self._type()
        return items


def _unescaped(mark: str | None) -> str:
    return "'" if mark is None else _ESCAPES.get(mark, mark)


def _as_condition(operand: object) -> object:
    """Where a condition is wanted, 1 and 0 are true and false."""
    if isinstance(operand, list):
        return [_as_condition(each) for each in operand]
    if isinstance(operand, Literal) and operand.kind == NUMBER and operand.value in (0, 1):
        return Literal(BOOLEAN, bool(operand.value))
    return operand


def _is_zero(expression: Expression) -> bool:
    return isinstance(expression, Literal) and expression.kind == NUMBER and not expression.value


def _cast_literal(literal: Literal, kind: str) -> Literal:
    """Give the value that a cast makes of a literal; PostgreSQL writes ``'-1'::integer`` for -1."""
    name = kind.lower()
    if name in _NUMBERS and isinstance(literal.value, str):
        literal = number(literal.value)
    if literal.kind != NUMBER:
        if name == "boolean":
            raise Malformed("A boolean is made of something else.")
        return literal
    whole = isinstance(literal.value, Decimal) and literal.value == literal.value.to_integral_value()
    if name in _TEXTS or name == "boolean" or (name in _WHOLE_NUMBERS and not whole):
        raise Malformed("The cast changes the value.")
    return literal
