# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From operations to a plan for a live server, consent to it, and carrying it out.

Declarative changes and migrations both go through here, so that check mode, hazards, fingerprints and the order of
transactions are one thing. A migration's journal joins in by a ``Progress`` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import NamedTuple

from .engines.base import Catalogue, Engine
from .errors import LONGEST_LIST, HazardsNotAccepted, PlanChanged, StatementFailed
from .model.operations import Execute, Operation
from .model.plan import Hazard, Plan, Stage
from .model.schema import Schema


class Change(NamedTuple):
    """Operations that belong together: one migration (``origin`` is its id), or a declarative change (empty origin)."""

    origin: str
    operations: tuple[Operation, ...]
    reverse: bool = False


class Progress:
    """Told of every step of a stage; does nothing by itself.

    Both methods run inside the step's transaction where it has one, so that what they write through the engine is
    committed with the step or not at all. Where it has none, what they write is committed at once.
    """

    def before_step(self, stage: Stage, position: int) -> None:
        """The step at that position of ``stage.steps`` is about to run."""

    def after_step(self, stage: Stage, position: int) -> None:
        """The step at that position of ``stage.steps`` has run."""


class Consent(NamedTuple):
    """What a person agreed to beforehand.

    ``accepted`` are hazard codes, ``allowed`` operations that may destroy data (``drop_column servers.motd``, or
    ``all``), ``fingerprint`` the only plan that may run (empty: any).
    """

    accepted: Sequence[str] = ()
    allowed: Sequence[str] = ()
    fingerprint: str = ""


def compose(engine: Engine, changes: Sequence[Change], catalogue: Catalogue | None = None) -> Plan:
    """Make the plan that carries out the changes, one after another, on what is there now.

    Nothing is written. A declarative change without operations gives no stage; a migration without any still does.

    :raises Unsupported: where this engine cannot do an operation.
    :raises DoesNotFit: where an operation does not apply to what is there.
    """
    before = catalogue if catalogue is not None else engine.catalogue()
    stages: list[Stage] = []
    after = before
    for change in changes:
        if change.operations or change.origin:
            steps, after = engine.compile(change.operations, after)
            stages.append(Stage(change.origin, change.operations, steps, change.reverse))
    texts = _texts(before.schema, after.schema, stages)
    return Plan(engine.name, engine.version(), tuple(stages), _hazards(engine, stages, before), *texts)


def require_consent(plan: Plan, consent: Consent) -> None:
    """Stop before anything runs unless the plan is the one agreed to.

    :raises PlanChanged: where another fingerprint was asked for.
    :raises HazardsNotAccepted: where a blocking hazard has no consent; ``hazards`` in the details names them.
    """
    if not plan.changed:
        return
    if consent.fingerprint and consent.fingerprint != plan.fingerprint:
        raise PlanChanged(
            "The plan is not the one that was agreed to; nothing was run.",
            hint="Look at the new plan in check mode, then give its fingerprint.",
            expected=consent.fingerprint,
            fingerprint=plan.fingerprint,
        )
    blocking = plan.blocking(consent.accepted, consent.allowed)
    if blocking:
        raise HazardsNotAccepted(
            f"{len(blocking)} hazard(s) need consent; nothing was run. First: {blocking[0].operation}: "
            f"{blocking[0].message}",
            hint=_how_to_consent(blocking),
            hazards=[hazard.to_data() for hazard in blocking[:LONGEST_LIST]],
        )


def apply_plan(engine: Engine, plan: Plan, progress: Progress | None = None) -> None:
    """Carry out every stage of the plan in order."""
    for stage in plan.stages:
        apply_stage(engine, stage, progress)


def apply_stage(engine: Engine, stage: Stage, progress: Progress | None = None) -> None:
    """Run the steps of a stage, neighbouring transactional ones in one transaction where the engine has such.

    :raises StatementFailed: with ``operation`` and ``statement`` in the details; the transaction it stood in is undone.
    """
    told = progress or Progress()
    for transactional, positions in _runs(stage):
        with _transaction(engine, wanted=transactional):
            for position in positions:
                told.before_step(stage, position)
                _run_step(engine, stage, position)
                told.after_step(stage, position)


def _runs(stage: Stage) -> Iterator[tuple[bool, list[int]]]:
    """Positions of neighbouring steps that are alike in being transactional."""
    for transactional, group in groupby(range(len(stage.steps)), lambda position: stage.steps[position].transactional):
        yield transactional, list(group)


def _transaction(engine: Engine, *, wanted: bool) -> AbstractContextManager[None]:
    return engine.transaction(schema_change=True) if wanted and engine.capabilities.transactional_ddl else nullcontext()


def _run_step(engine: Engine, stage: Stage, position: int) -> None:
    step = stage.steps[position]
    for statement in step.statements:
        try:
            engine.run(statement)
        except StatementFailed as error:
            operations = [stage.operations[each] for each in step.operations]
            told = ", ".join(f"{operation.name} {operation.target}" for operation in operations)
            error.details.update(operation=told, origin=stage.origin, statement=statement.text)
            raise


def _hazards(engine: Engine, stages: Sequence[Stage], before: Catalogue) -> tuple[Hazard, ...]:
    if not any(stage.operations for stage in stages):
        return ()
    from .measuring import assess

    return assess(engine, stages, before)


def _how_to_consent(blocking: Sequence[Hazard]) -> str:
    codes = sorted({hazard.code for hazard in blocking})
    destroyed = sorted({hazard.operation for hazard in blocking if hazard.destroys})
    hint = f"Consent with accept_hazards: {codes}"
    return f"{hint}, or name what may be destroyed: allow_destructive: {destroyed}." if destroyed else f"{hint}."


def _texts(before: Schema, after: Schema, stages: Sequence[Stage]) -> tuple[str, str]:
    """Both sides of the diff: what differs, and the steps that a person wrote."""
    if not any(stage.operations for stage in stages):
        return "", ""
    from .model.text import schema_text

    labels = [
        f"execute: {operation.label}\n"
        for stage in stages
        for operation in stage.operations
        if isinstance(operation, Execute)
    ]
    return schema_text(_without(before, after)), schema_text(_without(after, before)) + "".join(labels)


def _without(schema: Schema, other: Schema) -> Schema:
    """What of the schema is not the same in the other one."""
    return Schema(
        tuple(table for table in schema.tables if other.table(table.name) != table),
        tuple(enum for enum in schema.enums if other.enum(enum.name) != enum),
    )
