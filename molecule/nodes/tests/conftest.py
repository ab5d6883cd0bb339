# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the nodes share with those of the hosts."""

from __future__ import annotations

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.conftest import database, plays

__all__ = ["database", "plays"]
