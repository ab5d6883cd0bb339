# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite files of tests, looked into and filled by SQLite itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Table


def new_file(path: Path, *statements: str, lock_timeout: float = 1.0) -> Target:
    """Make a database of the statements, by SQLite alone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in statements:
            connection.execute(statement)
    return Target("sqlite", path=str(path), lock_timeout=lock_timeout)


def ask(target: Target, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement through the raw driver."""
    with closing(sqlite3.connect(target.path, isolation_level=None)) as connection:
        return connection.execute(statement, tuple(values)).fetchall()


def texts(target: Target) -> dict[str, str]:
    """Everything that is in the database, by name, as SQLite keeps it."""
    return dict(ask(target, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"))


def table_of(engine: Engine, name: str) -> Table:
    """A table of the catalogue, which must be there."""
    return engine.catalogue().schema.holder(name)
