# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of a person, with bound values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import StatementFailed
from ..base import Result
from .faults import translated

if TYPE_CHECKING:
    import psycopg2.extensions

    from .engine import PostgresqlEngine


def run_query(engine: PostgresqlEngine, statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None) -> Result:
    """See ``Engine.query``. Without values a percent sign in the statement is one."""
    try:
        with translated("Running the query"), engine.cursor() as cursor:
            cursor.execute(statement, _adapted(parameters) if parameters else None)
            columns = tuple(each.name for each in cursor.description or ())
            rows = tuple(tuple(map(_plain, row)) for row in cursor.fetchall()) if cursor.description else ()
            return Result(columns, rows, _affected(cursor))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _not_bound(error) from None


def _affected(cursor: psycopg2.extensions.cursor) -> int:
    """The driver's row count is that of the result too; the command's tag tells the one from the other."""
    changing = (cursor.statusmessage or "").split(" ")[0] in ("INSERT", "UPDATE", "DELETE", "MERGE")
    return max(cursor.rowcount, 0) if changing else 0


def _not_bound(error: Exception) -> StatementFailed:
    if isinstance(error, ValueError):
        return StatementFailed(
            "Running the query: a value cannot be read or bound.",
            hint="Times before year 1 or after year 9999 are read by casting them to text.",
        )
    return StatementFailed(
        "Running the query: the values do not fit the places in the statement.",
        hint="Write %s for each value of a list, %(name)s for one of a mapping, and %% for a percent sign.",
    )


def _adapted(parameters: Sequence[Any] | Mapping[str, Any]) -> Any:
    if isinstance(parameters, Mapping):
        return {name: _value(value) for name, value in parameters.items()}
    return [_value(value) for value in parameters]


def _value(value: Any) -> Any:
    """A mapping is JSON; a list is an array."""
    if isinstance(value, Mapping):
        from psycopg2.extras import Json

        return Json(value)
    return value


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
