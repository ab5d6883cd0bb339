# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL server for the tests, made from the distribution's packages.

The server lives in a temporary folder, listens on the loopback address only, wants scram passwords of everybody and
has a time zone that is not UTC, so that a session which forgets to set its own shows. It never runs as root.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import kill_tree, wait_until

SUPERUSER = "postgres"
PACKAGED_VERSIONS = Path("/usr/lib/postgresql")
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


def programs() -> Path:
    """Folder of the newest packaged server's programs."""
    found = sorted(PACKAGED_VERSIONS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("PostgreSQL's server is not installed: apt-get install postgresql")
    return found[-1].parent


def system_user() -> pwd.struct_passwd:
    """The account the server runs as: this one, or without root's rights the package's own."""
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam(SUPERUSER)


def as_server_user(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that it runs as the server's user and ends with the process that started it."""
    account = system_user()
    change = [] if os.geteuid() else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *change, "--pdeathsig=INT", "--", *argv]


@dataclass
class PostgresServer:
    """One server: its folder, port, superuser's password and running process."""

    folder: Path
    port: int
    password: str
    superuser: str = SUPERUSER
    host: str = LOOPBACK
    _process: Optional[subprocess.Popen[bytes]] = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """Process id of the running postmaster."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

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

    def start(self) -> None:
        """Start the server and return when it accepts sessions."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                as_server_user([str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        wait_until(self._accepts, f"PostgreSQL on port {self.port}")

    def stop(self) -> None:
        """Stop the server as an operator does: sessions are ended, everything is written."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """SIGKILL the server and all its sessions, as a crash does."""
        kill_tree(self.pid)
        assert self._process is not None
        self._process.wait(60)
        self._process = None

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    def _accepts(self) -> bool:
        import psycopg2

        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended at its start:\n{self.log.read_text()}")
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def small_tablespace(server: PostgresServer, mebibytes: int) -> Iterator[str]:
    """Yield the name of a tablespace that is full after ``mebibytes``; an empty database takes about 8 of them.

    Databases in it are dropped at the end of the block.
    """
    name = f"small_{secrets.token_hex(6)}"
    folder = server.folder / name
    folder.mkdir()
    account = system_user()
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
def postgresql_server(**settings: str) -> Iterator[PostgresServer]:
    """Make a server with ``settings`` over the usual ones, run it for the duration of the block, remove it."""
    folder = Path(tempfile.mkdtemp(prefix="paneldb-postgresql-"))
    server = PostgresServer(folder, free_port(), secrets.token_urlsafe(18))
    try:
        _initialise(server, {**SETTINGS, **settings})
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(server: PostgresServer, settings: dict[str, str]) -> None:
    secret = server.folder / "password"
    secret.write_text(server.password)
    secret.chmod(0o600)
    for path in (server.folder, secret):
        os.chown(path, system_user().pw_uid, system_user().pw_gid)
    options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--no-sync", "--no-instructions"]
    command = [str(programs() / "initdb"), "-D", str(server.data), f"--username={SUPERUSER}", f"--pwfile={secret}"]
    done = subprocess.run(
        as_server_user([*command, *options]), cwd=server.folder, capture_output=True, text=True, check=False
    )
    secret.unlink()
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")
    lines = {**settings, "unix_socket_directories": f"'{server.folder}'"}
    with (server.data / "postgresql.conf").open("a", encoding="utf-8") as config:
        config.writelines(f"{name} = {value}\n" for name, value in lines.items())
