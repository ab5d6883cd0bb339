# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting over: everything that the migrations made goes, with all rows, and is made anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..engines.base import Catalogue, Engine
from ..engines.target import Target
from ..errors import MigrationError
from ..model.diff import difference
from ..model.operations import Add, Operation, Rename
from ..model.plan import BLOCK, WARN, Plan
from ..model.schema import Schema
from ..planning import Change, Consent, Progress, apply_stage, compose, require_consent
from .chain import Chain, advanced
from .errors import NotConfirmed
from .ledger import DEPLOY, RESET, Ledger
from .parts import Outcome, Record
from .run import begin

PRODUCTION = "production"


def require_confirmation(target: Target, confirm: str, environment: str) -> None:
    """Refuse to remove everything unless the person names the database, and it is not one in production.

    :raises NotConfirmed: the name is another one, or the environment is production.
    """
    if environment == PRODUCTION:
        raise NotConfirmed(
            "A database in production is never reset; nothing was touched.",
            hint="Set the environment only where the database may lose all its rows.",
        )
    name = target.name
    if confirm != name:
        raise NotConfirmed(
            f"This would remove all that is in {name}, and confirm says {confirm!r}; nothing was touched.",
            hint=f"Give confirm={name} if this is the database that you mean.",
        )


def plan_reset(engine: Engine, chain: Chain) -> Outcome:
    """Plan the removal of all that the migrations may have made, and all of them anew. Nothing is written.

    Tables that no migration made stay.

    :raises MigrationError: where one of those refers to a table that would go.
    """
    catalogue = engine.catalogue()
    drops = difference(_ours(chain, catalogue), Schema(), prune=True)
    removal = compose(engine, [Change("", drops)], catalogue)
    _unused, emptied = engine.compile(drops, catalogue)
    advanced(Schema(), *chain.migrations)
    renewal = compose(engine, [Change(each.id, each.operations) for each in chain.migrations], emptied)
    records = tuple(Record(migration, DEPLOY) for migration in chain.migrations)
    return Outcome(_joined(removal, renewal), records, empty=not emptied.schema.tables)


def reset(
    engine: Engine,
    chain: Chain,
    *,
    confirm: str,
    environment: str,
    consent: Consent | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Remove all that the migrations made, the journal too, and apply all migrations anew; give what was done.

    The removal is one transaction where the engine has them.

    :raises NotConfirmed: as ``require_confirmation``.
    :raises PlanChanged: where the plan is not the one consented to.
    :raises LockHeld: where another runner holds the lock for longer than the target's ``lock_timeout``.
    """
    require_confirmation(engine.target, confirm, environment)
    with engine.lock(engine.target.lock_timeout):
        outcome = plan_reset(engine, chain)
        require_consent(outcome.plan, consent or Consent())
        removal = outcome.plan.stages[: len(outcome.plan.stages) - len(outcome.records)]
        with engine.transaction(schema_change=True):
            for stage in removal:
                apply_stage(engine, stage, progress)
            Ledger(engine).drop()
            journal = begin(engine, RESET, outcome, progress)
        journal.carry_out(together=outcome.empty)
    return outcome


def _ours(chain: Chain, catalogue: Catalogue) -> Schema:
    """Give the part of the catalogue that migrations made, at whatever point they stopped."""
    names = set(_names(chain))
    tables = tuple(table for table in catalogue.schema.tables if ("table", table.name) in names)
    enums = tuple(enum for enum in catalogue.schema.enums if ("enum", enum.name) in names)
    for table in tables:
        for holder, key in catalogue.schema.references_to(table.name):
            if ("table", holder.name) not in names:
                raise MigrationError(
                    f"{holder.name}.{key.name} refers to {table.name}, and no migration made {holder.name}.",
                    hint=f"Drop that foreign key, or {holder.name}, first. Nothing was touched.",
                )
    return Schema(tables, enums)


def _names(chain: Chain) -> Iterator[tuple[str, str]]:
    """All names that tables and enums have at any point of the chain."""
    for migration in chain.migrations:
        for operation in migration.operations:
            yield from _named(operation)


def _named(operation: Operation) -> Iterator[tuple[str, str]]:
    if isinstance(operation, Add) and not operation.table:
        yield operation.element.kind, operation.element.name
    elif isinstance(operation, Rename) and not operation.table:
        yield operation.kind, operation.after


def _joined(removal: Plan, renewal: Plan) -> Plan:
    """One plan of both. Its confirmation is the consent to what it removes; what is empty then has no hazards."""
    hazards = tuple(replace(each, severity=WARN) if each.severity == BLOCK else each for each in removal.hazards)
    return replace(
        renewal, stages=removal.stages + renewal.stages, hazards=hazards, before=removal.before, after=renewal.after
    )
