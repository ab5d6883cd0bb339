# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to a replica set: transactions, concerns and retryable writes in the form that the manual documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    StatementFailed,
    WriteRefused,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import (
    ScriptedServer,
    failure,
    scripted_server,
)

TABLE = Table(
    "users", (Column("id", parse_type("integer")), Column("name", parse_type("text"), null=True)), PrimaryKey(("id",))
)
LOST = failure(91, "ShutdownInProgress", "UnknownTransactionCommitResult", "RetryableWriteError")
TRANSIENT = failure(112, "WriteConflict", "TransientTransactionError")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as made:
        yield made


@pytest.fixture
def engine(server: ScriptedServer) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(server.target()) as made:
        server.commands.clear()
        yield made


def test_a_replica_set_has_transactions(engine: MongodbEngine) -> None:
    assert engine.capabilities.transactions
    assert not MongodbEngine.capabilities.transactions
    assert engine.server().facts["replica_set"] == "rs0"


def test_a_transaction_is_sent_as_documented(engine: MongodbEngine, server: ScriptedServer) -> None:
    with engine.transaction():
        engine.insert(TABLE, ("id", "name"), [(1, "a")])
        engine.update(TABLE, ("id",), ("name",), [(1, None)])
        with engine.transaction():
            list(engine.fetch(TABLE, ("id",)))
    insert, update, find, commit = server.commands
    assert server.names() == ["insert", "update", "find", "commitTransaction"]
    assert insert["startTransaction"] is True
    assert insert["readConcern"] == {"level": "snapshot"}
    assert update["updates"] == [{"q": {"id": 1}, "u": {"$unset": {"name": ""}}, "multi": False, "upsert": False}]
    assert commit["$db"] == "admin"
    assert commit["writeConcern"]["w"] == "majority"
    assert len({repr(command["lsid"]) for command in server.commands}) == 1
    assert len({command["txnNumber"] for command in server.commands}) == 1
    assert all(command["autocommit"] is False for command in server.commands)
    assert not any("startTransaction" in command for command in (update, find, commit))
    assert not any("writeConcern" in command for command in (insert, update, find))


