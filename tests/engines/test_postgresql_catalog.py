# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's catalogue, of what we made and of what others did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Drop
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    AUTOINCREMENT,
    NOW,
    Check,
    Column,
    Default,
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


@pytest.fixture
def session(postgresql_server: PostgresServer, postgresql_database: str) -> Iterator[PostgresqlEngine]:
    with PostgresqlEngine.connect(parse_target({"url": postgresql_server.url(postgresql_database)})) as made:
        yield made


def table_of(session: PostgresqlEngine, name: str) -> Table:
    table = session.catalogue().schema.table(name)
    assert table is not None
    return table


FOREIGN = """
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE TYPE pair AS (a integer, b integer);
    CREATE TYPE mood AS ENUM ();
    CREATE TABLE odd (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        words tsvector, inside integer[],
        moods mood[], net inet DEFAULT '127.0.0.1', many positive, two pair, span tstzrange,
        plain json, exact numeric, any_length varchar, local timestamp(3), micro timestamptz, clock time,
        german text COLLATE "de-x-icu", doubled integer GENERATED ALWAYS AS (id * 2) STORED,
        strange text DEFAULT concat('a', 'b'),
        EXCLUDE USING gist (span WITH &&),
        CONSTRAINT odd_rule CHECK (words @@ 'x'::tsquery),
        CONSTRAINT odd_late UNIQUE (clock) DEFERRABLE,
        CONSTRAINT odd_with UNIQUE (exact) INCLUDE (plain_too), plain_too text
    );
    CREATE INDEX odd_words ON odd USING gin (words);
    CREATE INDEX odd_lower ON odd (lower(strange));
    CREATE INDEX odd_pattern ON odd (any_length varchar_pattern_ops);
    CREATE INDEX odd_nulls ON odd (exact NULLS FIRST);
    CREATE INDEX odd_collated ON odd (strange COLLATE "C");
    CREATE INDEX odd_part ON odd (exact) WHERE words @@ 'x'::tsquery;
    CREATE TABLE parts (id integer, at date) PARTITION BY RANGE (at);
    CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TABLE child () INHERITS (odd);
    CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM odd;
    CREATE VIEW seen AS SELECT id FROM odd;
    CREATE SEQUENCE loose;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER odd_f BEFORE INSERT ON odd FOR EACH ROW EXECUTE FUNCTION f();
    CREATE SCHEMA elsewhere;
    CREATE TABLE elsewhere.far (id integer PRIMARY KEY);
    CREATE TABLE refers (id integer REFERENCES elsewhere.far);
    CREATE TABLE _paneldb_runs (id integer);
"""


def test_what_others_made_never_breaks_the_reading(session: PostgresqlEngine) -> None:
    session.query(FOREIGN)
    catalogue = session.catalogue()
    assert [table.name for table in catalogue.schema.tables] == ["odd", "refers"]
    assert [(enum.name, enum.values) for enum in catalogue.schema.enums] == [("mood", ())]
    assert catalogue.views == ("seen",)
    odd = table_of(session, "odd")
    assert {column.name: str(column.type) for column in odd.columns} == {
        "id": "integer",
        "words": "foreign(tsvector)",
        "inside": "foreign(integer[])",
        "moods": "foreign(mood[])",
        "net": "foreign(inet)",
        "many": "foreign(positive)",
        "two": "foreign(pair)",
        "span": "foreign(tstzrange)",
        "plain": "foreign(json)",
        "exact": "foreign(numeric)",
        "any_length": "foreign(character varying)",
        "local": "foreign(timestamp(3) without time zone)",
        "micro": "foreign(timestamp with time zone)",
        "clock": "foreign(time without time zone)",
        "german": "text",
        "doubled": "integer",
        "strange": "text",
        "plain_too": "text",
    }
    assert odd.column("id").default == Default(function=AUTOINCREMENT)
    assert odd.column("german").collation == "de-x-icu"
    assert odd.column("doubled").generated == "(id * 2)"
    assert odd.column("doubled").default is None
    assert odd.column("net").default == Default(function="opaque:'127.0.0.1'::inet")
    assert odd.column("strange").default == Default(function="opaque:concat('a', 'b')")
    assert odd.checks == (Check("odd_rule", "opaque:(words @@ '''x'''::tsquery)"),)
    assert odd.indexes == (Index("odd_part", (IndexColumn("exact"),), where="opaque:(words @@ '''x'''::tsquery)"),)
    assert odd.uniques == ()
    assert set(catalogue.native.kept) == {
        "odd_words",
        "odd_lower",
        "odd_pattern",
        "odd_nulls",
        "odd_collated",
        "odd_late",
        "odd_with",
        "refers_id_fkey",
    }


