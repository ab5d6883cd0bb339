# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's own words: names, text, and the tokens that statements are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


def quote(name: str) -> str:
    """Give an identifier as SQL. Never bare: any word may be a keyword of a later SQLite."""
    return '"' + name.replace('"', '""') + '"'


def quoted(names: Sequence[str]) -> str:
    """Give identifiers as a list in SQL."""
    return ", ".join(map(quote, names))


def literal(text: str) -> str:
    """Give text as SQL. Never in double quotes, which SQLite would read as text only if no column has that name."""
    return "'" + text.replace("'", "''") + "'"


class Token(NamedTuple):
    """A token with the places where it begins and ends in the statement."""

    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The token as a keyword; a quoted name is none."""
        return self.text.upper()


#: SQLite takes four ways to quote a name, and names in any script.
TOKEN = re.compile(
    r"""(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*
    ("(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|[xX]'[0-9a-fA-F]*'
    |[^\W\d][\w$]*|(?:\d[\w.]*|\.\d\w*)(?:(?<=[eE])[+-]\d+)?|\|\||<<|>>|<=|>=|<>|==|!=|->>?|[?:@$]\w+|\S|\Z)""",
    re.DOTALL | re.VERBOSE,
)

_QUOTES = {'"': '"', "'": "'", "`": "`", "[": "]"}


def tokenize(text: str, position: int = 0) -> list[Token]:
    """Split SQL into tokens; white space and comments are left out."""
    found = TOKEN.finditer(text, position)
    return [Token(match.group(1), match.start(1), match.end(1)) for match in found if match.group(1)]


def unquote(token: str) -> str:
    """Give the name that a token means, quoted in any of SQLite's ways or not at all."""
    end = _QUOTES.get(token[0])
    if end is None:
        return token
    inside = token[1:-1]
    return inside if end == "]" else inside.replace(end * 2, end)
