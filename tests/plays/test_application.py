# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role ``panel`` hands the application an account of its own, in a file that nobody else reads."""

from __future__ import annotations

import getpass
import re
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import parse_url
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import AccessDenied
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import ferretdb

SERVERS = ("postgresql", "mysql")
#: What an application does with rows.
ROWS = (
    "UPDATE permissions SET category = 'application'",
    "SELECT count(*) FROM permissions",
    "DELETE FROM role_permissions",
    "INSERT INTO role_permissions SELECT roles.id, permissions.id FROM roles, permissions",
)


@dataclass
class Application:
    """A panel that is not there yet, and the file that its application reads."""

    target: Target
    runner: AnsibleRunner

    @property
    def file(self) -> Path:
        return self.runner.scratch / "application" / "panel.env"

    @property
    def user(self) -> str:
        return f"app_{self.target.database or 'of-a-file'}"

    def run(self, *, check: bool = False, **more: Any) -> PlayResult:
        """Bring up the panel, as loudly as Ansible can."""
        told = {"paneldb_app_user": self.user, "paneldb_app_env_file": str(self.file), **more}
        variables = {**_panel(self.target), **told}
        return self.runner.playbook("site.yml", variables=variables, options=["-vvv", "--diff"], check=check)

    def steps(self, **more: Any) -> PlayResult:
        """Take those steps of that play which the application is about."""
        told = {"paneldb_app_user": self.user, "paneldb_app_env_file": str(self.file), **more}
        role = {"name": "ctrlaltplay.paneldb.panel", "tasks_from": "connected"}
        steps = {"panel_steps": ["database", "app_password", "accounts", "app_settings"]}
        task = {"name": "The application", "ansible.builtin.include_role": role, "vars": steps}
        return self.runner.tasks([task], variables={**_panel(self.target), **told}, options=["-vvv", "--diff"])

    def url(self) -> str:
        """What the application reads."""
        [line] = [line for line in self.file.read_text().splitlines() if not line.startswith("#")]
        name, _equals, value = line.partition("=")
        assert name == "DATABASE_URL"
        return value.strip('"')

    def connect(self) -> Engine:
        """Log in with what the file says, and nothing else."""
        return connect(parse_target({"url": self.url()}))

    def found(self, secret: str, *runs: PlayResult) -> set[Path]:
        """The files of this test, the output of the runs among them, that have the secret in some form."""
        (self.runner.scratch / "output").write_text(_shown(*runs))
        scanner = SecretsScanner({"application": secret})
        return {Path(finding.where) for finding in scanner.in_tree(self.runner.scratch)}


@pytest.fixture(scope="module")
def beds() -> Iterator[dict[str, Bed]]:
    with BEDS["sqlite"]() as sqlite, BEDS["postgresql"]() as postgresql, BEDS["mysql"]() as mysql:
        yield {bed.engine: bed for bed in (sqlite, postgresql, mysql)}


@pytest.fixture(params=["sqlite", *SERVERS])
def application(request: pytest.FixtureRequest, beds: dict[str, Bed], runner: AnsibleRunner) -> Iterator[Application]:
    bed = beds[request.param]
    target = bed.absent()
    yield Application(target, runner)
    bed.drop(target)


def _panel(target: Target) -> dict[str, Any]:
    shared = {"paneldb_engine": target.engine, "paneldb_system": False}
    if target.engine == "sqlite":
        return {**shared, "paneldb_path": target.path}
    return {
        **shared,
        "paneldb_login_host": target.host,
        "paneldb_login_port": target.port,
        "paneldb_database": target.database,
        "paneldb_login_user": f"owner_{target.database}",
        "paneldb_login_password": f"owner-{target.database}",
        "paneldb_admin_user": target.user,
        "paneldb_admin_password": target.password,
    }


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _shown(*runs: PlayResult) -> str:
    return "".join(run.stdout + run.stderr + repr(run.tasks) for run in runs)