def test_foreign_columns_go_and_come_back(session: PostgresqlEngine) -> None:
    session.query(FOREIGN)
    before = table_of(session, "odd")
    drops = [Drop("odd", before.checks[0]), Drop("odd", before.indexes[0])]
    drops += [Drop("odd", before.column(name)) for name in ("words", "net", "strange", "doubled", "german")]
    apply_operations(session, drops)
    apply_operations(session, [operation.inverse() for operation in reversed(drops)])
    after = table_of(session, "odd")
    assert {column.name: column for column in after.columns} == {column.name: column for column in before.columns}
    assert (after.checks, after.indexes) == (before.checks, before.indexes)


def test_another_clients_schema_is_understood(session: PostgresqlEngine) -> None:
    session.query(
        """
        CREATE TABLE "users" (
            "id" SERIAL NOT NULL, "name" VARCHAR(50) NOT NULL DEFAULT 'x', "big" BIGSERIAL,
            "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "users_pkey" PRIMARY KEY ("id"));
        CREATE UNIQUE INDEX "users_name_key" ON "users"("name");
        CREATE TABLE "posts" ("id" INTEGER NOT NULL, "userId" INTEGER,
            CONSTRAINT "posts_userId_fkey" FOREIGN KEY ("userId") REFERENCES "users"("id")
            ON DELETE SET NULL ON UPDATE CASCADE);
        CREATE INDEX "posts_idx" ON "posts" ("userId" DESC, "id");
        COMMENT ON TABLE "posts" IS 'It''s text';
        COMMENT ON COLUMN "posts"."id" IS 'Key';
        """
    )
    assert table_of(session, "users") == Table(
        "users",
        (
            Column("id", Type("integer"), default=Default(function=AUTOINCREMENT)),
            Column("name", parse_type("string(50)"), default=Default("x")),
            Column("big", Type("bigint"), default=Default(function=AUTOINCREMENT)),
            Column("createdAt", Type("timestamp"), default=Default(function=NOW)),
        ),
        PrimaryKey(("id",)),
        indexes=(Index("users_name_key", (IndexColumn("name"),), unique=True),),
    )
    posts = table_of(session, "posts")
    assert posts.foreign_keys == (ForeignKey("posts_userId_fkey", ("userId",), "users", ("id",), "set_null"),)
    assert posts.indexes == (Index("posts_idx", (IndexColumn("userId", True), IndexColumn("id"))),)
    assert (posts.comment, posts.column("id").comment) == ("It's text", "Key")
    assert session.catalogue().native.serials == {
        ("users", "id"): "public.users_id_seq",
        ("users", "big"): "public.users_big_seq",
    }


def test_nulls_not_distinct_is_not_a_models_unique(session: PostgresqlEngine) -> None:
    if session.server().numbers < (15,):
        with pytest.raises(Exception, match="syntax"):
            session.query("CREATE TABLE t (a integer UNIQUE NULLS NOT DISTINCT)")
        return
    session.query("CREATE TABLE t (a integer UNIQUE NULLS NOT DISTINCT, b integer UNIQUE)")
    assert table_of(session, "t").uniques == (Unique("t_b_key", ("b",)),)


def test_half_made_things_are_leftovers(session: PostgresqlEngine) -> None:
    session.query("CREATE TABLE t (id integer)")
    session.query("INSERT INTO t VALUES (1), (1)")
    with pytest.raises(Exception, match="could not create unique index"):
        session.query("CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)")
    session.query("ALTER TABLE t ADD CONSTRAINT t_rule CHECK (id > 1) NOT VALID")
    table = table_of(session, "t")
    assert (table.indexes, table.checks) == ((), ())
    native = session.catalogue().native
    assert native.leftovers == {"t_id": "", "t_rule": "t"}
    assert native.filled == {"t"}


def test_seven_questions_however_many_tables(session: PostgresqlEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = session.ask
    session.query("".join(f"CREATE TABLE t{n} (id integer PRIMARY KEY, CHECK (id > 0));" for n in range(40)))
    assert session.schema == "public"

    def listening(text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        asked.append(text)
        return ask(text, *parameters)

    monkeypatch.setattr(session, "ask", listening)
    assert len(session.catalogue().schema.tables) == 40
    assert len(asked) == 7


def test_names_of_every_kind_come_back(session: PostgresqlEngine) -> None:
    for name in ('a"b', "per%s cent", "it's", "back`tick", "ünï", "select", "x" * 63, "Camel Case"):
        table = Table(name, (Column(name, Type("integer")),), PrimaryKey((name,)), comment=f"of {name}")
        expected = apply_operations(session, [Add("", table)])
        assert table_of(session, name) == expected.schema.table(name) == table
