# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in the language to a tree, by precedence climbing over a list of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple, Optional, TypeVar

from ..errors import InputError
from .expression_printer import KEYWORDS
from .expression_tree import (
    BOOLEAN,
    FUNCTIONS,
    NULL_LITERAL,
    OPPOSITES,
    STRING,
    Column,
    Expression,
    IsNull,
    Literal,
    Malformed,
    arithmetic,
    between,
    call,
    comparison,
    is_within,
    like,
    logical,
    membership,
    negation,
    negative,
    number,
    require_condition,
)

#: Characters of the longest condition that a person may write.
LONGEST_TEXT = 10_000

#: Levels of the tree; it is walked by recursion, so every later step may rely on this.
DEEPEST_TREE = 24

#: Levels of the text while it is read: parentheses, operators and casts of what PostgreSQL makes of a tree included.
DEEPEST_TEXT = 100

#: How tightly infix operators bind; ``not`` stands between ``and`` and the comparisons.
_POWERS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6}
_NEGATION, _TEST, _SUM, _SIGN = 3, 4, 5, 7
_TESTS = frozenset(("is", "in", "between", "not", "!=", *OPPOSITES))

_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<string>'(?:[^']|'')*')
      | (?P<name>"(?:[^"]|"")+")
      | (?P<symbol><=|>=|<>|!=|[+*/=<>(),]|-(?!-))""",
    re.VERBOSE,
)
_BLANKS = re.compile(r"\s*")

_HINTS = {
    "'": "The string is not closed; write two quotes for a quote in it.",
    '"': "The name is not closed; write two quotes for a quote in it.",
    "`": "Names with other than letters, digits and _ stand between double quotes.",
    "&": "Write 'and'.",
    "|": "Write 'or'.",
    "!": "Write 'not'.",
    "-": "A condition holds no comments.",
    "=": "Write a single = to compare.",
}

_Made = TypeVar("_Made")


class Token(NamedTuple):
    """``kind`` is a group of the token pattern, or ``end``; ``start`` counts characters from 0.

    ``word`` is a word in lower case or a symbol, and empty for anything else: quoted names are never keywords.
    """

    kind: str
    text: str
    start: int
    word: str = ""


@lru_cache(maxsize=1024)
def parse(text: str, source: str = "", path: str = "") -> Expression:
    """Read a condition. ``source`` and ``path`` tell in an error where it stands.

    :raises InputError: it is not in the language, is no condition, or is too long or too deep.
    """
    return Parser(text, source, path).condition()


class Parser:
    """Reads one text. What servers give back is read by a subclass that knows more tokens."""

    pattern: re.Pattern[str] = _TOKEN
    #: Words and symbols that test by pattern.
    likes: Collection[str] = ("like",)
    longest_text: ClassVar[int] = LONGEST_TEXT
    #: Whether tests may stand side by side, such as ``a = b is null``.
    chains: bool = False

    def __init__(self, text: str, source: str = "", path: str = "") -> None:
        self._text, self._source, self._path = text, source, path
        self._depth = 0
        self._at = 0
        self._tokens: Sequence[Token] = self._tokenized()

    def condition(self) -> Expression:
        """Give the whole text as a condition.

        :raises InputError: see ``parse``.
        """
        first = self._peek
        expression = self._expression(0)
        if self._peek.kind != "end":
            raise self._unexpected("an operator such as and, or, =, <, in, like, between, is null")
        self._make(first, require_condition, expression)
        if not is_within(expression, DEEPEST_TREE):
            raise self._too_deep(first.start)
        return expression

    # --- tokens

    def _tokenized(self) -> list[Token]:
        if len(self._text) > self.longest_text:
            raise self._refuse(0, "It is too long.", expected=f"at most {self.longest_text} characters")
        tokens: list[Token] = []
        at = self._skip(0)
        while at < len(self._text):
            found = self.pattern.match(self._text, at)
            if found is None or "\0" in found.group():
                mark = self._text[at]
                raise self._refuse(at, "This cannot be read.", found=mark, hint=_HINTS.get(mark, ""))
            kind, written = str(found.lastgroup), found.group()
            word = written.lower() if kind == "word" else written if kind == "symbol" else ""
            tokens.append(Token(kind, written, at, word))
            at = self._skip(found.end())
        tokens.append(Token("end", "", len(self._text)))
        return tokens

    def _skip(self, at: int) -> int:
        blanks = _BLANKS.match(self._text, at)
        return blanks.end() if blanks else at

    @property
    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _accept(self, word: str) -> Optional[Token]:
        return self._next() if self._peek.word == word else None

    def _expect(self, word: str, after: str) -> Token:
        token = self._accept(word)
        if token is None:
            raise self._unexpected(f"{word!r} {after}")
        return token

    # --- grammar

    def _expression(self, power: int) -> Expression:
        """Read an expression of operators that bind at least as tightly as ``power``."""
        self._depth += 1
        if self._depth > DEEPEST_TEXT:
            raise self._too_deep(self._peek.start)
        left = self._operand()
        while True:
            token = self._peek
            if power <= _TEST and self._begins_test(token):
                left = self._test(left)
            elif power <= _POWERS.get(token.word, -1):
                left = self._binary(left)
            else:
                break
        self._depth -= 1
        return left

    def _binary(self, left: Expression) -> Expression:
        token = self._next()
        power = _POWERS[token.word]
        right = self._expression(power + 1)
        if power < _NEGATION:
            return self._make(token, logical, token.word, [left, right])
        return self._calculation(token, left, right)

    def _calculation(self, token: Token, left: Expression, right: Expression) -> Expression:
        return self._make(token, arithmetic, token.word, left, right)

    def _operand(self) -> Expression:
        token = self._next()
        if token.word == "(":
            inner = self._expression(0)
            self._expect(")", f"that closes character {token.start + 1}")
            return inner
        if token.word == "not":
            return self._make(token, negation, self._expression(_NEGATION))
        if token.word == "-":
            return self._make(token, negative, self._expression(_SIGN))
        if token.kind in ("number", "string", "name"):
            return self._atom(token)
        if token.kind == "word":
            return self._word(token)
        self._at -= token.kind != "end"
        raise self._unexpected("a column, a value, a function or '('")

    def _atom(self, token: Token) -> Expression:
        if token.kind == "number":
            return self._make(token, number, token.text)
        if token.kind == "string":
            return Literal(STRING, self._string(token.text))
        return Column(token.text[1:-1].replace(token.text[0] * 2, token.text[0]))

    def _string(self, written: str) -> str:
        return written[1:-1].replace("''", "'")

    def _word(self, token: Token) -> Expression:
        if token.word in ("true", "false"):
            return Literal(BOOLEAN, token.word == "true")
        if token.word == "null":
            return NULL_LITERAL
        if token.word in KEYWORDS:
            self._at -= 1
            hint = f'A column of that name is written "{token.text}".'
            raise self._unexpected("a column, a value, a function or '('", hint=hint)
        return self._function(token) if self._accept("(") else Column(token.text)

    def _function(self, token: Token) -> Expression:
        name = self._function_name(token)
        return self._make(token, call, name, self._list())

    def _function_name(self, token: Token) -> str:
        if token.word not in FUNCTIONS:
            raise self._refuse(
                token.start,
                "There is no such function.",
                found=token.text,
                expected=", ".join(FUNCTIONS),
                hint=nearest(token.text, FUNCTIONS),
            )
        return token.word

    def _list(self) -> list[Expression]:
        """Read what stands between parentheses, the first of which has been read."""
        items = [self._expression(0)]
        while self._accept(","):
            items.append(self._expression(0))
        self._expect(")", "or ','")
        return items

    def _begins_test(self, token: Token) -> bool:
        return token.word in _TESTS or token.word in self.likes

    def _test(self, left: Expression) -> Expression:
        token = self._next()
        made = (
            self._comparison(token, left)
            if token.word in OPPOSITES or token.word == "!="
            else self._worded(token, left)
        )
        if self._begins_test(self._peek) and not self.chains:
            raise self._unexpected("and, or, or the end", hint=_CHAIN)
        return made

    def _comparison(self, token: Token, left: Expression) -> Expression:
        if self._peek.word == "=":
            raise self._unexpected("a column or a value", hint=_HINTS["="])
        return self._make(token, comparison, token.word, left, self._compared())

    def _compared(self) -> Expression:
        """Read what stands on the right of a comparison."""
        return self._expression(_SUM)

    def _worded(self, token: Token, left: Expression) -> Expression:
        """Read ``is null``, ``in``, ``like`` or ``between``, with or without ``not``."""
        if token.word == "is":
            negated = self._accept("not")
            self._expect("null", "after is")
            return negation(IsNull(left)) if negated else IsNull(left)
        if token.word != "not":
            return self._positive(token, left, negated=False)
        following = self._next()
        if following.word not in ("in", "between", *self.likes):
            self._at -= following.kind != "end"
            raise self._unexpected("in, like or between after not")
        return self._positive(following, left, negated=True)

    def _positive(self, token: Token, left: Expression, *, negated: bool) -> Expression:
        if token.word == "between":
            low = self._expression(_SUM)
            self._expect("and", "of between")
            high = self._expression(_SUM)
            return self._make(token, lambda: between(left, low, high, negated=negated))
        if token.word in self.likes:
            made = self._make(token, self._like, token.word, left, self._expression(_SUM))
        else:
            self._expect("(", "after in")
            made = self._make(token, membership, left, self._list())
        return negation(made) if negated else made

    def _like(self, _word: str, left: Expression, pattern: Expression) -> Expression:
        return like(left, pattern)

    # --- errors

    def _make(self, token: Token, maker: Callable[..., _Made], *arguments: object) -> _Made:
        try:
            return maker(*arguments)
        except Malformed as error:
            raise self._refuse(token.start, error.message, found=token.text, hint=error.hint) from error

    def _unexpected(self, expected: str, hint: str = "") -> InputError:
        token = self._peek
        if token.kind == "end":
            return self._refuse(token.start, "It ends too early.", expected=expected, hint=hint)
        hint = hint or (nearest(token.text, (*KEYWORDS, *FUNCTIONS)) if token.kind == "word" else "")
        return self._refuse(token.start, "This does not belong here.", found=token.text, expected=expected, hint=hint)

    def _too_deep(self, start: int) -> InputError:
        return self._refuse(start, "It is nested too deep.", expected=f"at most {DEEPEST_TREE} levels")

    def _refuse(
        self, start: int, problem: str, *, found: Optional[str] = None, expected: str = "", hint: str = ""
    ) -> InputError:
        begin = max(0, start - 40)
        before, after = "..." if begin else "", "..." if len(self._text) > start + 40 else ""
        excerpt = f"{before}{self._text[begin : start + 40]}{after}"
        message = f'In the condition "{excerpt}", at character {start + 1}: {problem}'
        return InputError(
            message, source=self._source, path=self._path, found=found and found[:60], expected=expected, hint=hint
        )


_CHAIN = "Comparisons do not chain; join them by 'and', or use parentheses."


def nearest(word: str, known: Sequence[str] | dict[str, tuple[int, int]]) -> str:
    """Ask whether a known word was meant, or give an empty text."""
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), known, 1)
    return f"Did you mean {found[0]!r}?" if found else ""
