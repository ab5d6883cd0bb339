# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes: lists of them by plays and in process, the memory that they take, and an inventory of them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.listing import inline, listing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.plan import run_nodes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.request import Request
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import connection, database
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.memory import peak_growth
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import MEBIBYTES, MILLISECONDS, TIMES, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, Work, measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.whole_plays import against_ping
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, COLLECTION
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import PLAIN, node

FEW, MANY = 10_000, 100_000
GOALS, INVENTORY = (1.4, 1.12), 3000.0
#: Ten times the nodes take ten times the time, and no more; a tenth beside that is the noise of measuring.
LINEAR = 1.1
#: Mebibytes that the longer list may take beside the shorter one.
FLAT = 20.0
_COLUMNS = ("name", "hostname", "port", "status")


def nodes(bench: Bench) -> Iterator[Row]:
    """Plays, growth, inventory."""
    plays = bench.plays()
    number = bench.size(FEW)
    source = _write(plays.scratch / "nodes.csv", number)
    work = f"registration of {number:,} nodes by CSV"
    yield from against_ping(bench, plays, work, "node", {"src": str(source)}, GOALS, PLAIN)
    for engine, bed in bench.beds.items():
        yield from _growth(bench, engine, bed)
        yield _inventory(bench, plays, engine, bed)


def _rows(number: int) -> Iterator[dict[str, object]]:
    for each in range(number):
        yield node(f"node-{each:06d}", status="ONLINE")


def _write(path: Path, number: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _COLUMNS)
        writer.writeheader()
        writer.writerows(_rows(number))
    return path


# --- in process ------------------------------------------------------------------------------------------------------


def _request(number: int) -> Request:
    return Request(listing(inline(list(_rows(number)))))


def _now() -> datetime:
    return datetime.now(timezone.utc)


@contextmanager
def _fresh(target: Target, number: int) -> Iterator[Work]:
    request = _request(number)
    with connect(target) as engine:
        yield lambda: run_nodes(engine, PLAIN, request, _now)


@contextmanager
def _again(target: Target, number: int) -> Iterator[Work]:
    request = _request(number)
    with connect(target) as engine:
        run_nodes(engine, PLAIN, request, _now)
        yield lambda: run_nodes(engine, PLAIN, request, _now)


#: Makes the work ready on an empty database for so many nodes.
_Kind = Callable[[Target, int], AbstractContextManager[Work]]


def _job(bed: Bed, kind: _Kind, number: int) -> Job:
    @contextmanager
    def job() -> Iterator[Work]:
        with database(bed, PLAIN) as target, kind(target, number) as work:
            yield work

    return job


def _growth(bench: Bench, engine: str, bed: Bed) -> Iterator[Row]:
    few, many = bench.size(FEW), bench.size(MANY)
    for work, kind in (("registered", _fresh), ("compared", _again)):
        found = measured({"few": _job(bed, kind, few), "many": _job(bed, kind, many)}, bench.runs(3))
        growth, title = found.ratio("many", "few"), f"growth: nodes {work}, {few:,} to {many:,}"
        seconds = (found.of("many").clock, found.of("few").clock)
        floor = f"10 times the time of {few:,}"
        yield Row(title, engine, floor, growth.clock / 10, LINEAR, TIMES, growth.processor / 10, *seconds)
        memory = _peak(bed, kind, many) - _peak(bed, kind, few)
        yield Row(f"memory of {many:,} nodes {work} over that of {few:,}", engine, "-", memory, FLAT, MEBIBYTES)


def _peak(bed: Bed, kind: _Kind, number: int) -> float:
    """Give the mebibytes that the work takes in a process of its own, where nothing is left of other work."""
    with database(bed, PLAIN) as target, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_peak_here, target, kind, number).result()


def _peak_here(target: Target, kind: _Kind, number: int) -> float:
    with kind(target, number) as work:
        return peak_growth(work)


# --- the inventory ---------------------------------------------------------------------------------------------------


def _inventory(bench: Bench, plays: Plays, engine: str, bed: Bed) -> Row:
    number, empty = bench.size(FEW), plays.scratch / "empty.yml"
    empty.write_text("all: {}\n")
    with database(bed, PLAIN) as target:
        with connect(target) as opened:
            run_nodes(opened, PLAIN, _request(number), _now)
        path = plays.scratch / f"{engine}.paneldb.yml"
        groups = {"keyed_groups": [{"key": "panel_node.status", "prefix": "is"}]}
        path.write_text(json.dumps({"plugin": f"{COLLECTION}.nodes", **connection(target), **groups}))
        jobs = {"empty": steady(lambda: _graph(empty)), "ours": steady(lambda: _graph(path))}
        found = measured(jobs, bench.runs(5))
    more = found.more("ours", "empty")
    title, seconds = f"inventory of {number:,} nodes, --graph", (found.of("ours").clock, found.of("empty").clock)
    values = [each * 1000 / bench.pace for each in more]
    return Row(title, engine, "an empty inventory", values[0], INVENTORY, MILLISECONDS, values[1], *seconds)


def _graph(inventory: Path) -> None:
    program = Path(sys.executable).parent / "ansible-inventory"
    argv = [str(program), "-i", str(inventory), "--graph"]
    settings = {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    subprocess.run(argv, cwd=CHECKOUT, env={**os.environ, **settings}, check=True, capture_output=True)
