# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations become statements for PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Catalogue
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.catalog import Native
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.compiler import (
    compile_operations,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.online import (
    OnlineStatement,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, Unsupported
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Step
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
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

ROLE = Enum("role", ("ADMIN", "USER"))
USERS = Table(
    "users",
    (
        Column("id", parse_type("integer")),
        Column("name", parse_type("string(50)")),
        Column("role", parse_type("enum(role)"), default=Default("USER")),
        Column("updatedAt", parse_type("timestamp"), updated_at=True),
    ),
    PrimaryKey(("id",)),
    checks=(Check("users_role", "role <> 'ADMIN'"),),
)
ROLE_TOO = Enum("role2", ("A",))
SCHEMA = Schema((USERS,), (ROLE,))
NATIVE = Native("app", primary_keys={"users": "users_pkey"}, triggers={("users", "updatedAt"): "_keeps"}, touch=True)
CATALOGUE = Catalogue(SCHEMA, native=NATIVE)
FILLED = replace(CATALOGUE, native=replace(NATIVE, filled=frozenset({"users"})))
BY_NAME = Index("users_name", (IndexColumn("name"),))


def compiled(*operations: Operation, catalogue: Catalogue = CATALOGUE) -> tuple[Step, ...]:
    return compile_operations(operations, catalogue)[0]


def texts(*operations: Operation, catalogue: Catalogue = CATALOGUE) -> list[str]:
    return [each.text for step in compiled(*operations, catalogue=catalogue) for each in step.statements]


def column(name: str, kind: str = "text", **said: Any) -> Column:
    return Column(name, parse_type(kind), **said)


def test_columns_of_one_table_share_a_statement() -> None:
    steps = compiled(
        Add("users", column("a", null=True)),
        Add("users", column("b", null=True)),
        Alter("users", USERS.column("name"), column("name", "string(60)")),
        Drop("users", column("a", null=True)),
    )
    assert [step.operations for step in steps] == [(0, 1, 2), (3,)]
    assert steps[0].statements[0].text == (
        'ALTER TABLE "users" ADD COLUMN "a" text,\n'
        '  ADD COLUMN "b" text,\n'
        '  ALTER COLUMN "name" TYPE character varying(60)'
    )


def test_what_needs_more_than_columns_stays_apart() -> None:
    steps = compiled(Add("users", column("a", null=True)), Add("users", BY_NAME), Add("users", column("b", null=True)))
    assert [step.operations for step in steps] == [(0,), (1,), (2,)]


def test_enum_is_written_with_its_schema() -> None:
    assert texts(Add("", Enum("date", ("a", "b's")))) == ["CREATE TYPE \"app\".\"date\" AS ENUM ('a', 'b''s')"]


def test_values_are_added_where_they_belong() -> None:
    after = Enum("role", ("FIRST", "ADMIN", "MIDDLE", "USER", "LAST", "VERY LAST"))
    assert texts(Alter("", ROLE, after)) == [
        "ALTER TYPE \"app\".\"role\" ADD VALUE 'FIRST' BEFORE 'ADMIN'",
        "ALTER TYPE \"app\".\"role\" ADD VALUE 'MIDDLE' BEFORE 'USER'",
        'ALTER TYPE "app"."role" ADD VALUE \'LAST\'',
        'ALTER TYPE "app"."role" ADD VALUE \'VERY LAST\'',
    ]


@pytest.mark.parametrize(
    "needs_it",
    [
        Alter("users", USERS.column("role"), replace(USERS.column("role"), default=Default("GUEST"))),
        Add("users", Check("c", "role = 'GUEST'")),
        Execute("fill", {"postgresql": ("SELECT 1",)}),
    ],
)
def test_type_is_made_anew_where_a_new_value_is_needed_at_once(needs_it: Operation) -> None:
    found = texts(Alter("", ROLE, Enum("role", ("ADMIN", "USER", "GUEST"))), needs_it)
    assert not any("ADD VALUE" in text for text in found)
    assert 'ALTER TYPE "app"."role" RENAME TO "_paneldb_former_enum"' in found


def test_type_is_made_anew_where_a_value_goes() -> None:
    assert texts(Alter("", ROLE, Enum("role", ("USER",)))) == [
        'ALTER TABLE "users" DROP CONSTRAINT "users_role"',
        'ALTER TYPE "app"."role" RENAME TO "_paneldb_former_enum"',
        'CREATE TYPE "app"."role" AS ENUM (\'USER\')',
        (
            'ALTER TABLE "users" ALTER COLUMN "role" DROP DEFAULT,\n'
            '  ALTER COLUMN "role" TYPE "app"."role" USING "role"::text::"app"."role",\n'
            '  ALTER COLUMN "role" SET DEFAULT \'USER\'::"app"."role"'
        ),
        'DROP TYPE "app"."_paneldb_former_enum"',
        'ALTER TABLE "users" ADD CONSTRAINT "users_role" CHECK ("role" <> \'ADMIN\')',
    ]


def test_updated_at_column_is_kept_by_a_trigger() -> None:
    bare = replace(CATALOGUE, native=Native("app"))
    found = texts(Add("users", column("at", "timestamp", null=True, updated_at=True)), catalogue=bare)
    assert found[0] == 'ALTER TABLE "users" ADD COLUMN "at" timestamp(3) with time zone'
    assert found[1].startswith('CREATE OR REPLACE FUNCTION "app"."_paneldb_touch"()')
    assert found[2].startswith('CREATE TRIGGER "_paneldb_touch_at" BEFORE UPDATE ON "users"')


def test_trigger_goes_with_its_column_and_follows_its_name() -> None:
    kept = USERS.column("updatedAt")
    assert texts(Drop("users", kept)) == [
        'DROP TRIGGER "_keeps" ON "users"',
        'ALTER TABLE "users" DROP COLUMN "updatedAt"',
    ]
    renamed = texts(Rename("users", "column", "updatedAt", "changed"))
    assert renamed[0] == 'DROP TRIGGER "_keeps" ON "users"'
    assert renamed[1] == 'ALTER TABLE "users" RENAME COLUMN "updatedAt" TO "changed"'
    assert renamed[2].startswith('CREATE TRIGGER "_paneldb_touch_changed"')


def test_what_is_known_by_name_follows_a_renamed_table() -> None:
    rename = Rename("", "table", "users", "people")
    found = texts(rename, Drop("people", PrimaryKey(("id",))), Drop("people", USERS.column("updatedAt")))
    assert found[1:3] == ['ALTER TABLE "people" DROP CONSTRAINT "users_pkey"', 'DROP TRIGGER "_keeps" ON "people"']


def test_counting_begins_behind_the_rows_and_ends() -> None:
    plain, counted = USERS.column("id"), replace(USERS.column("id"), default=Default(function="autoincrement()"))
    assert texts(Alter("users", plain, counted)) == [
        'ALTER TABLE "users" ALTER COLUMN "id" ADD GENERATED BY DEFAULT AS IDENTITY',
        'SELECT setval(pg_get_serial_sequence(\'"users"\', \'id\'), coalesce(max("id"), 0) + 1, false) FROM "users"',
    ]
    counting = replace(CATALOGUE, schema=SCHEMA.put(USERS.put(counted)))
    assert texts(Alter("users", counted, plain), catalogue=counting) == [
        'ALTER TABLE "users" ALTER COLUMN "id" DROP IDENTITY'
    ]
    serial = replace(counting, native=replace(NATIVE, serials={("users", "id"): "app.users_id_seq"}))
    assert texts(Alter("users", counted, plain), catalogue=serial) == [
        'ALTER TABLE "users" ALTER COLUMN "id" DROP DEFAULT',
        "DROP SEQUENCE app.users_id_seq",
    ]


CASTS = [
    ("integer", "bigint", ""),
    ("integer", "string(9)", ' USING "c"::text'),
    ("text", "string(9)", ""),
    ("text", "integer", ' USING "c"::integer'),
    ("integer", "boolean", ' USING "c" <> 0'),
    ("boolean", "bigint", ' USING "c"::integer::bigint'),
    ("text", "json", ' USING "c"::jsonb'),
    ("integer", "json", ' USING to_jsonb("c")'),
    ("bytes", "text", " USING convert_from(\"c\", 'UTF8')"),
    ("text", "bytes", " USING convert_to(\"c\", 'UTF8')"),
    ("text", "enum(role)", ' USING "c"::text::"app"."role"'),
    ("text", "timestamp", ' USING "c"::timestamp(3) with time zone'),
]


@pytest.mark.parametrize(("before", "after", "using"), CASTS)
def test_type_changes_by_a_cast_that_refuses(before: str, after: str, using: str) -> None:
    table = Table("t", (column("c", before),))
    catalogue = Catalogue(Schema((table,), (ROLE,)), native=NATIVE)
    (text,) = texts(Alter("t", column("c", before), column("c", after)), catalogue=catalogue)
    assert text.startswith('ALTER TABLE "t" ALTER COLUMN "c" TYPE ')
    assert text.partition(" USING")[2] == using.partition(" USING")[2]


@pytest.mark.parametrize(("before", "after"), [("uuid", "integer"), ("boolean", "timestamp"), ("json", "bytes")])
def test_no_way_between_two_types(before: str, after: str) -> None:
    table = Table("t", (column("c", before),))
    with pytest.raises(Unsupported, match="PostgreSQL cannot make"):
        texts(Alter("t", column("c", before), column("c", after)), catalogue=Catalogue(Schema((table,)), native=NATIVE))


def test_default_goes_before_its_type() -> None:
    before, after = column("c", default=Default("1")), column("c", "integer", default=Default(2))
    catalogue = Catalogue(Schema((Table("t", (before,)),)), native=NATIVE)
    assert texts(Alter("t", before, after), catalogue=catalogue) == [
        (
            'ALTER TABLE "t" ALTER COLUMN "c" DROP DEFAULT,\n'
            '  ALTER COLUMN "c" TYPE integer USING "c"::integer,\n'
            '  ALTER COLUMN "c" SET DEFAULT 2'
        )
    ]


def test_key_alike_to_the_primary_key_is_not_lost() -> None:
    table = Table("t", (column("a"),), PrimaryKey(("a",)), (Unique("t_a", ("a",)),))
    assert texts(Add("", table))[1] == 'ALTER TABLE "t" ADD CONSTRAINT "t_a" UNIQUE ("a")'


def test_names_cannot_break_out() -> None:
    name = 'a"b; DROP TABLE x; --%s'
    (text,) = texts(Add("", Table(name, (column(name),))))
    assert text == 'CREATE TABLE "a""b; DROP TABLE x; --%s" (\n  "a""b; DROP TABLE x; --%s" text NOT NULL\n)'


@pytest.mark.parametrize("name", ["x" * 64, "ü" * 32, "a\0b", ""])
def test_name_that_the_server_would_cut_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="63 bytes"):
        texts(Add("", Table(name, (column("c"),))))


def test_execute_without_body_for_this_engine() -> None:
    with pytest.raises(Unsupported, match="no body for postgresql"):
        texts(Execute("fill", {"sqlite": ("SELECT 1",)}))
    (step,) = compiled(Execute("fill", {"postgresql": ("SELECT 1", "SELECT 2")}, transaction=False))
    assert [each.text for each in step.statements] == ["SELECT 1", "SELECT 2"]
    assert not step.transactional


KEY = ForeignKey("k", ("id",), "users", ("id",), "cascade")
KEY_TEXT = 'FOREIGN KEY ("id") REFERENCES "users" ("id") ON DELETE CASCADE'
ONLINE = [
    (Add("users", BY_NAME), ['CREATE INDEX CONCURRENTLY "users_name" ON "users" ("name")']),
    (
        Add("users", Unique("u", ("name",))),
        [
            'CREATE UNIQUE INDEX CONCURRENTLY "u" ON "users" ("name")',
            'ALTER TABLE "users" ADD CONSTRAINT "u" UNIQUE USING INDEX "u"',
        ],
    ),
    (
        Add("users", KEY),
        [
            f'ALTER TABLE "users" ADD CONSTRAINT "k" {KEY_TEXT} NOT VALID',
            'ALTER TABLE "users" VALIDATE CONSTRAINT "k"',
        ],
    ),
    (
        Add("users", Check("c", "id > 1")),
        [
            'ALTER TABLE "users" ADD CONSTRAINT "c" CHECK ("id" > 1) NOT VALID',
            'ALTER TABLE "users" VALIDATE CONSTRAINT "c"',
        ],
    ),
]


@pytest.mark.parametrize(("operation", "statements"), ONLINE)
def test_change_alone_on_a_table_with_rows_is_online(operation: Operation, statements: list[str]) -> None:
    (step,) = compiled(operation, catalogue=FILLED)
    assert not step.transactional
    assert [each.text for each in step.statements] == statements
    assert isinstance(step.statements[-1], OnlineStatement)


@pytest.mark.parametrize("operation", [operation for operation, _unused in ONLINE])
def test_change_is_transactional_on_an_empty_table_or_in_company(operation: Operation) -> None:
    assert all(step.transactional for step in compiled(operation))
    assert all(step.transactional for step in compiled(operation, Add("", ROLE_TOO), catalogue=FILLED))


def test_column_is_required_online_by_a_validated_check() -> None:
    before = column("c", null=True)
    holder = replace(FILLED, schema=SCHEMA.put(USERS.put(before)))
    (step,) = compiled(Alter("users", before, column("c")), catalogue=holder)
    assert [each.text.removeprefix('ALTER TABLE "users" ') for each in step.statements] == [
        'DROP CONSTRAINT IF EXISTS "_paneldb_not_null"',
        'ADD CONSTRAINT "_paneldb_not_null" CHECK ("c" IS NOT NULL) NOT VALID',
        'VALIDATE CONSTRAINT "_paneldb_not_null"',
        'ALTER COLUMN "c" SET NOT NULL',
        'DROP CONSTRAINT "_paneldb_not_null"',
    ]


def test_leftovers_are_cleared_first() -> None:
    left = {"users_name": "", "c": "users"}
    catalogue = replace(FILLED, native=replace(NATIVE, leftovers=left, filled=frozenset({"users"})))
    assert texts(Add("users", BY_NAME), catalogue=catalogue)[0] == 'DROP INDEX CONCURRENTLY IF EXISTS "users_name"'
    found = texts(Add("users", BY_NAME), Add("users", Check("c", "id > 1")), catalogue=catalogue)
    assert found[0] == 'DROP INDEX "users_name"'
    assert found[2].startswith('ALTER TABLE "users" DROP CONSTRAINT "c"')


def test_foreign_definitions_go_back_as_they_came() -> None:
    foreign = Column("c", Type("foreign", ("inet",)), default=Default(function="opaque:'127.0.0.1'::inet"))
    assert texts(Add("users", foreign)) == [
        'ALTER TABLE "users" ADD COLUMN "c" inet DEFAULT \'127.0.0.1\'::inet NOT NULL'
    ]
