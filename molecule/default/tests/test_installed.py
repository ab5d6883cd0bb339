# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as users get it, built and installed, does on the hosts what the clone did."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import Database, Plays
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, COLLECTION


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the built collection is installed in."""
    folder = tmp_path_factory.mktemp("installed")
    _galaxy(folder, "build", str(CHECKOUT), "--output-path", str(folder))
    [archive] = folder.glob("*.tar.gz")
    _galaxy(folder, "install", str(archive), "--offline")
    return folder


def _galaxy(folder: Path, *arguments: str) -> None:
    galaxy = str(Path(sys.executable).parent / "ansible-galaxy")
    # Without this it finds the clone and has nothing to install.
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(folder), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    subprocess.run([galaxy, "collection", *arguments], check=True, capture_output=True, cwd=folder, env=environment)


def test_it_has_nothing_to_change_after_the_clone(plays: Plays, installed: Path) -> None:
    assert plays.run("site.yml").expect_success().changed == ()
    plays.runner.collections = installed
    done = plays.run(f"{COLLECTION}.site").expect_success()
    assert [(task.task, task.result.get("diff")) for task in done.changed] == []
    assert str(CHECKOUT) not in done.stdout


@pytest.mark.parametrize("playbook", ["migrate", "seed"])
def test_its_plays_run(plays: Plays, installed: Path, playbook: str) -> None:
    plays.runner.collections = installed
    assert plays.run(f"{COLLECTION}.{playbook}").expect_success().changed == ()


def test_its_reset_asks_for_the_name_too(plays: Plays, database: Database, installed: Path) -> None:
    plays.runner.collections = installed
    failed = plays.run(f"{COLLECTION}.migrate_reset", confirm="another").expect_failure()
    assert "nothing was touched" in failed.message
    assert len(database.values("alts", "id")) > 5


def test_the_archive_holds_what_runs_and_nothing_else(installed: Path) -> None:
    # What is installed has bytecode as soon as a play has run, so the archive itself is looked into.
    [archive] = installed.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        names = [PurePosixPath(name) for name in members.getnames()]
    assert {"plugins", "roles", "playbooks", "meta", "docs"} <= {name.parts[0] for name in names if name.parts}
    assert [name for name in names if name.suffix in {".pyc", ".db", ".gz"} or name.name == "__pycache__"] == []
    assert {"tests", "molecule", "ansible.cfg", "site.yml", "var", ".git"}.isdisjoint(name.parts[0] for name in names)
