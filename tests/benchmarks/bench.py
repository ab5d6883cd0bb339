# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all benchmarks of a run share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Row
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed


@dataclass(frozen=True)
class Bench:
    """One run: a scratch folder, one bed per engine, and how thorough it is."""

    scratch: Path
    beds: Mapping[str, Bed]
    quick: bool = False
    rounds: int = 0

    def runs(self, usual: int) -> int:
        """How many rounds to measure where a thorough run has ``usual`` ones."""
        return self.rounds or (min(usual, 3) if self.quick else usual)

    def size(self, usual: int) -> int:
        """How many rows, migrations or tables to take where a thorough run takes ``usual``."""
        return max(usual // 10, 10) if self.quick else usual


#: A benchmark: yields its rows as they are measured.
Benchmark = Callable[[Bench], Iterator[Row]]
