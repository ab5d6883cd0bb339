# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying what is pending: plan, consent, lock, journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..engines.base import Catalogue, Engine
from ..model.operations import Alter, DoesNotFit, Operation, Place
from ..model.plan import BLOCK, WARN, Plan
from ..model.schema import Element, Schema, Table
from ..planning import Change, Consent, Progress, compose, require_consent
from .chain import Chain, advanced, refuse_other_state
from .errors import Drifted
from .ledger import DEPLOY, SQUASH, STARTED, Ledger
from .parts import Outcome, Record
from .position import Position, locate
from .resume import find_unfinished, refuse_other_direction, settle
from .run import begin, end_lost

DRIFT_HINT = (
    "Look at the drift (`migrate_info`), then undo what was changed by hand or say it in a migration. Tables that were "
    "made without migrations are recorded with state baseline."
)


def plan_deploy(engine: Engine, chain: Chain, *, target: str = "") -> Outcome:
    """Plan what is pending up to and with ``target`` (the newest where it is not given). Nothing is written.

    :raises UnknownMigration: where the target is in no file.
    :raises MigrationError: where files and journal do not agree (see ``position.locate``).
    :raises Drifted: where what is to be changed is not as the applied migrations left it.
    :raises Unsupported: where this engine cannot do an operation.
    """
    ledger = Ledger(engine)
    return _plan(engine, ledger, locate(chain, ledger.applied()), target)


def deploy(
    engine: Engine, chain: Chain, *, target: str = "", consent: Consent | None = None, progress: Progress | None = None
) -> Outcome:
    """Apply what is pending; give what was done. Goes on where an interrupted run stopped.

    The journal is read before the lock is taken: where nothing is pending nobody waits. The plan is made under it.

    :raises HazardsNotAccepted: where a blocking hazard has no consent, neither here nor in the migration's file.
    :raises PlanChanged: where the plan is not the one consented to.
    :raises LockHeld: where another runner holds the lock for longer than the target's ``lock_timeout``.
    """
    if not _todo(locate(chain, Ledger(engine).applied()), target):
        end_lost(engine)
        return nothing(engine)
    with engine.lock(engine.target.lock_timeout):
        outcome = plan_deploy(engine, chain, target=target)
        require_consent(outcome.plan, consent or Consent())
        if outcome.plan.changed:
            begin(engine, DEPLOY, outcome, progress).carry_out(together=outcome.empty)
    return outcome


def nothing(engine: Engine) -> Outcome:
    """The outcome where there is nothing to do."""
    return Outcome(Plan(engine.name, engine.version()))


def _todo(position: Position, target: str) -> int:
    """Count the migrations at the end of the wanted part of the chain that are not recorded as applied."""
    wanted = position.chain.position(target) + 1 if target else len(position.chain)
    return max(wanted - position.count, 0) + (position.squashed is not None)


def _plan(engine: Engine, ledger: Ledger, position: Position, target: str) -> Outcome:
    todo = _todo(position, target)
    if not todo:
        return nothing(engine)
    left = find_unfinished(ledger, position)
    refuse_other_direction(left, reverse=False)
    catalogue = engine.catalogue()
    state = advanced(Schema(), *position.applied)
    records = [Record(each, DEPLOY) for each in position.pending[: todo - (position.squashed is not None)]]
    if left and records:
        records[0] = replace(records[0], left=settle(engine, left, state, catalogue))
    _refuse_wrong(state, records)
    _refuse_altered(engine, state, records, catalogue)
    if position.squashed:
        replaced = tuple(identity for identity in position.squashed.replaces if identity in position.rows)
        records.insert(0, Record(position.squashed, SQUASH, forget=replaced))
    plan = planned(engine, [Change(each.migration.id, _remaining(each)) for each in records], catalogue)
    return Outcome(
        _with_consent_of_files(plan, records),
        tuple(records),
        resumed=left is not None or bool(ledger.runs(STARTED)),
        empty=not catalogue.schema.tables,
        catalogue=catalogue,
    )


def _remaining(record: Record) -> tuple[Operation, ...]:
    """What is left to do: a squashed migration is there already, an interrupted one in part."""
    if record.how == SQUASH:
        return ()
    return record.migration.operations[record.done :]


def _refuse_wrong(state: Schema, records: Sequence[Record]) -> None:
    """Refuse files that do not lead where their headers say."""
    if records:
        migrations = [record.migration for record in records]
        refuse_other_state(advanced(state, *migrations), migrations[-1])


def _refuse_altered(engine: Engine, state: Schema, records: Sequence[Record], catalogue: Catalogue) -> None:
    """Refuse to alter what somebody altered by hand: that change would be lost in silence."""
    alters = list(_first_alters(records))
    wanted = engine.canonical(state) if alters else state
    for origin, operation in alters:
        place = operation.touches()[0]
        expected, found = wanted.element(*place), catalogue.schema.element(*place)
        if expected is not None and found is not None and _compared(expected) != _compared(found):
            raise Drifted(
                f"{origin}: {operation.name} {operation.target}: somebody changed it by hand since the last migration.",
                hint=DRIFT_HINT,
                differences=[f"{operation.name} {operation.target}"],
            )


def _first_alters(records: Sequence[Record]) -> Iterator[tuple[str, Alter]]:
    """Give the alterations of what no operation before them has touched."""
    touched: set[Place] = set()
    for record in records:
        for operation in record.migration.operations:
            places = operation.touches()
            if isinstance(operation, Alter) and not record.left and touched.isdisjoint(places):
                yield record.migration.id, operation
            touched.update(places)


def _compared(element: Element) -> object:
    """Of a table only the comment is altered."""
    return element.comment if isinstance(element, Table) else element


def _with_consent_of_files(plan: Plan, records: Sequence[Record]) -> Plan:
    """What a migration's own file consents to blocks no longer."""
    accepted = {record.migration.id: record.migration.accept_hazards for record in records}
    hazards = (
        replace(hazard, severity=WARN)
        if hazard.severity == BLOCK and hazard.code in accepted.get(hazard.origin, ())
        else hazard
        for hazard in plan.hazards
    )
    return replace(plan, hazards=tuple(hazards))


def planned(engine: Engine, changes: Sequence[Change], catalogue: Catalogue) -> Plan:
    """Compose the plan, and say what it means where an operation does not fit what is there.

    :raises Drifted: where one does not.
    """
    try:
        return compose(engine, changes, catalogue)
    except DoesNotFit as error:
        raise Drifted(
            f"The database is not as the applied migrations left it: {error.message}", hint=DRIFT_HINT
        ) from error
