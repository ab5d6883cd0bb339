# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the Python interpreters of this machine: on the path, and those that pyenv keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Optional


def find(versions: Iterable[str]) -> Optional[Path]:
    """Return the first interpreter that answers with one of ``versions`` ("3.11"), tried in that order."""
    for version in versions:
        for candidate in _candidates(version):
            if version_of(candidate) == version:
                return candidate
    return None


def version_of(interpreter: Path) -> str:
    """Return "major.minor" of an interpreter, or an empty string if it does not run."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([str(interpreter), "-c", script], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _candidates(version: str) -> Iterator[Path]:
    if version == "{}.{}".format(*sys.version_info[:2]):
        yield Path(sys.executable)
    named = shutil.which(f"python{version}")
    if named:
        yield Path(named)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True)
