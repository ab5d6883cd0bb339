# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the host command here, on the controller, and sends it with what it works on, if the host has it not yet."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils import paneldb
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents import parse_document
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.packing import pack
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.zipapp_build import build
from ansible_collections.ctrlaltplay.paneldb.plugins.modules.host_command import SPEC
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import PanelDbAction, failure

CORE = Path(paneldb.__path__[0])
VAULT = b"$ANSIBLE_VAULT;"


class Vaulted(InputError):
    """A file, or a value in it, is kept in Ansible Vault; opened it would lie on the host for good."""


class ActionModule(PanelDbAction):
    """Install the host command."""

    USES = "host"

    def work(self, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module with the command's digest, and once more with its content where the host lacks that."""
        options = {**{name: rule.get("default") for name, rule in SPEC.items()}, **self._task.args}
        try:
            command = build(CORE, str(options["python"]))
            documents = self.documents(options)
        except InputError as error:
            return failure(error)
        result = self.sent(command, b"", documents, task_vars)
        if "lacking" in result:
            result = self.sent(command, command, documents, task_vars)
        return result

    def sent(
        self, command: bytes, content: bytes, documents: dict[str, Any], task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Run the module."""
        told = {"digest": hashlib.sha256(command).hexdigest(), "content": b64encode(content).decode()}
        arguments = {name: value for name, value in self._task.args.items() if name not in ("settings", "seeds")}
        secrets = {"settings": self._task.args.get("settings")}
        arguments["sealed"] = pack({"secrets": secrets, "documents": {**documents, "command": told}})
        return self.call(arguments, task_vars)

    def documents(self, options: dict[str, Any]) -> dict[str, Any]:
        """Read what the command works on, as names and texts.

        :raises InputError: a file is wrong, or the model or a migration is kept in Ansible Vault.
        """
        migrations = self.read("migrations", options["migrations"])
        files = [*migrations.files, *([migrations.lock] if migrations.lock else [])]
        seeds, left_out = self.seeds(options["seeds"])
        return {
            "model": self.model(self.read("model", options["model"])),
            "migrations": [[Path(each.source).name, self.text(each.source)] for each in files],
            "seeds": seeds,
            "left_out": left_out,
        }

    def model(self, documents: list[Document]) -> list[str]:
        """Give the model as it is written or, where it extends others, as one."""
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_writer import dump_yaml
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.data import schema_to_data
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model

        if len(documents) == 1:
            source = documents[0].source
            return [f"model{Path(source).suffix}", self.text(source)]
        return ["model.yml", dump_yaml(schema_to_data(load_model(documents)))]

    def seeds(self, names: list[Any]) -> tuple[list[list[str]], list[str]]:
        """Give the seeds in the order that they are named in, and what is left out."""
        found: list[Document] = []
        left_out = []
        for position, name in enumerate(names):
            if not isinstance(name, str):
                left_out.append(f"seeds[{position}]: it is written in the task.")
                continue
            try:
                found.extend(self.read("seeds", [name]))
            except Vaulted as error:
                left_out.append(str(error))
        return [self.seed(position, document) for position, document in enumerate(found)], left_out

    def seed(self, position: int, document: Document) -> list[str]:
        """Give a seed as it is written or, where its rows come from other files, with them."""
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_writer import dump_yaml

        name, text = Path(document.source).name, self.text(document.source)
        if parse_document(text, document.source) != document.data:
            name, text = f"{Path(name).stem}.yml", dump_yaml(document.data)
        return [f"{position:03d}_{name}", text]

    def open(self, path: str) -> Any:
        """Read a file that is not kept in Ansible Vault."""

        def refused(_unused: str) -> str:
            raise Vaulted("What is kept in Ansible Vault stays off the host.", source=path)

        if Path(path).read_bytes().startswith(VAULT):
            refused("")
        return parse_document(self.text(path), path, tag_constructors={"!vault": refused})

    def open_seeds(self, path: str) -> Any:
        """Read a file of seeds by the same rule."""
        return self.open(path)

    def text(self, path: str) -> str:
        """Give the text of a file."""
        return str(self._loader.get_text_file_contents(path))
