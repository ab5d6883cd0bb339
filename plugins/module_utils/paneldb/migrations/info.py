# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to know about a database and its migrations, without a change to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..engines.base import Engine
from ..errors import LONGEST_LIST, PanelDbError
from ..model.plan import Hazard
from .chain import Chain
from .drift import Drift, find_drift
from .ledger import FAILED, INTERRUPTED, STARTED, Ledger, RunRow
from .position import Position, locate

DRIFT, HAZARDS, ORPHANS = "drift", "hazards", "orphans"
#: Values of orphans are shown up to so many.
_SAMPLES = 5


@dataclass(frozen=True)
class Orphans:
    """References that lead nowhere: how many, and some of their values."""

    table: str
    foreign_key: str
    count: int
    samples: tuple[tuple[Any, ...], ...]

    def to_data(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "foreign_key": self.foreign_key,
            "count": self.count,
            "samples": [list(sample) for sample in self.samples],
        }


@dataclass(frozen=True)
class Status:
    """Where a database stands. ``problem`` tells why what is pending could not be planned.

    ``runs`` are those that failed, were interrupted, or go on right now; the newest is last.
    """

    position: Position
    runs: tuple[RunRow, ...] = ()
    drift: Drift | None = None
    hazards: tuple[Hazard, ...] | None = None
    problem: PanelDbError | None = None
    orphans: tuple[Orphans, ...] | None = None

    def to_data(self) -> dict[str, Any]:
        """Give plain values: ``applied``, ``pending``, ``runs``, ``counts``, and what was asked for beside."""
        applied, pending = self.position.applied, self.position.pending
        data: dict[str, Any] = {
            "applied": [_applied(each.id, self.position) for each in applied[-LONGEST_LIST:]],
            "pending": [migration.id for migration in pending[:LONGEST_LIST]],
            "runs": [row.to_data() for row in self.runs[-LONGEST_LIST:]],
            "counts": {"applied": len(applied), "pending": len(pending), "runs": len(self.runs)},
        }
        if self.drift is not None:
            data["drift"] = [f"{each.name} {each.target}" for each in self.drift.operations[:LONGEST_LIST]]
            data["unmanaged"] = list(self.drift.unmanaged[:LONGEST_LIST])
        if self.hazards is not None:
            data["hazards"] = [hazard.to_data() for hazard in self.hazards[:LONGEST_LIST]]
            data["problem"] = self.problem.to_data() if self.problem else None
        if self.orphans is not None:
            data["orphans"] = [each.to_data() for each in self.orphans]
        return data


def status(engine: Engine, chain: Chain, *, gather: Collection[str] = ()) -> Status:
    """Tell where the database stands; ``gather`` names what else is wanted: DRIFT, HAZARDS, ORPHANS.

    :raises MigrationError: where files and journal do not agree (see ``position.locate``).
    """
    ledger = Ledger(engine)
    position = locate(chain, ledger.applied())
    runs = ledger.runs(FAILED, INTERRUPTED, STARTED)
    hazards, problem = _hazards(engine, chain) if HAZARDS in gather else (None, None)
    return Status(
        position,
        tuple(runs),
        find_drift(engine, position) if DRIFT in gather else None,
        hazards,
        problem,
        find_orphans(engine, position) if ORPHANS in gather else None,
    )


def _hazards(engine: Engine, chain: Chain) -> tuple[tuple[Hazard, ...], PanelDbError | None]:
    """A plan that cannot be made is something to tell, not a reason to tell nothing."""
    from .deploy import plan_deploy

    try:
        return plan_deploy(engine, chain).plan.hazards, None
    except PanelDbError as error:
        return (), error


def find_orphans(engine: Engine, position: Position) -> tuple[Orphans, ...]:
    """Count, over every foreign key that the applied migrations declare, the rows that refer to nothing.

    Engines that enforce foreign keys are asked as well: rows may come in while they are not enforced.
    """
    schema = engine.canonical(position.chain.state(position.count))
    there = engine.existing_tables([table.name for table in schema.tables])
    found = []
    for table in schema.tables:
        for key in table.foreign_keys:
            if table.name in there and key.ref_table in there:
                count, samples = engine.orphans(table, key)
                if count:
                    found.append(Orphans(table.name, key.name, count, samples[:_SAMPLES]))
    return tuple(found)


def _applied(identity: str, position: Position) -> dict[str, Any]:
    row = position.rows.get(identity)
    return row.to_data() if row else {"id": identity, "how": "squash", "applied_at": None, "duration_ms": None}
