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
from tempfile import NamedTemporaryFile
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.data import STAMP

Row = tuple[Any, ...]
#: Name and statements of each migration.
Migrations = Sequence[tuple[str, Sequence[str]]]

_HISTORY = "CREATE TABLE history (name varchar(255) PRIMARY KEY, checksum varchar(80), applied_at varchar(40))"
_BATCH, _DOCUMENTS = 2000, 5000


class CopyText:
    """Rows as the text of COPY and of LOAD DATA, made batch by batch; what is no text is a number or a truth."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)

    def read(self, _size: int = -1) -> str:
        """The next batch, empty at the end."""
        return "".join("\t".join(map(_text, row)) + "\n" for row in islice(self._rows, _BATCH))


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if not isinstance(value, str):
        return str(int(value))
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


@contextmanager
def _mysql(target: Target) -> Iterator[Any]:
    import pymysql

    places: dict[str, Any] = {"host": target.host, "port": target.port, "database": target.database}
    options: dict[str, Any] = {"ssl_disabled": True, "local_infile": True, "charset": "utf8mb4"}
    with closing(pymysql.connect(user=target.user, password=target.password, **places, **options)) as connection:
        yield connection


@contextmanager
def _mongodb(target: Target) -> Iterator[Any]:
    import pymongo

    client: Any = pymongo.MongoClient(target.host, target.port)
    with closing(client):
        yield client[target.database]


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


def _load_mysql(connection: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """The driver sends what is in a file."""
    names, text = ", ".join(f"`{name}`" for name in columns), CopyText(rows)
    with NamedTemporaryFile("w", encoding="utf-8", newline="") as file, connection.cursor() as cursor:
        file.writelines(iter(text.read, ""))
        file.flush()
        cursor.execute(f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE `{table}` CHARACTER SET utf8mb4 ({names})")
        assert not connection.show_warnings()
    connection.commit()


def _load_mongodb(database: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """The server knows no defaults; null is a field that is not there."""
    remaining, stamp = iter(rows), {STAMP: datetime.now(timezone.utc)}
    while batch := [_document(columns, row) | stamp for row in islice(remaining, _DOCUMENTS)]:
        database[table].insert_many(batch, ordered=False)


def _document(columns: Sequence[str], row: Row) -> dict[str, Any]:
    return {name: value for name, value in zip(columns, row) if value is not None}


def different(database: Any, table: str, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Tell by PyMongo how many rows, the first column of which is their key, are not there as they are wanted."""
    shown = {**dict.fromkeys(columns, 1), "_id": 0}
    found = (tuple(map(each.get, columns)) for each in database[table].find({}, shown, batch_size=_DOCUMENTS))
    there = {row[0]: row for row in found}
    return sum(there.get(row[0]) != row for row in rows)


def described(database: Any) -> list[Any]:
    """Ask by PyMongo which collections and which indexes there are."""
    names = [each["name"] for each in database.command("listCollections")["cursor"]["firstBatch"]]
    return [database.command("listIndexes", name)["cursor"]["firstBatch"] for name in names]


def _migrate_sqlite(connection: sqlite3.Connection, migrations: Migrations) -> None:
    connection.execute(_HISTORY)
    for name, statements in migrations:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("INSERT INTO history VALUES (?, ?, ?)", (name, "sha256-v1:" + "0" * 64, _now()))
        connection.execute("COMMIT")


def _migrate_server(connection: Any, migrations: Migrations) -> None:
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
CONNECT: Mapping[str, Callable[[Target], Any]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mongodb": _mongodb,
}
LOAD: Mapping[str, Callable[..., None]] = {
    "sqlite": _load_sqlite,
    "postgresql": _load_postgresql,
    "mysql": _load_mysql,
    "mongodb": _load_mongodb,
}
MIGRATE: Mapping[str, Callable[[Any, Migrations], None]] = {
    "sqlite": _migrate_sqlite,
    "postgresql": _migrate_server,
    "mysql": _migrate_server,
}
