# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that a person wrote: bound values, one transaction, rows counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engines.base import Engine, Result
from ..errors import StatementFailed
from ..model.reading import Fields, Place

_KEYS = ("statement", "positional", "named", "expect_rows")


@dataclass(frozen=True)
class BoundStatement:
    """One statement with its values and, where it was said, the number of rows that must come back or change."""

    text: str
    values: Any = None
    expect_rows: int | None = None


def parse_statements(rows: Sequence[Any]) -> tuple[BoundStatement, ...]:
    """Read option ``statements``.

    :raises InputError: where a statement is empty or has values in both ways.
    """
    place = Place("option statements")
    return tuple(_parse(row, place.item(position)) for position, row in enumerate(rows))


def run(engine: Engine, statements: Sequence[BoundStatement], row_limit: int) -> list[dict[str, Any]]:
    """Run the statements in one transaction; give columns, rows, affected and truncated of each.

    :raises StatementFailed: where the rows are not as many as expected; everything is undone.
    """
    with engine.transaction():
        return [_run(engine, statement, position, row_limit) for position, statement in enumerate(statements)]


def _parse(row: Any, place: Place) -> BoundStatement:
    fields = Fields(row, place, _KEYS, "a statement")
    text = fields.text("statement")
    if not text.strip():
        raise place.key("statement").error("The statement is empty.", expected="one statement")
    if "positional" in fields and "named" in fields:
        raise place.error("Values come either by position or by name.", expected="positional or named")
    values = row.get("named") if row.get("positional") is None else row["positional"]
    return BoundStatement(text, values, row.get("expect_rows"))


def _run(engine: Engine, statement: BoundStatement, position: int, row_limit: int) -> dict[str, Any]:
    result = engine.query(statement.text, statement.values)
    _expected(result, statement, position)
    shown = result.rows[:row_limit]
    return {
        "columns": list(result.columns),
        "rows": [dict(zip(result.columns, row)) for row in shown],
        "affected": result.affected,
        "truncated": len(result.rows) > row_limit,
    }


def _expected(result: Result, statement: BoundStatement, position: int) -> None:
    rows = len(result.rows) if result.columns else result.affected
    if statement.expect_rows is not None and rows != statement.expect_rows:
        raise StatementFailed(
            f"statements[{position}] gave {rows} rows where {statement.expect_rows} were expected; all is undone.",
            position=position,
            rows=rows,
        )
