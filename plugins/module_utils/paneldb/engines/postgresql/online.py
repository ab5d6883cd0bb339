# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that spare the application a long lock, where a change stands alone and the table has rows.

An index is built CONCURRENTLY; a key or rule is added NOT VALID, for which a short lock is enough, and validated while
rows are read and written. None of that can be part of a larger transaction, so it is done where the change is the only
one of its migration; otherwise all happens at once under the lock. What fails half-way is removed (``undo``); what a
killed run leaves is found by the catalogue and removed before the next try.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...model.operations import Add, Alter, Operation
from ...model.plan import Statement, Step
from ...model.schema import Check, Column, ForeignKey, Index, IndexColumn, Unique
from . import ddl
from .catalog import Native
from .faults import RUNNING
from .session import milliseconds
from .wording import PROBE, quoted

if TYPE_CHECKING:
    from .engine import PostgresqlEngine


@dataclass(frozen=True)
class OnlineStatement(Statement):
    """A statement outside any transaction.

    ``undo`` removes what it, or the one before it, leaves when it fails. A ``patient`` one holds nobody up while it
    waits for its lock.
    """

    undo: str = ""
    patient: bool = False


def online_step(operation: Operation, native: Native) -> tuple[Step, ...]:
    """Give the step that does the operation without a long lock, or nothing where it is done as any other."""
    if getattr(operation, "table", "") not in native.filled:
        return ()
    statements = _statements(operation, native)
    return (Step((0,), statements, transactional=False),) if statements else ()


def _statements(operation: Operation, native: Native) -> tuple[Statement, ...]:
    if isinstance(operation, Add):
        element = operation.element
        if isinstance(element, Index):
            return (*_cleared(element.name, native), _built(operation.table, element))
        if isinstance(element, Unique):
            return (*_cleared(element.name, native), *_unique(operation.table, element))
        if isinstance(element, (ForeignKey, Check)):
            return (*_cleared(element.name, native), *_validated(operation.table, element))
    if isinstance(operation, Alter) and isinstance(operation.after, Column) and isinstance(operation.before, Column):
        return _required(operation.table, operation.before, operation.after)
    return ()


def _cleared(name: str, native: Native) -> tuple[Statement, ...]:
    if name not in native.leftovers:
        return ()
    holder = native.leftovers[name]
    return (Statement(_without_constraint(holder, name) if holder else _without_index(name)),)


def _without_index(name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)}"


def _without_constraint(table: str, name: str) -> str:
    return f"ALTER TABLE {quoted(table)} DROP CONSTRAINT IF EXISTS {quoted(name)}"


def _built(table: str, index: Index) -> Statement:
    return OnlineStatement(
        ddl.create_index(table, index, concurrently=True), undo=_without_index(index.name), patient=True
    )


def _unique(table: str, key: Unique) -> tuple[Statement, ...]:
    index = Index(key.name, tuple(IndexColumn(column) for column in key.columns), unique=True)
    name = quoted(key.name)
    attach = f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}"
    return _built(table, index), OnlineStatement(attach, undo=_without_index(key.name))


def _validated(table: str, element: ForeignKey | Check) -> tuple[Statement, ...]:
    undo = _without_constraint(table, element.name)
    return (
        Statement(f"ALTER TABLE {quoted(table)} ADD {ddl.constraint_definition(element)} NOT VALID"),
        OnlineStatement(
            f"ALTER TABLE {quoted(table)} VALIDATE CONSTRAINT {quoted(element.name)}", undo=undo, patient=True
        ),
    )


def _required(table: str, before: Column, after: Column) -> tuple[Statement, ...]:
    """SET NOT NULL does not scan the table where a valid check proves that there is no null (since 12)."""
    if not before.null or after != replace(before, null=False):
        return ()
    head, probe = f"ALTER TABLE {quoted(table)}", quoted(PROBE)
    undo = _without_constraint(table, PROBE)
    return (
        Statement(undo),
        Statement(f"{head} ADD CONSTRAINT {probe} CHECK ({quoted(after.name)} IS NOT NULL) NOT VALID"),
        OnlineStatement(f"{head} VALIDATE CONSTRAINT {probe}", undo=undo, patient=True),
        OnlineStatement(f"{head} ALTER COLUMN {quoted(after.name)} SET NOT NULL", undo=undo),
        Statement(f"{head} DROP CONSTRAINT {probe}"),
    )


def run_outside(engine: PostgresqlEngine, statement: Statement) -> None:
    """Run a statement outside any transaction, alone, as such statements must be sent.

    Building and validating do not stand in the way of rows being read and written, so they may wait for as long as the
    target says; a build that gave up early would leave an invalid index each time.
    """
    patient = " CONCURRENTLY " in statement.text.upper() or (
        isinstance(statement, OnlineStatement) and statement.patient
    )
    engine.ask(f"SET lock_timeout = {milliseconds(engine.target.lock_timeout if patient else engine.lock_attempt())}")
    try:
        engine.ask(statement.text, action=RUNNING)
    finally:
        if not engine.closed:
            engine.ask(f"SET lock_timeout = {milliseconds(engine.target.lock_timeout)}")
