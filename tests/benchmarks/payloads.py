# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends to a host for a task, kept as it is, to be looked at and run again."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays

_KEEP = {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_PIPELINING": "0"}
#: A line of ``-X importtime``: microseconds of the module itself, of it with what it imports, its indented name.
_IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
_CORE = "paneldb"


@dataclass(frozen=True)
class Payload:
    """The one file that goes to the host: the module, all that it may import, its arguments."""

    file: Path

    @classmethod
    def of(cls, plays: Plays, task: Mapping[str, Any]) -> Payload:
        """Run a task, whatever comes of it, for its payload."""
        folder = Path(mkdtemp(dir=plays.scratch))
        plays.start(plays.write(task), ANSIBLE_REMOTE_TEMP=str(folder), **_KEEP)
        (found,) = folder.glob("*/AnsiballZ_*.py")
        return cls(found)

    def run(self) -> None:
        """Run the module once more, with the same arguments."""
        subprocess.run([sys.executable, str(self.file)], check=True, capture_output=True)

    def imported(self) -> list[str]:
        """Run it and give the modules of ours that it imports, in the order in which they are through."""
        profiled = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
        command = [sys.executable, str(self.file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=profiled)
        return [name for name in _IMPORTED.findall(done.stderr) if name.split(".")[0] == _CORE]

    def archive(self) -> Path:
        """Give the archive in it, from which Python imports as it does on the host: always from source."""
        subprocess.run([sys.executable, str(self.file), "explode"], check=True, capture_output=True)
        return Path(shutil.make_archive(str(self.file.parent / "modules"), "zip", self.file.parent / "debug_dir"))
