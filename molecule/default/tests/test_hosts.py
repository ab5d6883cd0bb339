# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts are, seen by the system's own programs."""

from __future__ import annotations

from typing import Any


def test_systemd_runs_without_failed_units(host: Any) -> None:
    assert host.run("systemctl --failed --plain --no-legend").stdout == ""
