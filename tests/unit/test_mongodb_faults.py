# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's refusals as ours, without the values that it repeats; and what is read without an engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.journal import read_journal
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    InputError,
    PanelDbError,
    StatementFailed,
    StorageFull,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import (
    ScriptedServer,
    failure,
    scripted_server,
)

TABLE = Table("users", (Column("id", parse_type("integer")),), PrimaryKey(("id",)))
SECRET = "hunter2"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as made:
        yield made


@pytest.mark.parametrize(
    ("code", "name", "expected", "words"),
    [
        (13, "Unauthorized", AccessDenied, "roles it needs"),
        (18, "AuthenticationFailed", AccessDenied, "roles it needs"),
        (14031, "OutOfDiskSpace", StorageFull, "Free space"),
        (50, "MaxTimeMSExpired", StatementFailed, "statement_timeout"),
        (112, "WriteConflict", StatementFailed, "run it again"),
        (121, "DocumentValidationFailure", ConstraintViolated, "breaks the rules"),
        (11000, "DuplicateKey", ConstraintViolated, "has these values already"),
        (59, "CommandNotFound", Unsupported, "CommandNotFound"),
        (238, "NotImplemented", Unsupported, "NotImplemented"),
        (10334, "BSONObjectTooLarge", InputError, "16 MiB"),
        (9, "FailedToParse", StatementFailed, "FailedToParse"),
        (10107, "NotWritablePrimary", ConnectionFailed, "is gone"),
    ],
)
def test_refusals_by_their_codes(
    server: ScriptedServer, code: int, name: str, expected: type[PanelDbError], words: str
) -> None:
    with MongodbEngine.connect(server.target()) as engine:
        server.answers["create"] = [failure(code, name)]
        with pytest.raises(expected, match=words) as caught:
            engine.command({"create": "t"}, "Creating t", write=True)
    assert caught.value.__class__ is expected
    assert str(caught.value).startswith("Creating t: ")


def test_no_value_of_a_document_is_shown(server: ScriptedServer) -> None:
    texts = [
        (
            11000,
            f'E11000 duplicate key error collection: panel.users index: users_id_key dup key: {{ id: "{SECRET}" }}',
        ),
        (121, f"Document failed validation: {SECRET}"),
        (2, f'invalid value: {{ "x": "{SECRET}" }}'),
    ]
    with MongodbEngine.connect(server.target()) as engine:
        for code, text in texts:
            server.answers["insert"] = [{"ok": 1.0, "writeErrors": [{"index": 0, "code": code, "errmsg": text}]}]
            with pytest.raises(StatementFailed) as caught:
                engine.insert(TABLE, ("id",), [(1,)])
            assert SECRET not in str(caught.value.to_data())
            assert caught.value.details["row"] == 0
        server.answers["insert"] = [{**failure(11000, "DuplicateKey"), "errmsg": texts[0][1]}]
        with pytest.raises(ConstraintViolated, match="users_id_key") as caught_whole:
            engine.insert(TABLE, ("id",), [(1,)])
    assert SECRET not in str(caught_whole.value.to_data())


def test_a_majority_that_did_not_answer_is_told(server: ScriptedServer) -> None:
    with MongodbEngine.connect(server.target()) as engine:
        server.answers["insert"] = [{"ok": 1.0, "n": 1, "writeConcernError": {"code": 64, "errmsg": "timeout"}}]
        with pytest.raises(StatementFailed, match="majority"):
            engine.insert(TABLE, ("id",), [(1,)])


# --- the journal without an engine -----------------------------------------------------------------------------------

MOMENT = datetime(2026, 1, 1, tzinfo=timezone.utc)
APPLIED = {"id": "1_first", "how": "deploy", "applied_at": MOMENT, "duration_ms": 5, "checksum": "c", "fence": 1}
RUNS = [
    {"id": "b", "kind": "deploy", "state": "failed", "owner": "me", "started_at": MOMENT, "error": "no"},
    {"id": "a", "kind": "deploy", "state": "failed", "owner": "me", "started_at": MOMENT, "error": "no"},
]


def found(*documents: Any) -> dict[str, Any]:
    return {"ok": 1.0, "cursor": {"id": 0, "ns": "panel.t", "firstBatch": list(documents)}}


@pytest.mark.parametrize("query", ["", "?authSource=admin"])
def test_the_journal_is_read_of_a_plain_url(server: ScriptedServer, query: str) -> None:
    server.answers["find"] = [found(APPLIED), found(*RUNS)]
    url = f"mongodb://127.0.0.1:{server.port}/panel{query}"
    journal = read_journal(url)
    assert journal is not None
    assert journal.identity == {"engine": "mongodb", "server_version": "7.0.0", "database": "panel", "url": url}
    assert journal.applied["1_first"]["applied_at"] == "2026-01-01T00:00:00+00:00"
    assert journal.checksums == {"1_first": "c"}
    assert [(run["id"], run["ended_at"]) for run in journal.runs] == [("a", None), ("b", None)]


def test_what_is_not_usual_is_left_to_the_engine(server: ScriptedServer) -> None:
    place = f"127.0.0.1:{server.port}"
    assert read_journal(f"mongodb://{place}/panel") is None, "no migration is applied"
    server.commands.clear()
    for url in (
        f"mongodb://{place}/",
        f"mongodb://{place}/panel?tls=true",
        f"mongodb://{place}/panel?authSource=a&replicaSet=b",
        f"mongodb://us%40er:pw@{place}/panel",
        f"mongodb://one:1,two:2/{place}",
        f"mongodb+srv://{place}/panel",
    ):
        assert read_journal(url) is None
    assert server.commands == []
    server.answers["find"] = [failure(13, "Unauthorized")]
    assert read_journal(f"mongodb://{place}/panel") is None
