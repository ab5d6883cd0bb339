# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that owns a database: there, with the password that was given, and with all rights on that database.

What is sent is what the server itself would keep of the password, never the password: a statement may end up in a log.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ...model.plan import Statement
from .literals import writer
from .sha_crypt import sha256_crypt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MASK = "'********'"
#: What ``GRANT ALL`` on a database comes to on both servers; newer releases add to it.
RIGHTS = frozenset(
    (
        *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER", "LOCK TABLES"),
        *("CREATE TEMPORARY TABLES", "EXECUTE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE"),
        *("EVENT", "TRIGGER"),
    )
)
_ROUNDS, _SALT_BYTES = 5000, 20
_SHA2 = re.compile(rb"\$A\$([0-9A-Fa-f]{3})\$(.{20})(.{43})", re.DOTALL)
_SALT_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Account:
    """A user at a host; ``%`` is any."""

    user: str
    host: str = "%"

    @classmethod
    def of(cls, name: str) -> Account:
        """Read ``panel`` or ``panel@10.0.0.%``."""
        user, at, host = name.rpartition("@")
        return cls(user, host) if at else cls(name)

    @property
    def name(self) -> str:
        """What a person calls it."""
        return self.user if self.host == "%" else f"{self.user}@{self.host}"

    @property
    def text(self) -> str:
        """Write it in a statement, and as ``GRANTEE`` of the information schema does."""
        written = writer(0)
        return f"{written(self.user, '')}@{written(self.host, '')}"


def statements(
    ask: Callable[[str, Sequence[Any]], list[tuple[Any, ...]]], product: str, account: Account, password: str
) -> list[Statement]:
    """Give what leads to an account that may log in with the password; nothing where it can already.

    Without a password the account has to be there.

    :raises InputError: where it is not.
    :raises AccessDenied: for one who may not read the accounts; only they can tell whether a password is the right one.
    """
    rows = ask("SELECT plugin, authentication_string FROM mysql.user WHERE user = %s AND host = %s", _pair(account))
    if not password:
        if not rows:
            raise InputError(f"There is no account {account.name}.", source="owner", hint="Give owner_password, too.")
        return []
    if rows and verifies(str(rows[0][0]), _as_bytes(rows[0][1]), password):
        return []
    begin = f"{'ALTER' if rows else 'CREATE'} USER {account.text} "
    return [Statement(begin + f"IDENTIFIED BY {_MASK}", begin + _identified(product, password))]


def _pair(account: Account) -> tuple[str, str]:
    return account.user, account.host


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value or "").encode("utf-8", "surrogateescape")


def _identified(product: str, password: str) -> str:
    if product == "MariaDB":
        return f"IDENTIFIED VIA mysql_native_password USING '{native_hash(password)}'"
    salt = "".join(secrets.choice(_SALT_LETTERS) for _unused in range(_SALT_BYTES))
    return f"IDENTIFIED WITH caching_sha2_password AS '{sha2_hash(password, salt.encode()).decode()}'"


def native_hash(password: str) -> str:
    """Give what ``mysql_native_password`` keeps: SHA-1 of SHA-1."""
    inner = hashlib.sha1(password.encode()).digest()  # noqa: S324 - the server's own form
    return "*" + hashlib.sha1(inner).hexdigest().upper()  # noqa: S324


def sha2_hash(password: str, salt: bytes) -> bytes:
    """Give what ``caching_sha2_password`` keeps: thousands of rounds, the salt, the digest of SHA-256 crypt."""
    return b"$A$%03X$" % (_ROUNDS // 1000) + salt + sha256_crypt(password.encode(), salt, _ROUNDS)


def verifies(plugin: str, kept: bytes, password: str) -> bool:
    """Tell whether what the server keeps is of this password; of another plugin than these two it never is."""
    if plugin == "mysql_native_password":
        return hmac.compare_digest(kept.decode("ascii", "replace").upper().encode(), native_hash(password).encode())
    match = _SHA2.fullmatch(kept) if plugin == "caching_sha2_password" else None
    if match is None:
        return False
    digest = sha256_crypt(password.encode(), match[2], int(match[1], 16) * 1000)
    return hmac.compare_digest(digest, match[3])
