# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MongoDB with its connection cut, its runner stopped or killed, and names that no collection can have."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from pymongo import monitoring

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import lease, updates
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    PanelDbError,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    PrimaryKey,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.tests.support import migrating
from ansible_collections.ctrlaltplay.paneldb.tests.support.migrating import Migrating, said
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.proxy import Proxy, proxy

ANYTHING = Consent(allowed=["all"], accepted=["type-cast-may-fail", "type-rewrite", "type-narrowing"])
BEFORE = model({"things": {"number": {"type": "integer"}, "old": {"type": "text", "null": True}}})
AFTER = model({"things": {"number": {"type": "text"}, "new": {"type": "text", "null": True, "renamed_from": "old"}}})
DOCUMENTS = 300
#: A migrating child whose leases are short.
SHORT = """
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import lease
from ansible_collections.ctrlaltplay.paneldb.tests.support.migrating_child import main

lease.LEASE, lease.RENEWAL = 2.0, 0.5
main()
"""


class Updates(monitoring.CommandListener):
    """Keeps the ids of documents whose updates the server has answered."""

    def __init__(self, collection: str) -> None:
        self.answered: list[Any] = []
        self._collection = collection
        self._sent: dict[int, list[Any]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "update" and event.command["update"] == self._collection:
            named = [each["q"]["_id"] for each in event.command["updates"]]
            several = [each["$in"] if isinstance(each, dict) else [each] for each in named]
            self._sent[event.request_id] = [identity for each in several for identity in each]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.answered += self._sent.pop(event.request_id, [])

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._sent.pop(event.request_id, None)


def test_many_runners_at_once_on_a_server_that_finds_and_modifies_in_two_steps(weak_mongodb_target: Target) -> None:
    runners, rounds = 6, 5
    inside: list[int] = []
    most: list[int] = []
    fences: list[int] = []
    gate = Barrier(runners)

    def work(_number: int) -> None:
        with MongodbEngine.connect(weak_mongodb_target) as engine:
            gate.wait()
            for _unused in range(rounds):
                with engine.lock(60):
                    inside.append(1)
                    most.append(len(inside))
                    assert engine.lease
                    fences.append(engine.lease.fence)
                    time.sleep(0.002)
                    inside.pop()

    with ThreadPoolExecutor(runners) as pool:
        list(pool.map(work, range(runners)))
    assert set(most) == {1}
    assert sorted(fences) == list(range(1, runners * rounds + 1))


@pytest.fixture
def connection(mongodb_bed: MongodbBed) -> Iterator[Proxy]:
    with proxy(mongodb_bed.server.host, mongodb_bed.server.port) as made:
        yield made


@pytest.fixture
def through(mongodb_target: Target, connection: Proxy) -> Target:
    """The database of this test, by way of the connection that can be cut."""
    return replace(mongodb_target, port=connection.port, connect_timeout=1.0)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Updates:
    """Hears of the updates of every session that is opened from now on."""
    made = Updates("things")
    listeners = monitoring._LISTENERS
    monkeypatch.setattr(monitoring, "_LISTENERS", listeners._replace(command_listeners=[made]))
    return made


def fill(bed: MongodbBed, target: Target) -> None:
    bed.put(target, "things", [{"id": number, "number": number, "old": f"o{number}"} for number in range(DOCUMENTS)])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of one command each."""
    monkeypatch.setattr(updates, "BATCH", 50)


@pytest.mark.parametrize("nth", [1, 4, 9])
@pytest.mark.usefixtures("small_batches")
def test_connection_lost_during_a_batched_update(
    nth: int, mongodb_bed: MongodbBed, mongodb_target: Target, connection: Proxy, through: Target, listener: Updates
) -> None:
    """The same command goes on at the marker: no document whose change was answered is changed once more by it."""
    chain = chain_to(BEFORE, AFTER)
    with MongodbEngine.connect(mongodb_target) as engine:
        deploy(engine, chain, target=chain.migrations[0].id)
    fill(mongodb_bed, mongodb_target)
    seen = [0]

    def is_nth_update(data: bytes) -> bool:
        seen[0] += b"update\0\x07\0\0\0things\0" in data
        return seen[0] == nth

    connection.cut_when = is_nth_update
    with pytest.raises(ConnectionFailed), MongodbEngine.connect(through) as engine:
        deploy(engine, chain, consent=ANYTHING)
    with mongodb_bed.database_of(mongodb_target) as database:
        database[lease.COLLECTION].update_one({}, {"$set": {"until": lease._LONG_AGO}})
    connection.mend()
    with MongodbEngine.connect(through) as engine:
        outcome = deploy(engine, chain, consent=ANYTHING)
        assert engine.catalogue().schema == engine.canonical(AFTER).normalized()
    assert outcome.resumed
    found = mongodb_bed.read(mongodb_target, "things", ["id", "number", "new", "old"])
    assert found == [(number, str(number), f"o{number}", None) for number in range(DOCUMENTS)]
    # Each document is converted and renamed in, whatever was cut between: two answered updates, and no third.
    assert sorted(Counter(listener.answered).values()) == [2] * DOCUMENTS


def test_connection_lost_while_rows_are_written(
    mongodb_bed: MongodbBed, mongodb_target: Target, connection: Proxy, through: Target
) -> None:
    """What was written stands, which is told; the same rows again are refused by their key, and none is there twice."""
    table = Table("rows", (Column("id", Type("integer")),), PrimaryKey(("id",)))
    with MongodbEngine.connect(through) as engine:
        push(engine, Schema((table,)))

        def rows() -> Iterator[tuple[int]]:
            for number in range(20_000):
                if number == 12_000:
                    connection.cut()
                yield (number,)

        with pytest.raises(ConnectionFailed, match="is gone"):
            engine.insert(table, ("id",), rows())
        assert mongodb_bed.count(mongodb_target, "rows") == 10_000
        connection.mend()
        assert engine.insert(table, ("id",), ((number,) for number in range(10_000, 20_000))) == 10_000


def test_a_runner_that_was_frozen_past_its_lease_writes_nothing_more(
    mongodb_bed: MongodbBed, mongodb_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "short.py"
    script.write_text(SHORT)
    monkeypatch.setattr(migrating, "SCRIPT", script)
    chain = chain_to(BEFORE, AFTER)
    runs = Migrating(tmp_path, mongodb_target)
    runs.write(chain)
    with runs.start() as child:
        child.wait_for("12")
        os.kill(child.pid, signal.SIGSTOP)
        with MongodbEngine.connect(mongodb_target) as engine, engine.lock(30):
            before = mongodb_bed.snapshot(mongodb_target)
            os.kill(child.pid, signal.SIGCONT)
            child.go_on()
            assert child.wait() == 11
            assert said(child)["failed"]["code"] == "locked"
            assert "Nothing more is written" in said(child)["failed"]["message"]
            assert mongodb_bed.snapshot(mongodb_target) == before
    with MongodbEngine.connect(mongodb_target) as engine:
        deploy(engine, chain, consent=ANYTHING)
        assert engine.catalogue().schema == engine.canonical(AFTER).normalized()


def test_a_runner_that_was_killed_is_followed_at_once(
    mongodb_bed: MongodbBed, mongodb_target: Target, tmp_path: Path
) -> None:
    chain = chain_to(BEFORE, AFTER)
    runs = Migrating(tmp_path, mongodb_target)
    runs.write(chain)
    with runs.start() as child:
        child.wait_for("12")
        child.kill()
    with runs.start(points=False, lock_timeout=1.0) as child:
        assert child.wait() == 0
    assert sorted(mongodb_bed.read(mongodb_target, "_paneldb_runs", ["state"])) == [("done",), ("interrupted",)]


HOSTILE = ["$where", "a$b", "system.users", "a\0b", ".", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_tables_of_names_that_no_collection_can_have(
    mongodb_bed: MongodbBed, mongodb_target: Target, name: str
) -> None:
    refused_before_anything_runs(mongodb_bed, mongodb_target, Table(name, (Column("id", Type("integer")),)))


@pytest.mark.parametrize("name", ["$set", "a.b", "a\0b", "_id"])
def test_columns_of_names_that_no_field_can_have(mongodb_bed: MongodbBed, mongodb_target: Target, name: str) -> None:
    refused_before_anything_runs(mongodb_bed, mongodb_target, Table("fine", (Column(name, Type("integer")),)))


def refused_before_anything_runs(bed: MongodbBed, target: Target, table: Table) -> None:
    """A good table stands before the bad one: not even that is made."""
    good = Table("aaa", (Column("id", Type("integer")),), PrimaryKey(("id",)))
    before = bed.snapshot(target)
    with MongodbEngine.connect(target) as engine, pytest.raises(PanelDbError):
        push(engine, Schema((good, table)), consent=ANYTHING)
    with bed.database_of(target) as database:
        assert "aaa" not in database.list_collection_names()
    assert [
        line for line in bed.snapshot(target).splitlines() if "_paneldb_lock" not in line and "token" not in line
    ] == [line for line in before.splitlines() if "_paneldb_lock" not in line]
