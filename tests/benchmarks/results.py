# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the table: what was measured beside its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Optional

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.reasons import REASONS
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Timings

HEADINGS = ("work", "engine", "floor", "floor took", "ours took", "measured", "processor", "goal", "verdict")
TIMES, MILLISECONDS, MEBIBYTES = "x", "ms", "MiB"


@dataclass(frozen=True)
class Row:
    """One goal. ``value`` and ``goal`` are in ``unit``; a value up to the goal meets it.

    ``floor`` says what the work was measured against, which took ``floor_seconds``. ``processor`` is the value by time
    of processors instead of the clock, which a busy machine hardly changes; what servers do is not in it.
    """

    work: str
    engine: str
    floor: str
    value: float
    goal: float
    unit: str = TIMES
    processor: Optional[float] = None
    ours_seconds: Optional[float] = None
    floor_seconds: Optional[float] = None

    @property
    def met(self) -> bool:
        """Whether what the table shows is within the goal."""
        return round(self.value, _digits(self.unit)) <= self.goal

    @property
    def verdict(self) -> str:
        """``met``, or that it is not and why."""
        return "met" if self.met else f"not met: {self._reason()}"

    def _reason(self) -> str:
        for beginning, engine, reason in REASONS:
            if self.work.startswith(beginning) and engine in ("", self.engine):
                return reason
        return "not known yet"

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        times = (_time(self.floor_seconds), _time(self.ours_seconds))
        values = (self._measure(self.value), self._measure(self.processor))
        return (self.work, self.engine, self.floor, *times, *values, f"{self.goal:g}{self._unit}", self.verdict)

    def _measure(self, value: Optional[float]) -> str:
        return "-" if value is None else f"{value:.{_digits(self.unit)}f}{self._unit}"

    @property
    def _unit(self) -> str:
        return self.unit if self.unit == TIMES else f" {self.unit}"

    def to_data(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {**asdict(self), "met": self.met, "verdict": self.verdict}


@dataclass(frozen=True)
class Against:
    """What rows of one kind have in common: what the jobs ``ours`` of some timings are measured against."""

    engine: str
    floor: str
    timings: Timings
    pace: float = 1.0
    floor_job: str = "floor"

    def ratio(self, work: str, job: str, goal: float) -> Row:
        """How many times as long as the floor the job takes."""
        value = self.timings.ratio(job, self.floor_job)
        return Row(work, self.engine, self.floor, value.clock, goal, TIMES, value.processor, *self._seconds(job))

    def more(self, work: str, job: str, goal: float) -> Row:
        """Milliseconds at the pace of the goals that the job takes over the floor."""
        value = self.timings.more(job, self.floor_job)
        measured = (value.clock / self.pace * 1000, goal, MILLISECONDS, value.processor / self.pace * 1000)
        return Row(work, self.engine, self.floor, *measured, *self._seconds(job))

    def _seconds(self, job: str) -> tuple[float, float]:
        return self.timings.of(job).clock, self.timings.of(self.floor_job).clock


@dataclass(frozen=True)
class Alone:
    """What rows of one kind have in common where the jobs of some timings are measured against nothing."""

    engine: str
    timings: Timings
    pace: float

    def takes(self, work: str, job: str, goal: float) -> Row:
        """Milliseconds at the pace of the goals that the job takes."""
        value = self.timings.of(job)
        measured = (value.clock / self.pace * 1000, goal, MILLISECONDS, value.processor / self.pace * 1000)
        return Row(work, self.engine, "-", *measured, value.clock)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table for the documentation: no times, which mean nothing on another machine."""
    chosen = [place for place, name in enumerate(HEADINGS) if not name.endswith(" took")]
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in rows)]
    return "".join(f"| {' | '.join(line[each] for each in chosen)} |\n" for line in lines)


def _digits(unit: str) -> int:
    return 2 if unit == TIMES else 1


def _time(seconds: Optional[float]) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def table(rows: Sequence[Row]) -> str:
    """All rows as text in columns."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
