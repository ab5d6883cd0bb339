# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New rows in bulk against what the raw driver needs for them, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Row as Values
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data, drivers
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import database, session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.memory import peak_growth
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import MEBIBYTES, Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

FLOORS = {
    "sqlite": "executemany",
    "postgresql": "COPY, text made in Python",
    "mysql": "LOAD DATA LOCAL, text made in Python",
    "mongodb": "insert_many by PyMongo (FerretDB 2)",
}
SIZES, GOAL = (100_000, 1_000_000), 1.15
#: Memory is flat where ten times the rows take no more than this beside what a tenth of them take: SQLite's cache is
#: not full yet after few rows.
FLAT = 20.0
_COLUMNS = ("id", *data.COLUMNS)


def bulk(bench: Bench) -> Iterator[Row]:
    """Load 100,000 and 1,000,000 rows, and fewer where the server is slow."""
    for engine, bed in {**bench.beds, "mongodb": bench.mongodb}.items():
        sizes = [bed.scaled(bench.size(size)) for size in SIZES]
        for size in sizes:
            jobs = {"floor": _raw(bed, size), "ours": _ours(bed, size)}
            found = measured(jobs, bench.runs(7 if size < SIZES[-1] else 3), warm_up=size < SIZES[-1])
            yield Against(engine, FLOORS[engine], found).ratio(f"load of {size:,} rows", "ours", GOAL)
        few, many = (_growth(bed, size) for size in sizes)
        work = f"memory of that load over one of {sizes[0]:,} rows"
        yield Row(work, engine, "-", many - few, FLAT, MEBIBYTES)


def _ours(bed: Bed, number: int) -> Job:
    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed, data.accounts_schema()) as engine:
            yield lambda: load(engine, number)

    return job


def _raw(bed: Bed, number: int) -> Job:
    @contextmanager
    def job() -> Iterator[Work]:
        with database(bed, data.accounts_schema()) as target, drivers.CONNECT[bed.engine](target) as connection:
            yield lambda: drivers.LOAD[bed.engine](connection, data.ACCOUNTS, _COLUMNS, rows(number))

    return job


def load(engine: Engine, number: int) -> None:
    """Write new rows to the table of accounts, which is there."""
    engine.insert(data.accounts_schema().holder(data.ACCOUNTS), _COLUMNS, rows(number))


def rows(number: int) -> Iterator[Values]:
    """Stored values of new rows, one after another."""
    for each in range(number):
        yield (f"00000000-0000-4000-8000-{each:012x}", *data.account(each))


def _growth(bed: Bed, number: int) -> float:
    with _ours(bed, number)() as work:
        return peak_growth(work)
