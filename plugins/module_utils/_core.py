# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The core where a module runs: its modules come out of what the action plugin sends, and out of no file.

For each task Ansible reads, parses and packs every file that a module's imports may lead to, and the host compiles
what it imports; of a core of this size that would take longer than the work itself. So modules import the core by its
own name, ``paneldb``, which Ansible does not follow, and the action plugin sends what a module needs of it in one
value: for each of its modules the source and the bytecode of the controller's Python. Where the host has another
Python, the source is compiled, as ever.
"""

from __future__ import annotations

import base64
import marshal
import sys
import zlib
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from importlib.util import MAGIC_NUMBER
from types import ModuleType
from typing import Any

#: Tells for which Python bytecode is.
MAGIC = MAGIC_NUMBER.hex()


class Core:
    """Finds and loads the modules of the core (PEP 451).

    ``parts`` are ``magic``, ``code`` and ``source``. The latter two, made by ``packed``, hold for each name of a module
    its marshalled code, and its source in UTF-8; behind a package's name stands ``.__init__``.
    """

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._compiled = parts["magic"] == MAGIC
        self._members = unpacked(parts["code" if self._compiled else "source"])

    def install(self) -> None:
        """Let Python find them from now on, before whatever else the host has by that name."""
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Tell how to load a module, None where it is not of the core."""
        del path, target
        package = f"{name}.__init__" in self._members
        if not package and name not in self._members:
            return None
        return ModuleSpec(name, self, is_package=package)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of a new module."""
        name = module.__name__
        member = self._members.get(name) or self._members[f"{name}.__init__"]
        code: Any = marshal.loads(member) if self._compiled else compile(member, name, "exec", dont_inherit=True)  # noqa: S302
        exec(code, module.__dict__)  # noqa: S102 - this is what importing is


def packed(members: Mapping[str, bytes]) -> str:
    """Pack what belongs to each name into one ASCII string."""
    return base64.b64encode(zlib.compress(marshal.dumps(dict(members), 4), 9)).decode("ascii")


def unpacked(text: str) -> dict[str, bytes]:
    """Give back what ``packed`` packed."""
    members: dict[str, bytes] = marshal.loads(zlib.decompress(base64.b64decode(text)))  # noqa: S302
    return members
