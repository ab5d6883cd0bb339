# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays on every engine, without root, against a server that somebody else runs."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import ferretdb

MOTD = "extends: panel\ntables: {servers: {columns: {motd: {type: string(200), 'null': true}}}}\n"


@dataclass
class Site:
    """A database of the panel's that is not there yet, and the inventory that names it."""

    bed: Bed
    target: Target
    runner: AnsibleRunner
    variables: dict[str, Any]

    def run(self, play: str, *, check: bool = False, **more: Any) -> PlayResult:
        """Run a play."""
        return self.runner.playbook(f"{play}.yml", variables={**self.variables, **more}, check=check)

    def names(self, table: str = "roles", column: str = "name") -> list[Any]:
        """One column of a table, sorted."""
        return [value for (value,) in self.bed.read(self.target, table, [column])]


@pytest.fixture(scope="session")
def administered(bed: Bed) -> Iterator[Bed]:
    """The bed, with an administrator: MongoDB's stand-in has none unless it is asked for."""
    if bed.engine != "mongodb" or bed.absent().user:
        yield bed
        return
    with ferretdb(accounts=True) as server:
        target = Target(engine="mongodb", host=server.host, port=server.port, auth_database="admin")
        yield MongodbBed(replace(target, user=server.user, password=server.password))


@pytest.fixture
def site(administered: Bed, runner: AnsibleRunner) -> Iterator[Site]:
    target = administered.absent()
    yield Site(administered, target, runner, _inventory(target))
    administered.drop(target)


def _inventory(target: Target) -> dict[str, Any]:
    shared = {"paneldb_engine": target.engine, "paneldb_system": False, "paneldb_environment": "development"}
    if target.engine == "sqlite":
        return {**shared, "paneldb_path": target.path}
    return {
        **shared,
        "paneldb_login_host": target.host,
        "paneldb_login_port": target.port,
        "paneldb_database": target.database,
        "paneldb_login_user": f"owner_{target.database}",
        "paneldb_login_password": secrets.token_hex(16),
        "paneldb_admin_user": target.user,
        "paneldb_admin_password": target.password,
    }


def test_site_brings_up_the_database_that_a_check_announced_and_then_has_nothing_to_do(site: Site) -> None:
    checked = site.run("site", check=True).expect_success()
    assert site.bed.snapshot(site.target) == ""
    done = site.run("site").expect_success()
    again = site.run("site").expect_success()

    assert {task.action for task in checked.changed} == {"ctrlaltplay.paneldb.database"}
    assert again.changed == ()
    assert site.names() == ["ADMIN", "MODERATOR", "USER"]
    assert site.bed.count(site.target, "alts") == again.of("seed").result["tables"]["alts"]["unchanged"]
    assert site.names("nodes") == ["local"]
    shown = "".join((checked.stdout, done.stdout, again.stdout))
    assert site.names("nodes", "token")[0] not in shown
    assert site.variables.get("paneldb_login_password", "no password") not in shown


def test_plays_check_seed_reset_and_develop(site: Site, tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "roles/panel/files/migrations", tmp_path / "migrations")
    (tmp_path / "model.yml").write_text(MOTD)
    site.run("site").expect_success()
    site.bed.change(site.target, "permissions", {"category": "none"})
    ids = site.names("alts", "id")

    assert site.run("migrate").expect_success().changed == ()
    seeded = site.run("seed").expect_success().of("seed").result["counts"]
    assert (seeded["created"], seeded["updated"]) == (0, site.bed.count(site.target, "permissions"))
    assert "none" not in site.names("permissions", "category")
    assert "nothing was touched" in site.run("migrate_reset", confirm="another").expect_failure().message
    assert site.names("alts", "id") == ids
    site.run("migrate_reset", confirm=site.target.name).expect_success()
    assert set(site.names("alts", "id")).isdisjoint(ids)

    own: dict[str, Any] = {
        "paneldb_model": str(tmp_path / "model.yml"),
        "paneldb_migrations": str(tmp_path / "migrations"),
    }
    done = site.run("migrate_dev", name="add motd", **own).expect_success()
    [applied] = done.of("migrate").result["applied"]
    assert (tmp_path / "migrations" / f"{applied}.yml").is_file()
    assert site.run("seed", **own).expect_success().changed == ()


def test_the_other_plays_need_the_owner_alone(site: Site) -> None:
    site.run("site").expect_success()
    owner = {name: value for name, value in site.variables.items() if "admin" not in name}
    done = site.runner.playbook("seed.yml", variables=owner).expect_success()
    assert done.changed == ()
    if site.target.engine != "sqlite":
        failed = site.run("seed", paneldb_login_password="wrong").expect_failure()
        assert failed.result["code"] == "access-denied"
