# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role that owns a database: there, able to log in, with the password that was given.

What is sent and kept is the SCRAM verifier (RFC 5802, RFC 7677), never the password: a statement may end up in a log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import stringprep
import unicodedata
from typing import TYPE_CHECKING, Any

from ...model.plan import Statement
from .faults import translated
from .wording import literal, quoted

if TYPE_CHECKING:
    import psycopg2.extensions

_VERIFIER = re.compile(r"SCRAM-SHA-256\$([0-9]+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
_MASK = "'********'"
_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def statements(session: psycopg2.extensions.connection, name: str, password: str) -> list[Statement]:
    """Give what leads to a role of that name that may log in with the password; nothing where it can already.

    :raises AccessDenied: for an account that is no superuser; only they can tell whether a password is the right one.
    """
    with translated("Reading the passwords of roles"), session.cursor() as cursor:
        cursor.execute("SELECT rolcanlogin, rolpassword FROM pg_catalog.pg_authid WHERE rolname = %s", [name])
        found: tuple[Any, ...] | None = cursor.fetchone()
    if found and found[0] and verifies(found[1], password):
        return []
    begin = f"{'ALTER' if found else 'CREATE'} ROLE {quoted(name)} LOGIN PASSWORD "
    return [Statement(begin + _MASK, begin + literal(verifier(session, name, password)))]


def verifier(session: psycopg2.extensions.connection, name: str, password: str) -> str:
    """Make a new verifier, with a salt of its own."""
    from psycopg2.extensions import encrypt_password

    made: str = encrypt_password(password, name, scope=session, algorithm="scram-sha-256")
    return made


def verifies(stored: str | None, password: str) -> bool:
    """Tell whether a stored verifier is of this password; one of an older kind never is."""
    match = _VERIFIER.fullmatch(stored or "")
    if match is None:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password), base64.b64decode(match[2]), int(match[1]))
    key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return hmac.compare_digest(base64.b64encode(key).decode(), match[3])


def _prepared(password: str) -> bytes:
    """Prepare the password as libpq and the server do: by SASLprep (RFC 4013) or, where that forbids it, as it is."""
    if password.isascii():
        return password.encode()
    mapped = (" " if stringprep.in_table_c12(each) else each for each in password if not stringprep.in_table_b1(each))
    normal = unicodedata.normalize("NFKC", "".join(mapped))
    return (normal if normal and not _is_prohibited(normal) else password).encode()


def _is_prohibited(text: str) -> bool:
    """Look for what RFC 4013 prohibits (2.3), for code points that its Unicode 3.2 lacks, and for mixed directions."""
    if any(is_in(each) for each in text for is_in in _PROHIBITED):
        return True
    to_left = [stringprep.in_table_d1(each) for each in text]
    return any(to_left) and (any(map(stringprep.in_table_d2, text)) or not (to_left[0] and to_left[-1]))
