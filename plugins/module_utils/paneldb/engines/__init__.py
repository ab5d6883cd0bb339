# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The four engines behind one protocol. Each is imported only when it is asked for, and its driver with it."""

from __future__ import annotations

from ..errors import Unsupported

# The host command's status call has no time to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .base import Engine
    from .target import Target

#: Every value of option ``engine``.
NAMES = ("sqlite", "postgresql", "mysql", "mongodb")


def engine_class(name: str) -> type[Engine]:
    """Give the engine of that name.

    :raises Unsupported: where there is none.
    """
    if name == "sqlite":
        from .sqlite.engine import SqliteEngine

        return SqliteEngine
    if name == "postgresql":
        from .postgresql.engine import PostgresqlEngine

        return PostgresqlEngine
    if name == "mysql":
        from .mysql.engine import MysqlEngine

        return MysqlEngine
    if name == "mongodb":
        from .mongodb.engine import MongodbEngine

        return MongodbEngine
    raise Unsupported(f"There is no engine {name!r} in this version.", hint=f"Use one of {', '.join(NAMES)}.")


def connect(target: Target, *, read_only: bool = False) -> Engine:
    """Open a session with the database that the target names."""
    return engine_class(target.engine).connect(target, read_only=read_only)
