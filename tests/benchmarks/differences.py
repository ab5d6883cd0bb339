# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of a seed in one process: rows that are there compared with rows that are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import plan_seeds, run_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Alone, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import measured, steady

#: Milliseconds by rows.
GOALS = {10_000: 15.0, 100_000: 200.0}
#: One row in so many differs.
DIFFERENT = 100


def check_mode(bench: Bench) -> Iterator[Row]:
    """Plan a seed that changes nothing, and one that changes every hundredth row."""
    for engine in bench.beds:
        for number, goal in GOALS.items():
            yield from _difference(bench, engine, number, goal)


def _difference(bench: Bench, engine_name: str, number: int, goal: float) -> Iterator[Row]:
    schema = data.accounts_schema()
    rows = list(data.account_rows(number))
    edited = [{**row, "level": 101} if at % DIFFERENT == 0 else row for at, row in enumerate(rows)]
    with session(bench.beds[engine_name], schema) as engine:
        run_seeds(engine, schema, [("seed.yml", data.seed(rows))])
        jobs = {
            "same": steady(lambda: _plan(engine, schema, rows, 0)),
            "edited": steady(lambda: _plan(engine, schema, edited, -(-number // DIFFERENT))),
        }
        found = Alone(engine_name, measured(jobs, bench.runs(15)), bench.pace)
    work = f"difference of {number:,} rows"
    yield found.takes(f"{work}, none changes", "same", goal)
    yield found.takes(f"{work}, one in {DIFFERENT} changes", "edited", goal)


def _plan(engine: Engine, schema: Schema, rows: list[dict[str, Any]], updated: int) -> None:
    plan = plan_seeds(engine, schema, [("seed.yml", data.seed(rows))])
    assert plan.counts["updated"] == updated, plan.counts
