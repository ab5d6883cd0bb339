# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a database without the engine, see ``engines.journal``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..journal import Answer

_SCHEMES = ("mysql", "mariadb")
_VERSION = "SELECT VERSION()"


def glimpse(url: str, statements: Sequence[str]) -> Answer | None:
    """Run the statements on the database of the URL; None where anything is not as usual.

    Usual is ``mysql://USER:PASSWORD@HOST:PORT/DATABASE`` of plain words but for the password, and no option file of the
    client that says how to connect (by TLS, say). Names stand in the double quotes of the SQL standard.
    """
    scheme, _unused, address = url.partition("://")
    parts = _parts(address) if scheme in _SCHEMES else None
    if parts is None or _options_say_more():
        return None
    try:
        import pymysql
    except ImportError:
        return None
    try:
        rows, version = _rows(*parts, [*statements, _VERSION])
    except (pymysql.err.Error, RuntimeError):
        return None
    user, _unused, host, port, database = parts
    shown = f"{scheme}://{user}:***@{host}:{port}/{database}"
    identity = {"engine": "mysql", "server_version": version, "database": database, "url": shown}
    return identity, rows, _iso


class _Refused:
    """Stands for a way to log in that would send the password as it is."""

    def __init__(self, connection: object) -> None:
        del connection
        raise RuntimeError("The server asks for the password itself.")


def _parts(address: str) -> tuple[str, str, str, int, str] | None:
    """Give user, password, host, port and database; None where one of them is missing or not of plain words."""
    credentials, _unused, place = address.rpartition("@")
    user, _unused, password = credentials.partition(":")
    server, _unused, database = place.partition("/")
    host, _unused, port = server.partition(":")
    if not (all(map(_plain, (user, host, port, database))) and port.isdigit() and _password(password)):
        return None
    return user, password, host, int(port), database


def _plain(word: str) -> bool:
    """Tell whether the word means itself in a URL."""
    return word.isascii() and word.replace("_", "").replace("-", "").replace(".", "").isalnum()


def _password(text: str) -> bool:
    """One with a percent sign, or what should have been written with one, is left to the engine."""
    return bool(text) and not set(text) & set("%/?#[]@ ")


def _options_say_more() -> bool:
    """Tell whether the client's option files say more of the connection than a URL overrides."""
    from ...errors import InputError
    from .option_files import client_options

    try:
        return any(name.startswith(("ssl", "skip-ssl")) for name in client_options())
    except InputError:
        return True


def _rows(
    user: str, password: str, host: str, port: int, database: str, statements: Sequence[str]
) -> tuple[list[list[tuple[object, ...]]], str]:
    from contextlib import closing

    import pymysql

    connection = pymysql.connect(
        user=user,
        password=password.encode(),
        host=host,
        port=port,
        database=database,
        charset="utf8mb4",
        ssl_disabled=True,
        autocommit=True,
        auth_plugin_map={"mysql_clear_password": _Refused},
    )
    found = []
    with closing(connection), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.replace('"', "`"))
            found.append(list(cursor.fetchall()))
    return found[:-1], str(found[-1][0][0]).partition("-")[0]


def _iso(moment: datetime) -> str:
    """Times are kept in UTC."""
    return f"{moment.isoformat()}+00:00"
