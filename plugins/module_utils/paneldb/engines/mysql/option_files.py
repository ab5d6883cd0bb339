# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment and the option files of the mysql client say, as the client itself reads them.

See "Using Option Files" and "Environment Variables" in the manual: files are stronger than the environment, later files
stronger than earlier ones, and what is said directly is stronger than both.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError

#: Groups that every client reads; the second and third are MariaDB's.
_GROUPS = frozenset(("client", "client-server", "client-mariadb"))
_GLOBAL_FILES = ("/etc/my.cnf", "/etc/mysql/my.cnf")
_ENVIRONMENT = {
    "MYSQL_HOST": "host",
    "MYSQL_TCP_PORT": "port",
    "MYSQL_UNIX_PORT": "socket",
    "MYSQL_PWD": "password",
}
_DEEPEST = 10
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "s": " "}
_OPTION = re.compile(r"(?:loose[-_])?(?P<name>[^\s=]+)\s*(?:=\s*(?P<value>.*))?")


def client_options() -> dict[str, str]:
    """Give the options of a client by their long names, with hyphens; an option without a value has an empty one.

    :raises InputError: for a file that cannot be read as an option file.
    """
    options = {name: os.environ[variable] for variable, name in _ENVIRONMENT.items() if os.environ.get(variable)}
    for file in _files():
        options.update(_read(file, 0))
    return options


def _files() -> Iterator[Path]:
    yield from map(Path, _GLOBAL_FILES)
    for variable in ("MYSQL_HOME", "MARIADB_HOME"):
        if os.environ.get(variable):
            yield Path(os.environ[variable]) / "my.cnf"
    yield Path("~/.my.cnf").expanduser()


def _read(file: Path, depth: int) -> Iterator[tuple[str, str]]:
    text = _text(file)
    wanted = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("!include"):
            for included in _included(file, line) if depth < _DEEPEST else ():
                yield from _read(included, depth + 1)
        elif line.startswith("["):
            wanted = line.partition("]")[0][1:].strip() in _GROUPS
        elif wanted:
            yield _option(file, number, line)


def _text(file: Path) -> str:
    """A file that anybody may write to is not read, as by the client; nor is one that this account may not read."""
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & stat.S_IWOTH:
            return ""
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
    except UnicodeDecodeError as error:
        raise InputError("This option file is not in UTF-8.", source=str(file)) from error


def _included(file: Path, line: str) -> list[Path]:
    word, _unused, place = line.partition(" ")
    path = file.parent / place.strip()
    if word == "!includedir":
        return sorted(path.glob("*.cnf"))
    return [path]


def _option(file: Path, number: int, line: str) -> tuple[str, str]:
    match = _OPTION.fullmatch(line)
    if match is None:
        raise InputError("This is no option.", source=str(file), path=f"line {number}")
    return match["name"].replace("_", "-").lower(), _value(match["value"] or "")


def _value(text: str) -> str:
    """Take quotes off, a comment away, and the backslash of escapes."""
    quote = re.match(r"""(["'])(.*)\1\s*(?:#.*)?$""", text)
    plain = quote[2] if quote else re.sub(r"\s*(?:^|\s)#.*$", "", text)
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), plain)
