# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with MongoDB: who answered, what it can do, and whom it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import probes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import failure, scripted_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import ferretdb


@pytest.fixture
def engine(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        yield made


@pytest.fixture
def weak_engine(weak_mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(weak_mongodb_target) as made:
        yield made


@pytest.fixture(scope="module")
def guarded() -> Iterator[Target]:
    """A server that wants to know who is there."""
    with ferretdb(accounts=True) as server:
        account: dict[str, Any] = {"user": server.user, "password": server.password, "auth_database": "admin"}
        yield Target("mongodb", host=server.host, port=server.port, database="guarded", connect_timeout=5.0, **account)


def test_a_server_tells_what_it_can_do(engine: MongodbEngine) -> None:
    server = engine.server()
    assert (server.product, server.numbers[:2], server.facts["speaks"][:2]) == ("FerretDB", (2, 7), "7.")
    assert engine.probes.can(probes.LOOKUP)
    assert engine.probes.can(probes.VALIDATORS)
    assert not engine.probes.can(probes.TRANSACTIONS)
    assert not engine.capabilities.transactions


def test_a_weak_server_tells_what_it_can_do(weak_engine: MongodbEngine) -> None:
    engine = weak_engine
    server = engine.server()
    assert (server.product, server.numbers[:2]) == ("FerretDB", (1, 24))
    assert server.facts["capabilities"] == dict.fromkeys(probes.NAMES, False)
    assert engine.probes.updates_at_once == 50
    assert not engine.capabilities.transactions


def test_connecting_writes_nothing(mongodb_bed: MongodbBed) -> None:
    target = mongodb_bed.absent()
    with MongodbEngine.connect(target) as engine:
        engine.server()
        assert engine.existing_tables(["a"]) == frozenset()
    assert mongodb_bed.snapshot(target) == ""
    assert MongodbEngine.describe_database(target) is None


def test_capabilities_are_learnt_by_asking() -> None:
    refusal = failure(40324, "Unrecognized pipeline stage name")
    with scripted_server() as server:
        with MongodbEngine.connect(server.target()) as engine:
            assert engine.probes.can(probes.LOOKUP)
        server.answers["aggregate"] = [refusal]
        with MongodbEngine.connect(server.target()) as engine:
            assert not engine.probes.can(probes.LOOKUP)
            assert engine.probes.can(probes.VALIDATORS)
            engine.probes.note(probes.VALIDATORS, able=False)
            assert engine.server().facts["capabilities"][probes.VALIDATORS] is False
    assert set(server.names()) == {"aggregate"}


def test_existing_tables_are_those_of_the_database(engine: MongodbEngine) -> None:
    engine.database.create_collection("there")
    assert engine.existing_tables(["there", "gone"]) == {"there"}


def test_what_the_server_does_not_know_is_unsupported_or_refused(weak_engine: MongodbEngine) -> None:
    engine = weak_engine
    with pytest.raises(Unsupported, match="collMod"):
        engine.command({"collMod": "t"}, "Changing t", write=True)
    with pytest.raises(StatementFailed, match="noSuchCommand"):
        engine.query({"noSuchCommand": 1})


def test_accounts_are_checked(guarded: Target) -> None:
    with MongodbEngine.connect(guarded) as engine:
        assert engine.existing_tables([]) == frozenset()
    for wrong in (replace(guarded, password="wrong"), replace(guarded, user="nobody"), replace(guarded, user="")):
        with pytest.raises(AccessDenied) as caught, MongodbEngine.connect(wrong) as engine:
            engine.existing_tables(["a"])
        assert guarded.password not in str(caught.value)
        assert "wrong" not in str(caught.value)
