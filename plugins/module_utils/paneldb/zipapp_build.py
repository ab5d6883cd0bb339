# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the host command: one executable file that holds the core and needs nothing but a shell and a Python.

It is an archive behind a few lines of shell, which start from the cache that ``host.bootstrap`` makes at the first
call: so much faster that it matters, for Python reads an archive in Python. The same core gives the same bytes,
whatever machine, clock or compression library builds it: members stand in order of name, with one time, as they are.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

from .errors import InputError

_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_PACKAGE = "paneldb"
_BOOTSTRAP = "host/bootstrap.py"

#: ``-O``: the account owns it, so that nobody else decides what runs. ``-I``: neither the environment nor the folder
#: that the command is called from change what is imported.
_SHELL = """\
#!/bin/sh
# paneldb {build}
for caches in "${{XDG_CACHE_HOME:-$HOME/.cache}}/paneldb" /var/cache/paneldb; do
    if [ -O "$caches" ] && [ -O "$caches/{build}" ]; then exec {python} -I "$caches/{build}/start.py" "$@"; fi
done
exec {python} -I "$0" "$@"
exit 1
"""
_START = b"""\
import sys
sys.path.insert(0, __file__[: -len("/start.py")])
from paneldb.cli import main
sys.exit(main())
"""


def build(core: Path, python: str = "/usr/bin/python3") -> bytes:
    """Give the file for the core in a folder; ``python`` is the interpreter on the host, an absolute path.

    :raises InputError: the interpreter's path cannot stand in a first line, or a module of the core does not compile.
    """
    if not re.fullmatch(r"/[A-Za-z0-9._/+-]{1,200}", python):
        expected = "an absolute path of plain characters"
        raise InputError("This is no interpreter.", source="python", found=python, expected=expected)
    members = {f"{_PACKAGE}/{path.relative_to(core).as_posix()}": _checked(path) for path in sorted(core.rglob("*.py"))}
    for needed in ("cli.py", _BOOTSTRAP):
        if f"{_PACKAGE}/{needed}" not in members:
            raise InputError(f"The core lacks {needed}.", source=str(core))
    build_name = _name(members)
    main = members[f"{_PACKAGE}/{_BOOTSTRAP}"].replace(b'\nBUILD = ""\n', f'\nBUILD = "{build_name}"\n'.encode(), 1)
    shell = _SHELL.format(build=build_name, python=python)
    return shell.encode() + _archive({**members, "__main__.py": main, "start.py": _START})


def _checked(path: Path) -> bytes:
    source = path.read_bytes()
    try:
        compile(source, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InputError(f"The module does not compile: {error}.", source=str(path)) from error
    return source


def _name(members: dict[str, bytes]) -> str:
    """Give a name for all that is in the file."""
    digest = hashlib.sha256(_START)
    for name, source in members.items():
        digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:32]


def _archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, source in sorted(members.items()):
            member = zipfile.ZipInfo(name, _TIME)
            member.create_system, member.external_attr = 3, _MODE
            archive.writestr(member, source)
    return stream.getvalue()
