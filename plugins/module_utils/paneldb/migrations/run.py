# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan of migrations and writing the journal beside it.

A migration whose steps are all transactional, on an engine whose DDL is, commits as a whole together with its row in
the journal. Any other migration is followed up operation by operation, so that the next run can go on where this one
stops. The row of the run and what it plans are committed before the first statement; it ends with the last migration.

What a run has planned and done as a whole is written as done at its end, all at once: until then the migrations' rows
tell how far it came, and whoever finds the run interrupted writes it down (``_settle``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..engines.base import Engine
from ..errors import PanelDbError
from ..model.plan import Plan, Stage
from ..planning import Progress, apply_stage
from .files import Migration
from .ledger import (
    DONE,
    FAILED,
    INTERRUPTED,
    PLANNED,
    ROLLBACK,
    STARTED,
    Applied,
    Ledger,
    OperationRow,
    RunRow,
    by_migration,
    new_run,
    now,
)


@dataclass(frozen=True)
class Record:
    """What the journal is to hold once a stage is through.

    ``how`` is written into the migration's row; ``forget`` are ids whose rows go; without ``keep`` the migration is
    applied no longer. ``left`` are rows of operations that an interrupted run left: those that are done count.
    """

    migration: Migration
    how: str
    keep: bool = True
    forget: tuple[str, ...] = ()
    left: tuple[OperationRow, ...] = ()

    @property
    def done(self) -> int:
        """How many operations an interrupted run has done already, from the first on."""
        return sum(row.state == DONE for row in self.left)


class Journal:
    """One run: its row, the rows of its operations, and the plan carried out."""

    def __init__(self, engine: Engine, ledger: Ledger, run: RunRow, progress: Progress | None = None) -> None:
        self.engine = engine
        self.ledger = ledger
        self.run = run
        self.progress = progress or Progress()
        self.parts: list[_Whole] = []

    def plan(self, stages: Sequence[Stage], records: Sequence[Record]) -> None:
        """Write what the run is going to do; the caller commits it."""
        for stage, record in zip(stages, records):
            kind = _Whole if self._whole(stage, record) else _Followed
            self.parts.append(kind(self, stage, record, last=len(self.parts) == len(stages) - 1))
        self.ledger.remove_operations(row for record in records for row in record.left)
        # What an interrupted run has done is taken over, so that each operation has one row.
        taken = [row._replace(run=self.run.id) for record in records for row in record.left if row.state == DONE]
        self.ledger.add_operations([*taken, *(row for part in self.parts for row in part.rows)])
        if not stages:
            self.ledger.end_run(self.run)

    def carry_out(self) -> None:
        """Do what is planned, in order.

        :raises StatementFailed: where the engine refuses a statement; what it began is undone where that can be.
        """
        for number, part in enumerate(self.parts):
            try:
                part.apply()
            except PanelDbError as error:
                self._fail(number, error)
                raise

    def end(self) -> None:
        """Write that all is done."""
        self.ledger.update_operations(row for part in self.parts for row in part.unwritten())
        self.ledger.end_run(self.run)

    def _whole(self, stage: Stage, record: Record) -> bool:
        transactional = self.engine.capabilities.transactional_ddl and all(step.transactional for step in stage.steps)
        return not record.left and (transactional or not stage.steps)

    def _fail(self, number: int, error: PanelDbError) -> None:
        """Write that the run failed; where even that cannot be written, the next run finds it interrupted."""
        told = [str(error.details[key]) for key in ("origin", "operation") if error.details.get(key)]
        try:
            with self.engine.transaction():
                self.ledger.update_operations(row for part in self.parts[:number] for row in part.unwritten())
                self.ledger.update_operations(self.parts[number].failed())
                self.ledger.remove_operations(row for part in self.parts[number:] for row in part.undone())
                self.ledger.end_run(self.run, FAILED, ": ".join([*told, error.message]))
        except PanelDbError:
            error.details["journal"] = "The failure could not be written to the journal."


@dataclass
class _Whole(Progress):
    """A stage that commits as a whole."""

    journal: Journal
    stage: Stage
    record: Record
    last: bool
    rows: list[OperationRow] = field(init=False)

    def __post_init__(self) -> None:
        run, migration = self.journal.run.id, self.record.migration.id
        self.rows = [
            OperationRow(run, migration, position, operation.name, operation.target, PLANNED)
            for position, operation in enumerate(self.stage.operations, self.record.done)
        ]

    def apply(self) -> None:
        """Run the stage and write its row, in one transaction."""
        started = now()
        with self.journal.engine.transaction(schema_change=bool(self.stage.steps)):
            apply_stage(self.journal.engine, self.stage, self)
            self.finish(started)

    def before_step(self, stage: Stage, position: int) -> None:
        """Note that it has started."""
        self._note(position, state=STARTED, started_at=now())
        self.journal.progress.before_step(stage, position)

    def after_step(self, stage: Stage, position: int) -> None:
        """Note that it is done."""
        self._note(position, state=DONE, ended_at=now())
        self.journal.progress.after_step(stage, position)

    def _note(self, position: int, **changes: Any) -> None:
        for each in self.stage.steps[position].operations:
            self.rows[each] = self.rows[each]._replace(**changes)

    def finish(self, started: datetime) -> None:
        """Write what the stage comes to, and the end of the run where it is the last one."""
        ledger, record = self.journal.ledger, self.record
        ledger.remove_applied(record.forget)
        if record.keep:
            ledger.add_applied([_applied(record, self.journal.run, started)])
        if self.last:
            self.journal.end()

    def unwritten(self) -> list[OperationRow]:
        """Rows whose state the journal does not have yet, once the stage is through."""
        return [row._replace(state=DONE) for row in self.rows]

    def failed(self) -> list[OperationRow]:
        """Rows to be written as failed where the stage failed."""
        return []

    def undone(self) -> list[OperationRow]:
        """Rows that nobody needs where the run ended before the stage, or in it."""
        return self.rows


@dataclass
class _Followed(_Whole):
    """A stage that cannot commit as a whole: each operation's state is written as it changes."""

    begun: bool = False

    def apply(self) -> None:
        """Run the stage step by step."""
        self.begun = True
        self.started = now()
        apply_stage(self.journal.engine, self.stage, self)
        if not self.stage.steps:
            with self.journal.engine.transaction():
                self.finish(self.started)

    def before_step(self, stage: Stage, position: int) -> None:
        """Commit that the step has started, where it is not part of a transaction."""
        super().before_step(stage, position)
        if not (self.journal.engine.capabilities.transactional_ddl and stage.steps[position].transactional):
            self._write(position)

    def after_step(self, stage: Stage, position: int) -> None:
        """Write that the step is done; with the last one the migration is."""
        super().after_step(stage, position)
        with self.journal.engine.transaction():
            if position == len(stage.steps) - 1:
                self.finish(self.started)
            self._write(position)

    def _write(self, position: int) -> None:
        self.journal.ledger.update_operations([self.rows[each] for each in self.stage.steps[position].operations])

    def unwritten(self) -> list[OperationRow]:
        """None: all of them are written."""
        return []

    def failed(self) -> list[OperationRow]:
        """What had started alone and is not done. Steps of a transaction are planned again."""
        capabilities = self.journal.engine.capabilities
        return [
            self.rows[each]._replace(state=FAILED, ended_at=now())
            for step in self.stage.steps
            for each in step.operations
            if self.rows[each].state == STARTED and not (capabilities.transactional_ddl and step.transactional)
        ]

    def undone(self) -> list[OperationRow]:
        """The rows of a stage that has begun are for the run that goes on."""
        return [] if self.begun else self.rows


def _applied(record: Record, run: RunRow, started: datetime) -> Applied:
    migration, ended = record.migration, now()
    return Applied(
        migration.id,
        migration.parent,
        migration.checksum,
        migration.model,
        ended,
        run.id,
        round((ended - started).total_seconds() * 1000),
        record.how,
    )


def begin(
    engine: Engine, kind: str, plan: Plan, records: Sequence[Record], progress: Progress | None = None
) -> Journal:
    """Commit the row of a new run and of all that it plans; make the journal where there is none.

    Only the holder of the lock may call this: whatever run still counts as started has no living owner.
    """
    ledger = Ledger(engine)
    stages = plan.stages[len(plan.stages) - len(records) :]
    with engine.transaction():
        ledger.create()
        for lost in ledger.runs(STARTED):
            _settle(ledger, lost)
            ledger.end_run(lost, INTERRUPTED)
        journal = Journal(engine, ledger, new_run(kind, plan.fingerprint), progress)
        ledger.add_run(journal.run)
        journal.plan(stages, records)
    return journal


def _settle(ledger: Ledger, lost: RunRow) -> None:
    """Write what an interrupted run came to: what its migrations' rows tell is done, what had not begun goes.

    A migration that was followed up operation by operation stays as it is, for the run that goes on with it.
    """
    applied = ledger.applied()
    for identity, rows in by_migration(ledger.operations(lost.id)):
        if any(row.state != PLANNED for row in rows):
            continue
        row = applied.get(identity)
        there = row is not None and row.run == lost.id
        if there if lost.kind != ROLLBACK else row is None:
            ended = row.applied_at if row else None
            ledger.update_operations(each._replace(state=DONE, ended_at=ended) for each in rows)
        else:
            ledger.remove_operations(rows)
