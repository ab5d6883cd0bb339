# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations in processes of their own, which tests stop and kill at any statement."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.files import to_text
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.folder import write_migration
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import Child, python_child

SCRIPT = Path(__file__).with_name("migrating_child.py")
_NUMBERS = count()


@dataclass
class Migrating:
    """Starts processes that bring one database to the end of a chain (``deploy``), or to nothing (``rollback``)."""

    scratch: Path
    target: Target

    def write(self, chain: Chain) -> None:
        """Put the files of the chain where the processes read them."""
        for number, migration in enumerate(chain.migrations, 1):
            part = Chain(chain.migrations[:number])
            write_migration(migration, to_text(migration), part, str(self.scratch / "migrations"))

    def start(self, command: str = "deploy", *, points: bool = True, lock_timeout: float = 30.0) -> Child:
        """Start a process. With ``points`` it waits before each statement, at "0", "1" and so on."""
        target = asdict(replace(self.target, lock_timeout=lock_timeout))
        call = {"folder": str(self.scratch / "migrations"), "target": target, "command": command, "points": points}
        environment = {**os.environ, "PANELDB_TEST_CALL": json.dumps(call)}
        return python_child(SCRIPT, errors=self.scratch / f"errors-{next(_NUMBERS)}", env=environment)


def said(child: Child) -> dict[str, Any]:
    """What a process that has ended printed."""
    assert child.lines, child.errors.read_text()
    answer: dict[str, Any] = json.loads(child.lines[-1])
    return answer
