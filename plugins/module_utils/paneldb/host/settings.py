# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host command is told: options, then the environment, then the settings file of the host."""

from __future__ import annotations

import os
import stat

from ..errors import AccessDenied, InputError

# A status call has no time to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where role ``panel`` writes the settings; readable by root alone.
SETTINGS_FILE = "/etc/paneldb/paneldb.env"
#: Where role ``panel`` puts model, migrations and seeds.
SHARE = "/usr/local/share/paneldb"

_DEFAULTS = {
    "PANELDB_MODEL": f"{SHARE}/model/model.yml",
    "PANELDB_MIGRATIONS": f"{SHARE}/migrations",
    "PANELDB_SEEDS": f"{SHARE}/seeds",
    "PANELDB_ENVIRONMENT": "production",
}
#: Option of the command line by the setting that it stands before.
_OPTIONS = {
    "url": "DATABASE_URL",
    "model": "PANELDB_MODEL",
    "migrations": "PANELDB_MIGRATIONS",
    "seeds": "PANELDB_SEEDS",
}


class Settings:
    """All settings by name in ``values``, and where the settings file is."""

    __slots__ = ("file", "values")

    def __init__(self, values: Mapping[str, str], file: str) -> None:
        self.values = values
        self.file = file

    @property
    def url(self) -> str:
        """URL of the database.

        :raises InputError: nobody said one.
        """
        if not self.values.get("DATABASE_URL"):
            raise InputError(
                "No database is named.", hint=f"Set DATABASE_URL in {self.file} or in the environment, or give --url."
            )
        return self.values["DATABASE_URL"]

    def __repr__(self) -> str:
        return f"Settings({self.file})"


def read_settings(options: Mapping[str, str | None], environment: Mapping[str, str], file: str = "") -> Settings:
    """Put the settings together; ``file`` is a settings file that a person named, which then has to be there.

    :raises InputError: the file is missing or is not one of settings.
    :raises AccessDenied: the file cannot be read, or others than its owner and group can.
    """
    said = {name: options[option] for option, name in _OPTIONS.items() if options.get(option)}
    kept = {**_DEFAULTS, **_from_file(file or SETTINGS_FILE, needed=bool(file)), **environment}
    return Settings({**kept, **{name: str(value) for name, value in said.items()}}, file or SETTINGS_FILE)


def _from_file(path: str, *, needed: bool) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - a status call does without pathlib
            _refuse_open(path, os.fstat(stream.fileno()).st_mode)
            return dict(_lines(stream.read(), path))
    except FileNotFoundError:
        if needed:
            raise InputError("There is no such settings file.", source=path) from None
    except PermissionError:
        # Whoever may not read the host's settings can still name a database of their own.
        if needed:
            raise AccessDenied(f"The settings file {path} cannot be read.", hint="Run this as its owner.") from None
    except UnicodeDecodeError:
        raise InputError("The settings file is not UTF-8.", source=path) from None
    return {}


def _refuse_open(path: str, mode: int) -> None:
    if stat.S_IMODE(mode) & (stat.S_IRWXO | stat.S_IWGRP):
        raise AccessDenied(f"Others can get at the secrets in {path}.", hint=f"Run: chmod 600 {path}")


def _lines(text: str, path: str) -> list[tuple[str, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals or not name.strip().isidentifier():
            raise InputError(f"Line {number} is no setting.", source=path, expected="NAME=value")
        found.append((name.strip(), _unquoted(value.strip())))
    return found


def _unquoted(value: str) -> str:
    quotes = value[:1]
    return value[1:-1] if quotes in ("'", '"') and len(value) > 1 and value.endswith(quotes) else value
