# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the hosts share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import Database, Plays
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner


@pytest.fixture
def plays(host: Any, tmp_path: Path) -> Plays:
    scratch = tmp_path / "runner"
    scratch.mkdir()
    name = host.backend.get_hostname()
    return Plays(name, AnsibleRunner(scratch), Path(os.environ["MOLECULE_INVENTORY_FILE"]))


@pytest.fixture
def database(host: Any) -> Database:
    return Database(host)


@pytest.fixture
def secrets_scanner() -> SecretsScanner:
    return SecretsScanner()
