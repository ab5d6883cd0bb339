# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several changes of one large table: one ALTER TABLE against one for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import session
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.loads import load
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

ROWS, GOAL = 100_000, 1.0

Compiler = Callable[[Engine, Sequence[Operation]], list[Statement]]


def merged(bench: Bench) -> Iterator[Row]:
    """Change the type of a column, add one, two indexes and a check."""
    bed, rows = bench.beds["mysql"], bench.size(ROWS)
    jobs = {"floor": _job(bed, rows, _each), "ours": _job(bed, rows, _together)}
    found = Against(bed.engine, "an ALTER TABLE for each", measured(jobs, bench.runs(7)))
    yield found.ratio(f"five changes of a table of {rows:,} rows", "ours", GOAL)


def _after() -> Schema:
    model = data.accounts_model()
    table = model["tables"][data.ACCOUNTS]
    table["columns"] |= {"level": {"type": "bigint"}, "seenAt": {"type": "timestamp", "null": True}}
    table |= {"indexes": [["email"], ["kind", "level"]], "checks": ["level >= 1"]}
    return load_model([Document("model.yml", model)])


def _job(bed: Bed, rows: int, compiled: Compiler) -> Job:
    @contextmanager
    def job() -> Iterator[Work]:
        with session(bed, data.accounts_schema()) as engine:
            load(engine, rows)
            found, wanted = engine.catalogue().schema, engine.canonical(_after())
            statements = compiled(engine, difference(found, wanted, prune=True))
            yield lambda: [engine.run(statement) for statement in statements]
            assert engine.catalogue().schema == wanted

    return job


def _together(engine: Engine, operations: Sequence[Operation]) -> list[Statement]:
    steps, _unused = engine.compile(operations, engine.catalogue())
    (statement,) = [each for step in steps for each in step.statements]
    return [statement]


def _each(engine: Engine, operations: Sequence[Operation]) -> list[Statement]:
    catalogue, made = engine.catalogue(), list[Statement]()
    for operation in operations:
        steps, catalogue = engine.compile([operation], catalogue)
        made += [each for step in steps for each in step.statements]
    return made
