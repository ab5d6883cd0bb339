# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out a plan of migrations and writing the journal beside it.

A migration whose steps are all transactional, on an engine whose DDL is, commits as a whole together with its row in
the journal. Any other migration is followed up operation by operation, so that the next run can go on where this one
stops. On an empty database, where nobody waits for a lock, neighbouring migrations commit together: that is as safe,
and saves most of the time.

The row of the run and what it plans are committed before the first statement; it ends with the last migration. What a
run has done as a whole is written as done at its end, all at once: until then the migrations' rows tell how far it
came, and whoever finds the run interrupted writes it down (``_settle``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ..engines.base import Engine
from ..errors import LockHeld, PanelDbError
from ..model.plan import Stage
from ..planning import Progress
from .ledger import (
    DONE,
    FAILED,
    INTERRUPTED,
    PLANNED,
    ROLLBACK,
    STARTED,
    Ledger,
    RunRow,
    by_migration,
    new_run,
)
from .parts import Followed, Outcome, Part, Record

#: Migrations that commit together at the most: a server keeps a lock for everything that a transaction makes.
LARGEST_GROUP = 50


class Journal:
    """One run: its row, the rows of its operations, and the plan carried out."""

    def __init__(self, engine: Engine, ledger: Ledger, run: RunRow, progress: Progress | None = None) -> None:
        self.engine = engine
        self.ledger = ledger
        self.run = run
        self.progress = progress or Progress()
        self.parts: list[Part] = []
        self._owed: list[Callable[[], None]] = []

    def plan(self, stages: Sequence[Stage], records: Sequence[Record]) -> None:
        """Write what the run is going to do; the caller commits it."""
        self.parts = [self._part(stage, record) for stage, record in zip(stages, records)]
        # What an interrupted run has done is taken over, so that each operation has one row.
        taken = [row._replace(run=self.run.id) for record in records for row in record.left if row.state == DONE]
        self.ledger.add_operations([*taken, *(row for part in self.parts for row in part.rows)])
        self.ledger.remove_operations(row for record in records for row in record.left)
        if not stages:
            self.ledger.end_run(self.run)

    def _part(self, stage: Stage, record: Record) -> Part:
        transactional = self.engine.capabilities.transactional_ddl and all(step.transactional for step in stage.steps)
        whole = not record.left and (transactional or not stage.steps)
        return (Part if whole else Followed)(self, stage, record)

    def carry_out(self, *, together: bool = False) -> None:
        """Do what is planned, in order; ``together`` lets neighbouring migrations share a transaction.

        :raises StatementFailed: where the engine refuses a statement; what it began is undone where that can be.
        """
        done = 0
        for group in _groups(self.parts, LARGEST_GROUP if together else 1):
            try:
                self._apply(group)
            except PanelDbError as error:
                self._fail(done, len(group), error)
                raise
            done += len(group)

    def _apply(self, group: Sequence[Part]) -> None:
        if isinstance(group[0], Followed):
            group[0].apply()
            return
        with self.writing(schema_change=any(part.stage.steps for part in group)):
            for part in group:
                part.apply()
            self.finish(group)

    def owe(self, write: Callable[[], None]) -> None:
        """Keep what is to be written at the beginning of the next transaction."""
        self._owed.append(write)

    @contextmanager
    def writing(self, *, schema_change: bool = False) -> Iterator[None]:
        """A transaction that begins with what was kept, which is kept until that is committed."""
        with self.engine.transaction(schema_change=schema_change):
            for write in self._owed:
                write()
            yield
        self._owed.clear()

    def finish(self, group: Sequence[Part]) -> None:
        """Write what migrations come to that are through, and the end of the run where the last one is among them."""
        self.record(group)
        self.close(group)

    def record(self, group: Sequence[Part]) -> None:
        """Write that migrations are applied, or are no longer; what takes the place of others comes before they go."""
        self.ledger.add_applied(part.applied() for part in group if part.record.keep)
        self.ledger.remove_applied(identity for part in group for identity in part.record.forget)

    def close(self, group: Sequence[Part]) -> None:
        """Write the end of the run where the last migration is through."""
        if group[-1] is self.parts[-1]:
            self.ledger.finish_operations(self.run.id, [row for part in self.parts for row in part.unwritten()])
            self.ledger.end_run(self.run)

    def _fail(self, done: int, size: int, error: PanelDbError) -> None:
        """Write that the run failed; where even that cannot be written, the next run finds it interrupted."""
        told = [str(error.details[key]) for key in ("origin", "operation") if error.details.get(key)]
        try:
            with self.writing():
                self.ledger.update_operations(row for part in self.parts[:done] for row in part.unwritten())
                self.ledger.update_operations(row for part in self.parts[done : done + size] for row in part.failed())
                self.ledger.remove_operations(row for part in self.parts[done:] for row in part.undone())
                self.ledger.end_run(self.run, FAILED, ": ".join([*told, error.message]))
        except PanelDbError:
            error.details["journal"] = "The failure could not be written to the journal."


def _groups(parts: Sequence[Part], largest: int) -> Iterator[list[Part]]:
    """Part neighbours that commit together from the rest."""
    group: list[Part] = []
    for part in parts:
        if group and (part.alone or group[-1].alone or len(group) == largest):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def prepare(engine: Engine, outcome: Outcome) -> None:
    """Make the journal beforehand where that cannot be part of a transaction; outside any transaction, therefore."""
    if not engine.capabilities.transactional_ddl:
        Ledger(engine).create(outcome.catalogue)


def begin(engine: Engine, kind: str, outcome: Outcome, progress: Progress | None = None) -> Journal:
    """Commit the row of a new run and of all that it plans; make the journal where there is none.

    Only the holder of the lock may call this: whatever run still counts as started has no living owner.
    """
    prepare(engine, outcome)
    ledger = Ledger(engine)
    with engine.transaction():
        ledger.create(outcome.catalogue)
        _end_lost(ledger)
        journal = Journal(engine, ledger, new_run(kind, outcome.plan.fingerprint), progress)
        ledger.add_run(journal.run)
        journal.plan(outcome.stages, outcome.records)
    return journal


def end_lost(engine: Engine) -> None:
    """Write the end of a run that was killed right before it wrote that, though all it had to do was done.

    Only where the journal is not written in transactions can that be. Somebody who holds the lock is at work.
    """
    ledger = Ledger(engine)
    if engine.capabilities.transactions or not ledger.runs(STARTED):
        return
    with suppress(LockHeld), engine.lock(0):
        _end_lost(ledger)


def _end_lost(ledger: Ledger) -> None:
    for lost in ledger.runs(STARTED):
        ledger.end_run(lost, DONE if _settle(ledger, lost) else INTERRUPTED)


def _settle(ledger: Ledger, lost: RunRow) -> bool:
    """Write what an interrupted run came to: what its migrations' rows tell is done, what had not begun goes.

    A migration that was followed up operation by operation stays as it is, for the run that goes on with it. Tells
    whether the run had done all it had to do.
    """
    applied = ledger.applied()
    ends = []
    for identity, rows in by_migration(ledger.operations(lost.id)):
        row = applied.get(identity)
        there = row is not None and row.run == lost.id
        through = there if lost.kind != ROLLBACK else row is None
        ends.append(through)
        if through:
            ended = row.applied_at if row else None
            left = [each for each in rows if each.state != DONE]
            ledger.update_operations(each._replace(state=DONE, ended_at=each.ended_at or ended) for each in left)
        elif all(each.state == PLANNED for each in rows):
            ledger.remove_operations(rows)
    return bool(ends) and all(ends)
