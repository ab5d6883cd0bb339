# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays on real engines: the fixtures of the engine grid, and a runner of plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.tests.engines.conftest import bed, pytest_generate_tests, target
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner

__all__ = ["bed", "pytest_generate_tests", "target"]


@pytest.fixture
def runner(tmp_path: Path) -> AnsibleRunner:
    """Runs plays in a folder of this test alone."""
    return AnsibleRunner(tmp_path)
