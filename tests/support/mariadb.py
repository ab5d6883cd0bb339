# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MariaDB server for the tests, made from the distribution's packages.

The server lives in a temporary folder, listens on the loopback address and on a socket of its own, wants a password of
everybody, and has a time zone, a collation and a mode that are not the product's, so that a session which forgets to
set its own shows. It never runs as root.
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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional
from urllib.parse import quote

from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import kill_tree, wait_until

SUPERUSER = "root"
ACCOUNT = "mysql"
PROGRAM = "/usr/sbin/mariadbd"
# Commits reach the operating system (a killed server loses nothing), only not the disk.
SETTINGS = {
    "bind_address": LOOPBACK,
    "innodb_flush_log_at_trx_commit": "2",
    "innodb_log_file_size": "64M",
    "innodb_buffer_pool_size": "64M",
    "innodb_doublewrite": "0",
    "max_connections": "120",
    "default_time_zone": "-05:00",
    "character_set_server": "latin1",
    "sql_mode": "",
    "skip_name_resolve": "1",
    "local_infile": "1",
}


def system_user() -> pwd.struct_passwd:
    """The account the server runs as: this one, or without root's rights the package's own."""
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam(ACCOUNT)


def as_server_user(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that it runs as the server's user and ends with the process that started it."""
    account = system_user()
    change = [] if os.geteuid() else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *change, "--pdeathsig=TERM", "--", *argv]


@dataclass
class MariadbServer:
    """One server: its folder, port, superuser's password and running process."""

    folder: Path
    port: int
    password: str
    settings: dict[str, str]
    superuser: str = SUPERUSER
    host: str = LOOPBACK
    _process: Optional[subprocess.Popen[bytes]] = field(default=None, repr=False)

    @property
    def socket(self) -> str:
        """The path of the server's socket."""
        return str(self.folder / "s.sock")

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def url(self, database: str, user: str = "", password: str = "") -> str:
        """A connection URL; the superuser's where no user is given."""
        credentials = f"{quote(user or self.superuser, safe='')}:{quote(password or self.password, safe='')}"
        return f"mysql://{credentials}@{self.host}:{self.port}/{quote(database, safe='')}"

    def connect(self, database: Optional[str] = None, user: str = "", password: str = "") -> Any:
        """A plain driver connection in autocommit mode, for what a test does or looks at behind the product's back."""
        import pymysql

        return pymysql.connect(
            host=self.host,
            port=self.port,
            database=database,
            user=user or self.superuser,
            password=password or self.password,
            connect_timeout=10,
            ssl_disabled=True,
            autocommit=True,
            charset="utf8mb4",
        )

    def run(
        self, statement: str, parameters: Sequence[Any] = (), database: Optional[str] = None
    ) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; return its rows, if it has any."""
        connection = self.connect(database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, tuple(parameters) or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def create_database(self, name: str = "") -> str:
        """Create a database as the product does, named at random where no name is given, and return its name."""
        chosen = name or f"t_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {quoted(chosen)} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
        return chosen

    def drop_database(self, name: str) -> None:
        """Drop a database, and end the sessions in it, which may hold its tables."""
        import pymysql

        for (number,) in self.run("SELECT id FROM information_schema.processlist WHERE db = %s", (name,)):
            with suppress(pymysql.err.Error):
                self.run(f"KILL {number}")
        self.run(f"DROP DATABASE IF EXISTS {quoted(name)}")

    def dump(self, database: str) -> str:
        """All that is in a database as text."""
        place = [f"--socket={self.socket}", f"--user={self.superuser}"]
        kinds = ["--routines", "--events", "--triggers", "--single-transaction", "--skip-dump-date", "--databases"]
        argv = ["mariadb-dump", "--no-defaults", *place, *kinds, database]
        environment = {**os.environ, "MYSQL_PWD": self.password}
        return subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout

    def create_user(self, name: str, password: str, grants: str = "", host: str = "%") -> None:
        """Create an account with a password, and with ``grants`` such as ``ALL ON *.*``."""
        account = f"{quoted(name)}@{quoted(host)}"
        self.run(f"CREATE USER {account.replace('%', '%%')} IDENTIFIED BY %s", (password,))
        if grants:
            self.run(f"GRANT {grants} TO {account}")

    def start(self, *more: str) -> None:
        """Start the server, with more options than its settings, and return when it accepts sessions."""
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        place = [f"--datadir={self.folder / 'data'}", f"--socket={self.socket}", f"--port={self.port}"]
        # A server that starts removes what it takes for leftovers of a former one from a folder that it shares.
        place.append(f"--tmpdir={self.folder}")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                as_server_user([PROGRAM, "--no-defaults", *place, *options, *more]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        wait_until(self._accepts, f"MariaDB on port {self.port}")

    def stop(self) -> None:
        """Stop the server as an operator does: sessions are ended, everything is written."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """SIGKILL the server, as a crash does."""
        kill_tree(self.pid)
        assert self._process is not None
        self._process.wait(60)
        self._process = None

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    def _accepts(self) -> bool:
        import pymysql

        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"MariaDB ended at its start:\n{self.log.read_text()}")
        try:
            self.connect().close()
        except pymysql.err.OperationalError:
            return False
        return True


def quoted(identifier: str) -> str:
    """An identifier of the tests' own statements."""
    return "`" + identifier.replace("`", "``") + "`"


@contextmanager
def mariadb_server(**settings: str) -> Iterator[MariadbServer]:
    """Make a server with ``settings`` over the usual ones, run it for the duration of the block, remove it."""
    folder = Path(tempfile.mkdtemp(prefix="paneldb-mariadb-"))
    server = MariadbServer(folder, free_port(), secrets.token_urlsafe(18), {**SETTINGS, **settings})
    try:
        _initialise(server)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(server: MariadbServer) -> None:
    os.chown(server.folder, system_user().pw_uid, system_user().pw_gid)
    command = ["mariadb-install-db", "--no-defaults", f"--datadir={server.folder / 'data'}", "--skip-test-db"]
    options = ["--auth-root-authentication-method=normal", "--skip-name-resolve"]
    done = subprocess.run(
        as_server_user([*command, *options]), cwd=server.folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")
    _first_start(server)


def _first_start(server: MariadbServer) -> None:
    """The first account has no password; it gets one, for every host, before the server takes any session."""
    script = server.folder / "init.sql"
    lines = [
        "DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost'",
        "FLUSH PRIVILEGES",
        f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{server.password}'",
        f"CREATE USER 'root'@'%' IDENTIFIED BY '{server.password}'",
        "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION",
    ]
    script.write_text(";\n".join(lines) + ";\n")
    script.chmod(0o600)
    os.chown(script, system_user().pw_uid, system_user().pw_gid)
    server.start("--init-file=" + str(script))
    script.unlink()
