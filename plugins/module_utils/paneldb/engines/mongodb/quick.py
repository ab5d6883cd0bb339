# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a database without the engine, see ``engines.journal``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from ..journal import Answer

_SCHEME = "mongodb://"
_UNFINISHED = ("failed", "interrupted", "started")
_MILLISECONDS = 10_000


def glimpse(url: str, applied: Sequence[str], runs: Sequence[str]) -> Answer | None:
    """Read the columns of applied migrations, and of runs that are not through; None where anything is not as usual.

    Usual is ``mongodb://USER:PASSWORD@HOST:PORT/DATABASE``, perhaps with ``?authSource=NAME``, of plain words but for
    the password, and a database that has applied migrations.
    """
    masked, database = _masked(url)
    if not database:
        return None
    try:
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError
    except ImportError:
        return None
    try:
        options: dict[str, Any] = {"serverSelectionTimeoutMS": _MILLISECONDS, "connectTimeoutMS": _MILLISECONDS}
        client: MongoClient[dict[str, Any]] = MongoClient(url, appName="paneldb", tz_aware=True, **options)
        try:
            rows, version = _rows(client, database, applied, runs)
        finally:
            client.close()
    except (PyMongoError, ValueError):
        return None
    identity = {"engine": "mongodb", "server_version": version, "database": database, "url": masked}
    return (identity, rows, _iso) if rows[0] else None


def _masked(url: str) -> tuple[str, str]:
    """Give the URL without its password, and the database; empty where a part is not of plain words."""
    address, _unused, query = url[len(_SCHEME) :].partition("?")
    credentials, at, place = address.rpartition("@")
    user, colon, _unused = credentials.partition(":")
    host, _unused, database = place.partition("/")
    name, _unused, value = query.partition("=")
    words = [*host.split(":"), database, *([user] if at else []), *([value] if query else [])]
    if not all(map(_plain, words)) or (query and name != "authSource"):
        return "", ""
    shown = f"{user}{':***' if colon else ''}@" if at else ""
    return f"{_SCHEME}{shown}{place}" + (f"?{query}" if query else ""), database


def _plain(word: str) -> bool:
    """Tell whether the word means itself in a URL."""
    return word.isascii() and word.replace("_", "").replace("-", "").replace(".", "").isalnum() and word == word.lower()


def _rows(
    client: Any, database: str, applied: Sequence[str], runs: Sequence[str]
) -> tuple[list[list[tuple[Any, ...]]], str]:
    from .product import product_of

    migrations, journal = client[database]["_paneldb_migrations"], client[database]["_paneldb_runs"]
    found = [
        [tuple(map(document.get, applied)) for document in migrations.find()],
        [tuple(map(document.get, runs)) for document in journal.find({"state": {"$in": _UNFINISHED}})],
    ]
    order = [runs.index("started_at"), runs.index("id")]
    found[1].sort(key=lambda row: [row[at] for at in order])
    return found, product_of(client.admin.command("buildInfo"))[1]


def _iso(moment: datetime) -> str:
    return moment.isoformat()
