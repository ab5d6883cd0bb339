# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens: what agents sign in with. 256 bits of the system's random source, in letters that every URL takes.

A token that is kept as a hash needs no slow one: nobody guesses 256 bits, and agents sign in often.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from ..model.reading import Place

BYTES = 32

#: What a retired node has in place of a token or its hash begins with this; no token is made or taken that does.
RETIRED = "retired:"

#: Given tokens are this long at least; they may come from a panel that made shorter ones than these.
_SHORTEST, _LONGEST = 16, 255
_GIVEN = re.compile(r"[!-~]+")
_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def new_tokens(number: int) -> Iterator[str]:
    """Give so many new tokens, from one call of the system's random source."""
    source = os.urandom(BYTES * number)
    for start in range(0, BYTES * number, BYTES):
        yield urlsafe_b64encode(source[start : start + BYTES]).rstrip(b"=").decode("ascii")


def hashed(token: str) -> str:
    """Give the hash that is kept where the model keeps no tokens."""
    return sha256(token.encode()).hexdigest()


def is_retired(stored: object) -> bool:
    """Tell whether what a node has in place of a token says that it is retired."""
    return isinstance(stored, str) and stored.startswith(RETIRED)


def require_token(token: object, place: Place) -> str:
    """Give a token that was written in a list.

    :raises InputError: it is too short, too long, or holds blanks or other characters that no header takes.
    """
    expected = f"{_SHORTEST} to {_LONGEST} visible ASCII characters without blanks"
    if not isinstance(token, str) or not _SHORTEST <= len(token) <= _LONGEST or not _GIVEN.fullmatch(token):
        raise place.error("This is no token.", expected=expected, hint="Leave it out to have one made.")
    if is_retired(token):
        raise place.error(f"A token cannot begin with {RETIRED!r}.", expected=expected)
    return token


def duration(text: str, place: Place) -> timedelta:
    """Read a duration such as ``90d``, ``12h``, ``30m``, ``45s`` or ``2w``.

    :raises InputError: it is none.
    """
    found = _DURATION.fullmatch(text)
    if not found:
        raise place.error("This is no duration.", found=text, expected="a number and one of s, m, h, d, w such as 90d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
