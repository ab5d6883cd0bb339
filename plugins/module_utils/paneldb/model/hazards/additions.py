# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of what comes: columns that existing rows must fill, keys and rules that they must obey, indexes to build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..operations import Add, Alter, Drop
from ..plan import INFO, WARN
from ..schema import AUTOINCREMENT, UUID, Check, Column, ForeignKey, Index, PrimaryKey, Unique
from .finding import DUPLICATES, NULLS, ORPHANS, ROWS, VIOLATIONS, Finding, Need
from .situation import MYSQL, POSTGRESQL, SQLITE, Situation

#: PostgreSQL is told to build or check beside readers and writers where a change is the only one of its migration.
_ALONE = "As the only operation of a migration it is done on PostgreSQL without blocking others."


def _or_alone(situation: Situation, safer: str) -> str:
    return f"{safer} {_ALONE}" if situation.on(POSTGRESQL) else safer


def add_column(situation: Situation) -> Iterator[Finding]:
    """Existing rows need a value for it."""
    column = situation.added
    table = situation.table
    if not isinstance(column, Column) or situation.is_fresh(table.name):
        return
    if not column.null and column.default is None and not column.generated:
        hazard = situation.hazard(
            "not-null-without-default",
            WARN,
            f"Rows of {table.name} that are there have no value for {column.name}, which must not be null.",
            "Give it a default; or add it nullable, fill it, and forbid nulls in a later migration.",
        )
        yield situation.finding(hazard, table, decides=ROWS, refuses=True)
    if (
        column.default is not None
        and column.default.function in (UUID, AUTOINCREMENT)
        and situation.on(POSTGRESQL, MYSQL)
    ):
        hazard = situation.hazard(
            "volatile-default",
            WARN,
            f"Every row of {table.name} is written anew to get its own {column.name}; nobody can use it meanwhile.",
            "Add it nullable without default, set the default, fill rows in batches, then forbid nulls.",
        )
        yield situation.finding(hazard, table)
    if column.generated:
        message = f"Every row of {table.name} is written anew to compute {column.name}."
        yield situation.finding(situation.hazard("generated-stored", WARN, message), table)


def set_not_null(situation: Situation) -> Iterator[Finding]:
    """Rows that hold a null are refused."""
    operation = situation.operation
    if not (
        isinstance(operation, Alter) and isinstance(operation.before, Column) and isinstance(operation.after, Column)
    ):
        return
    table, column = situation.table, operation.after
    if not operation.before.null or column.null or situation.is_fresh(table.name, column.name):
        return
    safer = _or_alone(situation, "First fill the nulls, in an execute step.")
    message = f"The whole table {table.name} is read to make sure that {column.name} holds no null."
    hazard = situation.hazard("set-not-null", WARN, message, safer)
    how = _refusing(situation, NULLS, "Nobody can use the table meanwhile.")
    yield situation.finding(hazard, table, Need(NULLS, table, column), **how)


def add_unique(situation: Situation) -> Iterator[Finding]:
    """Rows that share a value are refused."""
    element = situation.added
    table = situation.table
    if not isinstance(element, (Unique, Index)) or (isinstance(element, Index) and not element.unique):
        return
    if situation.steps_aside(table.name, element) or situation.is_fresh(table.name):
        return
    columns = ", ".join(_columns(element))
    message = f"Values of {columns} in {table.name} must occur once."
    safer = _or_alone(situation, "First mend the rows that share a value.")
    hazard = situation.hazard("add-unique", WARN, message, safer)
    how = _refusing(situation, DUPLICATES, "Nobody can write to the table while the index is built.")
    yield situation.finding(hazard, table, Need(DUPLICATES, table, element), **how)


def add_index(situation: Situation) -> Iterator[Finding]:
    """Building an index blocks writers where it is not told to build beside them."""
    element = situation.added
    table = situation.table
    if not isinstance(element, Index) or situation.is_fresh(table.name) or not situation.on(POSTGRESQL):
        return
    message = f"The whole table {table.name} is read to build index {element.name}."
    lock = "Nobody can write to it meanwhile (SHARE lock)."
    yield situation.finding(situation.hazard("index-not-concurrent", WARN, message, _ALONE), table, lock=lock)


