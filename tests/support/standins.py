# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that stand in for others: for the dialect of MySQL 8, and for MongoDB, which no package registry has, twice.

Each listens on the loopback address only, never runs as root, and ends with the process that started it. What none of
them can show is said in docs/engines.md.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ansible_collections.ctrlaltplay.paneldb.tests.support.own_server import as_server_user, server_folder, system_user
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer, postgresql_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import wait_until
from ansible_collections.ctrlaltplay.paneldb.tests.tools import standins
from ansible_collections.ctrlaltplay.paneldb.tests.tools.servers import DOCUMENTDB

ACCOUNT = "admin"
#: They run as the account that PostgreSQL's package makes.
PACKAGED = "postgres"
#: FerretDB keeps a connection for each update of a command; its server must allow more than that.
CONNECTIONS = 90


@dataclass
class StandIn:
    """A server that runs: where it listens, as whom it is entered (nobody where it has no accounts), its process."""

    folder: Path
    port: int
    user: str = ""
    password: str = ""
    host: str = LOOPBACK
    argv: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    _process: Optional[subprocess.Popen[bytes]] = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What the server printed."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        """Start the server and return when it listens."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                as_server_user(self.argv, PACKAGED),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), **self.environment},
            )
        wait_until(self._listens, f"{Path(self.argv[0]).name} on port {self.port}")

    def stop(self) -> None:
        """Stop the server as an operator does."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """SIGKILL the server, as a crash does."""
        assert self._process is not None, "the server does not run"
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def _listens(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"The server ended at its start:\n{self.log.read_text()}")
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def ferretdb_server(postgres: PostgresServer, *, accounts: bool = False) -> Iterator[StandIn]:
    """Run FerretDB over a database of its own on a PostgreSQL server, with one account or open to everybody."""
    with _folder() as folder:
        server = StandIn(folder, free_port())
        options = [
            "--handler=postgresql",
            f"--listen-addr={server.host}:{server.port}",
            "--debug-addr=",
            "--telemetry=disable",
            "--log-level=error",
            f"--state-dir={folder}",
        ]
        database = postgres.create_database()
        environment = {"FERRETDB_POSTGRESQL_URL": f"{postgres.url(database)}?pool_max_conns={CONNECTIONS}"}
        if accounts:
            server.user, server.password = ACCOUNT, secrets.token_urlsafe(18)
            options.append("--test-enable-new-auth")
            environment.update(_account(server))
        program = shutil.copy(standins.FERRETDB.folder() / "ferretdb", folder / "ferretdb")
        try:
            with _running(server, [str(program), *options], environment):
                yield server
        finally:
            postgres.drop_database(database)


@contextmanager
def ferretdb(*, accounts: bool = False) -> Iterator[StandIn]:
    """Run FerretDB over a PostgreSQL server of its own."""
    with postgresql_server() as postgres, ferretdb_server(postgres, accounts=accounts) as server:
        yield server


@contextmanager
def documentdb_server(postgres: PostgresServer, *, accounts: bool = False) -> Iterator[StandIn]:
    """Run FerretDB 2 over a PostgreSQL server that has DocumentDB's extension.

    With accounts, PostgreSQL's superuser is the one there is; without, the server is open to everybody.
    """
    with _folder() as folder:
        server = StandIn(folder, free_port())
        options = [
            f"--listen-addr={server.host}:{server.port}",
            "--debug-addr=-",
            "--telemetry=disable",
            "--log-level=ERROR",
            f"--state-dir={folder}",
        ]
        if accounts:
            server.user, server.password = postgres.superuser, postgres.password
        else:
            options.append("--no-auth")
        program = shutil.copy(standins.FERRETDB2.folder() / "ferretdb", folder / "ferretdb")
        url = f"{postgres.url(postgres.superuser)}?pool_max_conns={CONNECTIONS}"
        with _running(server, [str(program), *options], {"FERRETDB_POSTGRESQL_URL": url}):
            yield server


@contextmanager
def documentdb_postgresql() -> Iterator[PostgresServer]:
    """Run a PostgreSQL server with DocumentDB's extension, which opens sessions of its own, too."""
    settings = {
        "shared_preload_libraries": "'pg_cron,pg_documentdb_core,pg_documentdb'",
        "cron.database_name": "'postgres'",
        "cron.use_background_workers": "on",
    }
    with postgresql_server(DOCUMENTDB, **settings) as postgres:
        postgres.run("CREATE EXTENSION documentdb CASCADE")
        again = f"host={postgres.host} password={postgres.password}"
        postgres.run("ALTER SYSTEM SET documentdb.localhost_connection_string = %s", [again])
        postgres.run("SELECT pg_reload_conf()")
        yield postgres


@contextmanager
def documentdb(*, accounts: bool = False) -> Iterator[StandIn]:
    """Run FerretDB 2 over a PostgreSQL server of its own."""
    with documentdb_postgresql() as postgres, documentdb_server(postgres, accounts=accounts) as server:
        yield server


@contextmanager
def mysql8_server() -> Iterator[StandIn]:
    """Run a server in memory that answers as MySQL 8; its account is root without a password."""
    with _folder() as folder:
        server = StandIn(folder, free_port(), user="root")
        program = shutil.copy(standins.MYSQL8.folder() / "mysql8", folder / "mysql8")
        with _running(server, [str(program), f"{server.host}:{server.port}"]):
            yield server


@contextmanager
def mongo_java_server() -> Iterator[StandIn]:
    """Run mongo-java-server, the second stand-in for MongoDB. PyMongo 4.10 is the last that speaks with it."""
    with _folder() as folder:
        server = StandIn(folder, free_port())
        shutil.copytree(standins.MONGO_JAVA.folder(), folder, dirs_exist_ok=True)
        classes = f"--class-path={folder}/jars/*"
        launcher = str(folder / "Launcher.java")
        with _running(server, ["java", "-Xmx256m", classes, launcher, server.host, str(server.port)]):
            yield server


def _account(server: StandIn) -> dict[str, str]:
    return {
        "FERRETDB_SETUP_DATABASE": "admin",
        "FERRETDB_SETUP_USERNAME": server.user,
        "FERRETDB_SETUP_PASSWORD": server.password,
    }


@contextmanager
def _folder() -> Iterator[Path]:
    with server_folder("standin") as folder:
        os.chown(folder, system_user(PACKAGED).pw_uid, system_user(PACKAGED).pw_gid)
        yield folder


@contextmanager
def _running(server: StandIn, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[None]:
    server.argv, server.environment = argv, environment or {}
    server.start()
    try:
        yield
    finally:
        server.stop()
