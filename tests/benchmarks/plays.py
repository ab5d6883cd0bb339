# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole plays as jobs: ansible-playbook from its start to its end, on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, COLLECTION, LOCAL_INVENTORY

PING = {"name": "Ping", "ansible.builtin.ping": None}
_CHANGED = re.compile(r"changed=(\d+)")


class Plays:
    """Runs plays from one scratch folder with the ansible-core that runs this."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._files = 0

    def write(self, *tasks: Mapping[str, Any]) -> Path:
        """Write a play of these tasks."""
        self._files += 1
        path = self.scratch / f"play{self._files}.json"
        play = {"name": "Measure", "hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
        path.write_text(json.dumps([play]))
        return path

    def pings(self, number: int = 1) -> Path:
        """Write a play of pings, the floor of all plays."""
        return self.write(*[PING] * number)

    def run(
        self, playbook: Path, *, changed: Optional[bool] = None, variables: Optional[Mapping[str, str]] = None
    ) -> str:
        """Run a playbook and give what it printed.

        AssertionError, with all of it, where it failed, or did not change something as it was to do.
        """
        options = ["-e", json.dumps(dict(variables))] if variables else []
        done = self.start(playbook, *options)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        counted = sum(map(int, _CHANGED.findall(done.stdout)))
        assert changed is None or changed == bool(counted), f"changed={counted}:\n{done.stdout}"
        return done.stdout

    def start(self, playbook: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a playbook, whatever comes of it."""
        return subprocess.run(
            [
                str(Path(sys.executable).parent / "ansible-playbook"),
                "-i",
                str(LOCAL_INVENTORY),
                str(playbook),
                *options,
            ],
            cwd=CHECKOUT,
            env={**os.environ, **self._environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.scratch / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
        }


def task(module: str, *arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A task of the collection; later arguments go over earlier ones."""
    merged = {name: value for each in arguments for name, value in each.items()}
    return {"name": f"Run {module}", f"{COLLECTION}.{module}": merged}
