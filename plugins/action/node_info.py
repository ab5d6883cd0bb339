# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import PanelDbAction


class ActionModule(PanelDbAction):
    READS = ("model",)
    USES = "nodes"

    def asks_for_secrets(self) -> bool:
        """Tell whether the task asks for tokens."""
        return bool(boolean(self._task.args.get("with_tokens", False), strict=False))
