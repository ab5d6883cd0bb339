# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all action plugins of the collection share: read files on the controller, seal them, run the module."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError

#: Files that come with the collection: model, migrations and seeds of the panel itself.
SHIPPED = Path(__file__).resolve().parents[2] / "roles" / "panel" / "files"

#: Options that hold secrets. They travel sealed and are never seen by name.
SECRETS = {
    "url": "url",
    "database_url": "url",
    "login_password": "login_password",
    "owner_password": "owner_password",
}


class PanelDbAction(ActionBase):  # type: ignore[misc]
    """Run the module of the same name with the files that its options name, sealed in one string.

    ``READS`` names the options that are files here: ``model``, ``migrations``, ``seeds``.
    """

    TRANSFERS_FILES = False
    _supports_async = True
    READS: ClassVar[tuple[str, ...]] = ()

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            arguments = self.sealed(dict(self._task.args))
        except PanelDbError as error:
            return {**result, "failed": True, "msg": str(error), **_details(error)}
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val))
        return result

    def sealed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Give the arguments with files read and secrets sealed.

        :raises InputError: where a file is wrong.
        """
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.packing import pack

        secrets = {SECRETS[name]: arguments.pop(name) for name in list(arguments) if name in SECRETS}
        documents = {name: self.read(name, arguments[name]) for name in self.READS if arguments.get(name)}
        told = {name: value for name, value in arguments.items() if name not in documents or isinstance(value, str)}
        return {**told, "_sealed": pack({"secrets": secrets, "documents": documents})}

    def read(self, name: str, value: Any) -> Any:
        """Read what option ``model``, ``migrations`` or ``seeds`` names, as JSON values."""
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import sources

        if name == "model":
            return sources.read_model(self.find(name, value), SHIPPED)
        if name == "migrations":
            return sources.read_migrations(self.find(name, value))
        return sources.read_seeds([self.find(name, each) if isinstance(each, str) else each for each in _listed(value)])

    def find(self, option: str, name: str) -> Path:
        """Give the file or folder that an option means: ``panel`` is the shipped one; others lie beside the play."""
        if name == "panel":
            return SHIPPED / ("model/panel.yml" if option == "model" else option)
        return Path(self._find_needle("files", name))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _details(error: PanelDbError) -> dict[str, Any]:
    return {key: value for key, value in error.to_data().items() if key not in ("message", "hint")}
