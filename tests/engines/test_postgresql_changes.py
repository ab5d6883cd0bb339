# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a live PostgreSQL schema: short locks, online work and what is left of it, enums, counting, triggers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
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
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer

INTEGER, TEXT = Type("integer"), Type("text")
THINGS = Table("things", (Column("id", INTEGER), Column("name", TEXT, null=True)), PrimaryKey(("id",)))


@pytest.fixture
def target(postgresql_server: PostgresServer, postgresql_database: str) -> Target:
    return parse_target({"url": postgresql_server.url(postgresql_database)})


@pytest.fixture
def session(target: Target) -> Iterator[PostgresqlEngine]:
    with PostgresqlEngine.connect(target) as made:
        yield made


@pytest.fixture
def filled(session: PostgresqlEngine) -> PostgresqlEngine:
    """A session whose database has things 1 to 1000."""
    apply_operations(session, [Add("", THINGS)])
    session.insert(THINGS, ("id", "name"), ((number, f"name {number}") for number in range(1, 1001)))
    return session


@contextmanager
def holding(target: Target, statement: str) -> Iterator[Callable[[], object]]:
    """Another session's open transaction in which the statement has run; gives what ends it."""
    with PostgresqlEngine.connect(target) as other:
        other.query("BEGIN")
        other.query(statement)
        yield lambda: other.query("COMMIT")


def element(session: PostgresqlEngine, kind: str, name: str, table: str = "things") -> Any:
    return session.catalogue().schema.element(table, kind, name)


# --- locks -----------------------------------------------------------------------------------------------------------


def test_readers_do_not_queue_behind_a_waiting_change(filled: PostgresqlEngine, target: Target) -> None:
    """Behind an ALTER that just waits, every reader would wait until the long transaction ends."""
    delays: list[float] = []
    over = Event()

    def read() -> None:
        with PostgresqlEngine.connect(target) as reader:
            while not over.is_set():
                begun = time.monotonic()
                reader.query("SELECT count(*) FROM things")
                delays.append(time.monotonic() - begun)
                time.sleep(0.01)

    with holding(target, "SELECT * FROM things LIMIT 1") as end:
        reading = Thread(target=read)
        reading.start()
        changing = Thread(target=apply_operations, args=(filled, [Add("things", Column("more", TEXT, null=True))]))
        changing.start()
        time.sleep(2.5)
        assert changing.is_alive()
        end()
        changing.join(10)
        over.set()
        reading.join(10)
    assert element(filled, "column", "more") is not None
    assert max(delays) < 1.2
    assert sum(delay > 0.3 for delay in delays) <= 4


def test_change_gives_up_when_the_lock_timeout_is_over(filled: PostgresqlEngine, target: Target) -> None:
    hurried = replace(target, lock_timeout=1.0)
    with PostgresqlEngine.connect(hurried) as session, holding(target, "SELECT * FROM things LIMIT 1"):
        begun = time.monotonic()
        with pytest.raises(StatementFailed, match="lock") as caught:
            apply_operations(session, [Add("", Enum("e", ("a",))), Add("things", Column("more", TEXT, null=True))])
        assert 0.3 < time.monotonic() - begun < 3
    assert caught.value.details["sqlstate"] == "55P03"
    assert element(filled, "enum", "e", "") is None


def test_rows_are_waited_for_as_long_as_the_target_says(filled: PostgresqlEngine) -> None:
    """The short wait of a change does not outlive it in its transaction."""
    with filled.transaction():
        filled.run(Statement("ALTER TABLE things ADD COLUMN more text"))
        assert filled.query("SHOW lock_timeout").rows == (("30s",),)
    with filled.transaction():
        assert filled.query("SHOW lock_timeout").rows == (("30s",),)


# --- online ----------------------------------------------------------------------------------------------------------

BY_NAME = Index("things_name", (IndexColumn("name"),), unique=True)
OTHERS = Table("others", (Column("id", INTEGER),), PrimaryKey(("id",)))
ONLINE: list[Operation] = [
    Add("things", BY_NAME),
    Add("things", Unique("things_name", ("name",))),
    Add("things", Check("things_name", "id > 0 and length(name) > 3")),
    Add("things", ForeignKey("things_name", ("id",), "others", ("id",), "cascade")),
    Alter("things", THINGS.column("name"), replace(THINGS.column("name"), null=False)),
]
IN_THE_WAY = [
    "UPDATE things SET name = 'name 1' WHERE id < 3",
    "UPDATE things SET name = 'name 1' WHERE id < 3",
    "UPDATE things SET name = 'x' WHERE id = 7",
    "DELETE FROM others WHERE id = 7",
    "UPDATE things SET name = NULL WHERE id = 7",
]


