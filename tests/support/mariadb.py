# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers of MariaDB and MySQL for the tests, made from the distribution's packages.

Each wants a password of everybody, and has a time zone, a collation and a mode that are not the product's, so that a
session which forgets to set its own shows. Neither runs as root.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar, Optional

from ansible_collections.ctrlaltplay.paneldb.tests.support.mysql_place import MysqlPlace, quoted
from ansible_collections.ctrlaltplay.paneldb.tests.support.own_server import (
    MACHINE,
    OwnServer,
    programs_of,
    running,
    server_folder,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import Prebuilt
from ansible_collections.ctrlaltplay.paneldb.tests.tools.servers import MYSQL

__all__ = ["MariadbServer", "MysqlFamilyServer", "MysqlServer", "mariadb_server", "mysql_server", "quoted"]

# Commits reach the operating system (a killed server loses nothing), only not the disk.
SETTINGS = {
    "bind_address": LOOPBACK,
    "innodb_flush_log_at_trx_commit": "2",
    "innodb_buffer_pool_size": "64M",
    "innodb_doublewrite": "0",
    "max_connections": "120",
    "default_time_zone": "-05:00",
    "character_set_server": "latin1",
    "sql_mode": "",
    "skip_name_resolve": "1",
    "local_infile": "1",
}


class MysqlFamilyServer(MysqlPlace, OwnServer):
    """What both servers share."""

    packaged = "mysql"
    ending = signal.SIGTERM
    #: The server's program, the one that writes all of a database as text, and settings of this server's own.
    program: ClassVar[str]
    dumper: ClassVar[str]
    settings_of_its_own: ClassVar[Mapping[str, str]]

    def __init__(self, folder: Path, settings: Mapping[str, str], root: Path) -> None:
        MysqlPlace.__init__(self, free_port(), secrets.token_urlsafe(18))
        OwnServer.__init__(self, folder, {**SETTINGS, **self.settings_of_its_own, **settings}, root)

    @property
    def socket(self) -> str:
        return str(self.folder / "s.sock")

    def dump(self, database: str) -> str:
        """All that is in a database as text."""
        place = [f"--socket={self.socket}", f"--user={self.superuser}"]
        kinds = ["--routines", "--events", "--triggers", "--single-transaction", "--skip-dump-date", "--databases"]
        argv = [str(self.root / self.dumper), "--no-defaults", *place, *kinds, database]
        environment = {**os.environ, "MYSQL_PWD": self.password}
        return subprocess.run(argv, capture_output=True, text=True, check=True, env=environment).stdout

    def command(self) -> list[str]:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        place = [f"--datadir={self.data}", f"--socket={self.socket}", f"--port={self.port}"]
        # A server that starts removes what it takes for leftovers of a former one from a folder that it shares.
        place.append(f"--tmpdir={self.folder}")
        return [str(self.root / self.program), "--no-defaults", *self.places(), *place, *options]

    def places(self) -> list[str]:
        """Options that say where the server's own files are."""
        return []

    def accepts(self) -> bool:
        import pymysql

        try:
            # The driver leaves a socket open that nobody answers at.
            with closing(socket.socket(socket.AF_UNIX)) as probe:
                probe.connect(self.socket)
        except OSError:
            return False
        try:
            self.connect().close()
        except pymysql.err.OperationalError:
            return False
        return True

    @abstractmethod
    def make_data(self) -> None:
        """Make the data folder with one account, which has no password."""

    def initialise(self) -> None:
        """The first account gets a password, for every host, before the server takes any session."""
        self.make_data()
        script = self.folder / "init.sql"
        lines = [
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{self.password}'",
            f"CREATE USER 'root'@'%' IDENTIFIED BY '{self.password}'",
            "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION",
        ]
        script.write_text("".join(f"{line};\n" for line in [*self.cleaning(), *lines]))
        self.own(script)
        self.start("--init-file=" + str(script))
        script.unlink()

    def cleaning(self) -> list[str]:
        """Statements that take away what a new server has too much."""
        return []


class MariadbServer(MysqlFamilyServer):
    """A server of MariaDB."""

    product = "MariaDB"
    program = "usr/sbin/mariadbd"
    dumper = "usr/bin/mariadb-dump"
    settings_of_its_own = {"innodb_log_file_size": "64M"}

    def make_data(self) -> None:
        options = ["--auth-root-authentication-method=normal", "--skip-name-resolve", "--skip-test-db", "--force"]
        command = [str(self.root / "usr/bin/mariadb-install-db"), "--no-defaults", f"--datadir={self.data}"]
        self.run_program(*command, f"--basedir={self.root / 'usr'}", *options)

    def cleaning(self) -> list[str]:
        return ["DELETE FROM mysql.global_priv WHERE User = '' OR Host <> 'localhost'", "FLUSH PRIVILEGES"]

    def places(self) -> list[str]:
        if self.root == MACHINE:
            return []
        return [f"--basedir={self.root / 'usr'}", f"--lc-messages-dir={self.root / 'usr/share/mariadb'}"]


class MysqlServer(MysqlFamilyServer):
    """A server of MySQL itself."""

    product = "MySQL"
    program = "usr/sbin/mysqld"
    dumper = "usr/bin/mysqldump"
    settings_of_its_own = {
        "innodb_redo_log_capacity": "64M",
        "mysqlx": "0",
        "disable_log_bin": "1",
        "secure_file_priv": "NULL",
    }

    def make_data(self) -> None:
        self.run_program(*self.command(), "--initialize-insecure")

    def places(self) -> list[str]:
        usr = self.root / "usr"
        return [
            f"--basedir={usr}",
            f"--lc-messages-dir={usr}/share/mysql",
            f"--character-sets-dir={usr}/share/mysql/charsets",
            f"--plugin-dir={usr}/lib/mysql/plugin",
        ]


@contextmanager
def mariadb_server(unpacked: Optional[Prebuilt] = None, /, **settings: str) -> Iterator[MariadbServer]:
    """Make a server with ``settings`` over the usual ones, run it for the duration of the block, remove it.

    It is the machine's own, or that of another suite.
    """
    with server_folder("mariadb") as folder:
        server = MariadbServer(folder, settings, programs_of(unpacked, folder))
        with running(server):
            yield server


@contextmanager
def mysql_server(**settings: str) -> Iterator[MysqlServer]:
    """Make a server with ``settings`` over the usual ones, run it for the duration of the block, remove it."""
    with server_folder("mysql") as folder:
        server = MysqlServer(folder, settings, programs_of(MYSQL, folder))
        with running(server):
            yield server
