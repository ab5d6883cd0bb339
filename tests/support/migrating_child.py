# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that migrates one database and stops before every statement until its parent lets it go on.

Told by the environment (``migrating.py`` is the parent's side); prints one line of JSON at its end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach

_WRITES = ("run", "insert", "update", "delete")


def with_points(engine: Any) -> Any:
    """Give the session, changed so that it reaches a point before each write and behind each commit."""
    numbers = count()

    def point() -> None:
        reach(str(next(numbers)))

    for name in _WRITES:
        setattr(engine, name, _stopping(getattr(engine, name), point))
    engine.transaction = _stopping_transaction(engine.transaction, point)
    return engine


def _stopping(method: Callable[..., Any], point: Callable[[], None]) -> Callable[..., Any]:
    def stopping(*arguments: Any, **named: Any) -> Any:
        point()
        return method(*arguments, **named)

    return stopping


def _stopping_transaction(method: Callable[..., Any], point: Callable[[], None]) -> Callable[..., Any]:
    depth = [0]

    @contextmanager
    def stopping(**named: Any) -> Iterator[None]:
        with method(**named):
            depth[0] += 1
            try:
                yield
            finally:
                depth[0] -= 1
        if not depth[0]:
            point()

    return stopping


def main() -> None:
    """Do what the environment says."""
    call = json.loads(os.environ["PANELDB_TEST_CALL"])
    found = read_migrations(call["folder"])
    chain = load_chain(found.files, found.lock)
    anything = Consent(allowed=["all"])
    try:
        with connect(Target(**call["target"])) as session:
            engine = with_points(session) if call["points"] else session
            if call["command"] == "rollback":
                outcome = rollback(engine, chain, target=NONE, consent=anything)
            else:
                outcome = deploy(engine, chain, consent=anything)
    except PanelDbError as error:
        sys.stdout.write(json.dumps({"failed": error.to_data()}, default=str) + "\n")
        sys.exit(error.exit_code)
    sys.stdout.write(json.dumps({"migrations": outcome.migrations, "resumed": outcome.resumed}) + "\n")


if __name__ == "__main__":
    main()
