# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations of jobs that are measured in turns, so that whatever else the machine does is spread over all of them."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from statistics import median
from typing import NamedTuple

#: What is measured.
Work = Callable[[], object]
#: Makes the work ready for one run and cleans up behind it; neither is measured.
Job = Callable[[], AbstractContextManager[Work]]


def steady(work: Work) -> Job:
    """A job that needs nothing made ready."""
    return lambda: nullcontext(work)


def after(prepare: Callable[[], object], work: Work) -> Job:
    """A job before each run of which something is put back."""

    @contextmanager
    def job() -> Iterator[Work]:
        prepare()
        yield work

    return job


class Time(NamedTuple):
    """Seconds on the clock, and of processors in this process and its children (what servers do is not in it)."""

    clock: float
    processor: float


def took(job: Job) -> Time:
    """Run a job once and give what it took, with the garbage collector off, as modules run (and as timeit does)."""
    with job() as work:
        gc.collect()
        gc.disable()
        try:
            begun, busy = time.perf_counter(), _processor()
            work()
            return Time(time.perf_counter() - begun, _processor() - busy)
        finally:
            gc.enable()


def _processor() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class Timings:
    """What several jobs took, one of each per round."""

    def __init__(self, rounds: Mapping[str, list[Time]]) -> None:
        self._rounds = rounds

    def of(self, name: str) -> Time:
        """The medians of a job."""
        return Time(*map(median, zip(*self._rounds[name])))

    def ratio(self, name: str, floor: str) -> Time:
        """How many times as long as the floor a job takes: the medians of what each round says."""
        return self._medians(name, floor, lambda ours, theirs: ours / theirs)

    def more(self, name: str, floor: str) -> Time:
        """Seconds that a job takes over the floor: the medians of what each round says."""
        return self._medians(name, floor, lambda ours, theirs: ours - theirs)

    def _medians(self, name: str, floor: str, compare: Callable[[float, float], float]) -> Time:
        rounds = list(zip(self._rounds[name], self._rounds[floor]))
        by_clock = median(compare(ours.clock, theirs.clock) for ours, theirs in rounds)
        return Time(by_clock, median(compare(ours.processor, theirs.processor) for ours, theirs in rounds))


def measured(jobs: Mapping[str, Job], rounds: int, *, warm_up: bool = True) -> Timings:
    """Run all jobs in turns. Every other round goes backwards; a first round that warms caches does not count."""
    found: dict[str, list[Time]] = {name: [] for name in jobs}
    if warm_up:
        for job in jobs.values():
            took(job)
    names = list(jobs)
    for _unused in range(rounds):
        for name in names:
            found[name].append(took(jobs[name]))
        names.reverse()
    return Timings(found)
