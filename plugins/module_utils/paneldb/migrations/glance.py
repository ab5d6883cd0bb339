# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a database stands, told from its journal and ``migrations.lock`` alone: no migration file is read.

That is enough where the two tell the same story, which is nearly always, and takes a fraction of the time. Where they
do not, ``glance`` gives None, and ``info.status`` reads everything and says what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engines.base import Engine
from ..model.plan import LONGEST_LIST
from .ledger import FAILED, INTERRUPTED, STARTED, Applied, Ledger, RunRow


class Glance(NamedTuple):
    """Applied migrations and pending ones, oldest first, and the runs that did not end well or go on right now."""

    applied: tuple[Applied, ...]
    pending: tuple[str, ...]
    runs: tuple[RunRow, ...]

    def to_data(self) -> dict[str, Any]:
        """Give the same plain values as ``info.Status.to_data`` without anything gathered."""
        applied, pending, runs = self
        return {
            "applied": [row.to_data() for row in applied[-LONGEST_LIST:]],
            "pending": list(pending[:LONGEST_LIST]),
            "runs": [row.to_data() for row in runs[-LONGEST_LIST:]],
            "counts": {"applied": len(applied), "pending": len(pending), "runs": len(runs)},
        }


def glance(engine: Engine, sealed: Mapping[str, str]) -> Glance | None:
    """Compare the journal with the lock's checksums by id; None where one has what the other does not explain."""
    ledger = Ledger(engine)
    rows = ledger.applied()
    first = list(sealed)[: len(rows)]
    if rows.keys() != set(first) or any(rows[identity].checksum != sealed[identity] for identity in first):
        return None
    runs = tuple(ledger.runs(FAILED, INTERRUPTED, STARTED))
    return Glance(tuple(rows[identity] for identity in first), tuple(sealed)[len(rows) :], runs)
