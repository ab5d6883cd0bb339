# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a database without the engine, see ``engines.journal``."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..journal import Answer

_OPTIONS = "-c timezone=UTC -c datestyle=ISO -c default_transaction_read_only=on"
_SCHEMA = "schema="
_VERSION = "SELECT split_part(current_setting('server_version'), ' ', 1)"


def glimpse(url: str, statements: Sequence[str]) -> Answer | None:
    """Run the statements on the database of the URL; None where anything is not as usual.

    Usual is ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``, perhaps with ``?schema=NAME``, of plain words but for
    the password.
    """
    address, _unused, query = url.partition("?")
    masked, database = _masked(address)
    schema = query[len(_SCHEMA) :]
    if not database or (query and not (query.startswith(_SCHEMA) and _plain(schema))) or os.environ.get("PGOPTIONS"):
        return None
    options = f"{_OPTIONS} -c search_path={schema}" if schema else _OPTIONS
    try:
        import psycopg2
    except ImportError:
        return None
    try:
        seconds = os.environ.get("PGCONNECT_TIMEOUT") or "10"
        connection = psycopg2.connect(address, connect_timeout=seconds, application_name="paneldb", options=options)
        try:
            rows, version = _rows(connection, [*statements, _VERSION])
        finally:
            connection.close()
    except psycopg2.Error:
        return None
    shown = f"{masked}?{query}" if query else masked
    identity = {"engine": "postgresql", "server_version": version, "database": database, "url": shown}
    return identity, rows, _iso


def _masked(address: str) -> tuple[str, str]:
    """Give the URL without its password, and the database; empty where a part is not of plain words."""
    credentials, at, place = address[len("postgresql://") :].rpartition("@")
    user, colon, _unused = credentials.partition(":")
    host, slash, database = place.partition("/")
    parts = [user, *host.split(":"), database]
    if not (at and slash and len(parts) <= 4 and all(map(_plain, parts))):  # noqa: PLR2004 - user, host, port, database
        return "", ""
    return f"postgresql://{user}{':***' if colon else ''}@{place}", database


def _plain(word: str) -> bool:
    """Tell whether the word means itself in a URL, an option and SQL."""
    return word.isascii() and word.replace("_", "").replace("-", "").replace(".", "").isalnum() and word == word.lower()


def _rows(connection: object, statements: Sequence[str]) -> tuple[list[list[tuple[object, ...]]], str]:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    found = []
    for statement in statements:
        cursor.execute(statement)
        found.append(cursor.fetchall())
    return found[:-1], str(found[-1][0][0])


def _iso(moment: datetime) -> str:
    return moment.isoformat()
