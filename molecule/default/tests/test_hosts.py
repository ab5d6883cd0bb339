# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all hosts are after site.yml, seen by the system's and the engines' own programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import SETTINGS, Database, read_settings

TABLES = {
    "alts",
    "nodes",
    "permissions",
    "role_permissions",
    "roles",
    "server_actions",
    "servers",
    "sessions",
    "settings",
    "user_permissions",
    "users",
}


def test_systemd_runs_without_failed_units(host: Any) -> None:
    assert host.run("systemctl --failed --plain --no-legend").stdout == ""


def test_the_tables_of_the_panel_are_there(database: Database) -> None:
    assert {name for name in database.tables() if not name.startswith("_paneldb")} == TABLES


def test_the_seed_is_there(database: Database) -> None:
    assert database.values("roles", "name") == ["ADMIN", "MODERATOR", "USER"]
    assert {"Minecraft", "Valheim", "Terraria", "Rust", "TeamSpeak", "MariaDB"} <= {
        name.split(" ")[0] for name in database.values("alts", "name")
    }
    assert len(database.values("permissions", "name")) > 20
    assert len(database.values("settings", "key")) > 5


def test_there_is_no_admin_without_a_password(database: Database) -> None:
    assert database.values("users", "id") == []


def test_the_command_tells_that_nothing_is_pending(host: Any) -> None:
    told = json.loads(host.check_output("paneldb status --json"))
    assert (told["counts"]["applied"], told["pending"]) == (1, [])
    assert "Pending   none" in host.check_output("paneldb status")
    assert "Drift     none" in host.check_output("paneldb migrate status")


def test_the_command_has_nothing_to_seed(host: Any) -> None:
    counts = json.loads(host.check_output("paneldb seed --check --json"))["counts"]
    assert (counts["created"], counts["updated"]) == (0, 0)
    assert counts["unchanged"] > 50


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/usr/local/bin/paneldb", 0o755),
        ("/usr/local/share/paneldb/model/model.yml", 0o644),
        ("/usr/local/share/paneldb/migrations/migrations.lock", 0o644),
        ("/usr/local/share/paneldb/seeds", 0o700),
        ("/etc/paneldb", 0o700),
        (SETTINGS, 0o600),
    ],
)
def test_files_belong_to_root_and_have_the_permissions_they_need(host: Any, path: str, mode: int) -> None:
    file = host.file(path)
    assert (file.user, file.group, file.mode) == ("root", "root", mode)


def test_the_command_gives_nothing_away_to_other_accounts(host: Any) -> None:
    done = host.run("runuser -u nobody -- paneldb status")
    assert done.rc != 0
    assert "No database is named" in done.stderr
    assert not host.run("runuser -u nobody -- cat %s", SETTINGS).succeeded


def test_the_settings_say_which_database_it_is(host: Any, database: Database) -> None:
    settings = read_settings(host)
    assert settings["DATABASE_URL"].startswith(f"{database.engine}://")
    assert settings["PANELDB_ENVIRONMENT"] == "staging"
