# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a server listens that speaks MySQL's protocol, and a look and a hand in it by the plain driver."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import cached_property
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.naming import EXACT_COLLATIONS
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.session import product_of
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK

SUPERUSER = "root"


class MysqlPlace:
    """A port with its superuser's password. TLS is used where it is offered: passwords may not be sent without."""

    def __init__(self, port: int, password: str, superuser: str = SUPERUSER, host: str = LOOPBACK) -> None:
        self.port = port
        self.password = password
        self.superuser = superuser
        self.host = host

    @property
    def socket(self) -> str:
        """The path of the server's socket; there is none of a server elsewhere."""
        return ""

    def url(self, database: str, user: str = "", password: str = "") -> str:
        """A connection URL; the superuser's where no user is given."""
        credentials = f"{quote(user or self.superuser, safe='')}:{quote(password or self.password, safe='')}"
        return f"mysql://{credentials}@{self.host}:{self.port}/{quote(database, safe='')}"

    def connect(self, database: Optional[str] = None, user: str = "", password: str = "") -> Any:
        """A plain driver connection in autocommit mode, for what a test does or looks at behind the product's back."""
        import pymysql
        from pymysql.constants import CR

        arguments: dict[str, Any] = {
            "database": database,
            "user": user or self.superuser,
            "password": password or self.password,
            "connect_timeout": 10,
            "autocommit": True,
            "charset": "utf8mb4",
        }
        if self.socket:
            return pymysql.connect(unix_socket=self.socket, **arguments)
        try:
            return pymysql.connect(host=self.host, port=self.port, ssl=_unverified(), **arguments)
        except pymysql.err.OperationalError as error:
            if error.args[0] != CR.CR_SSL_CONNECTION_ERROR:
                raise
        return pymysql.connect(host=self.host, port=self.port, ssl_disabled=True, **arguments)

    def run(
        self, statement: str, parameters: Sequence[Any] = (), database: Optional[str] = None
    ) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; return its rows, if it has any."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, tuple(parameters) or None)
            return list(cursor.fetchall())

    @cached_property
    def collation(self) -> str:
        """The collation that the product gives databases here."""
        ((version,),) = self.run("SELECT version()")
        return EXACT_COLLATIONS[product_of(version)[0]]

    def create_database(self, name: str = "") -> str:
        """Create a database as the product does, named at random where no name is given, and return its name."""
        chosen = name or f"t_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {quoted(chosen)} CHARACTER SET utf8mb4 COLLATE {self.collation}")
        return chosen

    def drop_database(self, name: str) -> None:
        """Drop a database, and end the sessions in it, which may hold its tables."""
        import pymysql

        for (number,) in self.run("SELECT id FROM information_schema.processlist WHERE db = %s", (name,)):
            with suppress(pymysql.err.Error):
                self.run(f"KILL {number}")
        self.run(f"DROP DATABASE IF EXISTS {quoted(name)}")

    def create_user(self, name: str, password: str, grants: str = "", host: str = "%") -> None:
        """Create an account with a password, and with ``grants`` such as ``ALL ON *.*``."""
        account = f"{quoted(name)}@{quoted(host)}"
        self.run(f"CREATE USER {account.replace('%', '%%')} IDENTIFIED BY %s", (password,))
        if grants:
            self.run(f"GRANT {grants} TO {account}")


def quoted(identifier: str) -> str:
    """An identifier of the tests' own statements."""
    return "`" + identifier.replace("`", "``") + "`"


def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
