# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run and its parts: each migration, what is done to the database, and what becomes of its rows in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..engines.base import Catalogue
from ..model.plan import Plan, Stage
from ..planning import Progress, apply_stage
from .files import Migration
from .ledger import DONE, FAILED, PLANNED, STARTED, Applied, OperationRow, now

if TYPE_CHECKING:
    from .run import Journal


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


@dataclass(frozen=True)
class Outcome:
    """What was done or would be: the plan, and the migrations in it.

    ``resumed`` tells that an earlier run was interrupted, ``empty`` that no table is there when migrations begin.
    ``catalogue`` is what the plan was made on.
    """

    plan: Plan
    records: tuple[Record, ...] = ()
    resumed: bool = False
    empty: bool = False
    catalogue: Catalogue | None = field(default=None, repr=False, compare=False)

    @property
    def migrations(self) -> tuple[str, ...]:
        """Ids in the order in which they are worked on."""
        return tuple(dict.fromkeys(record.migration.id for record in self.records))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of the migrations, one for each record; a reset has one before them."""
        return self.plan.stages[len(self.plan.stages) - len(self.records) :]


@dataclass
class Part(Progress):
    """A stage that commits as a whole, together with its migration's row."""

    journal: Journal
    stage: Stage
    record: Record
    rows: list[OperationRow] = field(init=False)
    started: datetime = field(init=False)
    ended: datetime = field(init=False)

    def __post_init__(self) -> None:
        run, migration = self.journal.run.id, self.record.migration.id
        self.rows = [
            OperationRow(run, migration, position, operation.name, operation.target, PLANNED)
            for position, operation in enumerate(self.stage.operations, self.record.done)
        ]

    @property
    def alone(self) -> bool:
        """Whether nothing else may share its transaction.

        A new value of an enum may have to be committed before it is used, and nobody knows what a person's step needs.
        """
        return any(operation.name in ("alter_enum", "execute") for operation in self.stage.operations)

    def apply(self) -> None:
        """Run the stage, in the transaction of the caller."""
        self.started = now()
        apply_stage(self.journal.engine, self.stage, self)
        self.ended = now()

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

    def applied(self) -> Applied:
        """The migration's row once the stage is through."""
        migration = self.record.migration
        milliseconds = round((self.ended - self.started).total_seconds() * 1000)
        header = (migration.id, migration.parent, migration.checksum, migration.model)
        return Applied(*header, self.ended, self.journal.run.id, milliseconds, self.record.how)

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
class Followed(Part):
    """A stage that cannot commit as a whole: each operation's state is written as it changes."""

    begun: bool = False

    @property
    def alone(self) -> bool:
        return True

    def apply(self) -> None:
        """Run the stage step by step."""
        self.begun = True
        self.started = now()
        apply_stage(self.journal.engine, self.stage, self)
        if not self.stage.steps:
            self._finish()

    def before_step(self, stage: Stage, position: int) -> None:
        """Commit that the step has started, where it is not part of a transaction."""
        super().before_step(stage, position)
        if not self._in_transaction(position):
            with self.journal.writing():
                self._write(position)

    def after_step(self, stage: Stage, position: int) -> None:
        """Write that the step is done; with the last one the migration is."""
        super().after_step(stage, position)
        last = position == len(stage.steps) - 1
        if last:
            self.ended = now()
        if self._can_wait(position):
            self.journal.owe(lambda: self._write_done(position, last=last))
            return
        with self.journal.writing():
            self._write_done(position, last=last)
            if last:
                self.journal.close([self])

    def _can_wait(self, position: int) -> bool:
        """Whether that the step is done may be committed together with the start of the next one, at once after it.

        If the run ends in between, the catalogue tells that the step is done; of a step of a person it cannot tell.
        """
        engine, stage = self.journal.engine, self.stage
        one_by_one = engine.capabilities.transactions and not engine.capabilities.transactional_ddl
        follows = position < len(stage.steps) - 1 or self.journal.parts[-1] is not self
        of_person = any(stage.operations[each].name == "execute" for each in stage.steps[position].operations)
        return one_by_one and follows and not of_person

    def _write_done(self, position: int, *, last: bool) -> None:
        # Where this is no transaction, what counts comes first.
        if last:
            self.journal.record([self])
        self._write(position)

    def _finish(self) -> None:
        self.ended = now()
        with self.journal.writing():
            self.journal.finish([self])

    def _in_transaction(self, position: int) -> bool:
        return self.journal.engine.capabilities.transactional_ddl and self.stage.steps[position].transactional

    def _write(self, position: int) -> None:
        self.journal.ledger.update_operations([self.rows[each] for each in self.stage.steps[position].operations])

    def unwritten(self) -> list[OperationRow]:
        """None: all of them are written."""
        return []

    def failed(self) -> list[OperationRow]:
        """What had started outside a transaction and is not done; in one, all is planned again."""
        return [
            self.rows[each]._replace(state=FAILED, ended_at=now())
            for position, step in enumerate(self.stage.steps)
            for each in step.operations
            if self.rows[each].state == STARTED and not self._in_transaction(position)
        ]

    def undone(self) -> list[OperationRow]:
        """The rows of a stage that has begun are for the run that goes on."""
        return [] if self.begun else self.rows
