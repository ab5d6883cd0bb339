# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift check of a database that has none, after connecting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain, load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.drift import find_drift
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.ledger import Ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.position import locate
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data, drivers
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import database, session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.queries import catalogue_queries
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Alone, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured, steady

TABLES, WHOLE = 40, 25.0
#: Milliseconds.
QUERIES = {"sqlite": 5.0, "postgresql": 5.0, "mysql": 10.0}
#: So many times as long as the driver's bare calls.
BARE = 1.5


def none(bench: Bench) -> Iterator[Row]:
    """What the catalogue's queries take alone, and the whole check with files that have just been read."""
    chain = data.chain(TABLES * data.MIGRATIONS_PER_TABLE)
    for engine_name, bed in bench.beds.items():
        with session(bed) as engine:
            deploy(engine, chain)
            jobs = {"queries": steady(catalogue_queries(engine)), "whole": _check(engine, chain)}
            found = Alone(engine_name, measured(jobs, bench.runs(25)), bench.pace)
        yield found.takes(f"drift of {TABLES} tables, queries", "queries", QUERIES[engine_name])
        yield found.takes(f"drift of {TABLES} tables, in all", "whole", WHOLE)
    yield from _beside_driver(bench, chain)


def _beside_driver(bench: Bench, chain: Chain) -> Iterator[Row]:
    bed = bench.mongodb
    with database(bed) as target, connect(target) as engine, drivers.CONNECT[bed.engine](target) as bare:
        deploy(engine, chain)
        jobs = {
            "floor": steady(lambda: drivers.described(bare)),
            "read": steady(engine.catalogue),
            "whole": _check(engine, chain),
        }
        found = Against(
            bed.engine, "listCollections, listIndexes by PyMongo (FerretDB 2)", measured(jobs, bench.runs(25))
        )
    yield found.ratio(f"drift of {TABLES} collections, catalogue", "read", BARE)
    yield found.ratio(f"drift of {TABLES} collections, in all", "whole", BARE)


def _check(engine: Engine, chain: Chain) -> Job:
    files, lock = data.chain_documents(chain)

    @contextmanager
    def job() -> Iterator[Work]:
        read = load_chain(files, lock)
        yield lambda: _drift(engine, read)

    return job


def _drift(engine: Engine, chain: Chain) -> None:
    drift = find_drift(engine, locate(chain, Ledger(engine).applied()))
    assert not drift.operations, drift.operations
