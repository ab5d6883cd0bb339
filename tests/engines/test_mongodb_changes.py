# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on MongoDB that are stopped anywhere are run again from their beginning, and nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from pymongo.errors import WriteError

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import updates
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    PanelDbError,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Execute
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Enum,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import (
    Change,
    Consent,
    apply_plan,
    compose,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push, push
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike, model

ANYTHING = Consent(
    allowed=["all"],
    accepted=[
        "type-cast-may-fail",
        "type-narrowing",
        "add-unique",
        "set-not-null",
        "add-check",
        "drop-enum-value",
        "not-null-without-default",
    ],
)
BEFORE = """
    enums: {state: [NEW, OLD, LOST]}
    tables:
      things:
        columns: {
          id: {type: bigint},
          name: {type: string(50), null: true},
          number: {type: integer, null: true},
          state: {type: enum(state), default: NEW},
          gone: {type: text, null: true}
        }
        primary_key: [id]
        indexes: [[name]]
      parts:
        columns: {id: {type: bigint}, thing: {type: bigint, null: true}}
        primary_key: [id]
        foreign_keys: [{columns: [thing], references: things}]
"""
AFTER = """
    enums: {state: [NEW, OLD]}
    tables:
      objects:
        renamed_from: things
        columns:
          key: {type: bigint, renamed_from: id}
          name: {type: string(50), null: true}
          amount: {type: text, null: true, renamed_from: number}
          number: {type: integer, default: 7}
          state: {type: enum(state), default: NEW}
          made: {type: timestamp, default: now()}
          token: {type: uuid, default: uuid()}
        primary_key: [key]
        unique: [[name]]
        checks: ["number > 0"]
      parts:
        columns: {id: {type: bigint}, thing: {type: bigint, null: true}}
        primary_key: [id]
        foreign_keys: [{columns: [thing], references: objects}]
"""
NUMBER = 30


class Stopped(Exception):
    """The run ends here, as if it were killed."""


@pytest.fixture
def engine(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        push(made, model(BEFORE))
        fill(made)
        yield made


def fill(engine: MongodbEngine) -> None:
    documents = [
        {"id": number, "name": f"n{number}", "number": number * 10, "state": "OLD", "gone": "x"}
        for number in range(NUMBER)
    ]
    engine.database["things"].insert_many(documents)


def documents(engine: MongodbEngine, table: str) -> list[dict[str, Any]]:
    return list(engine.database[table].find({}, {"_id": False}))


def stop_at(engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch, point: int, *, behind: bool) -> None:
    """Let the run end right before, or right behind, the statement of that number."""
    statements = iter(range(10**6))
    run = engine.run

    def counted(statement: Statement) -> None:
        number = next(statements)
        if number == point and not behind:
            raise Stopped
        run(statement)
        if number == point:
            raise Stopped

    monkeypatch.setattr(engine, "run", counted)


@pytest.mark.parametrize("behind", [False, True])
def test_stopped_at_any_statement_the_same_push_goes_on(
    engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch, behind: bool
) -> None:
    """Each run finds what the one before it left, and comes a little further."""
    stops = 0
    for point in range(200):
        with monkeypatch.context() as patch:
            stop_at(engine, patch, point, behind=behind)
            try:
                push(engine, model(AFTER), prune=True, consent=ANYTHING)
                break
            except Stopped:
                stops += 1
        assert len(engine.catalogue().schema.tables) == 2, "a catalogue can be read at any time"
    assert stops > 5
    assert_after(engine)


@pytest.mark.parametrize("point", range(0, 24, 3))
def test_stopped_once_the_same_push_goes_on(engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch, point: int) -> None:
    with monkeypatch.context() as patch, suppress(Stopped):
        stop_at(engine, patch, point, behind=point % 2 == 1)
        push(engine, model(AFTER), prune=True, consent=ANYTHING)
    push(engine, model(AFTER), prune=True, consent=ANYTHING)
    assert_after(engine)


def assert_after(engine: MongodbEngine) -> None:
    assert alike(engine.catalogue().schema) == alike(engine.canonical(model(AFTER)))
    assert not plan_push(engine, model(AFTER), prune=True).plan.changed
    found = documents(engine, "objects")
    assert len(found) == NUMBER
    for document in found:
        number = document["key"]
        fields = {"key", "name", "amount", "number", "state", "made", "token"}
        assert set(document) == fields
        assert (document["name"], document["amount"], document["number"]) == (f"n{number}", str(number * 10), 7)
    assert len({document["token"] for document in found}) == NUMBER
    for record in engine.database["_paneldb_collections"].find():
        assert not {"pending", "progress"} & set(record)


def test_a_pass_goes_on_behind_its_marker(engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "BATCH", 10)
    change = updates._Pass._change
    seen: list[Any] = []

    def counted(self: Any, batch: Any) -> None:
        if len(seen) == 20:
            raise Stopped
        seen.extend(document["_id"] for document in batch)
        change(self, batch)

    text = BEFORE.replace("number: {type: integer", "number: {type: text")
    with monkeypatch.context() as patch:
        patch.setattr(updates._Pass, "_change", counted)
        with pytest.raises(Stopped):
            push(engine, model(text), consent=ANYTHING)
        (record,) = engine.database["_paneldb_collections"].find({"name": "things"})
        assert record["progress"] == {"pass": 0, "behind": seen[-1]}
        assert engine.catalogue().schema == engine.canonical(model(BEFORE)), "a step is done as a whole or not at all"
        first, seen = seen, []
        push(engine, model(text), consent=ANYTHING)
    assert len(seen) == NUMBER - len(first)
    assert not set(seen) & set(first)
    assert {type(document["number"]) for document in documents(engine, "things")} == {str}


def test_another_change_of_half_changed_documents_is_refused(
    engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BEFORE.replace("number: {type: integer", "amount: {renamed_from: number, type: integer")
    with monkeypatch.context() as patch:
        stop_at(engine, patch, 1, behind=True)
        with pytest.raises(Stopped):
            push(engine, model(text), consent=ANYTHING)
    with pytest.raises(Unsupported, match="was stopped while its documents were being changed"):
        push(
            engine,
            model(BEFORE.replace(",\n          gone: {type: text, null: true}", "")),
            prune=True,
            consent=ANYTHING,
        )
    push(engine, model(text), consent=ANYTHING)
    assert engine.catalogue().schema == engine.canonical(model(text))
    assert all("amount" in document and "number" not in document for document in documents(engine, "things"))


# --- what documents must obey, before anything is changed ------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "document", "message"),
    [
        ("number: {type: integer, null: true}", "number: {type: integer}", {"id": 99, "name": "a"}, "hold a null"),
        ("number: {type: integer, null: true}", "number: {type: boolean, null: true}", {}, "is no boolean"),
        ("name: {type: string(50)", "name: {type: string(2)", {}, "2"),
        (
            "gone: {type: text, null: true}",
            "gone: {type: text, null: true}, new: {type: text}",
            {},
            "no value",
        ),
        ("[NEW, OLD, LOST]", "[NEW, LOST]", {}, "a value that goes: OLD"),
        ("indexes: [[name]]", 'indexes: [[name]]\n        checks: ["number < 100"]', {}, "break the rule"),
        ("indexes: [[name]]", "unique: [[state]]", {}, "occur more than once"),
    ],
)
def test_documents_that_do_not_fit_stop_the_change_before_it_begins(
    engine: MongodbEngine, old: str, new: str, document: dict[str, Any], message: str
) -> None:
    assert old in BEFORE
    if document:
        engine.database["things"].insert_one({"state": "NEW", **document})
    before = documents(engine, "things")
    with pytest.raises(StatementFailed, match=message):
        push(engine, model(BEFORE.replace(old, new)), prune=True, consent=ANYTHING)
    assert documents(engine, "things") == before
    assert engine.catalogue().schema == engine.canonical(model(BEFORE))
    assert engine.database["_paneldb_collections"].count_documents({"pending": {"$exists": True}}) == 0


def test_a_value_that_cannot_be_converted_is_not_told(engine: MongodbEngine) -> None:
    engine.database["things"].update_one({"id": 3}, {"$set": {"gone": "s3cret"}})
    text = BEFORE.replace("gone: {type: text", "gone: {type: timestamp")
    with pytest.raises(StatementFailed, match="A value of gone is no timestamp") as caught:
        push(engine, model(text), consent=ANYTHING)
    assert "s3cret" not in str(caught.value.to_data())


def test_json_and_text_lead_to_each_other_and_back(engine: MongodbEngine) -> None:
    """Text that is JSON cannot be told from a JSON text; still each is converted once."""
    values = ['"1"', "1", '{"a": [1, null]}', '"\\"x\\""']
    engine.database["things"].delete_many({})
    engine.database["things"].insert_many(
        [{"id": number, "state": "NEW", "gone": value} for number, value in enumerate(values)]
    )
    text = BEFORE.replace("gone: {type: text", "gone: {type: json")
    push(engine, model(text), consent=ANYTHING)
    assert [document["gone"] for document in documents(engine, "things")] == [json.loads(value) for value in values]
    push(engine, model(BEFORE), consent=ANYTHING)
    found = [json.loads(document["gone"]) for document in documents(engine, "things")]
    assert found == [json.loads(value) for value in values]


def test_a_value_that_others_change_meanwhile_is_converted_as_it_is_then(
    engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = updates._Pass._write
    changed: list[int] = []

    def raced(self: Any, changes: Any) -> int:
        if not changed:
            changed.append(1)
            engine.database["things"].update_one({"id": 5}, {"$set": {"number": 12345}})
        return write(self, changes)

    monkeypatch.setattr(updates._Pass, "_write", raced)
    push(engine, model(BEFORE.replace("number: {type: integer", "number: {type: text")), consent=ANYTHING)
    found = {document["id"]: document["number"] for document in documents(engine, "things")}
    assert found == {number: str(number * 10) if number != 5 else "12345" for number in range(NUMBER)}


# --- what cannot be --------------------------------------------------------------------------------------------------


RULES = """
    enums: {{mood: [{moods}]}}
    tables:
      {table}:{former}
        columns: {{id: {{type: bigint}}, mood: {{type: enum(mood), null: true}}, age: {{type: integer, null: true}}}}
        primary_key: [id]
        checks: [{checks}]
"""


def ruled(moods: str = "GOOD, BAD", checks: str = "", table: str = "people") -> Schema:
    former = "" if table == "people" else "\n        renamed_from: people"
    return model(RULES.format(moods=moods, checks=checks, table=table, former=former))


@pytest.mark.parametrize(
    ("after", "operation", "first"),
    [
        (ruled(checks="age < 100"), "add_check people.", ["old"]),
        (ruled(moods="GOOD"), "alter_enum mood", ["bad"]),
        (ruled(moods="GOOD").put(Enum("first", ("A",))), "alter_enum mood", ["bad"]),
        (ruled(moods="FINE, GOOD, BAD"), "", []),
        (ruled(table="persons"), "", []),
        (ruled(checks="age < 1000"), "", []),
    ],
)
def test_documents_that_the_rules_of_afterwards_refuse_are_told(
    mongodb_target: Target, after: Schema, operation: str, first: list[str]
) -> None:
    with MongodbEngine.connect(mongodb_target) as engine:
        push(engine, ruled())
        engine.database["people"].insert_many(
            [{"_id": "old", "id": 1, "age": 200, "mood": "GOOD"}, {"_id": "bad", "id": 2, "age": 1, "mood": "BAD"}]
        )
        found = [each for each in plan_push(engine, after).plan.hazards if each.code == REJECTS]
    assert [dict(each.facts)["first"] for each in found] == ([first] if first else [])
    assert all(each.operation.startswith(operation) for each in found)


REJECTS = "mongo-validator-rejects-existing"


def test_the_server_holds_documents_to_the_rules_of_the_table(mongodb_target: Target) -> None:
    with MongodbEngine.connect(mongodb_target) as engine:
        push(engine, ruled(checks="age < 100"))
        people = engine.database["people"]
        people.insert_one({"id": 1, "mood": "GOOD", "age": 1})
        for broken in ({"mood": "GOOD"}, {"id": 2, "mood": "SAD"}, {"id": 2, "age": 100}, {"id": 2, "age": "1"}):
            with pytest.raises(WriteError, match="failed validation"):
                people.insert_one(broken)
        with pytest.raises(WriteError, match="failed validation"):
            people.update_one({"id": 1}, {"$set": {"age": 100}})
        push(engine, ruled(moods="GOOD, BAD, SAD"), prune=True)
        people.insert_one({"id": 2, "mood": "SAD", "age": 100})
        engine.database.command({"collMod": "people", "validator": {}})
        assert plan_push(engine, ruled(moods="GOOD, BAD, SAD")).plan.changed, "a rule that somebody took away is drift"


def test_a_capped_collection_is_named(weak_mongodb_target: Target) -> None:
    with MongodbEngine.connect(weak_mongodb_target) as engine:
        name_a_capped_one(engine)


def name_a_capped_one(engine: MongodbEngine) -> None:
    engine.database.create_collection("log", capped=True, size=100_000)
    push(engine, model("tables: {log: {columns: {line: {type: text, null: true}}}}"))
    engine.database["log"].insert_one({"line": "x"})
    text = "tables: {log: {columns: {text: {type: text, null: true, renamed_from: line}}}}"
    (found,) = [each for each in plan_push(engine, model(text)).plan.hazards if each.code == "mongo-capped-immutable"]
    assert found.operation == "rename_column log.line"
    assert "copy the documents" in found.safer


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tables: {'a$b': {columns: {a: {type: text}}}}", "holds"),
        ("tables: {'system.x': {columns: {a: {type: text}}}}", "begins with system."),
        ("tables: {'.a': {columns: {a: {type: text}}}}", "begins or ends with a dot"),
        ("tables: {t: {columns: {'a.b': {type: text}}}}", "holds"),
        ("tables: {t: {columns: {'$a': {type: text}}}}", "begins with"),
    ],
)
def test_names_that_cannot_be_are_refused_before_anything_runs(engine: MongodbEngine, text: str, reason: str) -> None:
    before = engine.database.list_collection_names()
    with pytest.raises(Unsupported, match=reason):
        push(engine, model(text))
    assert sorted(engine.database.list_collection_names()) == sorted(before)


def test_a_name_that_is_too_long_is_refused(engine: MongodbEngine) -> None:
    longest = 255 - len(f"{engine.database.name}.")
    long, fits = (Table("x" * length, (Column("a", Type("text")),)) for length in (longest + 1, longest))
    with pytest.raises(Unsupported, match="longer than"):
        compose(engine, [Change("", (Add("", long),))])
    assert compose(engine, [Change("", (Add("", fits),))]).changed


def test_a_persons_step_needs_a_body(engine: MongodbEngine) -> None:
    with pytest.raises(Unsupported, match="no body for mongodb"):
        compose(engine, [Change("m", (Execute("other", {"sqlite": ("SELECT 1",)}),))])
    count = '{"update": "things", "updates": [{"q": {}, "u": {"$set": {"gone": "y"}}, "multi": true}]}'
    apply_plan(engine, compose(engine, [Change("m", (Execute("own", {"mongodb": (count,)}),))]))
    assert {document["gone"] for document in documents(engine, "things")} == {"y"}
    with pytest.raises(PanelDbError):
        apply_plan(engine, compose(engine, [Change("m", (Execute("own", {"mongodb": ('{"no": 1}',)}),))]))


def test_all_goes_with_its_records(engine: MongodbEngine) -> None:
    push(engine, Schema(), prune=True, consent=ANYTHING)
    assert engine.catalogue().schema == Schema()
    assert documents(engine, "_paneldb_collections") == []


def test_refused_by_a_unique_index_built_meanwhile(engine: MongodbEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes a value twice between the look and the index; once that is mended the step is run again."""
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import obeying

    text = BEFORE.replace("indexes: [[name]]", "unique: [[name]]")
    engine.database["things"].insert_one({"id": 99, "name": "n1", "state": "NEW"})
    with monkeypatch.context() as patch:
        patch.setitem(obeying._RULES, "unique", lambda *_unused: None)
        with pytest.raises(StatementFailed):
            push(engine, model(text), prune=True, consent=ANYTHING)
    assert engine.catalogue().schema == engine.canonical(model(BEFORE))
    engine.database["things"].delete_one({"id": 99})
    push(engine, model(text), prune=True, consent=ANYTHING)
    assert engine.catalogue().schema == engine.canonical(model(text))
