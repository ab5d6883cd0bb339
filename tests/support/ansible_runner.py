# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs plays of the checkout (or of an installed collection) and hands their results back as objects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

CHECKOUT = Path(__file__).resolve().parents[2]
CALLBACKS = CHECKOUT / "tests" / "support" / "callbacks"
LOCAL_INVENTORY = CHECKOUT / "inventories" / "local" / "hosts.yml"
COLLECTION = "ctrlaltplay.paneldb"


@dataclass(frozen=True)
class TaskResult:
    """What one task said on one host."""

    status: str
    host: str
    task: str
    action: str
    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the task reports a change."""
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        """The message of a failure, or an empty string."""
        return str(self.result.get("msg", ""))


@dataclass(frozen=True)
class PlayResult:
    """Outcome of one ansible-playbook run."""

    returncode: int
    stdout: str
    stderr: str
    tasks: tuple[TaskResult, ...]

    @property
    def changed(self) -> tuple[TaskResult, ...]:
        """The tasks that report a change."""
        return tuple(task for task in self.tasks if task.changed)

    @property
    def failed(self) -> tuple[TaskResult, ...]:
        """The tasks that failed and whose failure nobody ignored."""
        return tuple(task for task in self.tasks if task.status in {"failed", "unreachable"})

    def of(self, action: str) -> TaskResult:
        """The result of the only task that ran ``action``, a module's short name or full name."""
        found = [task for task in self.tasks if task.action in {action, f"{COLLECTION}.{action}"}]
        assert len(found) == 1, f"{len(found)} tasks ran {action}:\n{self.stdout}{self.stderr}"
        return found[0]

    def expect_success(self) -> PlayResult:
        """Return self; AssertionError with everything printed if the run failed."""
        assert self.returncode == 0, f"{self.stdout}\n{self.stderr}"
        return self

    def expect_failure(self) -> TaskResult:
        """Return the failed task; AssertionError with everything printed if none failed."""
        assert self.returncode, self.stdout
        assert self.failed, f"{self.stdout}\n{self.stderr}"
        return self.failed[0]


@dataclass
class AnsibleRunner:
    """Runs ansible-playbook from a virtual environment in a scratch folder.

    ``programs`` is the environment's folder of programs; ``collections`` the path collections are found in, by default
    the checkout's own.
    """

    scratch: Path
    programs: Path = field(default_factory=lambda: Path(sys.executable).parent)
    collections: Path = CHECKOUT / ".collections"
    _runs: int = 0

    def tasks(self, tasks: Sequence[Mapping[str, Any]], **options: Any) -> PlayResult:
        """Run ``tasks`` on the local host as one play; ``options`` as for :meth:`playbook`."""
        play = [{"name": "Test", "hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]
        path = self.scratch / f"play{self._runs}.json"
        path.write_text(json.dumps(play))
        return self.playbook(path, **options)

    def module(self, name: str, arguments: Mapping[str, Any], **options: Any) -> PlayResult:
        """Run one module of the collection as one task."""
        return self.tasks([{"name": f"Run {name}", f"{COLLECTION}.{name}": dict(arguments)}], **options)

    def playbook(
        self,
        playbook: object,
        *,
        inventory: Path = LOCAL_INVENTORY,
        variables: Optional[Mapping[str, Any]] = None,
        environment: Optional[Mapping[str, str]] = None,
        options: Sequence[str] = (),
        check: bool = False,
    ) -> PlayResult:
        """Run a playbook (a path, or an installed one's full name) and return what its tasks said.

        ``variables`` go through a private file, as a careful user hands over secrets; ``options`` are further
        arguments of ansible-playbook; ``check`` adds ``--check --diff``.
        """
        self._runs += 1
        record = self.scratch / f"record{self._runs}.jsonl"
        given = self.scratch / f"variables{self._runs}.json"
        given.write_text(json.dumps(dict(variables or {})))
        given.chmod(0o600)
        argv = [str(self.programs / "ansible-playbook"), str(playbook), "-i", str(inventory), "-e", f"@{given}"]
        done = subprocess.run(
            [*argv, *options, *(("--check", "--diff") if check else ())],
            cwd=CHECKOUT,
            env={**os.environ, **self._environment(record), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return PlayResult(done.returncode, done.stdout, done.stderr, _read(record))

    def _environment(self, record: Path) -> dict[str, str]:
        return {
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
            # Else the checkout on PYTHONPATH stands in for a collection that is not where it should be.
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_HOME": str(self.scratch / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "PANELDB_TEST_RECORD": str(record),
        }


def _read(record: Path) -> tuple[TaskResult, ...]:
    if not record.exists():
        return ()
    return tuple(TaskResult(**json.loads(line)) for line in record.read_text(encoding="utf-8").splitlines())
