# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a live MariaDB schema: nothing of a definition is lost, one ALTER per table, what is refused and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.naming import EXACT_COLLATIONS
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    NOW,
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations

INTEGER, TEXT = Type("integer"), Type("text")
ROLE = Enum("role", ("ADMIN", "USER"))
PARENTS = Table("parents", (Column("id", INTEGER),), PrimaryKey(("id",)))
THINGS = Table(
    "things",
    (
        Column("id", INTEGER),
        Column("name", parse_type("string(50)"), default=Default("it's"), comment="What it is called"),
        Column("role", parse_type("enum(role)"), default=Default("USER"), comment="What it may"),
        Column("data", Type("json"), default=Default({"a": 1})),
        Column("at", Type("timestamp"), default=Default(function=NOW), updated_at=True, comment="When it changed"),
        Column("parent", INTEGER, null=True),
        Column("other", INTEGER, null=True),
    ),
    PrimaryKey(("id",)),
    uniques=(Unique("things_name", ("name",)),),
    indexes=(Index("things_role", (IndexColumn("role"), IndexColumn("at", True), IndexColumn("id")), unique=True),),
    foreign_keys=(ForeignKey("things_parent", ("parent",), "parents", ("id",), "cascade"),),
    checks=(Check("things_rule", "length(name) > 1 and role <> 'ADMIN'"),),
    comment="All there is",
)


