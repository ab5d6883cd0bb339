# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays against the hosts, one after the other; each leaves the panel's database as site.yml made it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import (
    Database,
    Plays,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT

MOTD = "extends: panel\ntables: {servers: {columns: {motd: {type: string(200), 'null': true}}}}\n"


PERMISSION = ("name", "servers.create")


def _permission(database: Database) -> list[str]:
    rows = database.values("permissions", "name", "category", "description")
    return [row for row in rows if row.startswith("servers.create|")]


def _ids(database: Database) -> list[str]:
    return database.values("alts", "id")


def test_a_check_run_finds_nothing_to_do(plays: Plays) -> None:
    assert plays.run("site.yml", check=True).expect_success().changed == ()


def test_nothing_is_pending(plays: Plays) -> None:
    done = plays.run("migrate.yml").expect_success()
    assert done.changed == ()
    assert done.of("migrate").result["applied"] == []


def test_the_seed_brings_back_what_was_changed_and_keeps_what_operators_edit(plays: Plays, database: Database) -> None:
    [before] = _permission(database)
    database.change("permissions", PERMISSION, category="none", description="mine")
    checked = plays.run("seed.yml", check=True).expect_success().of("seed")
    assert _permission(database) == ["servers.create|none|mine"]
    done = plays.run("seed.yml").expect_success().of("seed")
    assert checked.result["counts"] == done.result["counts"]
    assert done.result["counts"]["updated"] == 1
    assert _permission(database) == ["servers.create|servers|mine"]
    database.change("permissions", PERMISSION, description=before.split("|")[2])


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"confirm": ""}, "nothing was touched"),
        ({"confirm": "another"}, "nothing was touched"),
        ({"confirm": "<the right one>", "paneldb_environment": "production"}, "is never reset"),
    ],
)
def test_a_reset_is_refused(plays: Plays, database: Database, variables: dict[str, Any], message: str) -> None:
    before = _ids(database)
    confirm = variables["confirm"].replace("<the right one>", database.confirm)
    failed = plays.run("migrate_reset.yml", **{**variables, "confirm": confirm}).expect_failure()
    assert message in failed.message
    assert _ids(database) == before


def test_a_check_run_of_a_reset_leaves_everything(plays: Plays, database: Database) -> None:
    before = _ids(database)
    checked = plays.run("migrate_reset.yml", check=True, confirm=database.confirm).expect_success()
    assert checked.of("migrate").changed
    assert _ids(database) == before


def test_a_reset_starts_over_and_seeds(plays: Plays, database: Database) -> None:
    before = _ids(database)
    plays.run("migrate_reset.yml", confirm=database.confirm).expect_success()
    after = _ids(database)
    assert len(after) == len(before)
    assert set(after).isdisjoint(before)
    assert plays.run("site.yml", check=True).expect_success().changed == ()


def test_migrations_are_not_written_beside_a_database_that_is_not_for_development(plays: Plays, tmp_path: Path) -> None:
    failed = plays.run("migrate_dev.yml", name="motd", paneldb_migrations=str(tmp_path / "migrations")).expect_failure()
    assert "this one is for staging" in failed.message
    assert not (tmp_path / "migrations").exists()


def test_a_developer_writes_a_migration_and_it_is_deployed(plays: Plays, database: Database, tmp_path: Path) -> None:
    own: dict[str, Any] = _second_database(tmp_path)
    shutil.copytree(CHECKOUT / "roles/panel/files/migrations", tmp_path / "migrations")
    (tmp_path / "model.yml").write_text("extends: panel\n")
    plays.run("site.yml", **own).expect_success()

    (tmp_path / "model.yml").write_text(MOTD)
    done = plays.run("migrate_dev.yml", name="add motd", **own).expect_success()
    files = sorted(path.name for path in (tmp_path / "migrations").glob("*_add_motd.yml"))
    assert len(files) == 1
    assert done.of("migrate").result["applied"] == [files[0].removesuffix(".yml")]
    assert database.values("servers", "motd", database="second") == []
    assert plays.run("migrate.yml", **own).expect_success().changed == ()
    again = plays.run("migrate_dev.yml", name="nothing", **own).expect_success()
    assert again.changed == ()


def _second_database(folder: Path) -> dict[str, Any]:
    """Another database on the same host, with a command and settings of its own."""
    return {
        "paneldb_environment": "development",
        "paneldb_database": "second",
        "paneldb_path": "/var/lib/paneldb/second.db",
        "paneldb_model": str(folder / "model.yml"),
        "paneldb_migrations": str(folder / "migrations"),
        "panel_command": "/usr/local/bin/paneldb-second",
        "panel_settings_file": "/etc/paneldb-second/paneldb.env",
        "panel_share": "/usr/local/share/paneldb-second",
        "paneldb_login_user": "second",
    }
