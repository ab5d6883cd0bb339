# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host command on real engines: its quick status says what the whole one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import cli
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host import quick
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

SHIPPED = CHECKOUT / "roles" / "panel" / "files"


@pytest.fixture
def settings(target: Target, tmp_path: Path) -> str:
    """Settings of the empty database, with the shipped model."""
    file = tmp_path / "paneldb.env"
    lines = {
        "DATABASE_URL": to_url(target, mask=False),
        "PANELDB_ENVIRONMENT": "development",
        "PANELDB_MODEL": f"{SHIPPED}/model/panel.yml",
        "PANELDB_MIGRATIONS": f"{SHIPPED}/migrations",
        "PANELDB_SEEDS": f"{SHIPPED}/seeds",
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    file.chmod(0o600)
    return str(file)


def _whole(capsys: pytest.CaptureFixture[str], settings: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    with monkeypatch.context() as patched:
        patched.setattr(quick, "status", lambda _unused: False)
        assert cli.main(["status", "--json", "--env-file", settings]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_the_quick_status_says_what_the_whole_one_says(
    bed: Bed, target: Target, settings: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not quick.status(["status", "--env-file", settings])
    assert cli.main(["migrate", "deploy", "--json", "--env-file", settings]) == 0
    capsys.readouterr()
    for state in ("done", "interrupted"):
        bed.change(target, "_paneldb_runs", {"state": state})
        assert quick.status(["status", "--json", "--env-file", settings])
        assert json.loads(capsys.readouterr().out) == _whole(capsys, settings, monkeypatch)


def test_the_quick_status_is_silent_where_files_and_journal_differ(
    bed: Bed, target: Target, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["migrate", "deploy", "--json", "--env-file", settings]) == 0
    capsys.readouterr()
    bed.change(target, "_paneldb_migrations", {"checksum": "sha256-v1:other"})
    assert not quick.status(["status", "--env-file", settings])
    assert cli.main(["status", "--env-file", settings]) == 1
    assert "20261124120000_initial" in capsys.readouterr().err


def test_a_password_in_the_url_is_masked(target: Target, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "deploy", "--env-file", settings]) == 0
    assert cli.main(["status", "--env-file", settings]) == 0
    told = capsys.readouterr()
    assert to_url(target, mask=True) in told.out
    assert not target.password or target.password not in told.out + told.err


def test_reset_and_seed(settings: str, capsys: pytest.CaptureFixture[str], target: Target) -> None:
    name = target.database or Path(target.path).name
    for _unused in range(2):
        assert cli.main(["migrate", "reset", "--confirm", name, "--json", "--env-file", settings]) == 0
        done = json.loads(capsys.readouterr().out)
        assert done["seed"]["counts"]["created"] > 50
    assert cli.main(["seed", "--json", "--env-file", settings]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] is False
