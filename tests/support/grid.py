# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bed per engine, so that the same test runs on every engine by parameter.

A new engine joins by one subclass of :class:`Bed` and one entry in ``BEDS``; no test of the grid changes.
"""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Catalogue, Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MariadbServer, mariadb_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import (
    PostgresServer,
    postgresql_server,
    programs,
)


class Bed(ABC):
    """Databases of one engine, and a way to look into them that is not the product's."""

    engine: ClassVar[str]

    @abstractmethod
    def absent(self) -> Target:
        """A target whose database does not exist."""

    @abstractmethod
    def create(self, target: Target) -> None:
        """Make the absent database of a target, empty."""

    def empty(self) -> Target:
        """A target whose database exists and is empty."""
        target = self.absent()
        self.create(target)
        return target

    @abstractmethod
    def drop(self, target: Target) -> None:
        """Remove a database that this bed made a target for, whether it exists or not."""

    @abstractmethod
    def rows(self, target: Target, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement through the raw driver, commit it, and return its rows, if it has any."""

    @abstractmethod
    def snapshot(self, target: Target) -> str:
        """All that is in the database as text, by the engine's own means: two equal ones mean that nothing changed."""

    @contextmanager
    def database(self) -> Iterator[Target]:
        """An empty database for the duration of the block."""
        target = self.empty()
        try:
            yield target
        finally:
            self.drop(target)


class SqliteBed(Bed):
    """Files in a folder of their own."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def absent(self) -> Target:
        return Target(engine=self.engine, path=str(self.folder / f"{secrets.token_hex(6)}.db"))

    def create(self, target: Target) -> None:
        Path(target.path).touch(mode=0o600)

    def drop(self, target: Target) -> None:
        for left in Path(target.path).parent.glob(f"{Path(target.path).name}*"):
            left.unlink()

    def rows(self, target: Target, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(target.path, isolation_level=None)
        try:
            return list(connection.execute(statement, tuple(parameters)))
        finally:
            connection.close()

    def snapshot(self, target: Target) -> str:
        if not Path(target.path).exists():
            return ""
        with closing(sqlite3.connect(target.path)) as connection:
            return "\n".join(connection.iterdump())


class PostgresqlBed(Bed):
    """Databases of one server, opened by its superuser."""

    engine = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
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

    def rows(self, target: Target, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.server.run(statement, parameters, database=target.database)

    def snapshot(self, target: Target) -> str:
        if not self.server.run("SELECT 1 FROM pg_database WHERE datname = %s", [target.database]):
            return ""
        argv = [str(programs() / "pg_dump"), "--create", "--inserts", self.server.url(target.database)]
        dump = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        # Newer releases guard the text with words made anew each time.
        return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


class MysqlBed(Bed):
    """Databases of one server of MariaDB, opened by its superuser."""

    engine = "mysql"

    def __init__(self, server: MariadbServer) -> None:
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

    def rows(self, target: Target, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.server.run(statement, parameters, database=target.database)

    def snapshot(self, target: Target) -> str:
        if not self.server.run("SHOW DATABASES LIKE %s", [target.database]):
            return ""
        return self.server.dump(target.database)


@contextmanager
def _sqlite() -> Iterator[Bed]:
    with TemporaryDirectory(prefix="paneldb-sqlite-") as folder:
        yield SqliteBed(Path(folder))


@contextmanager
def _postgresql() -> Iterator[Bed]:
    with postgresql_server() as server:
        yield PostgresqlBed(server)


@contextmanager
def _mysql() -> Iterator[Bed]:
    with mariadb_server() as server:
        yield MysqlBed(server)


#: What makes each engine's bed for the whole run.
BEDS = {"sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mysql}


def apply_operations(engine: Engine, operations: Sequence[Operation]) -> Catalogue:
    """Compile and run the operations as one change; return what compile says will be there afterwards."""
    steps, expected = engine.compile(operations, engine.catalogue())
    with engine.transaction(schema_change=True) if all(step.transactional for step in steps) else nullcontext():
        for step in steps:
            for statement in step.statements:
                engine.run(statement)
    return expected
