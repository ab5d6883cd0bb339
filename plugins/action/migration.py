# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authoring happens here, on the controller: files are written where the play lies, and no database is asked."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import sources
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import writing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.modules.migration import SPEC
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import SHIPPED, PanelDbAction, failure


class ActionModule(PanelDbAction):
    """Write, check, seal or squash migration files."""

    _requires_connection = False

    def work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Plan and, outside check mode, write."""
        del task_vars
        options = self.validate_argument_spec(SPEC)[1]
        try:
            written = self.plan(options)
            if not self._task.check_mode:
                writing.write(written)
        except PanelDbError as error:
            return failure(error)
        return written.to_data()

    def plan(self, options: dict[str, Any]) -> writing.Written:
        """Tell what would be written.

        :raises InputError: where a file is wrong.
        """
        model = load_model(self.read("model", options["model"]))
        files = sources.read_migrations(self.folder(options["migrations"]), may_miss=True, read=self.open)
        authoring = writing.Authoring(
            options["state"],
            options["name"] or "",
            options["target"] or "",
            options["allow_destructive"],
            options["keep_steps"],
            options["drop_steps"],
        )
        return writing.plan(files, model, authoring, datetime.now(timezone.utc))

    def folder(self, name: str) -> str:
        """Give the folder, which may still be missing: beside the play where the path is relative."""
        if name == sources.PANEL:
            return str(SHIPPED / "migrations")
        return str(Path(self._loader.get_basedir()) / name)
