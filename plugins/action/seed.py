# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.files import variable_names
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import PanelDbAction


class ActionModule(PanelDbAction):
    READS = ("model", "seeds")
    USES = "seeds"

    def complete(self, secrets: dict[str, Any], documents: dict[str, Any]) -> None:
        """Take from the controller's environment what seeds ask for and the task does not give."""
        wanted = variable_names(documents["seeds"])
        found = {name: os.environ[name] for name in wanted if os.environ.get(name)}
        secrets["variables"] = {**found, **(secrets.get("variables") or {})}
