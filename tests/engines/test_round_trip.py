# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made and seeded on one engine is the same on every other: each value of each type, there and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations

import pytest
from hypothesis import given, settings

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import run_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.support import round_trip
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS
from ansible_collections.ctrlaltplay.paneldb.tests.support.rows import Rows

PAIRS = tuple(permutations(BEDS, 2))


class Sessions:
    """One session per engine with a database of the model, opened when it is first asked for."""

    def __init__(self, ends: ExitStack) -> None:
        self._ends = ends
        self._open: dict[str, Engine] = {}

    def __getitem__(self, name: str) -> Engine:
        if name not in self._open:
            bed = self._ends.enter_context(BEDS[name]())
            target = self._ends.enter_context(bed.database())
            engine = self._ends.enter_context(connect(target))
            push(engine, round_trip.MODEL)
            self._open[name] = engine
        return self._open[name]


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    with ExitStack() as ends:
        yield Sessions(ends)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=map("-to-".join, PAIRS))
@settings(max_examples=20)
@given(rows=round_trip.rows())
def test_every_value_arrives(sessions: Sessions, source: str, target: str, rows: Rows) -> None:
    here, there = sessions[source], sessions[target]
    round_trip.clear(here)
    round_trip.clear(there)
    seeded = run_seeds(here, round_trip.MODEL, [("seeds.yml", round_trip.seeds_of(rows))])
    assert seeded.counts["created"] == sum(len(values) for _columns, values in rows.values())

    exported = round_trip.export(here)
    round_trip.load(there, exported)

    assert round_trip.spelled(exported) == round_trip.spelled(rows)
    assert round_trip.spelled(round_trip.export(there)) == round_trip.spelled(rows)
    again = run_seeds(there, round_trip.MODEL, [("seeds.yml", round_trip.seeds_of(rows))])
    assert not again.changed, "a seed finds the rows of the other engine as they were"


@pytest.mark.parametrize("name", BEDS)
def test_the_model_is_the_same_everywhere(sessions: Sessions, name: str) -> None:
    """The catalogue gives back the logical types, so that a model can be taken from one engine to another."""
    found, expected = sessions[name].catalogue().schema, sessions[name].canonical(round_trip.MODEL)
    assert found == expected
    assert [table.name for table in found.tables] == ["parents", "things"]