@pytest.mark.parametrize("operation", ONLINE, ids=lambda each: f"{each.name} {type(each).__name__}")
def test_online_change_is_what_the_catalogue_shows(filled: PostgresqlEngine, operation: Operation) -> None:
    apply_operations(filled, [Add("", OTHERS)])
    filled.query("INSERT INTO others SELECT id FROM things")
    expected = apply_operations(filled, [operation])
    assert filled.catalogue().schema == expected.schema
    assert filled.catalogue().native.leftovers == {}
    assert apply_operations(filled, [operation.inverse()]).schema == filled.catalogue().schema


@pytest.mark.parametrize(("operation", "obstacle"), list(zip(ONLINE, IN_THE_WAY)))
def test_online_change_that_fails_leaves_nothing(filled: PostgresqlEngine, operation: Operation, obstacle: str) -> None:
    apply_operations(filled, [Add("", OTHERS)])
    filled.query("INSERT INTO others SELECT id FROM things")
    filled.query(obstacle)
    before = filled.catalogue()
    with pytest.raises(ConstraintViolated):
        apply_operations(filled, [operation])
    assert filled.catalogue() == before
    assert filled.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid").rows == ((0,),)
    assert filled.query("SHOW lock_timeout").rows == (("30s",),)


def test_readers_and_writers_go_on_while_an_index_is_built(filled: PostgresqlEngine, target: Target) -> None:
    """A long transaction makes the build wait; rows are written all the while."""
    with holding(target, "UPDATE things SET name = name WHERE id = 1") as end:
        building = Thread(target=apply_operations, args=(filled, [Add("things", BY_NAME)]))
        building.start()
        time.sleep(1.0)
        assert building.is_alive()
        with PostgresqlEngine.connect(replace(target, lock_timeout=0.2)) as writer:
            writer.query("UPDATE things SET name = 'written' WHERE id = 500")
        end()
        building.join(20)
    assert element(filled, "index", "things_name") == BY_NAME


def test_last_step_of_an_online_change_holds_nobody_up(filled: PostgresqlEngine, target: Target) -> None:
    """Attaching the index needs the strongest lock, which is not waited for in one go.

    While somebody holds the table even the index cannot go; it is a leftover then, and the next try clears it away.
    """
    before = filled.catalogue().schema
    delays: list[float] = []
    with (
        holding(target, "SELECT * FROM things LIMIT 1"),
        PostgresqlEngine.connect(replace(target, lock_timeout=2.0)) as hurried,
        PostgresqlEngine.connect(target) as reader,
    ):
        failures: list[StatementFailed] = []

        def change() -> None:
            try:
                apply_operations(hurried, [Add("things", Unique("things_name", ("name",)))])
            except StatementFailed as error:
                failures.append(error)

        changing = Thread(target=change)
        changing.start()
        while changing.is_alive():
            begun = time.monotonic()
            reader.query("SELECT count(*) FROM things")
            delays.append(time.monotonic() - begun)
            time.sleep(0.01)
        assert [error.details["sqlstate"] for error in failures] == ["55P03"]
    assert max(delays) < 1.2
    assert filled.catalogue().schema == before
    expected = apply_operations(filled, [Add("things", Unique("things_name", ("name",)))])
    assert filled.catalogue().schema == expected.schema


def test_probe_of_a_killed_run_is_nobodys_check(filled: PostgresqlEngine) -> None:
    required = Alter("things", THINGS.column("name"), replace(THINGS.column("name"), null=False))
    steps, expected = filled.compile([required], filled.catalogue())
    for statement in steps[0].statements[:-1]:
        filled.run(statement)
    assert filled.catalogue().schema == expected.schema
    apply_operations(filled, [required.inverse()])
    apply_operations(filled, [required])
    assert filled.query("SELECT count(*) FROM pg_constraint WHERE conname LIKE '%paneldb%'").rows == ((0,),)


def test_step_that_must_stand_alone_says_so(filled: PostgresqlEngine) -> None:
    body = {"postgresql": ("CREATE INDEX CONCURRENTLY mine ON things (name)",)}
    with pytest.raises(StatementFailed, match="transaction: false"):
        apply_operations(filled, [Execute("index", body)])
    apply_operations(filled, [Execute("index", body, transaction=False)])
    assert element(filled, "index", "mine") is not None


