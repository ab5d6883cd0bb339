# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of what goes, and of what takes another name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..expression_printer import canonical_text
from ..expression_tree import Column as ColumnName
from ..expression_tree import Literal, membership, negation
from ..operations import Alter, Drop, Rename
from ..plan import INFO, WARN
from ..schema import Check, Column, Enum, Index, Table
from .finding import ROWS, VALUES, VIOLATIONS, Finding, Need
from .situation import MONGODB, MYSQL, POSTGRESQL, SQLITE, Situation


def drop_table(situation: Situation) -> Iterator[Finding]:
    """All rows are lost."""
    table = situation.operation.element if isinstance(situation.operation, Drop) else None
    if isinstance(table, Table) and not situation.is_fresh(table.name):
        hazard = situation.hazard(
            "drop-table",
            WARN,
            f"All rows of table {table.name} are lost.",
            "Take a backup and verify it; stop every use of the table first, and drop it in a later release.",
            destroys=True,
        )
        yield situation.finding(hazard, situation.state.table(table.name) or table, decides=ROWS)


def drop_column(situation: Situation) -> Iterator[Finding]:
    """All values of the column are lost."""
    column = situation.operation.element if isinstance(situation.operation, Drop) else None
    table = situation.table
    if isinstance(column, Column) and not situation.is_fresh(table.name, column.name):
        hazard = situation.hazard(
            "drop-column",
            WARN,
            f"All values of column {column.name} of table {table.name} are lost.",
            "Stop reading and writing the column in a release of its own, then drop it.",
            destroys=True,
        )
        yield situation.finding(hazard, table, Need(VALUES, table, column), decides=VALUES)


def drop_enum_value(situation: Situation) -> Iterator[Finding]:
    """Rows that hold a value which goes are refused, or cut."""
    operation = situation.operation
    if not (isinstance(operation, Alter) and isinstance(operation.before, Enum) and isinstance(operation.after, Enum)):
        return
    gone = [value for value in operation.before.values if value not in operation.after.values]
    for table, column in _users(situation, operation.after.name) if gone else ():
        hazard = situation.hazard(
            "drop-enum-value",
            WARN,
            f"Values {', '.join(gone)} go; rows of {table.name}.{column.name} that hold one do not fit any more.",
            "First give those rows another value, in an execute step before this one.",
            destroys=situation.on(MYSQL),
        )
        rule = Check(operation.after.name, none_of(column.name, gone))
        needs = Need(VIOLATIONS, table, rule)
        yield situation.finding(hazard, table, needs, decides=VIOLATIONS, refuses=True)


def drop_index(situation: Situation) -> Iterator[Finding]:
    """Queries that leaned on the index read the whole table."""
    index = situation.operation.element if isinstance(situation.operation, Drop) else None
    table = situation.table
    if not isinstance(index, Index) or situation.steps_aside(table.name, index) or situation.is_fresh(table.name):
        return
    code, lapse = ("drop-constraint", "Values may occur twice from then on.") if index.unique else ("drop-index", "")
    message = f"Queries that use index {index.name} read the whole table {table.name} instead. {lapse}".strip()
    safer = "DROP INDEX CONCURRENTLY waits without blocking others." if situation.on(POSTGRESQL) else ""
    yield situation.finding(situation.hazard(code, WARN, message, safer), table)


def drop_constraint(situation: Situation) -> Iterator[Finding]:
    """A rule lapses, and rows that break it may come."""
    element = situation.operation.element if isinstance(situation.operation, Drop) else None
    table = situation.table
    if element is None or situation.steps_aside(table.name, element) or situation.is_fresh(table.name):
        return
    kind = element.kind.replace("_", " ")
    message = f"Nothing holds rows of {table.name} to {kind} {element.name} any more."
    hazard = situation.hazard("drop-constraint", WARN, message, "Make sure that the panel itself minds the rule.")
    yield situation.finding(hazard, table)


def rename(situation: Situation) -> Iterator[Finding]:
    """Whoever still uses the former name breaks at once."""
    operation = situation.operation
    if not isinstance(operation, Rename):
        return
    name = operation.before if operation.kind == "table" else operation.table
    if situation.is_fresh(name, operation.before):
        return
    hazard = situation.hazard(
        f"rename-{operation.kind}",
        WARN,
        f"Versions of the panel that still say {operation.before} break once it is called {operation.after}.",
        "Stop the panel meanwhile; or add the new one, write both, move the rows, read the new one, drop the old one.",
    )
    yield Finding(hazard)


def enum_reorder(situation: Situation) -> Iterator[Finding]:
    """Another order of values means that every column of the enum is written anew."""
    operation = situation.operation
    if not (isinstance(operation, Alter) and isinstance(operation.before, Enum) and isinstance(operation.after, Enum)):
        return
    had = [value for value in operation.before.values if value in operation.after.values]
    has = [value for value in operation.after.values if value in operation.before.values]
    if had == has and len(has) == len(operation.before.values):
        return
    if not situation.on(POSTGRESQL, MYSQL, SQLITE):
        return
    for table, column in _users(situation, operation.after.name):
        hazard = situation.hazard(
            "enum-reorder",
            WARN,
            f"Column {column.name} of table {table.name} is written anew for the new list of values, "
            "and nobody else can use the table meanwhile.",
            "Only add values, and keep the order of those that are there.",
        )
        yield situation.finding(hazard, table)


def drop_enum(situation: Situation) -> Iterator[Finding]:
    """No column uses it any more: nothing is lost but the name."""
    if situation.engine != MONGODB and isinstance(situation.operation, Drop):
        message = f"Enum {situation.operation.target} goes; queries that name it break."
        yield Finding(situation.hazard("drop-constraint", INFO, message))


def none_of(column: str, values: Sequence[str]) -> str:
    """Say in the expression language that a column holds none of the values."""
    held = membership(ColumnName(column), [Literal("string", value) for value in values])
    return canonical_text(negation(held))


def _users(situation: Situation, enum: str) -> Iterator[tuple[Table, Column]]:
    for table in situation.state.tables:
        for column in table.columns:
            if (
                column.type.name == "enum"
                and column.type.enum == enum
                and not situation.is_fresh(table.name, column.name)
            ):
                yield table, column
