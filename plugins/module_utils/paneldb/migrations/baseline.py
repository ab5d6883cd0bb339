# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking over a database that looks like a migration leaves it already: only the journal is written."""

from __future__ import annotations

from ..engines.base import Engine
from ..errors import LONGEST_LIST, MigrationError
from ..planning import Change, Consent, compose, require_consent
from .chain import Chain
from .deploy import nothing
from .drift import compare
from .errors import Drifted
from .ledger import BASELINE, Ledger
from .parts import Outcome, Record
from .position import locate
from .run import begin, prepare


def plan_baseline(engine: Engine, chain: Chain, *, target: str = "") -> Outcome:
    """Plan to record the migrations up to and with ``target`` (all of them where it is not given) as applied.

    Tables that the migrations do not name may be there.

    :raises Drifted: where the database is not as that migration leaves it, with every difference.
    :raises MigrationError: where the database has a journal with other migrations already.
    """
    count = chain.position(target) + 1 if target else len(chain)
    rows = Ledger(engine).applied()
    if rows:
        return _again(engine, chain, locate(chain, rows).count, count)
    _refuse_different(engine, chain, count)
    records = tuple(Record(migration, BASELINE) for migration in chain.migrations[:count])
    return Outcome(compose(engine, [Change(record.migration.id, ()) for record in records]), records)


def baseline(engine: Engine, chain: Chain, *, target: str = "", consent: Consent | None = None) -> Outcome:
    """Record the migrations up to and with ``target`` as applied; give what was done.

    :raises PlanChanged: where the plan is not the one consented to.
    :raises LockHeld: where another runner holds the lock for longer than the target's ``lock_timeout``.
    """
    with engine.lock(engine.target.lock_timeout):
        outcome = plan_baseline(engine, chain, target=target)
        require_consent(outcome.plan, consent or Consent())
        if outcome.plan.changed:
            prepare(engine, outcome)
            with engine.transaction():
                begin(engine, BASELINE, outcome).carry_out(together=True)
    return outcome


def _again(engine: Engine, chain: Chain, applied: int, wanted: int) -> Outcome:
    if applied >= wanted:
        return nothing(engine)
    raise MigrationError(
        f"The journal has {applied} migrations already; a baseline begins a journal.",
        hint=f"Deploy the rest, or record nothing beyond {chain.migrations[applied - 1].id}.",
    )


def _refuse_different(engine: Engine, chain: Chain, count: int) -> None:
    drift = compare(engine.catalogue().schema, engine.canonical(chain.state(count)))
    operations = [f"{each.name} {each.target}" for each in drift.operations]
    if operations:
        raise Drifted(
            f"The database is not as {chain.migrations[count - 1].id} leaves it. What would lead there: "
            f"{', '.join(operations[:LONGEST_LIST])}.",
            hint="Name the migration that it does look like as target, or bring it there first (`schema`).",
            differences=operations[:LONGEST_LIST],
        )
