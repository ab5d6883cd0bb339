# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what is done by copying a table is the server's own: INPLACE is refused to what it names alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Hazard
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    NOW,
    UUID,
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Change, compose
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations

INTEGER = Type("integer")
MOOD = Enum("mood", ("sad", "glad"))
PARENTS = Table("parents", (Column("id", INTEGER),), PrimaryKey(("id",)))
THINGS = Table(
    "things",
    (
        Column("id", INTEGER),
        Column("number", INTEGER, null=True),
        Column("name", parse_type("string(50)")),
        Column("long", parse_type("string(200)")),
        Column("exact", parse_type("decimal(10,2)")),
        Column("mood", parse_type("enum(mood)")),
        Column("at", Type("timestamp"), null=True),
        Column("parent", INTEGER, null=True),
    ),
    PrimaryKey(("id",)),
    indexes=(Index("things_number", (IndexColumn("number"),)),),
    foreign_keys=(ForeignKey("things_parent", ("parent",), "parents", ("id",)),),
    checks=(Check("things_rule", "number > 0"),),
)


def altered(name: str, **changes: object) -> list[Operation]:
    column = THINGS.column(name)
    return [Alter("things", column, replace(column, **changes))]  # type: ignore[arg-type]


def added(kind: str, **more: object) -> list[Operation]:
    return [Add("things", replace(Column("more", parse_type(kind)), **more))]  # type: ignore[arg-type]


COPIES: dict[str, list[Operation]] = {
    "wider number": altered("number", type=Type("bigint")),
    "string over 255 bytes": altered("name", type=parse_type("string(64)")),
    "shorter string": altered("name", type=parse_type("string(40)")),
    "text": altered("name", type=Type("text")),
    "wider decimal": altered("exact", type=parse_type("decimal(12,2)")),
    "check": [Add("things", Check("things_other", "number < 9"))],
    "foreign key": [Add("things", ForeignKey("things_number_key", ("number",), "parents", ("id",)))],
    "no primary key": [Drop("things", PrimaryKey(("id",)))],
}
IN_PLACE: dict[str, list[Operation]] = {
    "nullable column": added("text", null=True),
    "column with a value": added("integer", default=Default(7)),
    "column with the time": added("timestamp", default=Default(function=NOW)),
    "column goes": [Drop("things", THINGS.column("exact"))],
    "new name": [Rename("things", "column", "name", "title")],
    "default": altered("number", default=Default(3)),
    "not null": altered("number", null=False),
    "null": altered("name", null=True),
    "comment": altered("name", comment="x"),
    "kept by updates": altered("at", updated_at=True),
    "string within 255 bytes": altered("name", type=parse_type("string(63)")),
    "string beyond 255 bytes": altered("long", type=parse_type("string(300)")),
    "index": [Add("things", Index("things_name", (IndexColumn("name"),)))],
    "unique": [Add("things", Unique("things_name", ("name",)))],
    "index goes": [Drop("things", THINGS.indexes[0])],
    "index has a new name": [Rename("things", "index", "things_number", "things_other")],
    "check goes": [Drop("things", THINGS.checks[0])],
    "foreign key goes": [Drop("things", THINGS.foreign_keys[0])],
    "another primary key": [Drop("things", PrimaryKey(("id",))), Add("things", PrimaryKey(("id", "name")))],
    "table's comment": [Alter("", Table("things"), Table("things", comment="x"))],
    "value of an enum at the end": [Alter("", MOOD, Enum("mood", ("sad", "glad", "mad")))],
}


@pytest.fixture
def session(family_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(family_target) as made:
        apply_operations(made, [Add("", MOOD), Add("", PARENTS), Add("", THINGS)])
        made.query("INSERT INTO parents VALUES (2)")
        made.query("INSERT INTO things (id, number, name, `long`, exact, mood) VALUES (1, 2, 'a', 'b', 1, 'sad')")
        yield made


def copied(session: MysqlEngine, operations: list[Operation]) -> list[Hazard]:
    plan = compose(session, [Change("", tuple(operations))])
    return [hazard for hazard in plan.hazards if hazard.code == "mysql-algorithm-copy"]


def run_in_place(session: MysqlEngine, operations: list[Operation]) -> None:
    steps, _unused = session.compile(operations, session.catalogue())
    session.query(steps[0].statements[0].text + ", ALGORITHM=INPLACE")


@pytest.mark.parametrize("what", COPIES)
def test_what_is_named_is_refused_without_a_copy(session: MysqlEngine, what: str) -> None:
    (hazard,) = copied(session, COPIES[what])
    assert (hazard.severity, dict(hazard.facts)["algorithm"], dict(hazard.facts)["rows"]) == ("warn", "COPY", 1)
    with pytest.raises(PanelDbError, match=r"ALGORITHM=INPLACE is not supported|ALGORITHM=COPY"):
        run_in_place(session, COPIES[what])
    apply_operations(session, COPIES[what])


def test_a_uuid_for_every_row_is_written_into_every_row(session: MysqlEngine) -> None:
    """MariaDB copies the table for it. MySQL adds no such column, so it is filled by a statement of its own."""
    session.query("ALTER TABLE things MODIFY at datetime(3) NULL ON UPDATE CURRENT_TIMESTAMP(3)")
    session.query("INSERT INTO things (id, number, name, `long`, exact, mood) VALUES (2, 2, 'a', 'b', 1, 'sad')")
    adding = added("uuid", default=Default(function=UUID))
    assert len(copied(session, adding)) == 1
    steps, _unused = session.compile(adding, session.catalogue())
    assert len(steps[0].statements) == {"MariaDB": 1, "MySQL": 3}[session.product]
    expected = apply_operations(session, adding)
    assert session.catalogue() == expected
    assert session.query("SELECT COUNT(DISTINCT more), COUNT(at) FROM things WHERE more <> ''").rows == ((2, 0),)


@pytest.mark.parametrize("what", IN_PLACE)
def test_what_is_not_named_needs_no_copy(session: MysqlEngine, what: str) -> None:
    assert copied(session, IN_PLACE[what]) == []
    run_in_place(session, IN_PLACE[what])


def test_table_that_the_change_makes_is_not_worth_a_word(session: MysqlEngine) -> None:
    table = replace(THINGS, name="others", foreign_keys=(), checks=(), indexes=())
    assert copied(session, [Add("", table), Add("others", Check("others_rule", "number > 1"))]) == []


def test_table_is_copied_once_for_all_that_needs_it(session: MysqlEngine) -> None:
    rules: list[Operation] = [Add("things", Check(f"rule{number}", f"number > {number}")) for number in (-1, -2)]
    assert len(copied(session, rules)) == 1
