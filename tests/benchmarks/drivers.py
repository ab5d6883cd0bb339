# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors below an engine: what a careful person writes with the raw driver, and nothing around it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target

Row = tuple[Any, ...]
#: Name and statements of each migration.
Migrations = Sequence[tuple[str, Sequence[str]]]

_HISTORY = "CREATE TABLE history (name varchar(255) PRIMARY KEY, checksum varchar(80), applied_at varchar(40))"
_BATCH = 2000


class CopyText:
    """Rows as the text of COPY, made batch by batch."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)

    def read(self, _size: int = -1) -> str:
        """The next batch, empty at the end."""
        return "".join("\t".join(map(_text, row)) + "\n" for row in islice(self._rows, _BATCH))


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(value)
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


@contextmanager
def _sqlite(target: Target) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(target.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


@contextmanager
def _postgresql(target: Target) -> Iterator[Any]:
    import psycopg2

    places: dict[str, Any] = {"host": target.host, "port": target.port, "dbname": target.database}
    with closing(psycopg2.connect(user=target.user, password=target.password, **places)) as connection:
        yield connection


def _load_sqlite(connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
    connection.execute("COMMIT")


def _load_postgresql(connection: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN', CopyText(rows))
    connection.commit()


def _migrate_sqlite(connection: sqlite3.Connection, migrations: Migrations) -> None:
    connection.execute(_HISTORY)
    for name, statements in migrations:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("INSERT INTO history VALUES (?, ?, ?)", (name, "sha256-v1:" + "0" * 64, _now()))
        connection.execute("COMMIT")


def _migrate_postgresql(connection: Any, migrations: Migrations) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HISTORY)
        connection.commit()
        for name, statements in migrations:
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("INSERT INTO history VALUES (%s, %s, %s)", (name, "sha256-v1:" + "0" * 64, _now()))
            connection.commit()


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


#: By engine.
CONNECT: Mapping[str, Callable[[Target], Any]] = {"sqlite": _sqlite, "postgresql": _postgresql}
LOAD: Mapping[str, Callable[..., None]] = {"sqlite": _load_sqlite, "postgresql": _load_postgresql}
MIGRATE: Mapping[str, Callable[[Any, Migrations], None]] = {
    "sqlite": _migrate_sqlite,
    "postgresql": _migrate_postgresql,
}
