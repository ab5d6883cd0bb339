# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as documents: what is MongoDB's own about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    ForeignKey,
    PrimaryKey,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed

USERS = Table(
    "users",
    (
        Column("id", parse_type("uuid"), default=Default(function="uuid()")),
        Column("name", parse_type("string(10)")),
        Column("level", parse_type("integer"), default=Default(value=3)),
        Column("price", parse_type("decimal(10,2)"), null=True, default=Default(value="1.50")),
        Column("data", parse_type("json"), null=True),
        Column("at", parse_type("timestamp"), default=Default(function="now()")),
        Column("touched", parse_type("timestamp"), default=Default(function="now()"), updated_at=True),
    ),
    PrimaryKey(("id",)),
    (Unique("users_name_key", ("name",)),),
    checks=(Check("levels", "level between 0 and 9"),),
)


@pytest.fixture
def engine(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        made.collection("users").create_index("name", unique=True)
        yield made


@pytest.fixture
def weak_engine(weak_mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(weak_mongodb_target) as made:
        made.collection("users").create_index("name", unique=True)
        yield made


def documents(bed: MongodbBed, target: Target) -> list[dict[str, Any]]:
    with bed.database_of(target) as database:
        return sorted(database["users"].find({}, {"_id": 0}), key=lambda each: str(each["name"]))


def test_what_is_not_given_gets_its_default(
    engine: MongodbEngine, mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    assert engine.insert(USERS, ("name",), [("a",), ("b",)]) == 2
    first, second = documents(mongodb_bed, mongodb_target)
    assert len({first["id"], second["id"]}) == 2
    assert len(first["id"]) == 36
    assert (first["level"], str(first["price"])) == (3, "1.50")
    assert datetime.now(timezone.utc) - first["at"] < timedelta(minutes=1)
    assert first["at"] == first["touched"]


def test_null_is_a_field_that_is_not_there(
    engine: MongodbEngine, mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    engine.insert(USERS, ("name", "price", "data"), [("a", None, None), ("b", "2.00", {"x": None})])
    first, second = documents(mongodb_bed, mongodb_target)
    assert not {"price", "data"} & first.keys()
    assert second["data"] == {"x": None}
    engine.update(USERS, ("name",), ("data",), [("b", None)])
    assert "data" not in documents(mongodb_bed, mongodb_target)[1]
    assert engine.count_nulls(USERS, "data") == 2
    assert {row[0] for row in engine.fetch(USERS, ("name",), where=("data", [None]))} == {"a", "b"}


def test_an_update_touches_the_time_of_the_last_one(engine: MongodbEngine) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    engine.insert(USERS, ("name", "touched"), [("a", long_ago), ("b", long_ago), ("c", long_ago)])
    engine.update(USERS, ("name",), ("level",), [("a", 4)])
    engine.update(USERS, ("name",), ("level", "touched"), [("b", 4, long_ago + timedelta(days=1))])
    found: dict[str, datetime] = dict(engine.fetch(USERS, ("name", "touched")))
    assert datetime.now(timezone.utc) - found["a"] < timedelta(minutes=1)
    assert (found["b"], found["c"]) == (long_ago + timedelta(days=1), long_ago)


@pytest.mark.parametrize("position", [0, 3, 6])
def test_a_document_that_is_too_large_is_named_and_nothing_stays(engine: MongodbEngine, position: int) -> None:
    rows = [(f"u{number}", "x" * (17_000_000 if number == position else 3_000_000)) for number in range(7)]
    with pytest.raises(InputError, match=f"larger than the 16 MiB.*Row {position} ") as caught:
        engine.insert(USERS, ("name", "data"), rows)
    assert caught.value.details["row"] == position
    assert engine.count(USERS) == 0


def test_an_update_that_makes_a_document_too_large_is_refused(engine: MongodbEngine) -> None:
    engine.insert(USERS, ("name",), [("a",)])
    with pytest.raises(InputError, match="larger than the 16 MiB"):
        engine.update(USERS, ("name",), ("data",), [("a", "x" * 17_000_000)])
    assert list(engine.fetch(USERS, ("data",))) == [(None,)]


def test_large_documents_go_in_several_messages(engine: MongodbEngine) -> None:
    assert engine.insert(USERS, ("name", "data"), ((f"u{number}", "x" * 3_000_000) for number in range(12))) == 12
    assert sum(len(data) for (data,) in engine.fetch(USERS, ("data",))) == 36_000_000


@pytest.mark.parametrize(
    ("columns", "row", "constraint"),
    [
        (("name", "level"), ("b", 10), "levels"),
        (("name", "level"), ("b", None), "level"),
        (("name",), ("elevenchars",), "name"),
        (("level",), (1,), "name"),
        (("name",), ("a0",), ""),
    ],
)
def test_rules_hold_without_validators(
    weak_engine: MongodbEngine, columns: tuple[str, ...], row: tuple[Any, ...], constraint: str
) -> None:
    engine = weak_engine
    good = [tuple({"name": f"a{number}", "level": 1}[name] for name in columns) for number in range(3)]
    with pytest.raises(ConstraintViolated) as caught:
        engine.insert(USERS, columns, [*(good if "name" in columns else []), row])
    assert caught.value.details["row"] == (3 if "name" in columns else 0)
    assert caught.value.details["constraint"] == constraint
    assert engine.count(USERS) == 0


def test_rules_hold_in_updates_where_all_they_need_is_given(weak_engine: MongodbEngine) -> None:
    engine = weak_engine
    engine.insert(USERS, ("name",), [("a",), ("b",)])
    for columns, row in ((("level",), ("a", 10)), (("level",), ("a", None)), (("data", "level"), ("a", 1, -1))):
        with pytest.raises(ConstraintViolated):
            engine.update(USERS, ("name",), columns, [row])
    with pytest.raises(ConstraintViolated):
        engine.update(USERS, ("name",), ("name",), [("a", "b")])
    assert dict(engine.fetch(USERS, ("name", "level"))) == {"a": 3, "b": 3}


def test_orphans_of_several_columns(engine: MongodbEngine) -> None:
    pair = (Column("x", parse_type("integer"), null=True), Column("y", parse_type("text"), null=True))
    parents, children = Table("parents", pair), Table("children", pair)
    engine.insert(parents, ("x", "y"), [(1, "a"), (2, "b")])
    engine.insert(children, ("x", "y"), [(1, "a"), (1, "b"), (1, "b"), (None, "z"), (3, "a")])
    found = engine.orphans(children, ForeignKey("fk", ("x", "y"), "parents", ("x", "y")))
    assert (found[0], set(found[1])) == (3, {(1, "b"), (3, "a")})


def test_what_no_filter_can_say_is_looked_at_here(engine: MongodbEngine) -> None:
    names = [(f"n{number}", number) for number in range(5)] + [("length nine", 4)]
    unruly = Table("users", USERS.columns, USERS.primary_key)
    long = Table("users", tuple(Column(each.name, parse_type("text"), null=True) for each in unruly.columns))
    engine.insert(long, ("name", "level"), names)
    assert engine.violations(long, Check("c", "length(name) < 5")) == 1
    assert engine.duplicates(long, ("level",), where="length(name) > 1") == (1, ((4,),))


def test_texts_that_documents_cannot_hold(engine: MongodbEngine) -> None:
    with pytest.raises((InputError, StatementFailed)):
        engine.insert(USERS, ("name",), [("half \ud800",)])
    assert engine.count(USERS) == 0


def test_numbers_that_documents_cannot_hold(engine: MongodbEngine) -> None:
    with pytest.raises(InputError, match="more than 64 bits"):
        engine.insert(USERS, ("name", "data"), [("a", 2**63)])
    assert engine.count(USERS) == 0


def test_the_size_of_a_table_is_told(engine: MongodbEngine) -> None:
    engine.insert(USERS, ("name",), [("a",)])
    assert (engine.table_bytes(USERS) or 0) > 0