def add_foreign_key(situation: Situation) -> Iterator[Finding]:
    """Rows that refer to nothing are refused."""
    key = situation.added
    table = situation.table
    if not isinstance(key, ForeignKey) or situation.is_fresh(table.name):
        return
    message = f"Every row of {table.name} must refer to a row of {key.ref_table}."
    safer = _or_alone(situation, "First mend or delete the rows that refer to nothing.")
    hazard = situation.hazard("add-foreign-key", WARN, message, safer)
    needs = () if situation.is_fresh(table.name, *key.columns) else (Need(ORPHANS, table, key),)
    lock = "Nobody can write to either table while that is checked (SHARE ROW EXCLUSIVE lock)."
    yield situation.finding(hazard, table, *needs, **_refusing(situation, ORPHANS, lock))


def add_check(situation: Situation) -> Iterator[Finding]:
    """Rows that break the rule are refused."""
    check = situation.added
    table = situation.table
    if not isinstance(check, Check) or situation.steps_aside(table.name, check) or situation.is_fresh(table.name):
        return
    message = f"Every row of {table.name} is read to make sure that it obeys: {check.expression}."
    safer = _or_alone(situation, "First mend the rows that break the rule.")
    hazard = situation.hazard("add-check", WARN, message, safer)
    how = _refusing(situation, VIOLATIONS, "Nobody can use the table meanwhile.")
    yield situation.finding(hazard, table, Need(VIOLATIONS, table, check), **how)


def primary_key(situation: Situation) -> Iterator[Finding]:
    """Another primary key means that the table is written anew, and that rows must be told apart by it."""
    operation = situation.operation
    table = situation.table
    if not isinstance(operation, (Add, Drop)) or situation.is_fresh(table.name):
        return
    hazard = situation.hazard(
        "primary-key-change",
        WARN,
        f"Rows of {table.name} are told apart by other columns from then on; the table may be written anew.",
        "Stop the panel meanwhile, and make sure that nothing outside the database keeps the former keys.",
    )
    key = operation.element
    if not isinstance(operation, Add) or not isinstance(key, PrimaryKey):
        yield situation.finding(hazard, table)
        return
    needs = Need(DUPLICATES, table, Unique("primary_key", key.columns))
    yield situation.finding(hazard, table, needs, decides=DUPLICATES, otherwise=WARN, refuses=True)


def sqlite_rebuild(situation: Situation) -> Iterator[Finding]:
    """SQLite changes most of a table by writing all of it anew under another name."""
    table = situation.table
    operation = situation.operation
    if not table.columns or situation.is_fresh(table.name) or situation.engine != SQLITE:
        return
    if isinstance(operation, Add) and isinstance(operation.element, Column) and _can_be_appended(operation.element):
        return
    message = f"Table {table.name} is copied as a whole; nobody else can write meanwhile."
    yield situation.finding(situation.hazard("sqlite-rebuild", WARN, message), table)


def _can_be_appended(column: Column) -> bool:
    """What SQLite's own ALTER TABLE can add: a column whose default is a value, or that may be null."""
    constant = column.default is None or not column.default.function
    return constant and (column.null or column.default is not None) and not column.updated_at


def _columns(element: Unique | Index) -> tuple[str, ...]:
    if isinstance(element, Unique):
        return element.columns
    return tuple(column.name for column in element.columns)


def _refusing(situation: Situation, fact: str, lock: str) -> dict[str, Any]:
    """How a rule weighs that rows may break: over such rows it blocks, else others wait while the table is read.

    SQLite has one writer at any time and reads fast: there the waiting is nothing to warn of.
    """
    alone = situation.engine == SQLITE
    return {
        "decides": fact,
        "otherwise": INFO if alone else WARN,
        "refuses": True,
        "lock": lock if situation.on(POSTGRESQL) else "",
    }
