# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declarative way: bring a live database to a model, without migration files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from ..engines.base import Engine, Limit
from ..model.diff import Unmanaged, difference, unmanaged
from ..model.plan import BLOCK, Hazard, Plan
from ..model.renames import carry_renames, suspected_renames
from ..model.schema import Schema
from ..planning import Change, Consent, Progress, apply_plan, compose, require_consent


class Push(NamedTuple):
    """A plan with what stands beside it: what the model does not name, and what this engine cannot have of it."""

    plan: Plan
    unmanaged: tuple[Unmanaged, ...]
    limits: tuple[Limit, ...]


def plan_push(engine: Engine, model: Schema, *, prune: bool = False) -> Push:
    """Plan what leads from the database as it is to the model. Nothing is written.

    Without ``prune`` all that the model does not name stays and is told as unmanaged; with it, it goes.

    :raises Unsupported: where this engine cannot do an operation.
    """
    catalogue = engine.catalogue()
    target = carry_renames(model, engine.canonical(model))
    operations = difference(catalogue.schema, target, prune=prune)
    plan = compose(engine, [Change("", operations)], catalogue)
    if prune and plan.changed:
        plan = replace(plan, hazards=(*plan.hazards, *_likely_renames(catalogue.schema, target)))
    left = () if prune else unmanaged(catalogue.schema, target)
    return Push(plan, left, engine.limits(model))


def _likely_renames(current: Schema, target: Schema) -> Iterator[Hazard]:
    """A rename that nobody said loses what it should keep: it is asked about, and consent is given by the drop."""
    for suspect in suspected_renames(current, target):
        dropped = f"drop_{suspect.kind} {f'{suspect.table}.' if suspect.table else ''}{suspect.before}"
        yield Hazard("likely-rename", BLOCK, dropped, suspect.question, destroys=True)


def push(
    engine: Engine,
    model: Schema,
    *,
    prune: bool = False,
    consent: Consent | None = None,
    progress: Progress | None = None,
) -> Push:
    """Bring the database to the model, under the lock; give what was done.

    The plan is made once more under the lock, since another runner may have changed the database in between.

    :raises PlanChanged: where the plan is not the one consented to.
    :raises HazardsNotAccepted: where a blocking hazard has no consent.
    :raises LockHeld: where another runner holds the lock for longer than the target's ``lock_timeout``.
    """
    planned = plan_push(engine, model, prune=prune)
    if not planned.plan.changed:
        return planned
    with engine.lock(engine.target.lock_timeout):
        planned = plan_push(engine, model, prune=prune)
        require_consent(planned.plan, consent or Consent())
        apply_plan(engine, planned.plan, progress)
    return planned
