# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every rule is given: the engine, the operation, the schema before it, and the operations around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..operations import Add, Drop, Operation, Place
from ..plan import Hazard
from ..schema import Element, Schema, Table
from .finding import BYTES, ROWS, Finding, Need

POSTGRESQL, MYSQL, SQLITE, MONGODB = "postgresql", "mysql", "sqlite", "mongodb"

#: What a table or column that this change itself made is never asked about: it holds nothing that could be lost.
Places = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Situation:
    """One operation in its place: ``state`` is the schema before it, ``change`` all operations of the change.

    ``engine`` is empty where no engine is named: then what is true of any of them is told. ``fresh`` are tables and
    columns, as (table, column or empty), that earlier operations of the change made. ``aside`` are places of elements
    that are dropped and added again just as they were: they only step aside for another operation.
    """

    engine: str
    operation: Operation
    state: Schema
    change: tuple[Operation, ...]
    fresh: Places
    aside: frozenset[Place]

    def on(self, *engines: str) -> bool:
        """Tell whether the change may run on one of these engines."""
        return not self.engine or self.engine in engines

    @property
    def table(self) -> Table:
        """The table that holds the element the operation is about."""
        name = getattr(self.operation, "table", "")
        return self.state.table(name) or Table(name)

    @property
    def added(self) -> Element | None:
        """What the operation adds, if it adds something."""
        return self.operation.element if isinstance(self.operation, Add) else None

    def is_fresh(self, table: str, *columns: str) -> bool:
        """Tell whether the table, or one of the columns, is made by this change."""
        return (table, "") in self.fresh or any((table, column) in self.fresh for column in columns)

    def steps_aside(self, table: str, element: Any) -> bool:
        """Tell whether the element is dropped and added again: no rule lapses, and rows obey it already."""
        return (table, element.kind, element.name) in self.aside

    def finding(self, hazard: Hazard, table: Table, *needs: Need, **how: Any) -> Finding:
        """Make a finding that also asks how many rows and bytes the table has."""
        size = (Need(ROWS, table), Need(BYTES, table))
        return Finding(hazard, (*size, *needs), **how)

    def hazard(self, code: str, severity: str, message: str, safer: str = "", *, destroys: bool = False) -> Hazard:
        """Make a hazard of this operation."""
        told = f"{self.operation.name} {self.operation.target}"
        return Hazard(code, severity, told, message, safer, destroys)


def steps_aside(change: Iterable[Operation]) -> frozenset[Place]:
    """Places whose elements the change drops and adds again, just as they were."""
    dropped: dict[Place, Any] = {}
    aside: set[Place] = set()
    for operation in change:
        if isinstance(operation, Drop):
            dropped[operation.touches()[0]] = operation.element
        elif isinstance(operation, Add) and dropped.get(operation.touches()[0]) == operation.element:
            aside.add(operation.touches()[0])
    return frozenset(aside)
