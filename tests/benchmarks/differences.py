# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of a seed in one process: rows that are there compared with rows that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import plan_seeds, run_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data, drivers
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import database, session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Alone, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, measured, steady

Rows = list[dict[str, Any]]

#: Milliseconds by rows.
_FAST = {10_000: 15.0, 100_000: 200.0}
GOALS = {"sqlite": _FAST, "postgresql": _FAST, "mysql": {10_000: 30.0, 100_000: 300.0}}
#: Rows, and times what the bare driver takes.
DOCUMENTS, BARE = 10_000, 1.15
#: One row in so many differs.
DIFFERENT = 100


def check_mode(bench: Bench) -> Iterator[Row]:
    """Plan a seed that changes nothing, and one that changes every hundredth row."""
    for engine in bench.beds:
        for number, goal in GOALS[engine].items():
            yield from _difference(bench, engine, number, goal)
    yield from _against_driver(bench, bench.size(DOCUMENTS))


def _difference(bench: Bench, engine_name: str, number: int, goal: float) -> Iterator[Row]:
    rows = _rows(number)
    with session(bench.beds[engine_name], data.accounts_schema()) as engine:
        jobs = _seeded(engine, rows)
        found = Alone(engine_name, measured(jobs, bench.runs(15)), bench.pace)
    for kind in rows:
        yield found.takes(f"difference of {number:,} rows, {kind}", kind, goal)


def _against_driver(bench: Bench, number: int) -> Iterator[Row]:
    bed, rows = bench.mongodb, _rows(number)
    there = data.accounts_schema()
    with database(bed, there) as target, connect(target) as engine, drivers.CONNECT[bed.engine](target) as bare:
        jobs = {**_seeded(engine, rows), **{f"bare, {kind}": _bare(bare, each) for kind, each in rows.items()}}
        timings = measured(jobs, bench.runs(15))
    for kind in rows:
        found = Against(bed.engine, "find by PyMongo (FerretDB 2), compared", timings, floor_job=f"bare, {kind}")
        yield found.ratio(f"difference of {number:,} rows, {kind}", kind, BARE)


def _rows(number: int) -> dict[str, Rows]:
    """Rows that are wanted where these are there, by what changes; the first are those that are there."""
    same = list(data.account_rows(number))
    edited = [{**row, "level": 101} if at % DIFFERENT == 0 else row for at, row in enumerate(same)]
    return {"none changes": same, f"one in {DIFFERENT} changes": edited}


def _seeded(engine: Engine, rows: Mapping[str, Rows]) -> dict[str, Job]:
    """Write the rows that are there; give the jobs that plan the wanted ones."""
    schema = data.accounts_schema()
    same, edited = rows
    run_seeds(engine, schema, [("seed.yml", data.seed(rows[same]))])
    return {
        same: steady(lambda: _plan(engine, schema, rows[same], 0)),
        edited: steady(lambda: _plan(engine, schema, rows[edited], -(-len(rows[same]) // DIFFERENT))),
    }


def _bare(connection: Any, rows: Rows) -> Job:
    def compare() -> None:
        wanted = (tuple(row[name] for name in data.COLUMNS) for row in rows)
        drivers.different(connection, data.ACCOUNTS, data.COLUMNS, wanted)

    return steady(compare)


def _plan(engine: Engine, schema: Schema, rows: Rows, updated: int) -> None:
    plan = plan_seeds(engine, schema, [("seed.yml", data.seed(rows))])
    assert plan.counts["updated"] == updated, plan.counts
