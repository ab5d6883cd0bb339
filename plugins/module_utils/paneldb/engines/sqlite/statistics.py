# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows in a database say about a change: counts and a few examples."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.schema import Check, ForeignKey, Table
from ..base import Row
from .conditions import condition_sql
from .session import Session
from .words import quote, quoted

#: How many examples come with a count.
EXAMPLES = 5


def _number(session: Session, query: str, values: Sequence[object] = ()) -> int:
    return int(session.execute(query, values).fetchone()[0])


def count(session: Session, table: Table) -> int:
    """Count the rows."""
    return _number(session, f"SELECT count(*) FROM {quote(table.name)}")


def count_nulls(session: Session, table: Table, column: str) -> int:
    """Count rows in which the column is null."""
    return _number(session, f"SELECT count(*) FROM {quote(table.name)} WHERE {quote(column)} IS NULL")


def duplicates(session: Session, table: Table, columns: Sequence[str], where: str) -> tuple[int, tuple[Row, ...]]:
    """Count groups of rows that share values, none of which is null; give some of these values."""
    conditions = [f"{quote(column)} IS NOT NULL" for column in columns]
    if where:
        conditions.append(f"({condition_sql(where, table)})")
    groups = (
        f"{quoted(columns)} FROM {quote(table.name)} WHERE {' AND '.join(conditions)}"
        f" GROUP BY {quoted(columns)} HAVING count(*) > 1"
    )
    return _counted(session, groups)


def orphans(session: Session, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    """Count rows that refer to nothing; give some of the values that they refer with."""
    values = ", ".join(f"child.{quote(column)}" for column in key.columns)
    present = " AND ".join(f"child.{quote(column)} IS NOT NULL" for column in key.columns)
    same = " AND ".join(
        f"parent.{quote(theirs)} = child.{quote(ours)}" for ours, theirs in zip(key.columns, key.ref_columns)
    )
    rows = (
        f"{values} FROM {quote(table.name)} AS child WHERE {present}"
        f" AND NOT EXISTS (SELECT 1 FROM {quote(key.ref_table)} AS parent WHERE {same})"
    )
    return _counted(session, rows)


def violations(session: Session, table: Table, check: Check) -> int:
    """Count rows for which the rule is false; one that is null is kept."""
    return _number(
        session, f"SELECT count(*) FROM {quote(table.name)} WHERE NOT ({condition_sql(check.expression, table)})"
    )


def table_bytes(session: Session, table: Table) -> int | None:
    """Give the size with indexes; None where SQLite was built without the means to tell."""
    if not session.execute("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'").fetchall():
        return None
    return _number(
        session,
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate AND name IN"
        " (SELECT name FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index'))",
        (table.name,),
    )


def _counted(session: Session, selected: str) -> tuple[int, tuple[Row, ...]]:
    """Count the rows of a selection, and give some that differ."""
    found = _number(session, f"SELECT count(*) FROM (SELECT {selected})")
    examples = session.execute(f"SELECT DISTINCT {selected} LIMIT {EXAMPLES}").fetchall() if found else []
    return found, tuple(examples)