@pytest.fixture
def session(family_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(family_target) as made:
        yield made


@pytest.fixture
def family(family_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(family_target) as made:
        yield made


@pytest.fixture
def filled(session: MysqlEngine) -> MysqlEngine:
    """A session whose database has things 1 to 100."""
    apply_operations(session, [Add("", ROLE), Add("", PARENTS), Add("", THINGS)])
    session.insert(PARENTS, ("id",), ((number,) for number in range(1, 11)))
    rows = ((number, f"name {number}", number % 10 + 1) for number in range(1, 101))
    for row in rows:
        session.query("INSERT INTO things (id, name, parent) VALUES (%s, %s, %s)", row)
    return session


def things(session: MysqlEngine, name: str = "things") -> Table:
    table = session.catalogue().schema.table(name)
    assert table is not None
    return table


def texts(session: MysqlEngine, operations: list[Operation]) -> list[str]:
    steps, _unused = session.compile(operations, session.catalogue())
    return [statement.text for step in steps for statement in step.statements]


# --- nothing is lost -------------------------------------------------------------------------------------------------


def test_whole_table_is_as_it_was_said(filled: MysqlEngine) -> None:
    assert things(filled) == filled.canonical(Schema((THINGS,), (ROLE,))).table("things")


@pytest.mark.parametrize("column", THINGS.columns, ids=lambda column: column.name)
def test_altering_one_property_of_a_column_keeps_all_others(filled: MysqlEngine, column: Column) -> None:
    """The server's MODIFY forgets whatever it is not told again: NOT NULL, DEFAULT, COMMENT, ON UPDATE, the values."""
    before = things(filled)
    changes: list[dict[str, Any]] = [{"comment": "changed"}, {"comment": ""}]
    if column.name not in ("id", "parent", "other"):
        changes += [{"null": True}, {"null": True, "default": None, "updated_at": False}]
    for change in changes:
        found = before.column(column.name)
        changed = replace(found, **change)
        apply_operations(filled, [Alter("things", found, changed)])
        assert things(filled) == before.put(changed)
        apply_operations(filled, [Alter("things", changed, found)])
        assert things(filled) == before
    assert filled.count(THINGS) == 100


def test_renames_keep_definitions_and_whoever_refers_follows(filled: MysqlEngine) -> None:
    before = filled.catalogue().schema
    operations: list[Operation] = [
        *(Rename("things", "column", column.name, f"new {column.name}") for column in THINGS.columns),
        Rename("", "table", "things", "goods"),
        Rename("parents", "column", "id", "number"),
        Rename("", "table", "parents", "elders"),
        Rename("goods", "unique", "things_name", "goods_name"),
        Rename("goods", "index", "things_role", "goods_role"),
        Rename("goods", "check", "things_rule", "goods_rule"),
        Rename("goods", "foreign_key", "things_parent", "goods_parent"),
        Rename("", "enum", "role", "part"),
    ]
    expected = apply_operations(filled, operations)
    assert filled.catalogue() == expected
    assert filled.count(things(filled, "goods")) == 100
    apply_operations(filled, [operation.inverse() for operation in reversed(operations)])
    assert filled.catalogue().schema == before


def test_columns_that_swap_names_keep_their_values(filled: MysqlEngine) -> None:
    operations = [
        Rename("things", "column", "parent", "between"),
        Rename("things", "column", "other", "parent"),
        Rename("things", "column", "between", "other"),
    ]
    expected = apply_operations(filled, list(operations))
    assert filled.catalogue() == expected
    assert filled.query("SELECT count(other), count(parent) FROM things").rows == ((100, 0),)


def shown(session: MysqlEngine, table: str) -> str:
    """A table as the server shows it. MySQL tells from a collation said what a collation taken over does not."""
    text = str(session.query(f"SHOW CREATE TABLE {table}").rows[0][1])
    return text.replace(" CHARACTER SET utf8mb4 COLLATE", " COLLATE")


def test_what_the_model_does_not_know_survives(session: MysqlEngine) -> None:
    session.query(
        """CREATE TABLE odd (id int NOT NULL DEFAULT 1, a int CHECK (a % 2 = 0), twice int AS (id * 2) STORED,
            hidden int INVISIBLE DEFAULT 3, loose text COLLATE utf8mb4_general_ci COMMENT 'x',
            latin varchar(9) CHARACTER SET latin1 DEFAULT 'x', KEY odd_prefix (latin(3)), mood enum('sad','glad'))
            PARTITION BY HASH (id) PARTITIONS 2"""
    )
    session.query("CREATE TRIGGER odd_f BEFORE INSERT ON odd FOR EACH ROW SET NEW.a = 2")
    table = things(session, "odd")
    before = shown(session, "odd")
    changes: list[Operation] = [
        Alter("odd", table.column(name), replace(table.column(name), comment="changed"))
        for name in ("a", "twice", "hidden", "loose", "latin", "mood")
    ]
    expected = apply_operations(session, [*changes, Add("odd", Column("more", TEXT, null=True))])
    assert session.catalogue() == expected
    back: list[Operation] = [operation.inverse() for operation in changes]
    apply_operations(session, [*back, Drop("odd", Column("more", TEXT, null=True))])
    assert shown(session, "odd") == before
    assert session.query("SHOW TRIGGERS").rows[0][0] == "odd_f"


# --- one ALTER -------------------------------------------------------------------------------------------------------


def test_all_changes_of_a_table_are_one_statement(filled: MysqlEngine) -> None:
    name, data = THINGS.column("name"), THINGS.column("data")
    operations: list[Operation] = [
        Alter("", Table("things", comment="All there is"), Table("things", comment="Less")),
        Drop("things", THINGS.checks[0]),
        Drop("things", THINGS.uniques[0]),
        Add("things", Column("more", TEXT, null=True)),
        Alter("things", name, replace(name, type=parse_type("string(99)"))),
        Alter("things", data, replace(data, null=True)),
        Add("things", Unique("things_both", ("name", "id"))),
        Add("things", Index("things_other", (IndexColumn("other"),))),
        Add("things", Check("things_rule", "length(name) > 2")),
        Add("things", ForeignKey("things_other_key", ("other",), "parents", ("id",), "set_null")),
        Drop("things", Column("role", parse_type("enum(role)"))),
    ]
    dropped = [Drop("things", THINGS.indexes[0]), *operations]
    assert [text.split("\n")[0] for text in texts(filled, dropped)] == ["ALTER TABLE `things`"]
    expected = apply_operations(filled, dropped)
    assert filled.catalogue() == expected


def test_alter_that_changes_nothing_says_nothing(filled: MysqlEngine) -> None:
    column = THINGS.column("name")
    longer = replace(column, type=parse_type("string(60)"))
    there = [Alter("things", column, longer), Alter("things", longer, column)]
    steps, _unused = filled.compile(there, filled.catalogue())
    assert [(step.operations, step.statements) for step in steps] == [((0, 1), ())]


def test_failing_alter_leaves_all_as_it_was(filled: MysqlEngine) -> None:
    filled.query("UPDATE things SET other = 1")
    before = filled.catalogue()
    with pytest.raises(ConstraintViolated):
        apply_operations(
            filled, [Add("things", Column("more", TEXT, null=True)), Add("things", Unique("things_other", ("other",)))]
        )
    assert filled.catalogue() == before


# --- keys ------------------------------------------------------------------------------------------------------------


def test_foreign_key_keeps_the_index_that_it_needs(filled: MysqlEngine) -> None:
    index = Index("things_parent_idx", (IndexColumn("parent"), IndexColumn("id")))
    assert ("things", "things_parent") in filled.catalogue().native.helpers
    for operation in (Add("things", index), Drop("things", index), Drop("things", THINGS.foreign_keys[0])):
        expected = apply_operations(filled, [operation])
        assert filled.catalogue() == expected
    assert filled.query("SHOW INDEX FROM things WHERE Key_name = 'things_parent'").rows == ()


def test_foreign_key_of_a_name_that_just_went_comes_in_a_statement_of_its_own(filled: MysqlEngine) -> None:
    key = THINGS.foreign_keys[0]
    operations: list[Operation] = [Drop("things", key), Add("things", replace(key, on_delete="restrict"))]
    assert len(texts(filled, operations)) == 2
    expected = apply_operations(filled, operations)
    assert filled.catalogue() == expected


def test_foreign_keys_have_one_space_of_names(filled: MysqlEngine) -> None:
    other = Table("more", (Column("p", INTEGER),), foreign_keys=(replace(THINGS.foreign_keys[0], columns=("p",)),))
    with pytest.raises(InputError, match=r"more and things|things and more"):
        filled.compile([Add("", other)], filled.catalogue())


def test_primary_key_changes_and_comes_back(filled: MysqlEngine) -> None:
    first, second = THINGS.primary_key, PrimaryKey(("name", "id"))
    assert first
    expected = apply_operations(filled, [Drop("things", first), Add("things", second)])
    assert filled.catalogue() == expected
    apply_operations(filled, [Drop("things", second), Add("things", first)])
    assert things(filled).primary_key == first


def test_counting_goes_on_behind_the_rows(filled: MysqlEngine) -> None:
    parents = PARENTS.column("id")
    counted = replace(parents, default=Default(function="autoincrement()"))
    key = THINGS.foreign_keys[0]
    expected = apply_operations(filled, [Drop("things", key), Alter("parents", parents, counted), Add("things", key)])
    assert filled.catalogue() == expected
    filled.query("INSERT INTO parents () VALUES ()")
    assert filled.query("SELECT max(id) FROM parents").rows == ((11,),)
    assert filled.count(THINGS) == 100


# --- what is too long ------------------------------------------------------------------------------------------------

WIDE = [
    (Table("t", tuple(Column(f"c{n}", parse_type("string(8000)")) for n in range(3))), "Rows of table t.*c0"),
    (
        Table("t", (Column("a", parse_type("string(769)")),), indexes=(Index("i", (IndexColumn("a"),)),)),
        "Table t, i over a: an entry may take 3076 bytes",
    ),
    (
        Table(
            "t", (Column("a", parse_type("string(700)")), Column("b", parse_type("string(69)"))), PrimaryKey(("a", "b"))
        ),
        "the primary key over a, b",
    ),
    (Table("t", (Column("a", TEXT),), uniques=(Unique("u", ("a",)),)), "cannot index all of a, which is text"),
    (Table("t", (Column("a", Type("json")),), indexes=(Index("i", (IndexColumn("a"),)),)), "all of a, which is json"),
    (Table("t"), "has no column"),
    (Table("t", (Column("a", INTEGER, comment="x" * 1025),)), "comment of column a has 1025"),
]


@pytest.mark.parametrize(("table", "message"), WIDE)
def test_what_is_too_long_is_found_before_anything_runs(session: MysqlEngine, table: Table, message: str) -> None:
    with pytest.raises(Unsupported, match=message):
        session.compile([Add("", table)], session.catalogue())


def test_the_longest_that_fits_is_made(session: MysqlEngine) -> None:
    columns = (Column("a", parse_type("string(768)")), Column("b", parse_type("string(15600)")), Column("c", TEXT))
    table = Table("t", columns, indexes=(Index("i", (IndexColumn("a"),)), Index("j", (IndexColumn("c"),))))
    expected = apply_operations(session, [Add("", table)])
    assert session.catalogue() == expected
    assert things(session, "t") == table


# --- enums -----------------------------------------------------------------------------------------------------------


def test_enum_of_several_tables_changes_in_all_of_them(filled: MysqlEngine) -> None:
    column = Column("role", parse_type("enum(role)"), null=True)
    apply_operations(filled, [Add("parents", column)])
    after = Enum("role", ("GUEST", "USER", "ADMIN"))
    expected = apply_operations(filled, [Alter("", ROLE, after)])
    assert filled.catalogue() == expected
    assert filled.query("SELECT DISTINCT role FROM things").rows == (("USER",),)


def test_change_of_an_enum_that_stopped_half_way_is_done_again(filled: MysqlEngine) -> None:
    """Until its last statement the enum is as it was: the resumed run does all of it once more."""
    apply_operations(filled, [Add("parents", Column("role", parse_type("enum(role)"), null=True))])
    change = Alter("", ROLE, Enum("role", ("USER", "ADMIN", "GUEST")))
    for done in (1, 2):
        steps, _unused = filled.compile([change], filled.catalogue())
        for statement in steps[0].statements[:done]:
            filled.run(statement)
        assert filled.catalogue().schema.enum("role") == ROLE
    expected = apply_operations(filled, [change])
    assert filled.catalogue() == expected
    assert things(filled).column("role") == THINGS.column("role")


def test_renaming_of_an_enum_that_stopped_half_way_is_done_again(filled: MysqlEngine) -> None:
    change = Rename("", "enum", "role", "part")
    steps, _unused = filled.compile([change], filled.catalogue())
    filled.run(steps[0].statements[0])
    schema = filled.catalogue().schema
    assert (schema.enum("role"), schema.enum("part")) == (ROLE, None)
    expected = apply_operations(filled, [change])
    assert filled.catalogue() == expected
    assert str(things(filled).column("role").type) == "enum(part)"


def test_enum_value_in_use_cannot_go(filled: MysqlEngine) -> None:
    apply_operations(filled, [Drop("things", THINGS.checks[0])])
    filled.query("UPDATE things SET role = 'ADMIN' WHERE id = 7")
    before = filled.catalogue()
    with pytest.raises(StatementFailed, match="truncated"):
        apply_operations(filled, [Alter("", ROLE, Enum("role", ("USER",)))])
    assert filled.catalogue() == before


@pytest.mark.parametrize("values", [("blank ",), ("x" * 256,)])
def test_enum_values_that_the_server_cuts_are_refused(session: MysqlEngine, values: tuple[str, ...]) -> None:
    operations: list[Operation] = [
        Add("", Enum("e", values)),
        Add("", Table("t", (Column("e", parse_type("enum(e)")),))),
    ]
    with pytest.raises(Unsupported, match="enum e with the value"):
        session.compile(operations, session.catalogue())


# --- types -----------------------------------------------------------------------------------------------------------

VALUES = [
    ("text", "integer", "17", 17),
    ("integer", "text", 17, "17"),
    ("text", "json", '{"b": 1}', '{"b": 1}'),
    ("text", "bytes", "hé", "hé".encode()),
    ("bytes", "text", "hé".encode(), "hé"),
    ("text", "uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    ("bigint", "decimal(20,2)", 2**40, f"{2**40}.00"),
    ("enum(role)", "string(9)", "ADMIN", "ADMIN"),
    ("text", "enum(role)", "USER", "USER"),
]


@pytest.mark.parametrize(("before", "after", "value", "wanted"), VALUES)
def test_values_follow_a_new_type(session: MysqlEngine, before: str, after: str, value: Any, wanted: Any) -> None:
    columns = [Column("c", parse_type(kind)) for kind in (before, after)]
    tables = [PARENTS.put(column) for column in columns]
    apply_operations(session, [Add("", ROLE), Add("", tables[0])])
    session.query("INSERT INTO parents (id, c) VALUES (1, %s)", [value])
    apply_operations(session, [Alter("parents", columns[0], columns[1])])
    ((found,),) = session.query("SELECT c FROM parents").rows
    assert (str(found) if "decimal" in after else found) == wanted


@pytest.mark.parametrize(
    ("before", "after"), [("integer", "enum(role)"), ("enum(role)", "integer"), ("boolean", "text"), ("bytes", "json")]
)
def test_types_whose_values_would_mean_something_else_are_refused(
    session: MysqlEngine, before: str, after: str
) -> None:
    columns = [Column("c", parse_type(kind)) for kind in (before, after)]
    apply_operations(session, [Add("", ROLE), Add("", PARENTS.put(columns[0]))])
    with pytest.raises(Unsupported, match="cannot make"):
        session.compile([Alter("parents", columns[0], columns[1])], session.catalogue())


REFUSED = [("text", "integer", "x"), ("text", "string(3)", "long"), ("text", "json", "{"), ("text", "boolean", "yes")]


@pytest.mark.parametrize(("before", "after", "value"), REFUSED)
def test_values_that_do_not_fit_a_new_type_are_refused_never_cut(
    session: MysqlEngine, before: str, after: str, value: str
) -> None:
    columns = [Column("c", parse_type(kind)) for kind in (before, after)]
    apply_operations(session, [Add("", PARENTS.put(columns[0]))])
    session.query("INSERT INTO parents (id, c) VALUES (1, %s)", [value])
    with pytest.raises(StatementFailed):
        apply_operations(session, [Alter("parents", columns[0], columns[1])])
    assert session.query("SELECT c FROM parents").rows == ((value,),)


def test_nulls_are_refused_by_a_column_that_forbids_them(filled: MysqlEngine) -> None:
    column = THINGS.column("other")
    with pytest.raises(StatementFailed):
        apply_operations(filled, [Alter("things", column, replace(column, null=False))])
    assert things(filled).column("other").null


# --- foreign keys to what others made ---------------------------------------------------------------------------------

THEIRS = [
    "char(36) CHARACTER SET ascii COLLATE ascii_bin",
    "varchar(50) COLLATE utf8mb4_general_ci",
    "varchar(50) CHARACTER SET latin1",
    "varchar(50) COLLATE {ours}",
    "varbinary(50)",
    "tinyint unsigned",
    "smallint",
    "int",
    "int unsigned",
    "mediumint",
    "bigint",
    "bigint unsigned zerofill",
    "decimal(12,2)",
    "float",
    "double",
    "datetime",
    "date",
    "year",
    "enum('a')",
]
OURS = ["uuid", "string(20)", "boolean", "integer", "bigint", "decimal(10,2)", "float", "timestamp", "enum(role)"]


@pytest.mark.parametrize("theirs", THEIRS)
def test_foreign_key_between_unlike_columns_is_found_before_it_is_refused(family: MysqlEngine, theirs: str) -> None:
    session = family
    apply_operations(session, [Add("", ROLE)])
    kind = theirs.format(ours=EXACT_COLLATIONS[session.product])
    session.query(f"CREATE TABLE others (id {kind} NOT NULL PRIMARY KEY)")
    outcomes = []
    for each in OURS:
        key = ForeignKey("ours_key", ("other",), "others", ("id",))
        ours = Table("ours", (Column("other", parse_type(each), null=True),), foreign_keys=(key,))
        before = session.catalogue()
        found = list(session.hazards([Add("", ours)], before))
        outcomes.append((each, bool(found), _is_refused(session, Add("", ours))))
        assert all("ours.other" in hazard.message and "others.id" in hazard.message for hazard in found)
        assert {(hazard.code, hazard.severity) for hazard in found} <= {("mysql-foreign-key-types", "block")}
        without = Add("", replace(ours, foreign_keys=()))
        beside = session.hazards([without, Add("ours", key)], before)
        assert [hazard.message for hazard in beside] == [hazard.message for hazard in found]
    assert [found for _each, found, _refused in outcomes] == [refused for _each, _found, refused in outcomes], outcomes


def _is_refused(session: MysqlEngine, operation: Operation) -> bool:
    try:
        apply_operations(session, [operation])
    except StatementFailed:
        return True
    session.query("DROP TABLE ours")
    return False


def test_foreign_key_that_would_tear_is_found(family: MysqlEngine) -> None:
    """The columns are of one kind of text that is not ours; a change would give one of them ours."""
    session = family
    session.query("CREATE TABLE others (id varchar(50) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY)")
    session.query("CREATE TABLE mine (id varchar(50) COLLATE utf8mb4_general_ci, KEY (id))")
    session.query("ALTER TABLE mine ADD CONSTRAINT mine_key FOREIGN KEY (id) REFERENCES others (id)")
    for name in ("mine", "others"):
        before = things(session, name).column("id")
        kept = replace(before, type=parse_type("string(60)"))
        assert not list(session.hazards([Alter(name, before, kept)], session.catalogue()))
        tearing = Alter(name, before, replace(kept, collation=""))
        (torn,) = session.hazards([tearing], session.catalogue())
        assert "mine_key" in torn.message
        with pytest.raises(StatementFailed):
            apply_operations(session, [tearing])


# --- updated-at, steps of persons ------------------------------------------------------------------------------------


def test_updated_at_is_kept_unless_it_is_set(filled: MysqlEngine) -> None:
    filled.query("UPDATE things SET at = '2020-01-01'")
    filled.query("UPDATE things SET other = 1 WHERE id = 1")
    filled.query("UPDATE things SET other = 1, at = '2021-01-01' WHERE id = 2")
    rows = filled.query("SELECT year(at) >= 2024, year(at) FROM things WHERE id < 4 ORDER BY id").rows
    assert [row[0] for row in rows] == [1, 0, 0]
    assert [row[1] for row in rows[1:]] == [2021, 2020]


def test_steps_of_persons_stand_between(filled: MysqlEngine) -> None:
    more = Column("more", TEXT, null=True)
    fill = Execute("fill", {"mysql": ("UPDATE things SET more = 'x'",)})
    operations: list[Operation] = [Add("things", more), fill, Alter("things", more, replace(more, null=False))]
    steps, _unused = filled.compile(operations, filled.catalogue())
    assert [step.operations for step in steps] == [(0,), (1,), (2,)]
    assert [step.transactional for step in steps] == [False, True, False]
    with pytest.raises(Unsupported, match="no body for mysql"):
        filled.compile([Execute("x", {"sqlite": ()})], filled.catalogue())


# --- limits ----------------------------------------------------------------------------------------------------------


def test_limits_name_what_is_left_out(session: MysqlEngine) -> None:
    counter = Default(function="autoincrement()")
    table = Table(
        "t",
        (
            Column("id", INTEGER, default=counter),
            Column("second", INTEGER, default=counter),
            Column("at", Type("timestamp"), updated_at=True),
        ),
        PrimaryKey(("id",)),
        indexes=(
            Index("part", (IndexColumn("second"),), where="second > 1"),
            Index("once", (IndexColumn("second"),), True, "second > 1"),
        ),
        checks=(Check("counting", "id > 0"),),
    )
    limits = session.limits(Schema((table,)))
    assert [limit.place for limit in limits] == [
        "tables.t.columns.second.default",
        "tables.t.columns.at.default",
        "tables.t.indexes.part.where",
        "tables.t.indexes.once.where",
        "tables.t.checks.counting",
    ]
    assert all(limit.reason for limit in limits)
    with pytest.raises(Unsupported, match="Check counting of table t"):
        session.compile([Add("", table)], session.catalogue())
    able = replace(table, checks=())
    apply_operations(session, [Add("", able)])
    assert session.catalogue().schema == session.canonical(Schema((able,)))
