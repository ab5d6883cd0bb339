# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests look at a host: plays against it, and each engine's own program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner, PlayResult

SETTINGS = "/etc/paneldb/paneldb.env"
#: Debian 13 has this version of PostgreSQL.
POSTGRESQL_FOLDER = "/etc/postgresql/17/main"
POSTGRESQL_UNIT = "postgresql@17-main"
SQLITE_FILE = "/var/lib/paneldb/panel.db"
DRIVER = "/opt/paneldb/venv/bin/python"
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "mysql": "SHOW TABLES",
}
ASKING = """
import json, sys
from pathlib import Path
from pymongo import MongoClient
name, verb, *rest = json.loads(sys.argv[1])
password = Path("/etc/paneldb/mongodb-admin").read_text().strip()
database = MongoClient(username="admin", password=password, authSource="admin")[name]
if verb == "tables":
    print("\\n".join(database.list_collection_names()))
elif verb == "read":
    found = [[document.get(column) for column in rest[1]] for document in database[rest[0]].find()]
    print("\\n".join(sorted("|".join("" if value is None else str(value) for value in row) for row in found)))
elif verb == "change":
    database[rest[0]].update_one(rest[1], {"$set": rest[2]})
elif verb == "clear":
    database[rest[0]].delete_many({})
"""


@dataclass
class Plays:
    """Runs plays against one of the hosts, as a user does from the clone."""

    host: str
    runner: AnsibleRunner
    inventory: Path

    def run(
        self,
        playbook: str,
        *options: str,
        check: bool = False,
        environment: Mapping[str, str] | None = None,
        **variables: Any,
    ) -> PlayResult:
        """Run a playbook with further variables."""
        return self.runner.playbook(
            playbook,
            inventory=self.inventory,
            variables=variables,
            environment={"ANSIBLE_HOST_KEY_CHECKING": "false", **(environment or {})},
            options=["--limit", self.host, *options],
            check=check,
        )


@dataclass
class Database:
    """The panel's database of a host, seen by the engine's own program."""

    host: Any
    name: str = "panel"

    @property
    def engine(self) -> str:
        """Name of the engine."""
        return str(self.host.ansible.get_variables()["paneldb_engine"])

    @property
    def confirm(self) -> str:
        """What a person has to say to have it removed."""
        return f"{self.name}.db" if self.engine == "sqlite" else self.name

    def tables(self) -> set[str]:
        """Give the names of all tables."""
        if self.engine == "mongodb":
            return set(self._found("tables"))
        return set(self.ask(TABLES[self.engine]))

    def values(self, table: str, *columns: str, database: str = "") -> list[str]:
        """Give columns of all rows, a row a line, sorted, values parted by a bar."""
        if self.engine == "mongodb":
            return self._found("read", table, list(columns), database=database)
        names = ", ".join(map(self._quoted, columns))
        return sorted(self.ask(f"SELECT {names} FROM {self._quoted(table)}", database))

    def change(self, table: str, key: tuple[str, str], **values: str) -> None:
        """Set columns of the row with the key."""
        if self.engine == "mongodb":
            self._found("change", table, dict([key]), values)
            return
        settings = ", ".join(f"{self._quoted(name)} = '{value}'" for name, value in values.items())
        self.ask(f"UPDATE {self._quoted(table)} SET {settings} WHERE {self._quoted(key[0])} = '{key[1]}'")

    def clear(self, table: str) -> None:
        """Remove all rows."""
        if self.engine == "mongodb":
            self._found("clear", table)
            return
        self.ask(f"DELETE FROM {self._quoted(table)}")

    def ask(self, statement: str, database: str = "") -> list[str]:
        """Give what a statement of SQL answers, a row a line, values parted by a bar."""
        name = database or self.name
        if self.engine == "sqlite":
            return self._lines(f"sqlite3 {SQLITE_FILE.replace('panel.db', name + '.db')} %s", statement)
        if self.engine == "mysql":
            lines = self._lines(f"mariadb --batch --raw --skip-column-names {name} -e %s", statement)
            return [line.replace("\t", "|") for line in lines]
        return self._lines(f"runuser -u postgres -- psql --no-psqlrc -d {name} -At -c %s", statement)

    def _quoted(self, name: str) -> str:
        return f"`{name}`" if self.engine == "mysql" else f'"{name}"'

    def _found(self, verb: str, *arguments: Any, database: str = "") -> list[str]:
        """Ask MongoDB by its driver: its own shell cannot be had here."""
        return self._lines(f"{DRIVER} -c %s %s", ASKING, json.dumps([database or self.name, verb, *arguments]))

    def _lines(self, command: str, *arguments: str) -> list[str]:
        return str(self.host.check_output(command, *arguments)).splitlines()


def read_settings(host: Any, path: str = SETTINGS) -> Mapping[str, str]:
    """Give the settings file of the host command."""
    lines = host.file(path).content_string.splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def password_of(settings: Mapping[str, str]) -> str:
    """Give the password in the database's URL."""
    return unquote(urlsplit(settings["DATABASE_URL"].strip("'")).password or "")
