# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases as plays name them."""

from __future__ import annotations

from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import PARTS, Target


def connection(target: Target) -> dict[str, Any]:
    """The options of a task that name the database."""
    told = {option: getattr(target, field) for option, field in PARTS.items()}
    return {option: value for option, value in told.items() if value and not option.endswith("timeout")}
