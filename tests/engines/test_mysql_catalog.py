# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB's catalogue, of what we made and of what others did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.naming import EXACT_COLLATIONS
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.native import Extra
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import parse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Drop
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    AUTOINCREMENT,
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
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import TEXTS
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations


@pytest.fixture
def of_mariadb(mariadb_target: Target) -> Iterator[MysqlEngine]:
    """A session with the one of the servers that has more kinds of columns and tables."""
    with MysqlEngine.connect(mariadb_target) as made:
        yield made


@pytest.fixture
def session(family_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(family_target) as made:
        yield made


def table_of(session: MysqlEngine, name: str) -> Table:
    table = session.catalogue().schema.table(name)
    assert table is not None
    return table


def make(session: MysqlEngine, *statements: str) -> None:
    for statement in statements:
        session.query(statement)


FOREIGN = (
    """
    CREATE TABLE odd (
        id int unsigned NOT NULL, small smallint, medium mediumint(5) zerofill, bits bit(3) DEFAULT b'101',
        plain char(36), guid uuid, at timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
        seconds datetime DEFAULT current_timestamp(), clock time, day date, born year,
        latin varchar(20) CHARACTER SET latin1, loose varchar(20) COLLATE utf8mb4_general_ci,
        short text, tiny tinytext, flags set('a','b'), mood enum('sad','happy') DEFAULT 'sad', place point,
        doubled int AS (id * 2) STORED, shout varchar(40) AS (upper(loose)) VIRTUAL, hidden int INVISIBLE DEFAULT 3,
        even int CHECK (even % 2 = 0), strange varchar(20) DEFAULT concat('a', 'b'),
        PRIMARY KEY (id), FULLTEXT odd_words (short), KEY odd_prefix (loose(5)), KEY odd_ignored (small) IGNORED,
        UNIQUE KEY odd_hash (short), CONSTRAINT odd_rule CHECK (loose REGEXP '^[a-z]')
    ) COLLATE utf8mb4_nopad_bin
    """,
    "CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2",
    "CREATE TABLE history (id int PRIMARY KEY) WITH SYSTEM VERSIONING",
    "CREATE SEQUENCE loose_numbers",
    "CREATE VIEW seen AS SELECT id FROM odd",
    "CREATE TRIGGER odd_f BEFORE INSERT ON odd FOR EACH ROW SET NEW.small = 1",
    "CREATE TABLE _paneldb_runs (id int)",
)


def test_what_others_made_never_breaks_the_reading(of_mariadb: MysqlEngine) -> None:
    make(of_mariadb, *FOREIGN)
    catalogue = of_mariadb.catalogue()
    assert [table.name for table in catalogue.schema.tables] == ["history", "odd", "parts"]
    assert catalogue.schema.enums == ()
    assert catalogue.views == ("seen",)
    odd = table_of(of_mariadb, "odd")
    assert {column.name: str(column.type) for column in odd.columns} == {
        "id": "foreign(int(10) unsigned)",
        "small": "foreign(smallint(6))",
        "medium": "foreign(mediumint(5) unsigned zerofill)",
        "bits": "foreign(bit(3))",
        "plain": "foreign(char(36))",
        "guid": "foreign(uuid)",
        "at": "foreign(timestamp)",
        "seconds": "foreign(datetime)",
        "clock": "foreign(time)",
        "day": "foreign(date)",
        "born": "foreign(year(4))",
        "latin": "string(20)",
        "loose": "string(20)",
        "short": "foreign(text)",
        "tiny": "foreign(tinytext)",
        "flags": "foreign(set('a','b'))",
        "mood": "foreign(enum('sad','happy'))",
        "place": "foreign(point)",
        "doubled": "integer",
        "shout": "string(40)",
        "hidden": "integer",
        "even": "integer",
        "strange": "string(20)",
    }
    assert (odd.column("latin").collation, odd.column("loose").collation) == ("latin1_swedish_ci", "utf8mb4_general_ci")
    assert odd.column("doubled").generated == "`id` * 2"
    assert odd.column("strange").default == Default(function="opaque:(concat('a','b'))")
    assert odd.column("bits").default == Default(function="opaque:b'101'")
    assert odd.checks == (Check("odd_rule", "opaque:`loose` regexp '^[a-z]'"),)
    assert (odd.uniques, odd.indexes) == ((), ())
    native = catalogue.native
    assert set(native.kept) == {("odd", name) for name in ("odd_words", "odd_prefix", "odd_ignored", "odd_hash")}
    assert native.extras == {
        ("odd", "at"): Extra(on_update="current_timestamp()"),
        ("odd", "doubled"): Extra(storage="STORED"),
        ("odd", "shout"): Extra(storage="VIRTUAL"),
        ("odd", "hidden"): Extra(invisible=True),
        ("odd", "even"): Extra(check="`even` MOD 2 = 0"),
    }


def test_foreign_columns_go_and_come_back(of_mariadb: MysqlEngine) -> None:
    make(of_mariadb, *FOREIGN)
    before = table_of(of_mariadb, "odd")
    names = ("bits", "at", "seconds", "latin", "mood", "strange", "guid")
    drops = [Drop("odd", before.checks[0]), *(Drop("odd", before.column(name)) for name in names)]
    apply_operations(of_mariadb, drops)
    apply_operations(of_mariadb, [operation.inverse() for operation in reversed(drops)])
    after = table_of(of_mariadb, "odd")
    assert {column.name: column for column in after.columns} == {column.name: column for column in before.columns}
    assert after.checks == before.checks


def test_another_clients_schema_is_understood(session: MysqlEngine) -> None:
    make(
        session,
        """
        CREATE TABLE `users` (
            `id` INTEGER NOT NULL AUTO_INCREMENT, `name` VARCHAR(191) NOT NULL DEFAULT 'x', `big` BIGINT NULL,
            `ok` BOOLEAN NOT NULL DEFAULT true, `price` DECIMAL(10, 2) NOT NULL DEFAULT 1.5, `data` JSON NULL,
            `createdAt` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), UNIQUE INDEX `users_name_key`(`name`),
            PRIMARY KEY (`id`)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci COMMENT 'It''s text'
        """,
        "CREATE TABLE `posts` (`id` INTEGER NOT NULL, `userId` INT COMMENT 'Key', INDEX `posts_idx`(`userId`, `id`))",
        """ALTER TABLE `posts` ADD CONSTRAINT `posts_userId_fkey` FOREIGN KEY (`userId`) REFERENCES `users`(`id`)
            ON DELETE SET NULL ON UPDATE CASCADE""",
    )
    users = table_of(session, "users")
    loose = "utf8mb4_unicode_ci"
    assert users == Table(
        "users",
        (
            Column("id", Type("integer"), default=Default(function=AUTOINCREMENT)),
            Column("name", parse_type("string(191)"), default=Default("x"), collation=loose),
            Column("big", Type("bigint"), null=True),
            Column("ok", Type("boolean"), default=Default(True)),
            Column("price", parse_type("decimal(10,2)"), default=Default("1.50")),
            Column("data", Type("json"), null=True),
            Column("createdAt", Type("timestamp"), default=Default(function=NOW)),
        ),
        PrimaryKey(("id",)),
        uniques=(Unique("users_name_key", ("name",)),),
        comment="It's text",
    )
    posts = table_of(session, "posts")
    assert posts.foreign_keys == (ForeignKey("posts_userId_fkey", ("userId",), "users", ("id",), "set_null"),)
    assert posts.indexes == (Index("posts_idx", (IndexColumn("userId"), IndexColumn("id"))),)
    assert posts.column("userId").comment == "Key"


def test_questions_are_six_however_many_tables(session: MysqlEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    make(session, *(f"CREATE TABLE t{n} (id int PRIMARY KEY, CHECK (id > 0))" for n in range(40)))
    apply_operations(session, [Add("", Enum("mood", ("sad",)))])
    asked: list[str] = []
    ask = session.ask

    def listening(text: str, *parameters: Any) -> list[tuple[Any, ...]]:
        asked.append(text)
        return ask(text, *parameters)

    monkeypatch.setattr(session, "ask", listening)
    assert len(session.catalogue().schema.tables) == 40
    assert len(asked) == 6


def test_names_of_every_kind_come_back(session: MysqlEngine) -> None:
    for name in ('a"b', "per%s cent", "it's", "back`tick", "back\\slash", "ünï", "select", "x" * 63, "Camel Case"):
        table = Table(name, (Column(name, Type("integer")),), PrimaryKey((name,)), comment=f"of {name}")
        expected = apply_operations(session, [Add("", table)])
        assert table_of(session, name) == expected.schema.table(name) == table


@pytest.mark.parametrize("name", ["\N{PILE OF POO}", "blank ", "x" * 65, "nul\0"])
def test_names_that_the_server_cannot_have_are_refused_before_anything_runs(session: MysqlEngine, name: str) -> None:
    table = Table(name, (Column("id", Type("integer")),))
    with pytest.raises(InputError, match="MySQL cannot have this name"):
        session.compile([Add("", table)], session.catalogue())


def test_texts_of_every_kind_come_back(session: MysqlEngine) -> None:
    """The server's own catalogue shows a question mark for an emoji, and quotes what it shows by its own rules."""
    texts = [*TEXTS, "\\u{1f4a9}", "[enum: no]"]
    enum = Enum("any [enum: x] \N{PILE OF POO} \\u{5b}", tuple(text.strip() for text in texts))
    columns = [
        *(Column(f"t{n}", Type("text"), default=Default(text), comment=text) for n, text in enumerate(texts)),
        *(Column(f"j{n}", Type("json"), default=Default({text: [text]})) for n, text in enumerate(texts)),
        *(
            Column(f"e{n}", Type("enum", (enum.name,)), default=Default(text), comment=texts[n])
            for n, text in enumerate(enum.values)
        ),
    ]
    rules = tuple(Check(f"c{n}", f"t{n} <> {_quoted(text)}") for n, text in enumerate(texts))
    table = Table("texts", tuple(columns), checks=rules, comment="".join(texts))
    expected = apply_operations(session, [Add("", enum), Add("", table)])
    assert session.catalogue() == expected
    assert table_of(session, "texts") == session.canonical(Schema((table,))).table("texts")
    assert table_of(session, "texts").columns == table.columns
    assert session.catalogue().schema.enums == (enum,)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_defaults_hold_what_they_say(session: MysqlEngine) -> None:
    poo = "\N{PILE OF POO}'\\"
    table = Table(
        "t",
        (
            Column("id", Type("uuid"), default=Default(function=UUID)),
            Column("text", Type("text"), default=Default(poo)),
            Column("json", Type("json"), default=Default({poo: [None, 1.5]})),
            Column("at", Type("timestamp"), default=Default("2024-02-29T12:34:56.789+00:00")),
            Column("now", Type("timestamp"), default=Default(function=NOW)),
        ),
        PrimaryKey(("id",)),
    )
    apply_operations(session, [Add("", table)])
    session.query("INSERT INTO t () VALUES ()")
    (row,) = session.fetch(table, ("id", "text", "json", "at"))
    decoded = [decode(value) if decode else value for decode, value in zip(session.decoders(table.columns), row)]
    assert len(decoded[0]) == 36
    assert decoded[1:3] == [poo, {poo: [None, 1.5]}]
    assert decoded[3].isoformat(timespec="milliseconds") == "2024-02-29T12:34:56.789+00:00"


def test_text_is_compared_exactly(session: MysqlEngine) -> None:
    table = Table("t", (Column("name", parse_type("string(9)")),), uniques=(Unique("t_name", ("name",)),))
    apply_operations(session, [Add("", table)])
    values = ["a", "A", "ä", "a ", "ß", "ss"]
    session.insert(table, ("name",), [(value,) for value in values])
    for value in values:
        assert session.query("SELECT count(*) FROM t WHERE name = %s", [value]).rows == ((1,),)


def test_database_with_another_collation_changes_nothing(session: MysqlEngine) -> None:
    session.query("SET SESSION collation_database = utf8mb4_general_ci")
    session.query(f"ALTER DATABASE `{session.database}` COLLATE utf8mb4_general_ci")
    table = Table("t", (Column("name", parse_type("string(9)")), Column("id", Type("uuid")), Column("j", Type("json"))))
    apply_operations(session, [Add("", table), Add("t", Column("more", Type("text"), null=True))])
    assert [column.collation for column in table_of(session, "t").columns] == [""] * 4


def test_tables_that_came_without_the_table_of_enums_tell_their_enums(session: MysqlEngine) -> None:
    enum, other = Enum("mood", ("sad", "happy")), Enum("unused", ("x",))
    table = Table("t", (Column("mood", parse_type("enum(mood)"), comment="How it is"),))
    apply_operations(session, [Add("", enum), Add("", other), Add("", table)])
    session.query("DROP TABLE _paneldb_enums")
    assert session.catalogue().schema == Schema((table,), (enum,))
    expected = apply_operations(session, [Add("", Enum("more", ("y",)))])
    assert session.catalogue() == expected
    assert [each.name for each in expected.schema.enums] == ["mood", "more"]


def test_column_whose_values_are_others_than_its_enums_is_foreign(session: MysqlEngine) -> None:
    enum = Enum("mood", ("sad", "happy"))
    apply_operations(session, [Add("", enum), Add("", Table("t", (Column("mood", parse_type("enum(mood)")),)))])
    exact = EXACT_COLLATIONS[session.product]
    session.query(f"ALTER TABLE t MODIFY mood enum('sad') COLLATE {exact} NOT NULL COMMENT '[enum: mood]'")
    assert str(table_of(session, "t").column("mood").type) == "foreign(enum('sad'))"
    assert session.catalogue().schema.enums == (enum,)


CONDITIONS = [
    "a is null or not (b = true and (n between 1 and 5 or n in (7, 8, -9.5)))",
    "not (coalesce(b, false) = true or not (s like '50\\%%' and length(s) > 2))",
    "lower(s) <> 'it''s \\ \N{PILE OF POO}' and upper(s) = 'X' and abs(n) / 3 > n / (n + 1)",
    "n - (3 - (2 - n)) < -(n + 1) * (n - 2) and n + -1 > 0",
    "(n = 1) = (a is null) and not ((b = true) = (n > 3))",
    "coalesce(b, n = 3) and not coalesce(b, true)",
    "not (b in (true, false)) and n not between 1 and 2 and s not in ('a', 'b')",
    "(a is null) = (s is null)",
    "true and n > 1",
    "b",
    "not b",
    "coalesce(b, n = 3)",
    "true",
    "1 = 1",
    "true = false",
    "0 <> -1 or 0 = -1",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_read_back(session: MysqlEngine, condition: str) -> None:
    columns = [("a", "text"), ("b", "boolean"), ("n", "integer"), ("s", "string(50)")]
    table = Table("t", tuple(Column(name, parse_type(kind), null=True) for name, kind in columns))
    table = table.put(Check("rule", condition))
    expected = apply_operations(session, [Add("", table)])
    found = table_of(session, "t").checks
    assert found == session.canonical(Schema((table,))).holder("t").checks == expected.schema.holder("t").checks
    parse(found[0].expression)