def test_the_application_gets_a_url_of_its_own_that_works_and_nobody_sees(application: Application) -> None:
    checked = application.run(check=True).expect_success()
    assert not application.file.parent.exists()
    done = application.run(paneldb_app_env_owner=getpass.getuser()).expect_success()
    url, written = application.url(), application.file.stat().st_mtime_ns
    again = application.run().expect_success()
    looked = application.run(check=True).expect_success()

    assert (again.changed, looked.changed) == ((), ())
    assert (application.url(), application.file.stat().st_mtime_ns) == (url, written)
    assert (_mode(application.file), _mode(application.file.parent)) == (0o600, 0o700)
    with application.connect() as engine:
        for statement in ROWS:
            engine.query(statement)
    if application.target.engine == "sqlite":
        assert url == f"sqlite:///{application.target.path}"
        return
    with application.connect() as engine, pytest.raises(AccessDenied):
        engine.query("DROP TABLE sessions")
    told = parse_url(url)
    assert told["user"] == application.user
    assert re.fullmatch("[A-Za-z0-9]{32}", told["password"])
    assert application.found(told["password"], checked, done, again, looked) == {application.file}


@pytest.mark.parametrize("application", SERVERS, indirect=True)
def test_a_made_password_stays_and_a_given_one_goes_to_account_and_file(
    application: Application, secrets_scanner: SecretsScanner
) -> None:
    application.steps(paneldb_app_url_style="sqlalchemy").expect_success()
    scheme, made = application.url().partition("://")[0], parse_url(application.url())["password"]
    assert "+" in scheme
    assert application.steps(paneldb_app_url_style="sqlalchemy").expect_success().changed == ()
    other = application.steps(paneldb_app_url_style="prisma").expect_success()
    assert {task.action for task in other.changed} == {"ansible.builtin.template"}
    assert parse_url(application.url())["password"] == made

    word = secrets_scanner.plant("application")
    given: dict[str, Any] = {"paneldb_app_password": word, "paneldb_app_url_style": "prisma"}
    done = application.steps(**given).expect_success()
    assert {task.action for task in done.changed} == {"ctrlaltplay.paneldb.account", "ansible.builtin.template"}
    assert application.steps(**given).expect_success().changed == ()
    application.connect().close()
    assert parse_url(application.url())["password"] == word
    assert secrets_scanner.in_text(_shown(done), "output") == []


def test_a_server_without_profiles_refuses_the_application_alone(runner: AnsibleRunner) -> None:
    with ferretdb(accounts=True) as server:
        target = Target(engine="mongodb", host=server.host, port=server.port, database=f"t_{secrets.token_hex(6)}")
        asked = Application(replace(target, user=server.user, password=server.password), runner)
        failed = asked.run().expect_failure()
    assert failed.action == "ctrlaltplay.paneldb.account"
    assert failed.result["code"] == "unsupported"
    assert "no roles" in failed.message
    assert not asked.file.exists()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "the owner": ({"paneldb_app_user": "panel"}, "is for rows alone"),
    "the superuser": ({"paneldb_app_user": "postgres"}, "is for rows alone"),
    "the owner's file": ({"paneldb_app_env_file": "/etc/paneldb/paneldb.env"}, "which is the owner's"),
    "a relative path": ({"paneldb_app_env_file": "panel.env"}, "these paths must be absolute"),
    "another form": ({"paneldb_app_url_style": "jdbc"}, "panel_app_url_style must be one of"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_before_anything_is_touched(name: str, runner: AnsibleRunner) -> None:
    variables, message = WRONG[name]
    told = {"paneldb_engine": "postgresql", "paneldb_app_user": "application", **variables}
    play = runner.playbook("site.yml", variables=told)
    assert message in play.expect_failure().message
    assert [task.action for task in play.tasks if "paneldb." in task.action or "apt" in task.action] == []


def test_an_account_of_the_host_that_is_not_there_is_named(runner: AnsibleRunner) -> None:
    asked = Application(Target(engine="sqlite", path=str(runner.scratch / "panel.db")), runner)
    assert "could not be found" in asked.run(paneldb_app_env_owner="nobody-of-that-name").expect_failure().message
    assert not asked.file.parent.exists()


def test_without_a_name_nothing_is_made_and_a_folder_that_is_there_stays_as_it_is(runner: AnsibleRunner) -> None:
    asked = Application(Target(engine="sqlite", path=str(runner.scratch / "panel.db")), runner)
    asked.file.parent.mkdir(mode=0o755)
    asked.run(paneldb_app_user="").expect_success()
    assert not asked.file.exists()
    asked.run().expect_success()
    assert (_mode(asked.file), _mode(asked.file.parent)) == (0o600, 0o755)
