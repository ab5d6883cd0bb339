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
from .wording import literal, quoted

if TYPE_CHECKING:
    import psycopg2.extensions

_VERIFIER = re.compile(r"SCRAM-SHA-256\$([0-9]+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)")
_MASK = "'********'"


def statements(session: psycopg2.extensions.connection, name: str, password: str) -> list[Statement]:
    """Give what leads to a role of that name that may log in with the password; nothing where it can already."""
    with session.cursor() as cursor:
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
    """Prepare the password as SASLprep says (RFC 4013), for what can be typed; ASCII stays as it is."""
    mapped = (" " if stringprep.in_table_c12(each) else each for each in password if not stringprep.in_table_b1(each))
    return unicodedata.normalize("NFKC", "".join(mapped)).encode()
