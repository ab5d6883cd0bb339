# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays from start to end against a play with one ping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import data
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import connection, database
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays, task
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

FLOOR = "play with one ping"
SITE = CHECKOUT / "site.yml"
#: Actions that ask nothing of a host.
ON_CONTROLLER = {
    f"ansible.builtin.{name}" for name in ("assert", "debug", "include_role", "include_tasks", "validate_argument_spec")
}
TABLES, MIGRATIONS = 7, 100
SEEDS = {1_000: (1.25, 1.1), 10_000: (1.4, 1.12)}


def schema(bench: Bench) -> Iterator[Row]:
    """A model of seven tables, declaratively."""
    plays = bench.plays()
    model = data.write_model(plays.scratch / "model.yml", data.model_data(TABLES))
    yield from against_ping(bench, plays, f"schema, {TABLES} tables", "schema", {"model": str(model)}, (1.3, 1.1))


def seeds(bench: Bench) -> Iterator[Row]:
    """Rows by ``src``, JSON and CSV."""
    plays = bench.plays()
    model = data.write_model(plays.scratch / "model.yml", data.accounts_model())
    for number, goals in SEEDS.items():
        for form in ("json", "csv"):
            seed = data.write_seed(plays.scratch, form, bench.size(number))
            arguments = {"model": str(model), "seeds": [str(seed)]}
            work = f"seed of {bench.size(number):,} rows by {form.upper()}"
            yield from against_ping(bench, plays, work, "seed", arguments, goals, data.accounts_schema())


def migrations(bench: Bench) -> Iterator[Row]:
    """A folder of migrations."""
    plays, number = bench.plays(), MIGRATIONS
    folder = data.write_chain(plays.scratch / "migrations", data.chain(number))
    yield from against_ping(bench, plays, f"{number} migrations", "migrate", {"migrations": str(folder)}, (1.25, 1.12))


def site(bench: Bench) -> Iterator[Row]:
    """The whole of site.yml on SQLite once all is there, against as many pings as it has tasks that are not skipped."""
    plays = bench.plays()
    variables = {"paneldb_path": str(plays.scratch / "site.db")}
    runner = AnsibleRunner(plays.scratch)
    runner.playbook(SITE, variables=variables).expect_success()
    tasks = runner.playbook(SITE, variables=variables).expect_success().tasks
    done = [task for task in tasks if task.status == "ok"]
    counts = {"": len(done), ", host tasks alone": sum(task.action not in ON_CONTROLLER for task in done)}
    for kind, number in counts.items():
        yield _again(plays, bench.runs(9), f"site.yml, second run{kind}", number, variables)


def _again(plays: Plays, rounds: int, work: str, number: int, variables: Mapping[str, str]) -> Row:
    pings = plays.pings(number)
    jobs = {
        "floor": steady(lambda: plays.run(pings)),
        "again": steady(lambda: plays.run(SITE, changed=False, variables=variables)),
    }
    return Against("sqlite", f"play with {number} pings", measured(jobs, rounds)).ratio(work, "again", 1.3)


def against_ping(  # noqa: PLR0913, PLR0917 - what a play is, and its goals
    bench: Bench,
    plays: Plays,
    work: str,
    module: str,
    arguments: Mapping[str, Any],
    goals: tuple[float, float],
    there: Schema = Schema(),  # noqa: B008 - it cannot change
) -> Iterator[Row]:
    """Measure a play of one task where there is something to do (fresh), and where nothing changes."""
    pings = plays.pings()
    for engine, bed in bench.beds.items():
        with database(bed, there) as target:
            again = plays.write(task(module, connection(target), arguments))
            plays.run(again, changed=True)
            jobs = {
                "floor": steady(lambda: plays.run(pings)),
                "fresh": _fresh(plays, bed, module, arguments, there),
                "again": steady(lambda again=again: plays.run(again, changed=False)),  # type: ignore[misc]
            }
            found = Against(engine, FLOOR, measured(jobs, bench.runs(9)))
        yield found.ratio(f"{work}, fresh", "fresh", goals[0])
        yield found.ratio(f"{work}, nothing changes", "again", goals[1])


def _fresh(plays: Plays, bed: Bed, module: str, arguments: Mapping[str, Any], there: Schema) -> Job:
    @contextmanager
    def job() -> Iterator[Work]:
        with database(bed, there) as target:
            play = plays.write(task(module, connection(target), arguments))
            yield lambda: plays.run(play, changed=True)

    return job
