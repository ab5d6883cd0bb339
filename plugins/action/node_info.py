# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import PanelDbAction


class ActionModule(PanelDbAction):
    READS = ("model",)
    USES = "nodes"

    def work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module; a result that holds tokens is shown by nobody, and only registered."""
        result = super().work(task_vars)
        return {**result, "_ansible_no_log": True} if self._task.args.get("with_tokens") else result
