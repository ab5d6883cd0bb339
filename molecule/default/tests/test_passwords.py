# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords on the PostgreSQL host: made once, kept, changed on demand."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import (
    DRIVER,
    Database,
    Plays,
    password_of,
    read_settings,
)

testinfra_hosts = [f"ansible://paneldb-{name}" for name in ("postgresql", "mariadb", "mongodb")]
OTHER = "pässwörd /@:%?#& \"'"
DRIVER_LOGIN = """
import os, pymongo
client = pymongo.MongoClient(username="panel", password=os.environ["WORD"], authSource="panel")
client.panel.list_collection_names()
"""
LOGIN = {
    "postgresql": "PGPASSWORD=%s psql -h localhost -U panel -d panel -Atc 'SELECT 1'",
    "mysql": "MYSQL_PWD=%s mariadb --protocol=tcp --host=localhost --user=panel panel -e 'SELECT 1'",
    "mongodb": f"WORD=%s {DRIVER} -c '{DRIVER_LOGIN}'",
}


def _logs_in(host: Any, password: str) -> bool:
    return bool(host.run(LOGIN[Database(host).engine], password).succeeded)


def test_a_password_that_was_made_is_kept(host: Any, plays: Plays) -> None:
    before = password_of(read_settings(host))
    assert len(before) >= 32
    assert _logs_in(host, before)
    assert plays.run("site.yml").expect_success().changed == ()
    assert password_of(read_settings(host)) == before
    assert _logs_in(host, before)


@pytest.mark.parametrize("password", ["", "wrong", "panel"])
def test_nobody_logs_in_with_another_password(host: Any, password: str) -> None:
    assert not _logs_in(host, password)


def test_a_password_is_changed_on_demand_and_kept_from_then_on(host: Any, plays: Plays) -> None:
    made = password_of(read_settings(host))
    checked = plays.run("site.yml", check=True, paneldb_login_password=OTHER).expect_success()
    assert "ctrlaltplay.paneldb.database" in {task.action for task in checked.changed}
    assert _logs_in(host, made)

    plays.run("site.yml", paneldb_login_password=OTHER).expect_success()
    assert _logs_in(host, OTHER)
    assert not _logs_in(host, made)
    assert password_of(read_settings(host)) == OTHER
    assert plays.run("site.yml").expect_success().changed == ()
    assert host.run("paneldb status").succeeded
    plays.run("site.yml", paneldb_login_password=made).expect_success()
