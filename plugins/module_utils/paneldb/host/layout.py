# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host command's files are on a host, and who may read them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .installing import File, Folder, settings_text

#: What the controller sends: the command as ``{"digest": ..., "content": base64 or ""}``, the model as name and text,
#: migrations and seeds as lists of name and text, and reasons for what it does not send.
DOCUMENTS = ("command", "model", "migrations", "seeds", "left_out")

_OPEN_FILE, _OPEN_FOLDER, _COMMAND = 0o644, 0o755, 0o755
#: Seeds may hold passwords, settings do.
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


def lay_out(params: Mapping[str, Any], documents: Mapping[str, Any]) -> tuple[list[Folder], list[File]]:
    """Give folders and files for the options ``path``, ``share``, ``settings_file`` and ``settings``.

    :raises InputError: a setting cannot stand in a settings file.
    """
    share, command = params["share"], documents["command"]
    content = b64decode(command["content"]) if command["content"] else None
    folders = [
        Folder(str(Path(params["path"]).parent), _OPEN_FOLDER),
        Folder(share, _OPEN_FOLDER),
        Folder(f"{share}/model", _OPEN_FOLDER, ours=True),
        Folder(f"{share}/migrations", _OPEN_FOLDER, ours=True),
        Folder(f"{share}/seeds", _PRIVATE_FOLDER, ours=True),
    ]
    files = [
        File(params["path"], _COMMAND, command["digest"], content),
        *(_file(f"{share}/model", each, _OPEN_FILE) for each in [documents["model"]]),
        *(_file(f"{share}/migrations", each, _OPEN_FILE) for each in documents["migrations"]),
        *(_file(f"{share}/seeds", each, _PRIVATE_FILE) for each in documents["seeds"]),
    ]
    if params["settings"] is not None:
        settings = {**params["settings"], **_places(share, documents["model"][0])}
        folders.append(Folder(str(Path(params["settings_file"]).parent), _PRIVATE_FOLDER))
        files.append(File.of(params["settings_file"], _PRIVATE_FILE, settings_text(settings).encode()))
    return folders, files


def _file(folder: str, named: list[str], mode: int) -> File:
    name, text = named
    return File.of(f"{folder}/{Path(name).name}", mode, text.encode("utf-8"))


def _places(share: str, model: str) -> dict[str, str]:
    return {
        "PANELDB_MODEL": f"{share}/model/{model}",
        "PANELDB_MIGRATIONS": f"{share}/migrations",
        "PANELDB_SEEDS": f"{share}/seeds",
    }
