# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bed per engine, so that the same test runs on every engine by parameter.

A new engine joins by one subclass of :class:`Bed` (see ``bed.py``) and one entry in ``BEDS``; no test changes.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Optional

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Catalogue, Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed, Rows, SqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import (
    MysqlFamilyServer,
    mariadb_server,
    mysql_server,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import documentdb_bed, ferretdb_bed, mongodb_by_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.mysql_place import MysqlPlace
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import (
    PostgresPlace,
    PostgresServer,
    postgresql_server,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import mysql8_server
from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import Prebuilt
from ansible_collections.ctrlaltplay.paneldb.tests.tools.servers import MARIADB_11, POSTGRESQL_18

__all__ = [
    "BEDS",
    "DIALECTS",
    "Bed",
    "DialectBed",
    "MysqlBed",
    "PostgresqlBed",
    "SqlBed",
    "SqliteBed",
    "apply_operations",
]


class SqliteBed(SqlBed):
    """Files in a folder of their own."""

    engine = "sqlite"
    mark = "?"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def absent(self) -> Target:
        return Target(engine=self.engine, path=str(self.folder / f"{secrets.token_hex(6)}.db"))

    def create(self, target: Target) -> None:
        Path(target.path).touch(mode=0o600)

    def drop(self, target: Target) -> None:
        for left in Path(target.path).parent.glob(f"{Path(target.path).name}*"):
            left.unlink()

    def run(self, target: Target, *statements: str, parameters: Sequence[Any] = ()) -> Rows:
        with closing(sqlite3.connect(target.path, isolation_level=None)) as connection:
            for statement in statements[:-1]:
                connection.execute(statement)
            return list(connection.execute(statements[-1], tuple(parameters)))

    def snapshot(self, target: Target) -> str:
        if not Path(target.path).exists():
            return ""
        with closing(sqlite3.connect(target.path)) as connection:
            return "\n".join(connection.iterdump())


class PostgresqlDialectBed(SqlBed):
    """Databases of a server, whoever runs it, opened by its superuser."""

    engine = "postgresql"
    unguarded = "SET session_replication_role = replica"

    def __init__(self, server: PostgresPlace) -> None:
        self.server = server

    def absent(self) -> Target:
        return Target(
            engine=self.engine,
            host=self.server.host,
            port=self.server.port,
            user=self.server.superuser,
            password=self.server.password,
            database=f"t_{secrets.token_hex(6)}",
        )

    def create(self, target: Target) -> None:
        self.server.create_database(target.database)

    def drop(self, target: Target) -> None:
        self.server.drop_database(target.database)

    def run(self, target: Target, *statements: str, parameters: Sequence[Any] = ()) -> Rows:
        with closing(self.server.connect(target.database)) as connection:
            return _executed(connection, statements, parameters)

    def snapshot(self, target: Target) -> str:
        if not self.server.run("SELECT 1 FROM pg_database WHERE datname = %s", [target.database]):
            return ""
        argv = [str(self.server.programs / "pg_dump"), "--create", "--inserts", self.server.url(target.database)]
        dump = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        # Newer releases guard the text with words made anew each time.
        return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


class PostgresqlBed(PostgresqlDialectBed):
    """Databases of a server of the run's own."""

    server: PostgresServer

    def __init__(self, server: PostgresServer) -> None:
        super().__init__(server)


class DialectBed(SqlBed):
    """Databases of a server that speaks MySQL's dialect, whatever it is; its own programs are not asked."""

    engine = "mysql"
    #: Its names end at U+FFFF.
    stems = tuple(stem for stem in STEMS if max(stem) <= "\uffff")
    unguarded = "SET foreign_key_checks = 0"

    def __init__(self, server: MysqlPlace) -> None:
        self.server = server

    @classmethod
    def quoted(cls, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def absent(self) -> Target:
        return Target(
            engine=self.engine,
            host=self.server.host,
            port=self.server.port,
            user=self.server.superuser,
            password=self.server.password,
            database=f"t_{secrets.token_hex(6)}",
        )

    def create(self, target: Target) -> None:
        self.server.create_database(target.database)

    def drop(self, target: Target) -> None:
        self.server.run(f"DROP DATABASE IF EXISTS {self.quoted(target.database)}")

    def run(self, target: Target, *statements: str, parameters: Sequence[Any] = ()) -> Rows:
        with closing(self.server.connect(target.database)) as connection:
            return _executed(connection, statements, parameters)

    def snapshot(self, target: Target) -> str:
        if not self.server.run("SHOW DATABASES LIKE %s", [target.database]):
            return ""
        return self._written(target)

    def _written(self, target: Target) -> str:
        tables = [str(row[0]) for row in self.rows(target, "SHOW TABLES")]
        made = [self.rows(target, f"SHOW CREATE TABLE {self.quoted(table)}") for table in tables]
        held = [sorted(self.rows(target, f"SELECT * FROM {self.quoted(table)}"), key=repr) for table in tables]
        return repr((self.rows(target, "SHOW TRIGGERS"), made, held))


class MysqlBed(DialectBed):
    """Databases of a server of the run's own, MariaDB or MySQL, opened by its superuser."""

    server: MysqlFamilyServer

    def __init__(self, server: MysqlFamilyServer) -> None:
        super().__init__(server)

    def drop(self, target: Target) -> None:
        self.server.drop_database(target.database)

    def _written(self, target: Target) -> str:
        return self.server.dump(target.database)


def _executed(connection: Any, statements: Sequence[str], parameters: Sequence[Any]) -> Rows:
    with closing(connection.cursor()) as cursor:
        for statement in statements[:-1]:
            cursor.execute(statement)
        cursor.execute(statements[-1], tuple(parameters) or None)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def _sqlite() -> Iterator[Bed]:
    with TemporaryDirectory(prefix="paneldb-sqlite-") as folder:
        yield SqliteBed(Path(folder))


@contextmanager
def _postgresql(unpacked: Optional[Prebuilt] = None) -> Iterator[Bed]:
    with postgresql_server(unpacked) as server:
        yield PostgresqlBed(server)


@contextmanager
def _mariadb(unpacked: Optional[Prebuilt] = None) -> Iterator[Bed]:
    with mariadb_server(unpacked) as server:
        yield MysqlBed(server)


@contextmanager
def _mysql9() -> Iterator[Bed]:
    with mysql_server() as server:
        yield MysqlBed(server)


@contextmanager
def _mysql8() -> Iterator[Bed]:
    with mysql8_server() as server:
        yield DialectBed(MysqlPlace(server.port, server.password, server.user, server.host))


@contextmanager
def _postgresql_by_url(url: str) -> Iterator[Bed]:
    target = parse_target({"url": url})
    yield PostgresqlDialectBed(PostgresPlace(target.port or 5432, target.password, target.user, target.host))


@contextmanager
def _mysql_by_url(url: str) -> Iterator[Bed]:
    target = parse_target({"url": url})
    yield DialectBed(MysqlPlace(target.port or 3306, target.password, target.user, target.host))


Opener = Callable[[], AbstractContextManager[Bed]]

#: What makes each engine's bed for the whole run.
BEDS: dict[str, Opener] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "mysql": _mariadb,
    "mysql9": _mysql9,
    "mongodb": documentdb_bed,
}
#: Servers that are there for their catalogue and dialect: they run the tests with the marker ``dialect``.
DIALECTS: dict[str, Opener] = {
    "mysql8": _mysql8,
    "mariadb11": partial(_mariadb, MARIADB_11),
    "postgresql18": partial(_postgresql, POSTGRESQL_18),
    "mongodb-ferretdb1": ferretdb_bed,
}
#: Servers of the user's own, by the variable of the environment that holds a URL: the whole grid runs there, too.
BY_URL: dict[str, Callable[[str], AbstractContextManager[Bed]]] = {
    "PANELDB_TEST_POSTGRESQL_URL": _postgresql_by_url,
    "PANELDB_TEST_MYSQL_URL": _mysql_by_url,
    "PANELDB_TEST_MONGODB_URL": mongodb_by_url,
}
for _variable, _opener in BY_URL.items():
    if os.environ.get(_variable):
        BEDS[f"{_variable.split('_')[2].lower()}-url"] = partial(_opener, os.environ[_variable])


def apply_operations(engine: Engine, operations: Sequence[Operation]) -> Catalogue:
    """Compile and run the operations as one change; return what compile says will be there afterwards."""
    steps, expected = engine.compile(operations, engine.catalogue())
    with engine.transaction(schema_change=True) if all(step.transactional for step in steps) else nullcontext():
        for step in steps:
            for statement in step.statements:
                engine.run(statement)
    return expected
