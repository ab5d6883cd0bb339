# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that an engine asks of its catalogue, alone: what is left when nothing is made of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union, cast
from unittest.mock import patch

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine


def catalogue_queries(engine: Engine) -> Callable[[], None]:
    """Give what asks the same questions as ``engine.catalogue``, and takes the answers in."""
    return _OF[engine.name](engine)


def _sqlite(engine: SqliteEngine) -> Callable[[], None]:
    connection, asked = engine.connection, list[str]()
    connection.set_trace_callback(asked.append)
    engine.catalogue()
    connection.set_trace_callback(None)

    def ask() -> None:
        for statement in asked:
            connection.execute(statement).fetchall()

    return ask


def _server(engine: Union[PostgresqlEngine, MysqlEngine]) -> Callable[[], None]:
    asked: list[tuple[Any, ...]] = []
    usual = engine.ask

    def noted(*arguments: Any) -> list[tuple[Any, ...]]:
        asked.append(arguments)
        return usual(*arguments)

    with patch.object(engine, "ask", noted):
        engine.catalogue()

    def ask() -> None:
        for arguments in asked:
            usual(*arguments)

    return ask


_OF: dict[str, Callable[[Any], Callable[[], None]]] = {
    "sqlite": lambda engine: _sqlite(cast("SqliteEngine", engine)),
    "postgresql": lambda engine: _server(cast("PostgresqlEngine", engine)),
    "mysql": lambda engine: _server(cast("MysqlEngine", engine)),
}
