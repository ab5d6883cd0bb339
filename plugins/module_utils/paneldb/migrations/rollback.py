# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking migrations back, newest first, by the inverse of each of their operations."""

from __future__ import annotations

from collections.abc import Sequence

from ..engines.base import Engine
from ..model.operations import NoInverse, Operation
from ..model.schema import Schema
from ..planning import Change, Consent, Progress, require_consent
from .chain import Chain, advanced
from .deploy import nothing, planned
from .errors import UnknownMigration
from .files import Migration
from .ledger import ROLLBACK, STARTED, Ledger
from .parts import Outcome, Record
from .position import Position, locate
from .resume import find_unfinished, refuse_other_direction, settle
from .run import begin, end_lost

#: The target before the first migration.
NONE = "none"


def plan_rollback(engine: Engine, chain: Chain, *, target: str) -> Outcome:
    """Plan what takes back all that was applied after ``target`` (NONE takes back everything). Nothing is written.

    :raises UnknownMigration: where the target is in no file, or is not applied.
    :raises NoInverse: where an operation cannot be taken back, with all such and their reasons.
    :raises MigrationError: where files and journal do not agree.
    """
    ledger = Ledger(engine)
    return _plan(engine, ledger, locate(chain, ledger.applied()), target)


def rollback(
    engine: Engine, chain: Chain, *, target: str, consent: Consent | None = None, progress: Progress | None = None
) -> Outcome:
    """Take back all that was applied after ``target``; give what was done. Goes on where an interrupted run stopped.

    :raises NoInverse: as ``plan_rollback``; nothing was touched.
    :raises HazardsNotAccepted: where a blocking hazard has no consent.
    :raises PlanChanged: where the plan is not the one consented to.
    :raises LockHeld: where another runner holds the lock for longer than the target's ``lock_timeout``.
    """
    position = locate(chain, Ledger(engine).applied())
    if position.count == _kept(position, target):
        end_lost(engine)
        return nothing(engine)
    with engine.lock(engine.target.lock_timeout):
        outcome = plan_rollback(engine, chain, target=target)
        require_consent(outcome.plan, consent or Consent())
        if outcome.plan.changed:
            begin(engine, ROLLBACK, outcome, progress).carry_out()
    return outcome


def _kept(position: Position, target: str) -> int:
    kept = 0 if target == NONE else position.chain.position(target) + 1
    if kept > position.count:
        raise UnknownMigration(
            f"{target} is not applied; the newest applied migration is {position.head or 'none'}.",
            hint="Name an applied one to go back to, or `none`.",
            migration=target,
        )
    return kept


def _plan(engine: Engine, ledger: Ledger, position: Position, target: str) -> Outcome:
    going = tuple(reversed(position.applied[_kept(position, target) :]))
    if not going:
        return nothing(engine)
    left = find_unfinished(ledger, position)
    refuse_other_direction(left, reverse=True)
    inverses = _inverses(going)
    catalogue = engine.catalogue()
    records = [Record(each, ROLLBACK, keep=False, forget=_rows_of(each, position)) for each in going]
    if left:
        rows = settle(engine, left, advanced(Schema(), *position.applied), catalogue)
        records[0] = Record(going[0], ROLLBACK, keep=False, forget=records[0].forget, left=rows)
        inverses[0] = inverses[0][records[0].done :]
    changes = [Change(each.id, operations, reverse=True) for each, operations in zip(going, inverses)]
    return Outcome(planned(engine, changes, catalogue), tuple(records), left is not None or bool(ledger.runs(STARTED)))


def _rows_of(migration: Migration, position: Position) -> tuple[str, ...]:
    if migration is position.squashed:
        return tuple(identity for identity in migration.replaces if identity in position.rows)
    return (migration.id,)


def _inverses(migrations: Sequence[Migration]) -> list[tuple[Operation, ...]]:
    """Give the operations that take each migration back.

    :raises NoInverse: with every operation that cannot be taken back.
    """
    refused: list[str] = []
    found: list[tuple[Operation, ...]] = []
    for migration in migrations:
        inverse: list[Operation] = []
        for operation in reversed(migration.operations):
            try:
                inverse.append(operation.inverse())
            except NoInverse as error:
                refused.append(f"{migration.id}: {error.message}")
        found.append(tuple(inverse))
    if refused:
        raise NoInverse(
            f"These cannot be taken back: {' '.join(refused)}",
            hint="Nothing was touched. Go forward with a new migration, or restore a backup.",
            reasons=refused,
        )
    return found