def test_invalid_index_of_a_killed_run_is_built_again(filled: PostgresqlEngine, target: Target) -> None:
    with holding(target, "UPDATE things SET name = name WHERE id = 1") as end:
        with PostgresqlEngine.connect(target) as doomed:
            pid = doomed.query("SELECT pg_backend_pid()").rows[0][0]
            steps, _unused = doomed.compile([Add("things", BY_NAME)], doomed.catalogue())

            def build() -> None:
                with pytest.raises(Exception, match="gone"):
                    doomed.run(steps[0].statements[0])

            building = Thread(target=build)
            building.start()
            time.sleep(0.7)
            filled.query("SELECT pg_terminate_backend(%s)", [pid])
            building.join(10)
        end()
    assert filled.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid").rows == ((1,),)
    assert element(filled, "index", "things_name") is None
    apply_operations(filled, [Add("things", BY_NAME)])
    assert element(filled, "index", "things_name") == BY_NAME
    assert filled.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid").rows == ((0,),)


# --- enums -----------------------------------------------------------------------------------------------------------

ROLE = Enum("role", ("ADMIN", "USER"))
USERS = Table(
    "users",
    (
        Column("id", INTEGER),
        Column("role", parse_type("enum(role)"), default=Default("USER")),
    ),
    PrimaryKey(("id",)),
    indexes=(Index("users_admins", (IndexColumn("id"),), where="role = 'ADMIN'"),),
    checks=(Check("users_rule", "role <> 'ADMIN' or id > 0"),),
)
CHANGES: list[list[Operation]] = [
    [Alter("", ROLE, Enum("role", ("FIRST", "ADMIN", "MIDDLE", "USER", "LAST")))],
    [Alter("", ROLE, Enum("role", ("USER", "ADMIN")))],
    [
        Alter("", ROLE, Enum("role", ("ADMIN", "USER", "GUEST"))),
        Alter("users", USERS.column("role"), replace(USERS.column("role"), default=Default("GUEST"))),
        Execute("fill", {"postgresql": ("UPDATE users SET role = 'GUEST' WHERE id = 2",)}),
    ],
]


@pytest.mark.parametrize("operations", CHANGES)
def test_enum_changes_within_a_transaction(session: PostgresqlEngine, operations: list[Operation]) -> None:
    apply_operations(session, [Add("", ROLE), Add("", USERS)])
    session.query("INSERT INTO users VALUES (1, 'ADMIN'), (2, 'USER')")
    expected = apply_operations(session, operations)
    assert session.catalogue().schema == expected.schema
    assert session.query("SELECT role::text FROM users WHERE id = 1").rows == (("ADMIN",),)


def test_enum_value_in_use_cannot_go(session: PostgresqlEngine) -> None:
    apply_operations(session, [Add("", ROLE), Add("", USERS)])
    session.query("INSERT INTO users VALUES (1, 'ADMIN')")
    before = session.catalogue()
    rules: list[Operation] = [Drop("users", USERS.checks[0]), Drop("users", USERS.indexes[0])]
    with pytest.raises(StatementFailed, match="invalid input value for enum"):
        apply_operations(session, [*rules, Alter("", ROLE, Enum("role", ("USER",)))])
    assert session.catalogue() == before


# --- counting, updated-at --------------------------------------------------------------------------------------------

COUNTED = replace(THINGS.column("id"), default=Default(function="autoincrement()"))


def next_id(session: PostgresqlEngine) -> Any:
    return session.query("INSERT INTO things (name) VALUES ('new') RETURNING id").rows[0][0]


def test_counting_begins_behind_the_rows_that_are_there(filled: PostgresqlEngine) -> None:
    apply_operations(filled, [Alter("things", THINGS.column("id"), COUNTED)])
    assert next_id(filled) == 1001


def test_counting_goes_on_behind_rows_that_bring_their_number(session: PostgresqlEngine) -> None:
    table = THINGS.put(COUNTED)
    apply_operations(session, [Add("", table)])
    session.insert(table, ("name",), [("first",)])
    session.insert(table, ("id", "name"), [(40, "brought"), (7, "brought")])
    assert next_id(session) == 41
    session.insert(table, ("id", "name"), [(5, "brought")])
    assert next_id(session) == 42


def test_counting_survives_a_wider_type_and_new_names(session: PostgresqlEngine) -> None:
    apply_operations(session, [Add("", THINGS.put(COUNTED))])
    next_id(session)
    wider = replace(COUNTED, type=Type("bigint"))
    operations: list[Operation] = [Alter("things", COUNTED, wider), Rename("", "table", "things", "goods")]
    apply_operations(session, [*operations, Rename("goods", "column", "id", "number")])
    session.query("INSERT INTO goods (number, name) VALUES (9000000000, 'big')")
    assert session.query("INSERT INTO goods (name) VALUES ('next') RETURNING number").rows == ((2,),)


