# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of MongoDB: what others made is shown and never an error, and reading takes as long as the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Index,
    IndexColumn,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import (
    Change,
    Consent,
    apply_plan,
    compose,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push, push
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model

TABLE = """
    {name}:
      comment: "It's documented"
      columns:
        id: {{type: uuid, default: uuid(), comment: "the key"}}
        number: {{type: bigint, default: 7}}
        price: {{type: "decimal(10,2)", default: "1.50"}}
        settings: {{type: json, default: {{value: {{b: [1, null], a: "x"}}}}}}
        at: {{type: timestamp, default: now(), updated_at: true}}
        other: {{type: uuid, null: true}}
      primary_key: [id]
      unique: [[number], [price, other]]
      indexes: [[other], {{columns: [{{name: at, order: desc}}, number]}}]
      foreign_keys: [{{columns: [other], references: {name}, on_delete: set_null}}]
      checks: ["price > 0"]
"""


@pytest.fixture
def engine(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        yield made


@pytest.fixture
def weak_engine(weak_mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(weak_mongodb_target) as made:
        yield made


def many(number: int) -> Schema:
    return model("tables:\n" + "".join(TABLE.format(name=f"t{each}") for each in range(number)))


@pytest.mark.parametrize(("server", "lacks"), [("engine", set()), ("weak_engine", {"validators"})])
def test_all_that_the_server_cannot_hold_comes_back(
    server: str, lacks: set[str], request: pytest.FixtureRequest
) -> None:
    engine: MongodbEngine = request.getfixturevalue(server)
    schema = many(2)
    push(engine, schema)
    assert engine.catalogue().schema == engine.canonical(schema)
    limits = {limit.place for limit in engine.limits(schema)}
    assert limits == {"foreign_keys", "defaults", *lacks}
    partial = Index("p", (IndexColumn("number"),), unique=True, where="number > 3")
    changed = schema.put(schema.tables[0].put(partial))
    assert {limit.place for limit in engine.limits(changed)} - limits == ({"tables.t0.indexes.p"} if lacks else set())
    push(engine, changed)
    assert engine.catalogue().schema == engine.canonical(changed)


def test_what_others_made_is_shown(engine: MongodbEngine) -> None:
    database = engine.database
    database["theirs"].insert_one({"a": 1})
    database["theirs"].create_index([("a", 1), ("b", -1)], name="mine")
    database["theirs"].create_index("c", unique=True, name="only")
    (table,) = engine.catalogue().schema.tables
    assert table == Table(
        "theirs",
        uniques=(Unique("only", ("c",)),),
        indexes=(Index("mine", (IndexColumn("a"), IndexColumn("b", descending=True))),),
    )
    assert not plan_push(engine, Schema()).plan.changed, "it is left alone"
    assert [each.name for each in plan_push(engine, Schema()).unmanaged] == ["theirs"]


def test_what_others_made_is_taken_over(engine: MongodbEngine) -> None:
    engine.database["theirs"].insert_one({"a": 1})
    wanted = model("tables: {theirs: {columns: {a: {type: integer, null: true}}, indexes: [[a]]}}")
    push(engine, wanted)
    assert engine.catalogue().schema == engine.canonical(wanted)
    assert engine.database["theirs"].find_one({}, {"_id": False}) == {"a": 1}


def test_what_others_made_goes_when_that_is_wanted(engine: MongodbEngine) -> None:
    engine.database["theirs"].create_index("a", name="mine")
    wanted = Schema((Table("theirs", (Column("a", Type("integer"), null=True),)),))
    push(engine, wanted, prune=True)
    assert set(engine.database["theirs"].index_information()) == {"_id_"}
    push(engine, Schema(), prune=True, consent=Consent(allowed=["all"]))
    assert "theirs" not in engine.database.list_collection_names()


def test_what_is_gone_is_missed(engine: MongodbEngine) -> None:
    schema = many(2)
    push(engine, schema)
    engine.database["t0"].drop_index("number_1")
    engine.database["t1"].drop()
    lost = difference(engine.catalogue().schema, engine.canonical(schema), prune=True)
    assert [f"{each.name} {each.target}" for each in lost] == ["add_unique t0.t0_number_key", "create_table t1"]
    push(engine, schema)
    assert engine.catalogue().schema == engine.canonical(schema)


def test_a_table_that_counts_comes_back(engine: MongodbEngine) -> None:
    schema = model("tables: {t: {columns: {id: {type: bigint, default: autoincrement()}}, primary_key: [id]}}")
    push(engine, schema)
    assert engine.catalogue().schema == engine.canonical(schema)


def test_collections_of_the_server_and_of_ours_are_nobodys_tables(engine: MongodbEngine) -> None:
    engine.database.create_collection("_paneldb_any")
    assert engine.catalogue().schema == Schema()


def test_later_stages_of_a_plan_know_what_earlier_ones_made(engine: MongodbEngine) -> None:
    (table,) = many(1).tables
    first = Change("a", (Add("", table),))
    index = Index("i", (IndexColumn("price"),))
    changes = [first, Change("b", (Add("t0", index),)), Change("c", (Add("t0", index).inverse(),))]
    apply_plan(engine, compose(engine, changes))
    assert engine.catalogue().schema == engine.canonical(Schema((table,)))
    assert "price_1" not in engine.database["t0"].index_information()


def test_a_change_of_one_column_of_a_wide_table_is_one_update_of_its_record(engine: MongodbEngine) -> None:
    push(engine, many(1))
    (table,) = engine.catalogue().schema.tables
    changed = replace(table, comment="another one")
    plan = plan_push(engine, Schema((changed,))).plan
    commands: list[Any] = [each.command for step in plan.stages[0].steps for each in step.statements]
    assert [next(iter(command)) for command in commands] == ["update"]
