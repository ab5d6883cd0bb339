# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MySQL and MariaDB do by copying the whole table, while nobody else can write to it.

The server chooses the best of its algorithms (INSTANT, INPLACE, COPY) by itself, and there is no way to ask it which
one it will be short of changing the table. So this is a list, held against a real server by a test of its own: each
operation here is refused with ALGORITHM=INPLACE, each other one is not. See also "Online DDL Operations" in MySQL's
manual.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..operations import Add, Alter, Drop
from ..plan import WARN
from ..schema import UUID, Check, Column, ForeignKey, PrimaryKey
from .finding import Finding
from .retyping import is_in_place
from .situation import MYSQL, Situation

_FACTS = (("algorithm", "COPY"), ("lock", "SHARED"))


def mysql_copy(situation: Situation) -> Iterator[Finding]:
    """An ALTER of the operation's table is done by copying it."""
    table = situation.table
    if situation.engine != MYSQL or situation.is_fresh(table.name) or not table.columns:
        return
    reason = _reason(situation)
    if reason:
        hazard = situation.hazard(
            "mysql-algorithm-copy",
            WARN,
            f"Table {table.name} is copied as a whole (ALGORITHM=COPY, LOCK=SHARED), and nobody can write to it"
            f" meanwhile: {reason}.",
            "Do it while the panel stands still; on a large table by a tool that copies beside writers.",
        )
        yield situation.finding(replace(hazard, facts=_FACTS), table)


def _reason(situation: Situation) -> str:
    operation = situation.operation
    if isinstance(operation, Add):
        if isinstance(operation.element, ForeignKey):
            return "rows are held against those that they refer to"
        if isinstance(operation.element, Check):
            return "rows are held against the rule"
        return _reason_of_column(operation.element) if isinstance(operation.element, Column) else ""
    if isinstance(operation, Drop) and isinstance(operation.element, PrimaryKey):
        return "" if _comes_back(situation) else "rows are kept in the order of the primary key"
    if isinstance(operation, Alter) and isinstance(operation.before, Column) and isinstance(operation.after, Column):
        before, after = operation.before.type, operation.after.type
        if situation.is_fresh(situation.table.name, operation.after.name) or before == after:
            return ""
        return "" if is_in_place(MYSQL, before, after) else "a column has another type"
    return ""


def _reason_of_column(column: Column) -> str:
    if column.default is not None and column.default.function == UUID:
        return f"every row gets a value of its own for {column.name}"
    return f"{column.name} is computed for every row" if column.generated else ""


def _comes_back(situation: Situation) -> bool:
    """With another key in the same statement the rows are only put into another order."""
    return any(
        isinstance(other, Add) and isinstance(other.element, PrimaryKey) and other.table == situation.table.name
        for other in situation.change
    )
