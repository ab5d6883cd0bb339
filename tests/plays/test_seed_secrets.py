# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of seeds in plays: whatever Ansible Vault kept reaches the database and is shown nowhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

SECRET = "correct-horse-battery"
MODEL = """\
tables:
  notes:
    columns:
      name: {type: string(20)}
      level: {type: integer, default: 1}
      text: {type: text, null: true}
      extra: {type: json, null: true}
    primary_key: [name]
"""
SEED = "seeds:\n  - table: notes\n    key: [name]\n"


@pytest.fixture
def vault(runner: AnsibleRunner) -> Path:
    """The file with the vault's password."""
    password = runner.scratch / "vault-password"
    password.write_text("vault password\n")
    password.chmod(0o600)
    return password


def _encrypted(runner: AnsibleRunner, vault: Path, *arguments: str) -> str:
    argv = [str(runner.programs / "ansible-vault"), *arguments, "--vault-password-file", str(vault)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _value(runner: AnsibleRunner, vault: Path, name: str, text: str, indent: str) -> str:
    made = _encrypted(runner, vault, "encrypt_string", "--name", name, text)
    return "".join(f"{indent}{line}\n" for line in made.strip().splitlines())


def _run(runner: AnsibleRunner, vault: Path, target: Target, seeds: Path) -> str:
    (runner.scratch / "model.yml").write_text(MODEL)
    told = {"url": to_url(target, mask=False), "model": str(runner.scratch / "model.yml")}
    tasks = [
        {"name": "Tables", "ctrlaltplay.paneldb.schema": told},
        {"name": "Rows", "ctrlaltplay.paneldb.seed": {**told, "seeds": [str(seeds)]}},
    ]
    options = ["--vault-password-file", str(vault), "--diff", "-vvv"]
    done = runner.tasks(tasks, options=options).expect_success()
    assert done.of("seed").result["counts"]["created"] == 1
    return f"{done.stdout}{done.stderr}{done.tasks}"


def test_vaulted_values_are_written_and_not_shown(bed: Bed, target: Target, runner: AnsibleRunner, vault: Path) -> None:
    seeds = runner.scratch / "seeds.yml"
    values = {"text": SECRET, "extra": SECRET[::-1], "level": "7391147"}
    cells = "".join(_value(runner, vault, name, text, " " * 8) for name, text in values.items())
    seeds.write_text(f"{SEED}    rows:\n      - name: one\n{cells}")
    shown = _run(runner, vault, target, seeds)
    assert [text for text in values.values() if text in shown] == []
    [row] = bed.read(target, "notes", list(values))
    assert [str(cell).strip('"') for cell in row] == list(values.values())


def test_a_vaulted_file_is_written_and_not_shown(bed: Bed, target: Target, runner: AnsibleRunner, vault: Path) -> None:
    seeds, rows = runner.scratch / "seeds.yml", runner.scratch / "rows.csv"
    rows.write_text(f"name,text\none,{SECRET}\n")
    seeds.write_text(f"{SEED}    src: rows.csv\n")
    for file in (rows, seeds):
        _encrypted(runner, vault, "encrypt", str(file))
    assert SECRET not in _run(runner, vault, target, seeds)
    assert bed.read(target, "notes", ["name", "text"]) == [("one", SECRET)]
