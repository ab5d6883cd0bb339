# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every rule is given: the engine, the operation, the schema before it, and the operations around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..operations import Add, Operation
from ..plan import Hazard
from ..schema import Column, Schema, Table
from .finding import BYTES, ROWS, Finding, Need

POSTGRESQL, MYSQL, SQLITE, MONGODB = "postgresql", "mysql", "sqlite", "mongodb"

#: What a table or column that this change itself made is never asked about: it holds nothing that could be lost.
Places = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Situation:
    """One operation in its place: ``state`` is the schema before it, ``change`` all operations of the change.

    ``engine`` is empty where no engine is named: then what is true of any of them is told. ``fresh`` are tables and
    columns, as (table, column or empty), that earlier operations of the change made.
    """

    engine: str
    operation: Operation
    state: Schema
    change: tuple[Operation, ...]
    fresh: Places

    def on(self, *engines: str) -> bool:
        """Tell whether the change may run on one of these engines."""
        return not self.engine or self.engine in engines

    @property
    def table(self) -> Table:
        """The table that holds the element the operation is about."""
        name = getattr(self.operation, "table", "")
        return self.state.table(name) or Table(name)

    def is_fresh(self, table: str, *columns: str) -> bool:
        """Tell whether the table, or one of the columns, is made by this change."""
        return (table, "") in self.fresh or any((table, column) in self.fresh for column in columns)

    def comes_back(self, table: str, element: Any) -> bool:
        """Tell whether what is dropped is added again, just as it was: it only had to step aside."""
        return Add(table, element) in self.change

    def finding(self, hazard: Hazard, table: Table, *needs: Need, **how: Any) -> Finding:
        """Make a finding that also asks how many rows and bytes the table has."""
        size = (Need(ROWS, table), Need(BYTES, table))
        return Finding(hazard, (*size, *needs), **how)

    def hazard(self, code: str, severity: str, message: str, safer: str = "", *, destroys: bool = False) -> Hazard:
        """Make a hazard of this operation."""
        told = f"{self.operation.name} {self.operation.target}"
        return Hazard(code, severity, told, message, safer, destroys)


def live_column(table: Table, name: str) -> Column | None:
    """The column of that name, or None."""
    found = table.find("column", name)
    return found if isinstance(found, Column) else None
