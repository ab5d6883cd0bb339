# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations in one process against a raw driver that runs the same statements and writes a history of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain, load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy, plan_deploy
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data, drivers
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import database, session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

MIGRATIONS, GOAL = 100, 1.1


def engine_part(bench: Bench) -> Iterator[Row]:
    """From the files in memory to the last commit."""
    for engine, bed in bench.beds.items():
        jobs = {"floor": _raw(bed, data.chain(MIGRATIONS)), "ours": deployment(bed, data.chain(MIGRATIONS))}
        found = Against(engine, "raw driver with a history", measured(jobs, bench.runs(9)))
        yield found.ratio(f"{MIGRATIONS} migrations, engine part", "ours", GOAL)


def deployment(bed: Bed, chain: Chain) -> Job:
    """Deploy the chain to a new database."""
    files, lock = data.chain_documents(chain)

    @contextmanager
    def job() -> Iterator[Work]:
        read = load_chain(files, lock)
        with session(bed) as engine:
            yield lambda: deploy(engine, read)

    return job


def _raw(bed: Bed, chain: Chain) -> Job:
    with session(bed) as engine:
        stages = plan_deploy(engine, chain).plan.stages
    statements = [(each.origin, [one.text for step in each.steps for one in step.statements]) for each in stages]

    @contextmanager
    def job() -> Iterator[Work]:
        with database(bed) as target, drivers.CONNECT[bed.engine](target) as connection:
            yield lambda: drivers.MIGRATE[bed.engine](connection, statements)

    return job
