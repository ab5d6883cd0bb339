# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL server for the tests, made from the distribution's packages.

The server lives in a temporary folder, listens on the loopback address only, wants scram passwords of everybody and
has a time zone that is not UTC, so that a session which forgets to set its own shows. It never runs as root.
"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.own_server import (
    MACHINE,
    OwnServer,
    programs_of,
    running,
    server_folder,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import Prebuilt

SUPERUSER = "postgres"
PACKAGED_VERSIONS = "usr/lib/postgresql"
# Commits reach the operating system (a killed server loses nothing), only not the disk.
SETTINGS = {
    "listen_addresses": f"'{LOOPBACK}'",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "120",
    "max_prepared_transactions": "4",
    "timezone": "'America/New_York'",
    "log_timezone": "'UTC'",
    "log_statement": "'ddl'",
    "password_encryption": "'scram-sha-256'",
    "autovacuum": "off",
}


def programs(root: Path = MACHINE) -> Path:
    """Folder of the newest packaged server's programs."""
    found = sorted((root / PACKAGED_VERSIONS).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("PostgreSQL's server is not installed: apt-get install postgresql")
    return found[-1].parent


class PostgresPlace:
    """Where a server listens, with its superuser's password."""

    def __init__(self, port: int, password: str, superuser: str = SUPERUSER, host: str = LOOPBACK) -> None:
        self.port = port
        self.password = password
        self.superuser = superuser
        self.host = host

    @property
    def programs(self) -> Path:
        """Folder of the programs that speak with it."""
        return programs()

    def url(self, database: str, user: str = "", password: str = "") -> str:
        """A connection URL; the superuser's where no user is given."""
        credentials = f"{quote(user or self.superuser, safe='')}:{quote(password or self.password, safe='')}"
        return f"postgresql://{credentials}@{self.host}:{self.port}/{quote(database, safe='')}"

    def connect(self, database: str = SUPERUSER, user: str = "", password: str = "") -> Any:
        """A plain driver connection in autocommit mode, for what a test does or looks at behind the product's back."""
        import psycopg2

        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            dbname=database,
            user=user or self.superuser,
            password=password or self.password,
            connect_timeout=10,
        )
        connection.autocommit = True
        return connection

    def run(self, statement: str, parameters: Sequence[Any] = (), database: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; return its rows, if it has any."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def create_database(
        self, name: str = "", template: str = "template0", owner: str = SUPERUSER, tablespace: str = "pg_default"
    ) -> str:
        """Create a database, named at random where no name is given, and return its name."""
        chosen = name or f"t_{secrets.token_hex(6)}"
        place = f"TEMPLATE {quoted(template)} OWNER {quoted(owner)} TABLESPACE {quoted(tablespace)}"
        self.run(f"CREATE DATABASE {quoted(chosen)} {place}")
        return chosen

    def drop_database(self, name: str) -> None:
        """Drop a database together with the sessions in it."""
        self.run(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")

    def create_role(self, name: str, password: str, attributes: str = "LOGIN") -> None:
        """Create a role that logs in with ``password``."""
        self.run(f"CREATE ROLE {quoted(name)} WITH {attributes} PASSWORD %s", (password,))


class PostgresServer(PostgresPlace, OwnServer):
    """A server of a run's own."""

    product = "PostgreSQL"
    packaged = "postgres"
    ending = signal.SIGINT

    def __init__(self, folder: Path, settings: Mapping[str, str], root: Path) -> None:
        PostgresPlace.__init__(self, free_port(), secrets.token_urlsafe(18))
        OwnServer.__init__(self, folder, {**SETTINGS, **settings}, root)

    @property
    def programs(self) -> Path:
        return programs(self.root)

    def command(self) -> list[str]:
        return [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]

    def accepts(self) -> bool:
        import psycopg2

        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def initialise(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self.own(secret)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"]
        command = [str(self.programs / "initdb"), "-D", str(self.data), f"--username={SUPERUSER}"]
        self.run_program(*command, f"--pwfile={secret}", *options)
        secret.unlink()
        lines = {**self.settings, "unix_socket_directories": f"'{self.folder}'"}
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as config:
            config.writelines(f"{name} = {value}\n" for name, value in lines.items())
        self.start()


@contextmanager
def small_tablespace(server: PostgresServer, mebibytes: int) -> Iterator[str]:
    """Yield the name of a tablespace that is full after ``mebibytes``; an empty database takes about 8 of them.

    Databases in it are dropped at the end of the block.
    """
    name = f"small_{secrets.token_hex(6)}"
    folder = server.folder / name
    folder.mkdir()
    account = server.account
    with small_disk(folder, mebibytes, account.pw_uid, account.pw_gid):
        server.run(f"CREATE TABLESPACE {quoted(name)} LOCATION '{folder}'")
        try:
            yield name
        finally:
            inside = (
                "SELECT datname FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE spcname = %s"
            )
            for (database,) in server.run(inside, (name,)):
                server.drop_database(database)
            server.run(f"DROP TABLESPACE {quoted(name)}")


def quoted(identifier: str) -> str:
    """An identifier of the tests' own statements."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def postgresql_server(unpacked: Optional[Prebuilt] = None, /, **settings: str) -> Iterator[PostgresServer]:
    """Make a server with ``settings`` over the usual ones, run it for the duration of the block, remove it.

    It is the machine's own, or that of another suite.
    """
    with server_folder("postgresql") as folder:
        server = PostgresServer(folder, settings, programs_of(unpacked, folder))
        with running(server):
            yield server
