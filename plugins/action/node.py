# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import listing
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import PanelDbAction


class ActionModule(PanelDbAction):
    READS = ("model",)
    USES = "nodes"

    def asks_for_secrets(self) -> bool:
        """Tell whether the task asks for the tokens that it makes."""
        return bool(boolean(self._task.args.get("return_tokens", False), strict=False))

    def complete(self, secrets: dict[str, Any], documents: dict[str, Any]) -> None:
        """Put the list in, which may hold tokens: as it was written in the task, or out of a file."""
        rows, path = secrets.pop("nodes", None), self._task.args.get("src")
        if rows is not None and path is not None:
            raise InputError("A list of nodes comes from nodes or from src.", source="option src", expected="one")
        documents["nodes"] = listing.inline(rows or []) if path is None else self.read_list(str(path))

    def read_list(self, name: str) -> dict[str, Any]:
        """Read the file that option ``src`` names."""
        path = self.find(name)
        columns = self._task.args.get("columns") or {}
        named = {str(ours): str(theirs) for ours, theirs in columns.items()} if isinstance(columns, Mapping) else {}
        text = str(self._loader.get_text_file_contents(path))
        return listing.read_text(text, path, columns=named, vault=self.decrypted)