def test_updated_at_is_kept_unless_it_is_set(session: PostgresqlEngine) -> None:
    at = Column("changed at", Type("timestamp"), default=Default("2020-01-01T00:00:00.000+00:00"), updated_at=True)
    apply_operations(session, [Add("", THINGS.put(at))])
    session.query("INSERT INTO things (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    session.query("UPDATE things SET name = 'x' WHERE id = 1")
    session.query("UPDATE things SET \"changed at\" = '2021-01-01Z' WHERE id = 2")
    rows = session.query('SELECT id, "changed at", now() FROM things ORDER BY id').rows
    assert abs((rows[0][1] - rows[0][2]).total_seconds()) < 60
    assert rows[0][1].microsecond % 1000 == 0
    assert [row[1].year for row in rows[1:]] == [2021, 2020]


def test_updated_at_follows_names_and_ends_with_the_column(session: PostgresqlEngine) -> None:
    at = Column("at", Type("timestamp"), null=True, updated_at=True)
    renames = [Rename("", "table", "things", "goods"), Rename("goods", "column", "at", "x" * 63)]
    apply_operations(session, [Add("", THINGS.put(at)), *renames])
    session.query("INSERT INTO goods (id) VALUES (1)")
    session.query("UPDATE goods SET name = 'x'")
    assert session.query(f"SELECT {'x' * 63} IS NOT NULL FROM goods").rows == ((True,),)
    last = replace(at, name="x" * 63)
    apply_operations(session, [Alter("goods", last, replace(last, updated_at=False))])
    assert session.catalogue().native.triggers == {}
    apply_operations(session, [Alter("goods", replace(last, updated_at=False), last), Drop("goods", last)])
    assert session.query("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal").rows == ((0,),)


def test_defaults_are_of_the_moment_and_cut_to_milliseconds(session: PostgresqlEngine) -> None:
    at = Column("at", Type("timestamp"), default=Default(function="now()"))
    apply_operations(session, [Add("", THINGS.put(at))])
    rows = session.query(
        "INSERT INTO things (id) VALUES (1) RETURNING at = date_trunc('milliseconds', now()), at <= now()"
    ).rows
    assert rows == ((True, True),)


# --- types -----------------------------------------------------------------------------------------------------------


def test_text_that_is_too_long_is_refused_never_cut(filled: PostgresqlEngine) -> None:
    shorter = replace(THINGS.column("name"), type=parse_type("string(6)"))
    with pytest.raises(StatementFailed, match="too long"):
        apply_operations(filled, [Alter("things", THINGS.column("name"), shorter)])
    assert filled.query("SELECT max(length(name)) FROM things").rows == ((9,),)


VALUES = [
    ("text", "integer", "17", 17),
    ("integer", "text", 17, "17"),
    ("integer", "boolean", 1, True),
    ("boolean", "integer", True, 1),
    ("text", "json", '{"b": 1, "aa": 2}', '{"b": 1, "aa": 2}'),
    ("json", "text", '{"b": 1}', '{"b": 1}'),
    ("float", "json", 1.5, "1.5"),
    ("text", "bytes", "hé", "\\x68c3a9"),
    ("bytes", "text", "\\x68c3a9", "hé"),
    ("text", "uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    ("text", "timestamp", "2026-01-31T08:00:00.5+01:00", "2026-01-31 07:00:00.5+00"),
    ("timestamp", "text", "2026-01-31 08:00:00.5+00", "2026-01-31 08:00:00.5+00"),
    ("bigint", "decimal(20,2)", 2**40, f"{2**40}.00"),
    ("decimal(10,2)", "float", "1.50", 1.5),
    ("enum(role)", "string(9)", "ADMIN", "ADMIN"),
    ("text", "enum(role)", "USER", "USER"),
]


@pytest.mark.parametrize(("before", "after", "value", "wanted"), VALUES)
def test_values_follow_a_new_type(session: PostgresqlEngine, before: str, after: str, value: Any, wanted: Any) -> None:
    columns = [Column("c", parse_type(kind)) for kind in (before, after)]
    tables = [THINGS.put(column) for column in columns]
    apply_operations(session, [Add("", ROLE), Add("", tables[0])])
    session.insert(tables[0], ("id", "c"), [(1, value)])
    apply_operations(session, [Alter("things", columns[0], columns[1])])
    assert list(session.fetch(tables[1], ("c",))) == [(wanted,)]
