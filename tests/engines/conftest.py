# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine grid: every test that takes one of these fixtures runs once per engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS, DIALECTS, Bed


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test every engine; servers that know little more than a dialect come where a marker says so."""
    if "bed" in metafunc.fixturenames:
        dialects = DIALECTS if metafunc.definition.get_closest_marker("dialect") else {}
        names = [*BEDS, *dialects]
        if metafunc.definition.get_closest_marker("sql"):
            names = [name for name in names if not name.startswith("mongodb")]
        metafunc.parametrize("bed", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def bed(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """The engine's databases, for the whole run."""
    with {**BEDS, **DIALECTS}[request.param]() as made:
        yield made


@pytest.fixture
def target(bed: Bed) -> Iterator[Target]:
    """An empty database of this test alone."""
    with bed.database() as made:
        yield made


@pytest.fixture
def engine(target: Target) -> Iterator[Engine]:
    """A session with the empty database."""
    with connect(target) as session:
        yield session
