# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all action plugins of the collection share: read files on the controller, seal them, run the module."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import sources
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents import parse_document
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.packing import pack
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.core import core

#: Files that come with the collection: model, migrations and seeds of the panel itself.
SHIPPED = Path(__file__).resolve().parents[2] / "roles" / "panel" / "files"

#: Options that hold secrets. They travel sealed and are never seen by name.
SECRETS = {
    "url": "url",
    "database_url": "url",
    "login_password": "login_password",
    "owner_password": "owner_password",
    "variables": "variables",
    "nodes": "nodes",
    "statements": "statements",
    "users": "users",
    "accounts": "accounts",
}

#: Those of them that are lists and must be given: an empty one stands in their place.
LISTS = ("statements", "users", "accounts")


class PanelDbAction(ActionBase):
    """Run the module of the same name with the files that its options name, sealed in one string.

    ``READS`` names the options that are files here: ``model``, ``migrations``, ``seeds``. ``USES`` names the use case
    that the module calls.
    """

    TRANSFERS_FILES = False
    _supports_async = True
    READS: ClassVar[tuple[str, ...]] = ()
    USES: ClassVar[str] = ""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        # A worker is there for one task; looking for garbage among all that Ansible holds takes longer than much of it.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return {**result, **self.work(task_vars)}
        finally:
            if collecting:
                gc.enable()

    def work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module on the host; give its result."""
        try:
            arguments = self.sealed(dict(self._task.args))
        except PanelDbError as error:
            return failure(error)
        return self.call_unseen(arguments, task_vars) if self.asks_for_secrets() else self.call(arguments, task_vars)

    def asks_for_secrets(self) -> bool:
        """Tell whether the task asks for secrets in its result."""
        return False

    def call_unseen(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module so that its result can be registered, but is shown by nobody.

        A connection shows what a host answers where somebody wants to see much; it heeds the play's context alone.
        """
        if self._task.async_val:
            message = "A result with secrets cannot wait on the host for somebody to fetch it."
            return failure(InputError(message, source="keyword async", hint="Leave it out."))
        context = self._connection._play_context  # noqa: SLF001 - there is no public way
        before, context.no_log = context.no_log, True
        try:
            result = self.call(arguments, task_vars)
        finally:
            context.no_log = before
        return result if result.get("failed") else {**result, "_ansible_no_log": True}

    def call(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module with these arguments and what it needs of the core."""
        told = {**arguments, "core": core(self.USES, str(arguments.get("engine") or ""))}
        wrapped = self._task.async_val
        found: dict[str, Any] = self._execute_module(module_args=told, task_vars=task_vars, wrap_async=wrapped)
        return found

    def sealed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Give the arguments with files read and secrets sealed.

        :raises InputError: where a file is wrong.
        """
        documents = {name: self.read(name, arguments.get(name, sources.PANEL)) for name in self.READS}
        secrets = {SECRETS[name]: arguments.pop(name) for name in list(arguments) if name in SECRETS}
        self.complete(secrets, documents)
        told = {name: _names(value) if name in documents else value for name, value in arguments.items()}
        shown: dict[str, list[Any]] = {name: [] for name in secrets if name in LISTS}
        return {**told, **shown, "sealed": pack({"secrets": secrets, "documents": documents})}

    def complete(self, secrets: dict[str, Any], documents: dict[str, Any]) -> None:
        """Add to the secrets what the documents ask of the controller."""

    def read(self, option: str, value: Any) -> Any:
        """Read what option ``model``, ``migrations`` or ``seeds`` names, as JSON values."""
        if option == "model":
            return sources.read_model(self.find(value), SHIPPED, read=self.open)
        if option == "migrations":
            return sources.read_migrations(self.find(value), SHIPPED, read=self.open)
        seeds = value if isinstance(value, list) else [value]
        found = [self.find(each) if isinstance(each, str) else each for each in seeds]
        return sources.read_seeds(found, SHIPPED, folder=self._loader.get_basedir(), read=self.open_seeds)

    def find(self, name: str) -> str:
        """Give the path that a name means: beside the play or in a role's files; ``panel`` stays the shipped one."""
        return name if name == sources.PANEL else str(self._find_needle("files", name))

    def open(self, path: str) -> Any:
        """Read a file into plain values; whole files and single values may be vaulted."""
        text = self._loader.get_text_file_contents(path)
        return parse_document(str(text), path, tag_constructors={"!vault": self.decrypted})

    def open_seeds(self, path: str) -> Any:
        """Do the same for a file of seeds; what was vaulted stays known as a secret."""
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.secrets import (
            all_secret,
            vaulted,
        )

        text = str(self._loader.get_text_file_contents(path))
        data = parse_document(text, path, tag_constructors={"!vault": lambda value: vaulted(self.decrypted(value))})
        return all_secret(data) if Path(path).read_bytes().startswith(b"$ANSIBLE_VAULT") else data

    def decrypted(self, text: str) -> str:
        """Open one vaulted value."""
        plain: bytes = self._loader._vault.decrypt(text.strip().encode())  # noqa: SLF001 - there is no public way
        return plain.decode()


def _names(value: Any) -> Any:
    """Give what may be shown of an option that names files: not what was written in the task itself."""
    if isinstance(value, list):
        return [each if isinstance(each, str) else "(written in the task)" for each in value]
    return value if isinstance(value, str) else "(written in the task)"


def failure(error: PanelDbError) -> dict[str, Any]:
    """Give the result of a task that an error ended."""
    details = {key: value for key, value in error.to_data().items() if key not in ("message", "hint")}
    return {"failed": True, "msg": str(error), **details}
