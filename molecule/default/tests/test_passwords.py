# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords on the PostgreSQL host: made once, kept, changed on demand."""

from __future__ import annotations

from typing import Any

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import Plays, password_of, read_settings

testinfra_hosts = ["ansible://paneldb-postgresql"]
OTHER = "pässwörd /@:%?#& \"'"


def _logs_in(host: Any, password: str) -> bool:
    return bool(host.run("PGPASSWORD=%s psql -h localhost -U panel -d panel -Atc 'SELECT 1'", password).succeeded)


def _verifier(host: Any) -> str:
    statement = "SELECT rolpassword FROM pg_authid WHERE rolname = 'panel'"
    return str(host.check_output("runuser -u postgres -- psql -Atc %s", statement))


def test_a_password_that_was_made_is_kept(host: Any, plays: Plays) -> None:
    before = _verifier(host), password_of(read_settings(host))
    assert plays.run("site.yml").expect_success().changed == ()
    assert (_verifier(host), password_of(read_settings(host))) == before


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


def test_settings_that_the_server_would_not_take_are_refused_and_the_old_ones_stay(host: Any, plays: Plays) -> None:
    before = host.file("/etc/postgresql/15/main/conf.d/paneldb.conf").content
    for wrong in ({"shared_bufers": "1GB"}, {"work_mem": "plenty"}):
        failed = plays.run("site.yml", postgresql_settings=wrong).expect_failure()
        assert "failed to validate" in failed.message
    assert host.file("/etc/postgresql/15/main/conf.d/paneldb.conf").content == before
    assert host.service("postgresql@15-main").is_running
