# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that a server with validators is sent, in the form and the order that the manual documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.indexes import (
    read_index,
    shown,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.records import (
    COLLECTION,
    definition_of,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.validators import (
    STRICT,
    enums_of,
    validator_of,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    Enum,
    Index,
    IndexColumn,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Change, apply_plan, compose
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import ScriptedServer, scripted_server

USERS = """
    enums: {role: [ADMIN, USER]}
    tables:
      users:
        columns:
          id: {type: uuid}
          name: {type: string(50)}
          email: {type: string(50), null: true}
          age: {type: integer, null: true}
          role: {type: enum(role), default: USER}
        primary_key: [id]
        unique: [[email], [name, age]]
        indexes: [{columns: [{name: age, order: desc}], where: "age > 17"}]
        checks: ["age >= 0"]
"""
SCHEMA = model(USERS).normalized()
(TABLE,) = SCHEMA.tables
VALIDATOR = validator_of(TABLE, enums_of(SCHEMA))
INDEXES: list[dict[str, Any]] = [
    {"key": {"age": -1}, "name": "age_-1_c1ce2bd3", "partialFilterExpression": {"age": {"$gt": 17}}},
    {"key": {"email": 1}, "name": "email_1", "unique": True, "sparse": True},
    {"key": {"id": 1}, "name": "id_1", "unique": True},
    {"key": {"name": 1, "age": 1}, "name": "", "unique": True, "partialFilterExpression": {"age": {"$exists": True}}},
]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as made:
        yield made


@pytest.fixture
def engine(server: ScriptedServer) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(server.target()) as made:
        server.commands.clear()
        yield made


def cursor(*documents: Any) -> dict[str, Any]:
    return {"cursor": {"id": 0, "ns": "panel.x", "firstBatch": list(documents)}, "ok": 1.0}


def catalogue_answers(server: ScriptedServer, times: int = 1, index: Any = None, **options: Any) -> None:
    """Let the server hold the table above, with other options, and one more index, where some are given."""
    held = {"validator": VALIDATOR, **STRICT, **options}
    collections = [
        {"name": "users", "type": "collection", "options": {key: value for key, value in held.items() if value}},
        {"name": COLLECTION, "type": "collection", "options": {}},
    ]
    records = [
        {"kind": "table", "name": "users", "definition": definition_of(TABLE)},
        *({"kind": "enum", "name": each.name, "definition": definition_of(each)} for each in SCHEMA.enums),
    ]
    for _unused in range(times):
        server.answers.setdefault("listCollections", []).append(cursor(*collections))
        server.answers.setdefault("find", []).append(cursor(*records))
        indexes = [{"v": 2, "key": {"_id": 1}, "name": "_id_"}, *({"v": 2, **each} for each in INDEXES)]
        indexes.extend([index] if index else [])
        server.answers.setdefault("listIndexes", []).append(cursor(*indexes))


def sent(server: ScriptedServer, *names: str) -> list[dict[str, Any]]:
    """The commands without what the driver puts on each of them."""
    driver = {"$db", "lsid", "writeConcern", "readConcern", "$clusterTime", "$readPreference", "txnNumber"}
    return [
        {key: value for key, value in command.items() if key not in driver}
        for command in server.commands
        if next(iter(command)) in names
    ]


def steps(server: ScriptedServer, engine: MongodbEngine, *operations: Operation) -> list[dict[str, Any]]:
    """What the server is sent for operations on the table above."""
    catalogue_answers(server)
    compiled, _expected = engine.compile(operations, engine.catalogue())
    server.commands.clear()
    for step in compiled:
        assert not step.transactional
        for statement in step.statements:
            engine.run(statement)
    return sent(server, "create", "collMod", "createIndexes", "dropIndexes", "drop", "renameCollection", "update")


def names(commands: list[dict[str, Any]]) -> list[str]:
    """Which commands, and of bookkeeping what it is about."""
    told = []
    for command in commands:
        name = next(iter(command))
        if command[name] == COLLECTION:
            change = command["updates"][0]["u"].get("$set", {})
            name = next((each for each in ("pending", "progress") if each in change), "settled")
        told.append(name)
    return told


def test_a_table_that_comes(server: ScriptedServer, engine: MongodbEngine) -> None:
    steps_made, _expected = engine.compile([Add("", SCHEMA.enums[0]), Add("", TABLE)], engine.catalogue())
    server.commands.clear()
    held = {"name": "users", "type": "collection", "options": {"validator": VALIDATOR}}
    server.answers["listCollections"] = [cursor(held)]
    for step in steps_made:
        for statement in step.statements:
            engine.run(statement)
    told = sent(server, "create", "createIndexes", "update")
    assert names(told) == ["settled", "pending", "create", "createIndexes", "settled"]
    assert told[2] == {"create": "users", "validator": VALIDATOR, **STRICT}
    made = {each["name"]: each for each in told[3]["indexes"]}
    assert {repr(each["key"]) for each in made.values()} == {repr(each["key"]) for each in INDEXES}
    for each in INDEXES:
        (found,) = [other for other in made.values() if other["key"] == each["key"]]
        assert {**found, "name": ""} == {**each, "name": ""}
    for command in server.named("create") + server.named("createIndexes") + server.named("update"):
        assert command["writeConcern"]["w"] == "majority"
    assert engine.server().facts["capabilities"]["validators"]


def test_a_validator_that_does_not_come_back_is_noted(server: ScriptedServer, engine: MongodbEngine) -> None:
    compiled, _expected = engine.compile([Add("", SCHEMA.enums[0]), Add("", TABLE)], engine.catalogue())
    server.commands.clear()
    server.answers["listCollections"] = [cursor({"name": "users", "type": "collection", "options": {}})] * 2
    for step in compiled:
        for statement in step.statements:
            engine.run(statement)
    assert sent(server, "collMod") == [{"collMod": "users", "validator": VALIDATOR, **STRICT}]
    assert not engine.server().facts["capabilities"]["validators"]
    noted = [each for each in sent(server, "update") if "forgotten" in str(each)]
    assert noted[0]["updates"][0]["u"] == {"$set": {"forgotten": "MongoDB 7.0.0"}}


def test_a_validator_may_come_back_at_the_second_time(server: ScriptedServer, engine: MongodbEngine) -> None:
    compiled, _expected = engine.compile([Add("", SCHEMA.enums[0]), Add("", TABLE)], engine.catalogue())
    kept = {"name": "users", "type": "collection", "options": {"validator": VALIDATOR}}
    server.answers["listCollections"] = [cursor({**kept, "options": {}}), cursor(kept)]
    for step in compiled:
        for statement in step.statements:
            engine.run(statement)
    assert engine.server().facts["capabilities"]["validators"]
    assert "forgotten" not in str(sent(server, "update"))


def test_what_is_there_as_written_is_no_drift(server: ScriptedServer, engine: MongodbEngine) -> None:
    catalogue_answers(server, 2)
    assert engine.catalogue().schema == engine.canonical(SCHEMA)
    assert not plan_push(engine, SCHEMA, prune=True).plan.changed
    assert server.names() == ["listCollections", "find", "listIndexes"] * 2


@pytest.mark.parametrize(
    ("options", "operations"),
    [
        ({"validationLevel": "off"}, ["drop_check users.validator_strictness"]),
        ({"validator": {}}, 7),
        ({"validator": {"$and": [VALIDATOR, {"name": {"$ne": "root"}}]}}, 1),
    ],
)
def test_a_changed_validator_is_drift(
    server: ScriptedServer, engine: MongodbEngine, options: dict[str, Any], operations: Any
) -> None:
    catalogue_answers(server, **options)
    plan = plan_push(engine, SCHEMA, prune=True).plan
    told = [f"{each.name} {each.target}" for stage in plan.stages for each in stage.operations]
    assert told == operations if isinstance(operations, list) else len(told) >= operations
    last = plan.stages[0].steps[-1].statements[-2].command
    assert last == {"collMod": "users", "validator": VALIDATOR, **STRICT}


def test_documents_are_changed_between_loosened_and_tightened_rules(
    server: ScriptedServer, engine: MongodbEngine
) -> None:
    before, after = TABLE.column("age"), Column("age", Type("text"), null=True)
    operations: list[Operation] = [
        Drop("users", TABLE.checks[0]),
        Drop("users", TABLE.indexes[0]),
        Alter("users", before, after),
        Rename("users", "column", "name", "login"),
        Add("users", Column("score", Type("integer"), default=Default(5))),
        Drop("users", TABLE.column("email")),
    ]
    told = steps(server, engine, Drop("users", TABLE.uniques[0]), *operations)
    assert [name for name in names(told) if name != "progress"] == [
        "pending",
        "collMod",
        *["dropIndexes"] * 3,
        "createIndexes",
        "collMod",
        "settled",
    ]
    loose, tight = (command for command in told if "collMod" in command)
    assert loose["validationLevel"] == "moderate"
    schema_alone, either = loose["validator"]["$and"]
    parts, new = schema_alone["$jsonSchema"], either["$or"][1]["$jsonSchema"]
    assert new == {"properties": {"age": {"description": "text", "bsonType": ["string", "null"]}}}
    assert parts["required"] == ["id", "role"]
    schema = SCHEMA
    for operation in (Drop("users", TABLE.uniques[0]), *operations):
        schema = operation.apply(schema)
    assert tight == {"collMod": "users", "validator": validator_of(schema.holder("users"), enums_of(schema)), **STRICT}


def test_an_index_alone_touches_no_validator(server: ScriptedServer, engine: MongodbEngine) -> None:
    told = steps(server, engine, Add("users", Index("i", (IndexColumn("role"),))))
    assert names(told) == ["pending", "createIndexes", "settled"]
    assert told[1] == {"createIndexes": "users", "indexes": [{"key": {"role": 1}, "name": "role_1"}]}


def test_another_name_for_an_index_is_only_written_down(server: ScriptedServer, engine: MongodbEngine) -> None:
    told = steps(server, engine, Rename("users", "unique", TABLE.uniques[0].name, "other"))
    assert names(told) == ["settled"]


def test_an_index_that_shares_its_columns_with_another_is_one_index(
    server: ScriptedServer, engine: MongodbEngine
) -> None:
    assert names(steps(server, engine, Add("users", Index("i", (IndexColumn("id"),))))) == ["settled"]


def test_an_expiry_is_changed_without_building_the_index_anew(server: ScriptedServer, engine: MongodbEngine) -> None:
    columns = (IndexColumn("age"),)
    old, new = (Index("ttl", columns, where=f'opaque:{{"expireAfterSeconds": {seconds}}}') for seconds in (60, 90))
    told = {"v": 2, "key": {"age": 1}, "name": "ttl", "expireAfterSeconds": 60}
    catalogue_answers(server, index=told)
    catalogue = engine.catalogue()
    assert catalogue.schema.element("users", "index", "ttl") == old
    compiled, _expected = engine.compile([Drop("users", old), Add("users", new)], catalogue)
    (command,) = [each.command for each in compiled[0].statements if "collMod" in each.command]
    assert command == {"collMod": "users", "index": {"keyPattern": {"age": 1}, "expireAfterSeconds": 90}}


def test_values_of_an_enum_change_the_rules_of_all_its_columns(server: ScriptedServer, engine: MongodbEngine) -> None:
    told = steps(server, engine, Alter("", SCHEMA.enums[0], Enum("role", ("ADMIN", "USER", "GUEST"))))
    assert names(told) == ["pending", "collMod", "settled"]
    rule = told[1]["validator"]["$and"][0]["$jsonSchema"]["properties"]["role"]
    assert rule["enum"] == ["ADMIN", "USER", "GUEST"]
    assert [each["q"]["kind"] for each in told[2]["updates"]] == ["table", "enum"], "what is looked at comes last"


def test_a_table_that_is_renamed(server: ScriptedServer, engine: MongodbEngine) -> None:
    server.answers["listCollections"] = []
    told = steps(server, engine, Rename("", "table", "users", "people"))
    assert names(told) == ["pending", "renameCollection", "settled"]
    assert told[1] == {"renameCollection": "panel.users", "to": "panel.people"}
    assert server.named("renameCollection")[0]["$db"] == "admin"


def test_checks_come_and_go_by_the_validator_alone(server: ScriptedServer, engine: MongodbEngine) -> None:
    told = steps(server, engine, Add("users", Check("c", "age > 3 or name = 'root'")))
    assert names(told) == ["pending", "collMod", "settled"]
    assert "$expr" in str(told[1]["validator"])


def test_documents_that_a_validator_would_refuse_are_counted(server: ScriptedServer, engine: MongodbEngine) -> None:
    catalogue_answers(server)
    catalogue = engine.catalogue()
    operation = Add("users", Check("c", "age < 100"))
    server.answers["listCollections"] = [cursor({"name": "users", "type": "collection"})]
    server.answers["aggregate"] = [cursor({"_id": 1, "n": 3})] * 4
    server.answers["find"] = [cursor({"_id": "first"}, {"_id": "second"})]
    plan = compose(engine, [Change("m", (operation,))], catalogue)
    (found,) = [each for each in plan.hazards if each.code == "mongo-validator-rejects-existing"]
    assert dict(found.facts) == {"rows": 3, "first": ["first", "second"]}
    (asked,) = [each["filter"] for each in sent(server, "find")[1:]]
    (condition,) = asked["$nor"]
    bounds = {"maximum": 100, "exclusiveMaximum": True}
    assert condition["$and"][-1] == {"$jsonSchema": {"properties": {"age": bounds}}}


def test_shard_keys_are_named(server: ScriptedServer, engine: MongodbEngine) -> None:
    engine.probes.hello["msg"] = "isdbgrid"
    catalogue_answers(server)
    catalogue = engine.catalogue()
    for operation, number in (
        (Rename("users", "column", "role", "part"), 1),
        (Add("users", Unique("u", ("role", "name"))), 0),
        (Add("users", Unique("u", ("name",))), 1),
    ):
        server.answers["listCollections"] = [cursor({"name": "users", "type": "collection"})]
        server.answers["find"] = [cursor({"key": {"role": 1}})] * 3
        hazards = [each.code for each in engine.hazards([operation], catalogue)]
        assert hazards.count("mongo-shard-key") == number


def test_a_large_collection_is_named(server: ScriptedServer, engine: MongodbEngine) -> None:
    catalogue_answers(server)
    catalogue = engine.catalogue()
    server.answers["listCollections"] = [cursor({"name": "users", "type": "collection"})]
    server.answers["aggregate"] = [cursor({"_id": 1, "n": 2_000_000})]
    (found,) = engine.hazards([Add("users", Index("i", (IndexColumn("role"),)))], catalogue)
    assert (found.code, dict(found.facts)["rows"]) == ("mongo-index-large", 2_000_000)


@pytest.mark.parametrize(
    "told",
    [
        {"key": {"a": "hashed"}, "name": "h"},
        {"key": {"$**": 1}, "name": "w"},
        {"key": {"_fts": "text", "_ftsx": 1}, "name": "t", "weights": {"a": 2}, "default_language": "english"},
        {"key": {"a": 1}, "name": "s", "sparse": True},
        {"key": {"a": 1, "b": -1}, "name": "c", "collation": {"locale": "de"}, "unique": True},
        {"key": {"a": 1}, "name": "e", "expireAfterSeconds": 7, "hidden": True},
    ],
)
def test_indexes_that_no_model_can_say_are_kept_whole(engine: MongodbEngine, told: dict[str, Any]) -> None:
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.indexes import wanted

    read = read_index({"v": 2, **told})
    table = Table("t", (Column("a", Type("text"), null=True),))
    element = shown(read, table, engine.probes)
    assert wanted(table.put(element), engine.probes) == {read}


def test_a_plan_is_applied_as_it_reads(server: ScriptedServer, engine: MongodbEngine) -> None:
    """What check mode shows as text is the command, as extended JSON."""
    from bson import json_util

    plan = plan_push(engine, SCHEMA).plan
    server.answers["listCollections"] = [cursor({"name": "users", "type": "collection", "options": {"validator": {}}})]
    apply_plan(engine, plan)
    texts = [each.text for stage in plan.stages for step in stage.steps for each in step.statements]
    created = [json_util.loads(text) for text in texts if text.startswith('{"create"')]
    assert created == sent(server, "create")