def test_what_fails_inside_is_aborted(engine: MongodbEngine, server: ScriptedServer) -> None:
    with pytest.raises(ZeroDivisionError), engine.transaction():
        engine.insert(TABLE, ("id",), ((1 // number,) for number in (1, 0)))
    assert server.names() == []
    with pytest.raises(ZeroDivisionError), engine.transaction():
        engine.update(TABLE, ("id",), ("name",), [(engine.insert(TABLE, ("id",), [(1,)]) // 0, "x")])
    assert server.names() == ["insert", "abortTransaction"]
    assert server.commands[1]["autocommit"] is False
    assert engine.session is None


def test_a_commit_whose_answer_is_lost_is_sent_again(engine: MongodbEngine, server: ScriptedServer) -> None:
    server.answers["commitTransaction"] = [LOST, LOST, LOST]
    with engine.transaction():
        engine.insert(TABLE, ("id",), [(1,)])
    assert server.names() == ["insert", *["commitTransaction"] * 4]
    assert len({command["txnNumber"] for command in server.commands}) == 1


def test_a_commit_that_the_server_refuses_is_an_error(engine: MongodbEngine, server: ScriptedServer) -> None:
    server.answers["commitTransaction"] = [TRANSIENT]
    with pytest.raises(StatementFailed, match="run it again"), engine.transaction():
        engine.insert(TABLE, ("id",), [(1,)])
    assert server.names() == ["insert", "commitTransaction"]


def test_a_refused_row_in_a_transaction_is_undone_by_its_end(engine: MongodbEngine, server: ScriptedServer) -> None:
    duplicate = {"index": 1, "code": 11000, "errmsg": 'E11000 ... index: users_id_key dup key: { id: "secret" }'}
    server.answers["insert"] = [{"ok": 1.0, "n": 1, "writeErrors": [duplicate]}]
    with pytest.raises(StatementFailed) as caught, engine.transaction():
        engine.insert(TABLE, ("id",), [(1,), (2,)])
    assert caught.value.details["row"] == 1
    assert "secret" not in str(caught.value)
    assert server.names() == ["insert", "abortTransaction"]


def test_alone_a_write_can_be_sent_again_and_waits_for_the_majority(
    engine: MongodbEngine, server: ScriptedServer
) -> None:
    engine.insert(TABLE, ("id",), [(1,)])
    engine.update(TABLE, ("id",), ("name",), [(1, "b")])
    list(engine.fetch(TABLE, ("id",)))
    insert, update, find = server.commands
    assert insert["writeConcern"] == update["writeConcern"] == {"w": "majority"}
    assert insert["ordered"] is update["ordered"] is False
    assert {"txnNumber", "lsid"} <= insert.keys() & update.keys()
    assert not {"autocommit", "startTransaction"} & (insert.keys() | update.keys() | find.keys())
    assert find["readConcern"]["level"] == "majority"


def test_a_write_whose_connection_ends_is_sent_again_once(engine: MongodbEngine, server: ScriptedServer) -> None:
    server.answers["insert"] = [failure(91, "ShutdownInProgress", "RetryableWriteError")]
    assert engine.insert(TABLE, ("id",), [(1,)]) == 1
    first, second = server.named("insert")
    assert (first["txnNumber"], first["documents"]) == (second["txnNumber"], second["documents"])
    server.answers["insert"] = [failure(91, "ShutdownInProgress", "RetryableWriteError")] * 2
    with pytest.raises(ConnectionFailed, match="connection to the server is gone"):
        engine.insert(TABLE, ("id",), [(2,)])


def test_rows_that_were_written_before_a_refused_one_are_removed(engine: MongodbEngine, server: ScriptedServer) -> None:
    refused = {"index": 0, "code": 121, "errmsg": "Document failed validation"}
    server.answers["insert"] = [{"ok": 1.0, "n": 5000}, {"ok": 1.0, "n": 0, "writeErrors": [refused]}]
    with pytest.raises(StatementFailed) as caught:
        engine.insert(TABLE, ("id",), ((number,) for number in range(5001)))
    assert caught.value.details["row"] == 5000
    (delete,) = server.named("delete")[0]["deletes"]
    sent = [document["_id"] for insert in server.named("insert") for document in insert["documents"]]
    assert all(delete["q"]["_id"]["$gte"] <= each <= delete["q"]["_id"]["$lte"] for each in sent)
    assert len(set(sent)) == 5001


def test_what_a_url_says_of_concerns_is_kept(server: ScriptedServer) -> None:
    options = {"w": "1", "readConcernLevel": "local", "retryWrites": "false"}
    with MongodbEngine.connect(server.target(options=options)) as engine:
        server.commands.clear()
        engine.insert(TABLE, ("id",), [(1,)])
        list(engine.fetch(TABLE, ("id",)))
    insert, find = server.commands
    assert insert["writeConcern"] == {"w": 1}
    assert "txnNumber" not in insert
    assert find["readConcern"]["level"] == "local"


def test_a_session_that_only_reads_sends_nothing_else(server: ScriptedServer) -> None:
    calls: list[Any] = [
        lambda engine: engine.insert(TABLE, ("id",), [(1,)]),
        lambda engine: engine.update(TABLE, ("id",), ("name",), [(1, "x")]),
        lambda engine: engine.delete(TABLE, ("id",), [(1,)]),
        lambda engine: engine.command({"drop": "users"}, "Dropping", write=True),
        lambda engine: engine.query({"drop": "users"}),
        lambda engine: engine.query({"aggregate": "users", "pipeline": [{"$out": "others"}]}),
        lambda engine: engine.lock(0).__enter__(),
    ]
    with MongodbEngine.connect(server.target(), read_only=True) as engine:
        server.commands.clear()
        for call in calls:
            with pytest.raises(WriteRefused), engine.transaction():
                call(engine)
        engine.query({"find": "users"})
    assert server.names() == ["find"]
