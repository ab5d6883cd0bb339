# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The core as action plugins send it to hosts, see ``module_utils._core``."""

from __future__ import annotations

import json
import marshal
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils import paneldb
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._core import MAGIC, packed

_FOLDER = Path(paneldb.__path__[0])
#: Folders that hold a use case each; none of them imports another one but what it is built on.
_USE_CASES = frozenset(("accounts", "databases", "host", "migrations", "nodes", "queries", "schemas", "seeds"))
#: Use cases that others build on.
_BUILT_ON = {"nodes": "seeds"}
#: Modules for whoever reads and writes files: the controller, and the host command.
_ELSEWHERE = frozenset(("author", "cli", "folder", "sources", "squash", "writing", "zipapp_build"))


def core(use_case: str, engine: str) -> dict[str, str]:
    """Give the parts that a use case needs on an engine, or on any of them where none is named.

    Where the folder in which Python keeps bytecode can be written, they are kept in it until a source changes.
    """
    files = {path: path.stat() for path in _files(use_case, engine)}
    stamp = _stamp(files)
    kept = _FOLDER / "__pycache__" / f"{use_case}-{engine or 'any'}.{sys.implementation.cache_tag}.json"
    with suppress(OSError, ValueError):
        parts: dict[str, str] = json.loads(kept.read_text(encoding="ascii"))
        if parts["stamp"] == stamp:
            return parts
    made = {**_parts(files), "stamp": stamp}
    with suppress(OSError):
        _write(kept, json.dumps(made))
    return made


def _files(use_case: str, engine: str) -> list[Path]:
    """Give all files but those of other use cases and other engines, and those that no module needs."""
    return [path for path in sorted(_FOLDER.rglob("*.py")) if _needed(path, use_case, engine)]


def _needed(path: Path, use_case: str, engine: str) -> bool:
    parts = path.relative_to(_FOLDER).parts
    if parts[0] == "engines" and len(parts) > len(("engines", "base.py")):
        return engine in ("", parts[1])
    wanted = parts[0] in (use_case, _BUILT_ON.get(use_case)) or parts[0] not in _USE_CASES
    return wanted and path.stem not in _ELSEWHERE


def _stamp(files: Mapping[Path, os.stat_result]) -> str:
    """Tell these files from others, and from what they were before, as Python does for bytecode: by size and time."""
    told = [MAGIC, *(f"{path} {facts.st_size} {facts.st_mtime_ns}" for path, facts in files.items())]
    return sha256("\n".join(told).encode()).hexdigest()


def _parts(files: Mapping[Path, object]) -> dict[str, str]:
    """Compile the files."""
    sources = {_name(path): path.read_bytes() for path in files}
    code = {name: compile(text, name, "exec", dont_inherit=True) for name, text in sources.items()}
    marshalled = {name: marshal.dumps(each) for name, each in code.items()}
    return {"magic": MAGIC, "code": packed(marshalled), "source": packed(sources)}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(_FOLDER.parent).with_suffix("").parts)


def _write(path: Path, text: str) -> None:
    """Write a file so that others see it whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    made = path.with_name(f"{path.name}.{os.getpid()}")
    made.write_text(text, encoding="ascii")
    made.replace(path)
