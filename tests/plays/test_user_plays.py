# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays for whoever runs the panel at night: they ask, show no password, and do no more than is meant."""

from __future__ import annotations

import json
import os
import pty
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, SqliteBed

SECRET, OTHER = "s3cret {{ of }} 'ann'", "an0ther secret"
ADD = {"user_name": "ann", "user_email": "ann@example.org", "user_role": "ADMIN", "user_password": SECRET}
RESET = {"user_name": "ann", "user_password": OTHER}


class Panel:
    """A panel's database, as an inventory names it."""

    def __init__(self, bed: Bed, target: Target, runner: AnsibleRunner) -> None:
        self.bed, self.target, self.runner = bed, target, runner

    @property
    def variables(self) -> dict[str, Any]:
        """The database in the words of inventories."""
        target = self.target
        if target.path:
            return {"paneldb_engine": target.engine, "paneldb_path": target.path, "paneldb_system": False}
        return {
            "paneldb_engine": target.engine,
            "paneldb_login_host": target.host,
            "paneldb_login_port": target.port,
            "paneldb_login_user": target.user,
            "paneldb_login_password": target.password,
            "paneldb_database": target.database,
            "paneldb_system": False,
        }

    def play(self, name: str, values: dict[str, Any], **options: Any) -> PlayResult:
        """Run one of the plays; values are marked so that no template in them is one."""
        marked = {key: {"__ansible_unsafe": value} for key, value in values.items()}
        return self.runner.playbook(f"{name}.yml", variables={**self.variables, **marked}, **options)

    def digest(self) -> bytes:
        """The hash of the only user."""
        [(kept,)] = self.bed.read(self.target, "users", ("passwordHash",))
        return str(kept).encode()

    def migrate(self) -> None:
        """Make the tables."""
        documents = read_migrations("panel", CHECKOUT / "roles" / "panel" / "files")
        with connect(self.target) as engine:
            deploy(engine, load_chain(documents.files, documents.lock))


@pytest.fixture
def panel(bed: Bed, target: Target, runner: AnsibleRunner) -> Panel:
    """A panel whose tables are there, with nobody in them."""
    made = Panel(bed, target, runner)
    made.migrate()
    return made


@pytest.fixture
def local(runner: AnsibleRunner) -> Panel:
    """The same in a file, for what is the same on every engine."""
    bed = SqliteBed(runner.scratch)
    made = Panel(bed, bed.empty(), runner)
    made.migrate()
    return made


def test_a_user_is_added_once_and_given_another_password_on_demand(panel: Panel) -> None:
    checked = panel.play("user_add", ADD, check=True).expect_success()
    done = panel.play("user_add", ADD, options=["-vvv", "--diff"]).expect_success()
    again = panel.play("user_add", {**ADD, "user_password": OTHER}).expect_success()
    assert [checked.of("user").changed, done.of("user").changed, again.of("user").changed] == [True, True, False]
    assert bcrypt.checkpw(SECRET.encode(), panel.digest())

    reset = panel.play("user_reset_password", RESET, options=["-vvv", "--diff"]).expect_success()
    assert bcrypt.checkpw(OTHER.encode(), panel.digest())
    assert not panel.play("user_reset_password", RESET).expect_success().changed
    shown = done.stdout + done.stderr + reset.stdout + reset.stderr + str([each.result for each in done.tasks])
    assert SECRET not in shown
    assert OTHER not in shown


@pytest.mark.parametrize(
    ("play", "values", "message"),
    [
        ("user_add", {**ADD, "user_role": "GOD"}, "GOD"),
        ("user_add", {**ADD, "user_email": " "}, "user_email"),
        ("user_add", {**ADD, "user_password": ""}, "user_password"),
        ("user_reset_password", RESET, "There is no user ann"),
        ("user_reset_password", {"user_name": "ann"}, "the new one"),
    ],
)
def test_what_cannot_be_is_refused(local: Panel, play: str, values: dict[str, Any], message: str) -> None:
    failed = local.play(play, values).expect_failure()
    assert message in failed.message or failed.result.get("censored")
    assert SECRET not in str(failed.result)


def test_what_is_not_given_is_asked_for_and_passwords_are_not_shown(local: Panel, runner: AnsibleRunner) -> None:
    answers = [
        ("Name to sign in with", "ann"),
        ("Email address", "ann@example.org"),
        ("Role (ADMIN, MODERATOR, USER)", ""),
        ("Password", SECRET),
        ("confirm Password", SECRET),
    ]
    status, shown = _at_a_terminal(
        ["user_add.yml", "-i", str(CHECKOUT / "inventories/local/hosts.yml"), "-e", json.dumps(local.variables)],
        answers,
        runner,
    )
    assert status == 0, shown
    assert SECRET not in shown
    assert "ann@example.org" in shown
    assert bcrypt.checkpw(SECRET.encode(), local.digest())


def _at_a_terminal(
    arguments: Sequence[str], answers: Sequence[tuple[str, str]], runner: AnsibleRunner
) -> tuple[int, str]:
    """Run ansible-playbook as somebody at a terminal does; give its status and all that the terminal shows."""
    program = str(Path(sys.executable).parent / "ansible-playbook")
    environment = {**os.environ, **runner._environment(runner.scratch / "asked.jsonl")}
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(CHECKOUT)
        os.execve(program, [program, *arguments], environment)  # noqa: S606
    shown = ""
    for question, answer in answers:
        shown = _read_until(terminal, shown, question)
        os.write(terminal, f"{answer}\n".encode())
    shown = _read_until(terminal, shown, None)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def _read_until(terminal: int, shown: str, words: str | None) -> str:
    begun = len(shown)
    while words is None or f"{words} [" not in shown[begun:]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode("utf-8", "replace")
    return shown
