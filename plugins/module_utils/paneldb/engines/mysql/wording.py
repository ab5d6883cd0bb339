# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts as MySQL and MariaDB write them: constants, and comments that carry what the server has no place for.

What both servers show of comments, defaults and lists of values is cut to the characters up to U+FFFF: of an emoji they
show a question mark, though they keep it. So a default is written as bytes where it has such a character, and in a
comment ``\\u{1f4a9}`` stands for it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from typing import Optional

from ...errors import InputError

#: Begins the text of what cannot be said in a portable way; the rest is the server's own text.
OPAQUE = "opaque:"
_LAST_SHOWN = "\uffff"

_SPECIAL = str.maketrans({"'": "''", "\\": "\\\\"})
#: ``convert(X'f09f92a9' using utf8mb4)``, as MariaDB and MySQL show what ``constant`` wrote.
_BYTES = re.compile(r"convert\((?:_binary)?(?:X'([0-9a-f]*)'|0x([0-9a-f]+)) using utf8mb4\)", re.IGNORECASE)
_LITERAL = re.compile(r"(?:_[a-z0-9]+)?'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|''", re.DOTALL)
#: Every backslash in it escapes a quote or a backslash.
_ESCAPED = re.compile(r"(?:[^\\]|\\['\\])*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "Z": "\x1a", "0": "\0"}


def literal(text: str) -> str:
    """Write a text as a constant; in our sessions a backslash begins an escape, whatever the server's own mode is."""
    if "\0" in text:
        raise InputError("A definition cannot hold a NUL character.", hint="Take it out.")
    return f"'{text.translate(_SPECIAL)}'"


def shown_whole(text: str) -> bool:
    """Tell whether the server's catalogue can show the text as it is."""
    return not text or max(text) <= _LAST_SHOWN


def constant(text: str) -> str:
    """Write a text so that the catalogue shows all of it, though as an expression where it must."""
    return literal(text) if shown_whole(text) else f"(convert(X'{text.encode().hex()}' using utf8mb4))"


def read_constant(text: str) -> Optional[str]:
    """Give the text that a constant stands for; None where it is none."""
    match = _LITERAL.fullmatch(text)
    if match is not None:
        return unescaped(match[1])
    match = _BYTES.fullmatch(text)
    return bytes.fromhex(match[1] or match[2] or "").decode() if match else None


def unescaped(body: str) -> str:
    """Read what stands between the quotes of a constant."""
    return _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", body)


@cache
def plain_quotes(text: str) -> str:
    r"""Give an expression as it is.

    MySQL shows it escaped once more, ``(`a` <> _utf8mb4\'text\')``, and each byte of its UTF-8 as a character: ``ö`` is
    ``Ã¶``.
    """
    with suppress(UnicodeError):
        text = text if text.isascii() else text.encode("latin-1").decode()
    return re.sub(r"\\(.)", r"\1", text) if _ESCAPED.fullmatch(text) else text


def with_plain_constants(text: str) -> str:
    """Put plain constants in the place of those that are written as bytes."""
    if "convert(" not in text.lower():
        return text
    return _BYTES.sub(lambda found: literal(bytes.fromhex(found[1] or found[2] or "").decode()), text)


# --- comments --------------------------------------------------------------------------------------------------------

_HIDDEN = re.compile(r"\\(?=u\{)|[\U00010000-\U0010ffff]")
_HIDDEN_IN_MARK = re.compile(r"\\(?=u\{)|[\U00010000-\U0010ffff\[\]]")
_SHOWN = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_MARK = re.compile(r"(?:\A|(.*) )\[enum: ([^\[\]]+)\]", re.DOTALL)


def comment_text(comment: str, enum: str = "") -> str:
    """Give a comment as the server is to keep it; that of an enum's column ends in the enum's name."""
    told = _HIDDEN.sub(_hidden, comment)
    mark = f"[enum: {_HIDDEN_IN_MARK.sub(_hidden, enum)}]" if enum else ""
    return f"{told} {mark}" if told and mark else told or mark


def read_comment(text: str, *, marked: bool) -> tuple[str, str]:
    """Give the comment and, of a column that may be one of an enum (``marked``), the enum's name or an empty text."""
    found = _MARK.fullmatch(text) if marked and text.endswith("]") else None
    if found is None:
        return _plain(text), ""
    return _plain(found[1] or ""), _plain(found[2])


def _plain(text: str) -> str:
    return _SHOWN.sub(lambda match: chr(int(match[1], 16)), text) if "\\u{" in text else text


def _hidden(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0]):x}}}"
