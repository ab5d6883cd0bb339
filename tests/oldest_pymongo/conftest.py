# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server for what FerretDB lacks: TTL, partial and collation indexes. PyMongo 4.10 is its last."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import StandIn, mongo_java_server


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    """The stand-in of the whole run."""
    with mongo_java_server() as made:
        yield made


@pytest.fixture
def target(server: StandIn) -> Target:
    """An empty database of this test alone; it goes with the server."""
    return Target("mongodb", host=server.host, port=server.port, database=f"t_{secrets.token_hex(6)}")


@pytest.fixture
def engine(target: Target) -> Iterator[Engine]:
    """A session with the empty database."""
    with connect(target) as session:
        yield session
