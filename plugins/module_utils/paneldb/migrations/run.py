# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan of migrations and writing the journal beside it.

A migration whose steps are all transactional, on an engine whose DDL is, commits as a whole together with its rows in
the journal. Any other migration is followed up operation by operation, so that the next run can go on where this one
stops. The row of the run is committed before the first statement and ends together with the last migration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ..engines.base import Engine
from ..errors import PanelDbError
from ..model.plan import Stage
from ..planning import Progress, apply_stage
from .files import Migration
from .ledger import DONE, FAILED, PLANNED, STARTED, Applied, Ledger, OperationRow, RunRow, now


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
    """One run, from its start to its end, and its plan carried out. ``records`` has one for each stage."""

    def __init__(self, engine: Engine, ledger: Ledger, run: RunRow, progress: Progress | None = None) -> None:
        self.engine = engine
        self.ledger = ledger
        self.run = run
        self.progress = progress or Progress()

    def carry_out(self, stages: Sequence[Stage], records: Sequence[Record]) -> None:
        """Run the stages in order.

        :raises StatementFailed: where the engine refuses one; what it began is undone where that can be.
        """
        try:
            for number, (stage, record) in enumerate(zip(stages, records), 1):
                work = _Whole if self._whole(stage, record) else _Followed
                work(self, stage, record, last=number == len(stages)).apply()
        except PanelDbError as error:
            self.fail(error)
            raise

    def fail(self, error: PanelDbError) -> None:
        """Write that the run failed; where even that cannot be written, the next run finds it interrupted."""
        told = [str(error.details[key]) for key in ("origin", "operation") if error.details.get(key)]
        try:
            self.ledger.end_run(self.run, FAILED, ": ".join([*told, error.message]))
        except PanelDbError:
            error.details["journal"] = "The failure could not be written to the journal."

    def _whole(self, stage: Stage, record: Record) -> bool:
        transactional = self.engine.capabilities.transactional_ddl and all(step.transactional for step in stage.steps)
        return not record.left and (transactional or not stage.steps)


@dataclass
class _Whole(Progress):
    """A stage that commits as a whole."""

    journal: Journal
    stage: Stage
    record: Record
    last: bool
    started: datetime = field(default_factory=now)
    times: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)

    def apply(self) -> None:
        """Run the stage and write its rows, in one transaction."""
        with self.journal.engine.transaction(schema_change=bool(self.stage.steps)):
            apply_stage(self.journal.engine, self.stage, self)
            self.write_operations()
            self.finish()

    def before_step(self, stage: Stage, position: int) -> None:
        """Note the time."""
        started = now()
        self.times.update((each, (started, started)) for each in stage.steps[position].operations)
        self.journal.progress.before_step(stage, position)

    def after_step(self, stage: Stage, position: int) -> None:
        """Note the time."""
        ended = now()
        self.times.update((each, (self.times[each][0], ended)) for each in stage.steps[position].operations)
        self.journal.progress.after_step(stage, position)

    def write_operations(self) -> None:
        """Write the operations as done."""
        self.journal.ledger.add_operations(
            row._replace(state=DONE, started_at=times[0], ended_at=times[1])
            for row in planned_rows(self.journal.run, self.stage, self.record)
            for times in [self.times.get(row.position, (self.started, self.started))]
        )

    def finish(self) -> None:
        """Write what the stage comes to, and the end of the run where it is the last one."""
        ledger, record = self.journal.ledger, self.record
        ledger.remove_applied(record.forget)
        if record.keep:
            ledger.add_applied([_applied(record, self.journal.run, self.started)])
        if self.last:
            ledger.end_run(self.journal.run)


@dataclass
class _Followed(_Whole):
    """A stage that cannot commit as a whole: each operation's state is written as it changes."""

    rows: list[OperationRow] = field(default_factory=list)

    def apply(self) -> None:
        """Write what is planned, then run the stage step by step."""
        self._plan()
        try:
            apply_stage(self.journal.engine, self.stage, self)
        except PanelDbError:
            self._mark_failed()
            raise
        if not self.stage.steps:
            with self.journal.engine.transaction():
                self.finish()

    def _plan(self) -> None:
        """Take over what an interrupted run left, so that each operation has one row, and write the rest."""
        run, record = self.journal.run, self.record
        taken = [row._replace(run=run.id) for row in record.left if row.state == DONE]
        self.rows = planned_rows(run, self.stage, record)
        with self.journal.engine.transaction():
            self.journal.ledger.remove_operations(record.left)
            self.journal.ledger.add_operations([*taken, *self.rows])

    def before_step(self, stage: Stage, position: int) -> None:
        """Commit that the step has started, where it is not part of a transaction."""
        super().before_step(stage, position)
        if self._alone(position):
            self._update(position, STARTED)

    def after_step(self, stage: Stage, position: int) -> None:
        """Write that the step is done; with the last one the migration is."""
        super().after_step(stage, position)
        with self.journal.engine.transaction():
            if position == len(stage.steps) - 1:
                self.finish()
            self._update(position, DONE)

    def _alone(self, position: int) -> bool:
        return not (self.journal.engine.capabilities.transactional_ddl and self.stage.steps[position].transactional)

    def _update(self, position: int, state: str) -> None:
        for each in self.stage.steps[position].operations:
            started, ended = self.times[each]
            told = self.rows[each]._replace(state=state, started_at=started, ended_at=ended if state == DONE else None)
            self.rows[each] = told
        self.journal.ledger.update_operations([self.rows[each] for each in self.stage.steps[position].operations])

    def _mark_failed(self) -> None:
        """What had started and is not done has failed; steps of a transaction are as they were before it."""
        failed = [row._replace(state=FAILED, ended_at=now()) for row in self.rows if row.state == STARTED]
        try:
            self.journal.ledger.update_operations(failed)
        except PanelDbError:
            # The server is gone: the rows say started, which the next run treats alike.
            return


def planned_rows(run: RunRow, stage: Stage, record: Record) -> list[OperationRow]:
    """Give a row for each operation of the stage."""
    return [
        OperationRow(run.id, record.migration.id, position, operation.name, operation.target, PLANNED)
        for position, operation in enumerate(stage.operations, record.done)
    ]


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


def start(engine: Engine, ledger: Ledger, kind: str, fingerprint: str) -> RunRow:
    """Make the journal where there is none, and commit the row of a new run. The caller holds the lock."""
    with engine.transaction():
        ledger.create()
        return ledger.start_run(kind, fingerprint)
