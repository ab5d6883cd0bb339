# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles accept: their specifications tell the truth, and a wrong value fails before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import UndefinedError
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, AnsibleRunner

ROLES = ("mariadb", "mongodb", "nodes", "panel", "postgresql", "sqlite")


def _read(role: str, name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((CHECKOUT / "roles" / role / name).read_text())
    return data


def _entry_points() -> Iterator[tuple[str, str]]:
    for role in ROLES:
        for name in _read(role, "meta/argument_specs.yml")["argument_specs"]:
            yield role, name


def _defaults(role: str) -> dict[str, Any]:
    """Give the defaults of a role as they are where the inventory says nothing; some hang on others."""
    environment = NativeEnvironment()
    environment.filters["bool"] = bool
    known: dict[str, Any] = {}
    for _round in range(2):
        for name, text in _read(role, "defaults/main.yml").items():
            # What hangs on the inventory has no value without one.
            with suppress(UndefinedError):
                known[name] = environment.from_string(text).render(known) if isinstance(text, str) and text else text
    return known


@pytest.mark.parametrize(("role", "entry_point"), tuple(_entry_points()))
def test_an_entry_point_is_a_file_and_its_defaults_are_those_of_the_role(role: str, entry_point: str) -> None:
    options = _read(role, "meta/argument_specs.yml")["argument_specs"][entry_point]["options"]
    defaults = _defaults(role)
    assert (CHECKOUT / "roles" / role / "tasks" / f"{entry_point}.yml").is_file()
    assert set(options) <= set(_read(role, "defaults/main.yml"))
    said = {name: rule["default"] for name, rule in options.items() if "default" in rule}
    assert said == {name: defaults[name] for name in said}


@pytest.mark.parametrize("role", ROLES)
def test_every_default_is_an_option_of_some_entry_point(role: str) -> None:
    entry_points = _read(role, "meta/argument_specs.yml")["argument_specs"].values()
    options = {name for each in entry_points for name in each["options"]}
    assert options == set(_read(role, "defaults/main.yml"))


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "engine": ({"paneldb_engine": "oracle"}, "panel_engine must be one of"),
    "environment": ({"paneldb_environment": "prod"}, "panel_environment must be one of"),
    "port": ({"paneldb_login_port": "five"}, "panel_login_port"),
    "system": ({"paneldb_system": "perhaps"}, "panel_system"),
    "seeds": ({"paneldb_seeds": {"a": 1}}, "panel_seeds"),
    "consent": ({"paneldb_accept_hazards": {"drop-column": True}}, "panel_accept_hazards"),
    "relative path": ({"paneldb_path": "panel.db"}, "these paths must be absolute: panel.db"),
    "database of the server": (
        {"paneldb_engine": "postgresql", "paneldb_database": "postgres"},
        "belong to the server itself",
    ),
    "superuser": (
        {"paneldb_engine": "postgresql", "paneldb_login_user": "postgres"},
        "belong to the server itself",
    ),
    "root of MariaDB": ({"paneldb_engine": "mysql", "paneldb_login_user": "root"}, "belong to the server itself"),
    "database of MongoDB": (
        {"paneldb_engine": "mongodb", "paneldb_database": "admin"},
        "belong to the server itself",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_site_refuses_a_wrong_value_before_anything_is_touched(
    name: str, runner: AnsibleRunner, tmp_path: Path
) -> None:
    variables, message = WRONG[name]
    play = runner.playbook("site.yml", variables={"paneldb_path": f"{tmp_path}/panel.db", **variables})
    assert message in play.expect_failure().message
    assert [task.action for task in play.tasks if "paneldb." in task.action or "apt" in task.action] == []
    assert not (tmp_path / "panel.db").exists()


@pytest.mark.parametrize("playbook", ["migrate", "migrate_dev", "migrate_reset", "seed"])
def test_every_play_refuses_a_wrong_environment(playbook: str, runner: AnsibleRunner, tmp_path: Path) -> None:
    variables = {"paneldb_path": f"{tmp_path}/panel.db", "paneldb_environment": "prod", "name": "x", "confirm": "x"}
    play = runner.playbook(f"{playbook}.yml", variables=variables)
    assert "panel_environment must be one of" in play.expect_failure().message
    assert len(play.tasks) == 1


RULES = {
    "a name": "db.example.org",
    "no network": "10.0.0.1",
    "a rule of its own": "10.0.0.0/8 trust",
    "two lines": "10.0.0.0/8\nhost all all 0.0.0.0/0 trust",
}


@pytest.mark.parametrize("address", RULES.values(), ids=RULES)
def test_access_rules_that_the_server_would_not_read_are_refused(address: str, runner: AnsibleRunner) -> None:
    rules = [{"database": "panel", "user": "panel", "address": address}]
    play = _role(runner, "postgresql", postgresql_hba_hosts=rules)
    assert "every address is a network" in play.expect_failure().message
    assert [task.action for task in play.tasks if "apt" in task.action] == []


@pytest.mark.parametrize("variable", ["postgresql_port", "postgresql_max_connections", "postgresql_settings"])
def test_role_postgresql_refuses_a_wrong_type(variable: str, runner: AnsibleRunner) -> None:
    play = _role(runner, "postgresql", **{variable: "many"})
    assert variable in play.expect_failure().message
    assert [task.action for task in play.tasks if "apt" in task.action] == []


HALVES: dict[str, tuple[str, dict[str, Any], str]] = {
    "certificate without a key": ("mariadb", {"mariadb_tls_cert": "/etc/a.pem"}, "go together"),
    "TLS wanted without a certificate": ("mariadb", {"mariadb_tls_required": True}, "need both"),
    "repository without a key": (
        "mongodb",
        {"mongodb_repository_url": "https://packages.example.org", "mongodb_repository_suite": "./"},
        "needs mongodb_repository_suite and the text of the key",
    ),
    "authority without a certificate": ("mongodb", {"mongodb_tls_ca": "/etc/a.pem"}, "need mongodb_tls_certificate"),
    "no way to the first account": (
        "mongodb",
        {"mongodb_bind_addresses": ["10.0.0.5"]},
        "127.0.0.1 is among mongodb_bind_addresses",
    ),
}


@pytest.mark.parametrize("name", HALVES)
def test_what_is_said_by_halves_is_refused_before_anything_is_touched(name: str, runner: AnsibleRunner) -> None:
    role, variables, message = HALVES[name]
    play = _role(runner, role, **variables)
    assert message in play.expect_failure().message
    assert [task.action for task in play.tasks if "apt" in task.action or "copy" in task.action] == []


def _role(runner: AnsibleRunner, name: str, **variables: Any) -> Any:
    role = {"ansible.builtin.include_role": {"name": f"ctrlaltplay.paneldb.{name}"}}
    return runner.tasks([{"name": "The role", **role}], variables=variables, check=True)


def test_a_check_shows_the_plan_and_only_that_plan_runs(runner: AnsibleRunner, tmp_path: Path) -> None:
    variables = {"paneldb_path": f"{tmp_path}/panel.db"}
    runner.module("database", {"engine": "sqlite", "path": variables["paneldb_path"]}).expect_success()

    looked = runner.playbook("migrate.yml", variables=variables, check=True).expect_success()
    fingerprint = looked.of("migrate").result["fingerprint"]
    assert 'CREATE TABLE "users"' in looked.stdout
    assert f"Fingerprint {fingerprint}" in looked.stdout

    other = runner.playbook("migrate.yml", variables={**variables, "paneldb_expect_fingerprint": "sha256-v1:0"})
    assert other.expect_failure().result["code"] == "plan-changed"
    this = runner.playbook("migrate.yml", variables={**variables, "paneldb_expect_fingerprint": fingerprint})
    assert this.expect_success().of("migrate").result["fingerprint"] == fingerprint
