# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of a person: read, bound, and kept from writing where the session only reads."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.query import (
    bound,
    only_reads,
    plain_value,
    read_command,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import scripted_server


def test_a_command_is_a_mapping_or_extended_json() -> None:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    text = '{"find": "users", "filter": {"_id": {"$oid": "000000000000000000000000"}, "at": {"$date": 1767225600000}}}'
    expected = {"find": "users", "filter": {"_id": ObjectId("0" * 24), "at": moment}}
    assert read_command(text) == expected
    assert read_command(expected) == expected
    assert list(read_command('{"update": "users", "a": 1}')) == ["update", "a"]


@pytest.mark.parametrize("statement", ["", "SELECT 1", "[]", "{}", [], 5, None, '{"find"'])
def test_anything_else_is_refused(statement: Any) -> None:
    with pytest.raises(InputError, match="no command of MongoDB"):
        read_command(statement)


def test_values_stand_where_their_places_are() -> None:
    command = {"find": "t", "filter": {"a": {"$in": [{"$param": 0}, {"$param": 1}]}, "b": {"$param": 0}}}
    values = ['"}', {"a": [1]}]
    assert bound(command, values)["filter"] == {"a": {"$in": ['"}', {"a": [1]}]}, "b": '"}'}
    assert bound({"find": "t", "filter": {"a": {"$param": "x"}}}, {"x": None})["filter"] == {"a": None}
    assert bound({"find": "t"}, None) == {"find": "t"}


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ({"$param": 1}, [1]),
        ({"$param": "x"}, {"y": 1}),
        ({"$param": "x"}, None),
        ({"$param": {}}, {"x": 1}),
        ({"$param": "x", "$gt": 1}, {"x": 1}),
        (1, {"x": 1}),
        ({"$param": 0}, [1, 2]),
    ],
)
def test_places_and_values_must_fit(part: Any, values: Any) -> None:
    with pytest.raises(StatementFailed, match="do not fit the places"):
        bound({"find": "t", "filter": {"a": part}}, values)


@pytest.mark.parametrize("value", [{"$gt": ""}, {"a": {"$ne": 1}}, [{"$where": "1"}]])
def test_a_value_is_never_an_operator(value: Any) -> None:
    with pytest.raises(StatementFailed, match="begins with"):
        bound({"find": "t", "filter": {"password": {"$param": "x"}}}, {"x": value})


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ({"find": "t"}, True),
        ({"aggregate": "t", "pipeline": [{"$match": {}}]}, True),
        ({"aggregate": "t", "pipeline": [{"$match": {}}, {"$merge": "u"}]}, False),
        ({"aggregate": 1, "pipeline": [{"$out": "u"}]}, False),
        ({"explain": {"aggregate": "t", "pipeline": [{"$out": "u"}]}}, False),
        ({"explain": {"find": "t"}}, True),
        ({"explain": {}}, False),
        ({"count": "t"}, True),
        ({"insert": "t", "documents": []}, False),
        ({"mapReduce": "t", "out": "u"}, False),
        ({"eval": "1"}, False),
        ({"collMod": "t"}, False),
        ({"Find": "t"}, False),
    ],
)
def test_only_what_is_known_to_read_may_be_run_by_readers(command: dict[str, Any], reads: bool) -> None:
    assert only_reads(command) is reads


def test_bsons_own_types_are_told_as_pythons() -> None:
    found = {"a": [Int64(5), Decimal128("1.5")], "_id": ObjectId("0" * 24)}
    told = plain_value(found)
    assert told == {"a": [5, Decimal("1.5")], "_id": "0" * 24}
    assert told["a"][0].__class__ is int


# --- answers ---------------------------------------------------------------------------------------------------------


def test_rows_have_every_field_that_a_document_has() -> None:
    with scripted_server() as server, MongodbEngine.connect(server.target()) as engine:
        batch = [{"_id": 1, "a": 1}, {"_id": 2, "b": {"c": Int64(1)}}, {"_id": 3}]
        server.answers["find"] = [{"ok": 1.0, "cursor": {"id": 0, "ns": "panel.t", "firstBatch": batch}}]
        result = engine.query({"find": "t"}, limit=2)
        assert result.columns == ("_id", "a", "b")
        assert result.rows == ((1, 1, None), (2, None, {"c": 1}))
        assert (result.truncated, result.altered, result.affected) == (True, False, 0)


def test_no_more_is_read_than_is_wanted() -> None:
    with scripted_server() as server, MongodbEngine.connect(server.target()) as engine:
        first = {"ok": 1.0, "cursor": {"id": 77, "ns": "panel.t", "firstBatch": [{"x": 1}] * 10}}
        more = {"ok": 1.0, "cursor": {"id": 77, "ns": "panel.t", "nextBatch": [{"x": 1}] * 10}}
        server.answers = {"find": [first], "getMore": [more] * 50}
        result = engine.query({"find": "t"}, limit=15)
        assert (len(result.rows), result.truncated) == (15, True)
        assert server.names().count("getMore") == 1
        assert server.names()[-1] == "killCursors"


@pytest.mark.parametrize(
    ("command", "answer", "rows", "affected", "altered"),
    [
        ({"update": "t", "updates": [{}]}, {"n": 3, "nModified": 2}, (), 3, False),
        ({"delete": "t", "deletes": [{}]}, {"n": 4}, (), 4, False),
        ({"findAndModify": "t"}, {"value": {"x": 1}, "lastErrorObject": {"n": 1}}, ((1,),), 1, False),
        ({"count": "t"}, {"n": 7}, ((7,),), 0, False),
        ({"distinct": "t", "key": "x"}, {"values": ["a", "b"]}, (("a",), ("b",)), 0, False),
        ({"create": "t"}, {}, (), 0, True),
    ],
)
def test_answers_are_told_by_their_command(
    command: dict[str, Any], answer: dict[str, Any], rows: Any, affected: int, altered: bool
) -> None:
    with scripted_server() as server, MongodbEngine.connect(server.target()) as engine:
        server.answers[next(iter(command))] = [{**answer, "ok": 1.0}]
        result = engine.query(command)
    assert (result.rows, result.affected, result.altered) == (rows, affected, altered)


def test_documents_that_are_refused_are_an_error_though_the_command_went_well() -> None:
    text = 'E11000 duplicate key error collection: panel.t index: t_name_key dup key: { name: "secret" }'
    with scripted_server() as server, MongodbEngine.connect(server.target()) as engine:
        server.answers["insert"] = [{"ok": 1.0, "writeErrors": [{"index": 0, "code": 11000, "errmsg": text}]}]
        with pytest.raises(ConstraintViolated, match="t_name_key") as caught:
            engine.query({"insert": "t", "documents": [{}]})
        assert "secret" not in str(caught.value)
        server.answers["insert"] = [{"ok": 1.0, "writeConcernError": {"code": 64}}]
        with pytest.raises(StatementFailed, match="majority"):
            engine.query({"insert": "t", "documents": [{}]})


def test_another_database_may_be_asked() -> None:
    with scripted_server() as server, MongodbEngine.connect(server.target()) as engine:
        engine.query({"serverStatus": 1, "$db": "admin"})
        assert server.named("serverStatus")[0]["$db"] == "admin"
