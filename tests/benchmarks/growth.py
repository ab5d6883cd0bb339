# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How time grows with size: ten times as much work may take ten times as long, and no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push, push
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import plan_seeds, run_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import database, session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.migration_runs import deployment
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import TIMES, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

#: Time may grow as the size does; a tenth more is the noise of measuring.
LINEAR = 1.1

Sized = Callable[[Bed, int], Job]


def sizes(bench: Bench) -> Iterator[Row]:
    """Tables, migrations and rows."""
    for engine, bed in bench.beds.items():
        for work, (job, few, many, rounds) in _SIZED.items():
            small, large = (few, many) if not bench.quick else (-(-few // 2), -(-many // 10))
            jobs = {"few": job(bed, small), "many": job(bed, large)}
            found = measured(jobs, bench.runs(rounds), warm_up=many < 1_000_000)
            growth, factor = found.ratio("many", "few"), large / small
            title, floor = f"growth: {work}, {small:,} to {large:,}", f"{factor:g} times the time of {small:,}"
            seconds = (found.of("many").clock, found.of("few").clock)
            yield Row(title, engine, floor, growth.clock / factor, LINEAR, TIMES, growth.processor / factor, *seconds)


def _tables(bed: Bed, number: int) -> Job:
    model = data.schema(number)

    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed) as engine:
            yield lambda: push(engine, model)

    return job


def _same_tables(bed: Bed, number: int) -> Job:
    model = data.schema(number)

    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed, model) as engine:
            yield lambda: plan_push(engine, model)

    return job


def _migrations(bed: Bed, number: int) -> Job:
    return deployment(bed, data.chain(number))


def _same_migrations(bed: Bed, number: int) -> Job:
    files, lock = data.chain_documents(data.chain(number))

    @contextmanager
    def job() -> Iterator[Work]:
        with database(bed) as target:
            with connect(target) as engine:
                deploy(engine, load_chain(files, lock))
            with connect(target) as engine:
                yield lambda: deploy(engine, load_chain(files, lock))

    return job


def _rows(bed: Bed, number: int) -> Job:
    schema, documents = data.accounts_schema(), _seed(number)

    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed, schema) as engine:
            yield lambda: run_seeds(engine, schema, documents)

    return job


def _same_rows(bed: Bed, number: int) -> Job:
    schema, documents = data.accounts_schema(), _seed(number)

    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed, schema) as engine:
            run_seeds(engine, schema, documents)
            yield lambda: plan_seeds(engine, schema, documents)

    return job


def _seed(number: int) -> list[tuple[str, object]]:
    return [("seed.yml", data.seed(list(data.account_rows(number))))]


#: How to do it, the smaller and the larger size, rounds.
_SIZED: dict[str, tuple[Sized, int, int, int]] = {
    "tables made": (_tables, 10, 100, 5),
    "tables compared": (_same_tables, 10, 100, 5),
    "migrations deployed": (_migrations, 100, 1_000, 3),
    "migrations applied already": (_same_migrations, 100, 1_000, 3),
    "rows seeded": (_rows, 10_000, 1_000_000, 3),
    "rows compared": (_same_rows, 10_000, 1_000_000, 3),
}
