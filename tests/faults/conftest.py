# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine grid's fixtures for faults as well: each test that takes one runs once per engine."""

from __future__ import annotations

from ansible_collections.ctrlaltplay.paneldb.tests.engines.conftest import bed, engine, pytest_generate_tests, target

__all__ = ["bed", "engine", "pytest_generate_tests", "target"]
