# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the tests look at a host: plays against it, and each engine's own program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner, PlayResult

SETTINGS = "/etc/paneldb/paneldb.env"
SQLITE_FILE = "/var/lib/paneldb/panel.db"


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
        return self.name if self.engine == "postgresql" else f"{self.name}.db"

    def ask(self, statement: str, database: str = "") -> list[str]:
        """Give what a statement answers, a row a line, values parted by a bar."""
        name = database or self.name
        if self.engine == "sqlite":
            return self._lines(f"sqlite3 {SQLITE_FILE.replace('panel.db', name + '.db')} %s", statement)
        return self._lines(f"runuser -u postgres -- psql --no-psqlrc -d {name} -At -c %s", statement)

    def _lines(self, command: str, *arguments: str) -> list[str]:
        return str(self.host.check_output(command, *arguments)).splitlines()


def read_settings(host: Any, path: str = SETTINGS) -> Mapping[str, str]:
    """Give the settings file of the host command."""
    lines = host.file(path).content_string.splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def password_of(settings: Mapping[str, str]) -> str:
    """Give the password in the database's URL."""
    return unquote(urlsplit(settings["DATABASE_URL"].strip("'")).password or "")
