# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host command, installed by its module on this machine in a folder of the test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner

MODULE = "host_command"


class Host:
    """A folder that stands for a host."""

    def __init__(self, folder: Path, runner: AnsibleRunner) -> None:
        self.folder, self._runner = folder, runner

    def install(self, check: bool = False, **options: Any) -> PlayResult:
        """Run the module."""
        places = {
            "path": f"{self.folder}/bin/paneldb",
            "share": f"{self.folder}/share",
            "settings_file": f"{self.folder}/etc/paneldb.env",
            "python": sys.executable,
        }
        return self._runner.module(MODULE, {**places, **options}, check=check, options=["--diff", "-vvvv"])

    def run(self, *arguments: str) -> Any:
        """Run the command; give what it printed as JSON."""
        argv = [f"{self.folder}/bin/paneldb", *arguments, "--json", "--env-file", f"{self.folder}/etc/paneldb.env"]
        return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)

    def files(self) -> dict[str, bytes]:
        """Everything that is there."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }


@pytest.fixture
def host(tmp_path: Path, runner: AnsibleRunner) -> Host:
    return Host(tmp_path / "host", runner)


def test_check_mode_is_the_real_run_and_the_second_changes_nothing(host: Host) -> None:
    settings = {"DATABASE_URL": "sqlite:////nowhere"}
    checked = host.install(check=True, settings=settings).expect_success().of(MODULE)
    assert not host.folder.exists()
    done = host.install(settings=settings).expect_success().of(MODULE)
    again = host.install(settings=settings).expect_success().of(MODULE)

    compared = ("changed", "written", "removed", "left_out", "diff", "path")
    assert {key: checked.result[key] for key in compared} == {key: done.result[key] for key in compared}
    assert done.changed
    assert not again.changed
    assert again.result["written"] == []


def test_the_command_works_with_what_was_put_beside_it(host: Host, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/panel.db"
    (tmp_path / "panel.db").touch()
    host.install(settings={"DATABASE_URL": url, "PANELDB_ENVIRONMENT": "staging"}).expect_success()
    assert host.run("status")["counts"]["pending"] == 1
    assert host.run("migrate", "deploy")["applied"] == ["20261124120000_initial"]
    assert host.run("seed")["counts"]["created"] > 50
    assert host.run("seed")["counts"]["created"] == 0


def test_what_the_options_no_longer_name_goes(host: Host) -> None:
    host.install().expect_success()
    stale = host.folder / "share/migrations/20200101000000_gone.yml"
    stale.write_text("{}")
    (host.folder / "share/model/model.yml").write_text("tampered")
    done = host.install().expect_success().of(MODULE)
    assert done.result["removed"] == [str(stale)]
    assert done.result["written"] == [f"{host.folder}/share/model/model.yml"]
    assert not stale.exists()


def test_models_that_extend_others_and_rows_from_other_files_arrive_whole(host: Host, runner: AnsibleRunner) -> None:
    (runner.scratch / "mine.yml").write_text(
        "extends: panel\ntables: {servers: {columns: {motd: {type: string(9), 'null': true}}}}"
    )
    (runner.scratch / "rows.csv").write_text("key,value\nsite.name,x\n")
    (runner.scratch / "seed.yml").write_text("{table: settings, key: [key], src: rows.csv}")
    done = host.install(model="mine.yml", seeds=["panel", "seed.yml"]).expect_success().of(MODULE)
    files = host.files()
    assert b"motd" in files["share/model/model.yml"]
    assert b"passwordHash" in files["share/model/model.yml"]
    assert b"site.name" in files["share/seeds/005_seed.yml"]
    assert done.result["left_out"] == []


def test_what_is_kept_in_a_vault_stays_off_the_host(host: Host, runner: AnsibleRunner) -> None:
    scanner = SecretsScanner()
    secret = scanner.plant("vaulted")
    password = runner.scratch / "vault-password"
    password.write_text("open sesame")
    whole = runner.scratch / "whole.yml"
    whole.write_text(json.dumps({"table": "settings", "key": ["key"], "rows": [{"key": "a", "value": secret}]}))
    _vault(runner, "encrypt", str(whole))
    value = _vault(runner, "encrypt_string", "--name", "value", secret).strip()
    rows = "\n".join(f"    {line}" for line in value.splitlines())
    (runner.scratch / "single.yml").write_text(f"table: settings\nkey: [key]\nrows:\n  - key: b\n{rows}\n")

    play = host.install(seeds=["whole.yml", "single.yml", {"table": "settings", "key": ["key"], "rows": []}])
    left_out = play.expect_success().of(MODULE).result["left_out"]

    assert [each.split(": ")[-1] for each in left_out] == [
        "What is kept in Ansible Vault stays off the host.",
        "What is kept in Ansible Vault stays off the host.",
        "it is written in the task.",
    ]
    assert scanner.in_tree(host.folder) == []
    assert scanner.in_text(play.stdout + play.stderr, "output") == []


def test_settings_are_seen_nowhere_but_in_their_file(host: Host, secrets_scanner: SecretsScanner) -> None:
    secret = secrets_scanner.plant("password").replace("'", "")
    secrets_scanner.planted["password"] = secret
    play = host.install(settings={"DATABASE_URL": f"postgresql://panel:{secret}@db/panel"}).expect_success()
    assert secrets_scanner.in_text(play.stdout + play.stderr, "output") == []
    assert secrets_scanner.in_value([task.result for task in play.tasks], "results") == []
    assert {finding.where for finding in secrets_scanner.in_tree(host.folder)} == {f"{host.folder}/etc/paneldb.env"}


def test_an_interpreter_that_is_none_is_refused_before_anything_is_written(host: Host) -> None:
    assert "interpreter" in host.install(python="python3").expect_failure().message
    assert not host.folder.exists()


def _vault(runner: AnsibleRunner, *arguments: str) -> str:
    password = runner.scratch / "vault-password"
    argv = [str(runner.programs / "ansible-vault"), *arguments, "--vault-password-file", str(password)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, cwd=runner.scratch).stdout
