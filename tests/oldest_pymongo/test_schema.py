# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema on a server that has partial, TTL and collation indexes, and forgets validators."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Drop, Execute
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import BLOCK
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Index, IndexColumn, Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import (
    Change,
    Consent,
    apply_plan,
    compose,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push, push
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model

SESSIONS = """
    enums: {state: [OPEN, CLOSED]}
    tables:
      sessions:
        columns:
          id: {type: uuid, default: uuid()}
          token: {type: string(50), null: true}
          owner: {type: integer, null: true}
          state: {type: enum(state), default: OPEN}
          expiresAt: {type: timestamp}
        primary_key: [id]
        unique: [[token], [owner, token]]
        indexes:
          - {columns: [owner], where: "owner > 3", unique: true}
          - {columns: [{name: expiresAt, order: desc}], where: "state = 'OPEN' and owner is not null"}
        checks: ["owner between 1 and 100", "owner > 5 or state = 'OPEN'"]
"""


@pytest.fixture
def engine(target: Target) -> Any:
    with MongodbEngine.connect(target) as made:
        push(made, model(SESSIONS))
        yield made


def indexes(engine: MongodbEngine, table: str = "sessions") -> dict[str, Any]:
    return {told["name"]: dict(told) for told in engine.database[table].list_indexes()}


def test_a_server_that_forgets_validators_is_noticed_and_gives_no_drift(engine: MongodbEngine, target: Target) -> None:
    assert not engine.server().facts["capabilities"]["validators"]
    assert engine.catalogue().schema == engine.canonical(model(SESSIONS))
    with connect(target) as other:
        assert other.catalogue().schema == other.canonical(model(SESSIONS))
        assert not plan_push(other, model(SESSIONS), prune=True).plan.changed


def test_partial_indexes_say_the_condition_and_leave_nulls_out(engine: MongodbEngine) -> None:
    told = {repr(dict(each["key"])): each for each in indexes(engine).values()}
    assert told["{'token': 1}"]["sparse"]
    exists = {"$exists": True}
    assert told["{'owner': 1, 'token': 1}"]["partialFilterExpression"] == {
        "$and": [{"owner": exists}, {"token": exists}]
    }
    assert told["{'expiresAt': -1}"]["partialFilterExpression"] == {
        "$and": [{"state": {"$eq": "OPEN"}}, {"owner": exists}]
    }
    assert told["{'owner': 1}"]["partialFilterExpression"] == {"$and": [{"owner": {"$gt": 3}}, {"owner": exists}]}
    assert {each.get("unique", False) for key, each in told.items() if "_id" not in key and "expiresAt" not in key} == {
        True
    }


def test_indexes_are_compared_by_what_they_are_not_by_their_names(engine: MongodbEngine) -> None:
    collection = engine.database["sessions"]
    collection.drop_index("token_1")
    collection.create_index("token", unique=True, sparse=True, name="by_another_name")
    assert not plan_push(engine, model(SESSIONS), prune=True).plan.changed
    collection.drop_index("by_another_name")
    collection.create_index("token", name="token_1")
    names = [type(each).__name__ for each in operations(engine)]
    assert sorted(names) == ["Add", "Drop"], "one that is not unique is another index"


def operations(engine: MongodbEngine) -> list[Any]:
    plan = plan_push(engine, model(SESSIONS), prune=True).plan
    return [operation for stage in plan.stages for operation in stage.operations]


def test_what_a_model_cannot_say_is_shown_taken_away_and_brought_back(engine: MongodbEngine) -> None:
    collection = engine.database["sessions"]
    collection.create_index("expiresAt", name="ttl", expireAfterSeconds=3600)
    collection.create_index("token", name="collated", collation={"locale": "en", "strength": 2})
    (table,) = engine.catalogue().schema.tables
    strange = {each.name: each for each in table.indexes if each.where.startswith("opaque:")}
    assert set(strange) == {"ttl", "collated"}
    before = indexes(engine)
    dropped = operations(engine)
    assert dropped == [Drop("sessions", strange["collated"]), Drop("sessions", strange["ttl"])]
    push(engine, model(SESSIONS), prune=True, consent=Consent(allowed=["all"]))
    assert set(indexes(engine)) == set(before) - {"ttl", "collated"}
    apply_plan(engine, compose(engine, [Change("back", tuple(each.inverse() for each in dropped))]))
    assert structures(before) == structures(indexes(engine))


def structures(told: dict[str, Any]) -> list[str]:
    """All that an index is but its name, in an order that means nothing."""
    return sorted(repr(sorted((key, str(each[key])) for key in each if key != "name")) for each in told.values())


def test_documents_that_an_index_would_delete_at_once_are_counted(engine: MongodbEngine) -> None:
    now = datetime.now(timezone.utc)
    times = [now - timedelta(hours=2), now - timedelta(minutes=30), now + timedelta(hours=1)]
    rows = [{"id": str(at), "owner": owner, "token": str(owner), "expiresAt": at} for owner, at in enumerate(times)]
    engine.database["sessions"].insert_many(rows)
    told = {"key": {"expiresAt": 1}, "name": "t"}
    for seconds, number in ((0, 2), (3600, 1), (7200 * 2, 0)):
        command = {"createIndexes": "sessions", "indexes": [{**told, "expireAfterSeconds": seconds}]}
        step = Execute("expire", {"mongodb": (json.dumps(command),)})
        plan = compose(engine, [Change("m", (step,))])
        found = [each for each in plan.hazards if each.code == "mongo-ttl-deletes-now"]
        assert [(each.severity, dict(each.facts)["rows"]) for each in found] == ([(BLOCK, number)] if number else [])
        ours = Index("t", (IndexColumn("expiresAt"),), where=f'opaque:{{"expireAfterSeconds":{seconds}}}')
        plan = compose(engine, [Change("m", (Add("sessions", ours),))])
        assert len([each for each in plan.hazards if each.code == "mongo-ttl-deletes-now"]) == bool(number)


def test_values_that_occur_twice_stop_a_unique_index_before_it_is_built(engine: MongodbEngine) -> None:
    rows = [{"id": str(number), "owner": number, "token": str(number), "state": "OPEN"} for number in range(2)]
    engine.database["sessions"].insert_many(rows)
    text = SESSIONS.replace("[[token], ", "[[state], [token], ")
    before = indexes(engine)
    plan = plan_push(engine, model(text)).plan
    facts = {each.code: dict(each.facts) for each in plan.hazards}
    assert facts["mongo-unique-over-duplicates"]["duplicates"] == 1
    with pytest.raises(ConstraintViolated, match="1 value"):
        push(engine, model(text), consent=Consent(accepted=["add-unique"]))
    assert indexes(engine) == before
    assert engine.catalogue().schema == engine.canonical(model(SESSIONS))


def test_all_goes_again(engine: MongodbEngine) -> None:
    push(engine, Schema(), prune=True, consent=Consent(allowed=["all"]))
    assert engine.catalogue().schema == Schema()
    assert engine.database["_paneldb_collections"].count_documents({}) == 0
