# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SQLite host: the file, who may read it, and what sqlite3 says of it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import SQLITE_FILE, Database

testinfra_hosts = ["ansible://paneldb-sqlite"]
OWNER = "daemon"


@pytest.mark.parametrize(("path", "mode"), [("/var/lib/paneldb", 0o700), (SQLITE_FILE, 0o600)])
def test_the_file_and_its_folder_belong_to_the_panel_alone(host: Any, path: str, mode: int) -> None:
    file = host.file(path)
    assert (file.user, file.mode) == (OWNER, mode)


def test_everything_beside_the_file_belongs_to_the_panel_too(host: Any) -> None:
    assert set(host.check_output("stat -c '%U %a' /var/lib/paneldb/*").splitlines()) == {f"{OWNER} 600"}


def test_the_account_of_the_panel_writes_and_others_do_not_even_read(host: Any) -> None:
    statement = "UPDATE settings SET value = value"
    assert host.run(f"runuser -u {OWNER} -- sqlite3 {SQLITE_FILE} %s", statement).succeeded
    assert not host.run(f"runuser -u nobody -- sqlite3 {SQLITE_FILE} 'SELECT 1 FROM settings'").succeeded


def test_the_file_is_sound_and_in_write_ahead_mode(database: Database) -> None:
    assert database.ask("PRAGMA journal_mode") == ["wal"]
    assert database.ask("PRAGMA integrity_check") == ["ok"]
    assert database.ask("PRAGMA foreign_key_check") == []


def test_the_rules_of_the_model_hold_without_the_panel(host: Any) -> None:
    insert = "INSERT INTO nodes (name, hostname, port, token) VALUES ('a', 'b', 70000, 'c')"
    done = host.run(f"sqlite3 {SQLITE_FILE} %s", insert)
    assert done.rc != 0
    assert "CHECK constraint failed" in done.stderr


def test_nothing_listens(host: Any) -> None:
    ports = {line.split()[3].rsplit(":", 1)[1] for line in host.check_output("ss -Hltn").splitlines()}
    assert ports <= {"22"}
