# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite tables that are rebuilt: everything that was there is there again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement, Step
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    AUTOINCREMENT,
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
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file, table_of, texts

#: What people and other programs keep in a database that we did not make.
PANEL = (
    """CREATE TABLE "User" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL COLLATE NOCASE,
      "email" VARCHAR(255) NOT NULL ON CONFLICT IGNORE, "loud" TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL,
      CONSTRAINT "sane" CHECK (length(name) < 50 AND name IS NOT email))""",
    'CREATE UNIQUE INDEX "User_email_key" ON "User"("email" COLLATE NOCASE)',
    'CREATE INDEX "User_name_idx" ON "User" ("name" DESC) WHERE "id" > 5 AND "name" IS NOT "email"',
    """CREATE TABLE "Server" ("id" TEXT NOT NULL PRIMARY KEY, "ownerId" INTEGER NOT NULL,
      CONSTRAINT "Server_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User" ("id")
        ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)""",
    "CREATE VIEW owners AS SELECT name, count(*) AS servers FROM User JOIN Server ON ownerId = User.id GROUP BY name",
    "CREATE TABLE log (line TEXT)",
    "CREATE TRIGGER user_log AFTER DELETE ON User BEGIN INSERT INTO log VALUES ('gone: ' || OLD.name); END",
    "CREATE TRIGGER server_log AFTER INSERT ON Server BEGIN INSERT INTO log SELECT name FROM User; END",
    *(
        f"INSERT INTO User (id, name, email) VALUES ({number}, 'user {number}', 'u{number}@x')"
        for number in range(1, 6)
    ),
    "INSERT INTO User (id, name, email) VALUES (900, 'late', 'late@x')",
    "DELETE FROM User WHERE id = 900",
    *(f"INSERT INTO Server VALUES ('s{number}', {number})" for number in range(1, 6)),
    "DELETE FROM log",
)

REBUILDING = Alter("User", Column("name", Type("text"), collation="NOCASE"), Column("name", Type("string", ("60",))))


@pytest.fixture
def panel(tmp_path: Path) -> Target:
    return new_file(tmp_path / "panel.db", *PANEL)


def change(target: Target, *operations: Operation) -> list[str]:
    """Apply the operations; compile must have known what would be there afterwards. Give the statements."""
    with SqliteEngine.connect(target) as engine:
        steps, _unused = engine.compile(operations, engine.catalogue())
        expected = apply_operations(engine, operations)
        found = engine.catalogue()
        assert found.schema == expected.schema
        assert found.native == expected.native
        return [statement.text for step in steps for statement in step.statements]


def run_all(engine: Engine, step: Step) -> None:
    for statement in step.statements:
        engine.run(statement)


def rebuilds(statements: Sequence[str]) -> int:
    return sum(text.startswith('CREATE TABLE "_paneldb_new_') for text in statements)


def test_a_rebuild_keeps_everything(panel: Target) -> None:
    before, rows = texts(panel), ask(panel, "SELECT id, name, email, loud FROM User")
    statements = change(panel, REBUILDING)
    assert rebuilds(statements) == 1
    after = texts(panel)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} == {"User"}
    assert ask(panel, "SELECT id, name, email, loud FROM User") == rows
    assert ask(panel, "SELECT count(*) FROM Server") == [(5,)], "children are never deleted"
    assert ask(panel, "SELECT count(*) FROM log") == [(0,)], "no trigger has fired"
    assert ask(panel, "SELECT count(*) FROM owners") == [(5,)]
    ask(panel, "INSERT INTO User (name, email) VALUES ('next', 'n@x')")
    assert ask(panel, "SELECT max(id) FROM User") == [(901,)], "numbers that were given out once stay given out"
    ask(panel, "INSERT INTO User (name, email) VALUES ('x', NULL)")
    assert ask(panel, "SELECT count(*) FROM User") == [(6,)], "ON CONFLICT IGNORE is kept"
    ask(panel, "DELETE FROM User WHERE id = 1")
    assert ask(panel, "SELECT line FROM log") == [("gone: user 1",)]
    assert ask(panel, "PRAGMA integrity_check") == [("ok",)]
    text = after["User"]
    assert "COLLATE" not in text, "this is what the operation changes"
    for kept in (
        "AUTOINCREMENT",
        "ON CONFLICT IGNORE",
        "GENERATED ALWAYS AS (upper(name)) VIRTUAL",
        "name IS NOT email",
    ):
        assert kept in text


def test_a_rebuild_keeps_what_only_the_foreign_key_says(panel: Target) -> None:
    change(panel, Alter("Server", Column("id", Type("text")), Column("id", Type("string", ("40",)))))
    rest = "ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
    assert rest in texts(panel)["Server"]
    assert ask(panel, "SELECT count(*) FROM Server") == [(5,)]


def test_all_changes_of_a_table_share_one_rebuild(panel: Target) -> None:
    statements = change(
        panel,
        REBUILDING,
        Add("Server", Column("note", Type("text"), null=True)),
        Add("User", Column("at", Type("timestamp"), default=Default(function=NOW), updated_at=True)),
        Add("User", Check("named", "length(name) > 0")),
        Drop("User", Index("User_name_idx", (IndexColumn("name", True),))),
        Add("User", Unique("User_name_key", ("name",))),
        Alter("User", Table("User"), Table("User", comment="people")),
    )
    assert rebuilds(statements) == 1
    assert [text for text in statements if "Server" in text] == ['ALTER TABLE "Server" ADD COLUMN "note" TEXT']
    assert ask(panel, "SELECT count(*) FROM User WHERE at IS NOT NULL") == [(5,)], "each row got the default"


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([Add("User", Column("motd", Type("text"), null=True))], 'ALTER TABLE "User" ADD COLUMN "motd" TEXT'),
        (
            [Add("User", Column("n", Type("bigint"), default=Default(3)))],
            'ALTER TABLE "User" ADD COLUMN "n" INTEGER NOT NULL DEFAULT 3',
        ),
        ([Add("Server", Unique("u", ("ownerId",)))], 'CREATE UNIQUE INDEX "u" ON "Server" ("ownerId")'),
        (
            [Add("Server", Index("u", (IndexColumn("ownerId"),), unique=True))],
            'CREATE UNIQUE INDEX "u" ON "Server" ("ownerId" ASC)',
        ),
        ([Drop("User", Index("User_name_idx", ()))], 'DROP INDEX "User_name_idx"'),
        ([Rename("User", "column", "email", "mail")], 'ALTER TABLE "User" RENAME COLUMN "email" TO "mail"'),
        ([Rename("", "table", "User", "people")], 'ALTER TABLE "User" RENAME TO "people"'),
    ],
)
def test_what_sqlite_can_do_by_itself_it_does(panel: Target, operations: list[Operation], expected: str) -> None:
    assert change(panel, *operations) == [expected]


def test_a_column_is_dropped_by_itself_where_nothing_uses_it(panel: Target) -> None:
    assert change(
        panel, Add("Server", Column("x", Type("text"), null=True)), Drop("Server", Column("x", Type("text")))
    ) == [
        'ALTER TABLE "Server" ADD COLUMN "x" TEXT',
        'ALTER TABLE "Server" DROP COLUMN "x"',
    ]


def test_an_old_sqlite_rebuilds_to_drop_a_column(panel: Target) -> None:
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.compile import Compiler

    with SqliteEngine.connect(panel) as engine:
        catalogue = engine.catalogue()
        steps, _unused = Compiler(catalogue, (3, 35, 4)).compile([Drop("log", Column("line", Type("text"), null=True))])
    assert rebuilds([statement.text for statement in steps[0].statements]) == 1


def test_renames_reach_triggers_views_keys_and_checks_of_others(panel: Target) -> None:
    change(
        panel,
        Rename("User", "column", "name", "nick name"),
        Rename("", "table", "User", "people"),
        Alter("people", Column("email", Type("foreign", ("VARCHAR(255)",))), Column("email", Type("text"))),
    )
    assert ask(panel, "SELECT count(*) FROM owners") == [(5,)]
    ask(panel, "PRAGMA foreign_keys = ON")
    ask(panel, "DELETE FROM people WHERE id = 2")
    assert ask(panel, "SELECT line FROM log") == [("gone: user 2",)]
    with SqliteEngine.connect(panel) as engine:
        assert table_of(engine, "Server").foreign_keys[0].ref_table == "people"
        assert table_of(engine, "people").checks[0].expression.startswith("opaque:")
        assert engine.query("DELETE FROM people WHERE id = 3").affected == 1
        assert engine.count(table_of(engine, "Server")) == 4, "the foreign key cascades"


@pytest.mark.parametrize("after", ["USER", "user"])
def test_names_may_change_in_case_alone(panel: Target, after: str) -> None:
    change(panel, Rename("", "table", "User", after), Rename(after, "column", "email", "EMail"))
    with SqliteEngine.connect(panel) as engine:
        assert "EMail" in table_of(engine, after).column_names


def test_hidden_row_numbers_and_tables_without_them(tmp_path: Path) -> None:
    target = new_file(
        tmp_path / "rows.db",
        "CREATE TABLE hidden (a TEXT, b TEXT)",
        "INSERT INTO hidden (rowid, a) VALUES (7, 'seven'), (9, 'nine')",
        "CREATE TABLE shadowed (rowid TEXT, a TEXT)",
        "INSERT INTO shadowed (_rowid_, rowid, a) VALUES (5, 'mine', 'five')",
        "CREATE TABLE keyed (a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID",
        "INSERT INTO keyed VALUES ('k', 'v')",
        "CREATE TABLE numbered (id INTEGER PRIMARY KEY, a TEXT)",
        "INSERT INTO numbered VALUES (3, 'three')",
    )
    longer = [
        Alter(name, Column("a", Type("text")), Column("a", Type("string", ("9",)))) for name in ("hidden", "shadowed")
    ]
    noted = [Add(name, Check(f"{name}_c", "a <> 'x'")) for name in ("keyed", "numbered")]
    assert rebuilds(change(target, *longer, *noted)) == 4
    assert ask(target, "SELECT rowid, a FROM hidden") == [(7, "seven"), (9, "nine")]
    assert ask(target, "SELECT _rowid_, rowid, a FROM shadowed") == [(5, "mine", "five")]
    assert texts(target)["keyed"].endswith("WITHOUT ROWID")
    ask(target, "INSERT INTO numbered (a) VALUES ('made up')")
    assert ask(target, "SELECT id FROM numbered") == [(3,), (4,)], "what others count by goes on counting"


def test_a_whole_number_key_of_ours_takes_no_null(tmp_path: Path) -> None:
    table = Table("t", (Column("id", parse_type("integer")), Column("a", Type("text"))), PrimaryKey(("id",)))
    target = new_file(tmp_path / "key.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, [Add("", table)])
        with pytest.raises(ConstraintViolated, match="not null"):
            engine.insert(table, ("id", "a"), [(None, "x")])


def test_a_view_that_would_break_stops_the_change(panel: Target) -> None:
    before, key = texts(panel), ForeignKey("Server_ownerId_fkey", (), "", ())
    with SqliteEngine.connect(panel) as engine:
        gone: tuple[list[Operation], ...] = (
            [REBUILDING, Drop("Server", key), Drop("Server", Column("ownerId", Type("bigint")))],
            [Drop("", Table("Server"))],
        )
        for operations in gone:
            with pytest.raises(StatementFailed, match="owners"):
                apply_operations(engine, operations)
            assert texts(panel) == before
            assert engine.count(table_of(engine, "Server")) == 5


def test_a_trigger_that_would_break_stops_the_change(panel: Target) -> None:
    ask(panel, "DROP VIEW owners")
    before = texts(panel)
    with SqliteEngine.connect(panel) as engine, pytest.raises(StatementFailed, match=r"user_log|server_log"):
        apply_operations(engine, [Drop("", Table("log"))])
    assert texts(panel) == before


def test_orphans_stop_the_change(panel: Target) -> None:
    ask(panel, "INSERT INTO Server VALUES ('lost', 77)")
    before = texts(panel)
    with SqliteEngine.connect(panel) as engine:
        with pytest.raises(ConstraintViolated, match="Server refer to rows of User") as caught:
            apply_operations(engine, [REBUILDING])
        assert caught.value.details["rows"][0]["table"] == "Server"
        assert texts(panel) == before
        with pytest.raises(ConstraintViolated, match="foreign key"):
            engine.query("INSERT INTO Server VALUES ('lost again', 78)")
        apply_operations(engine, [Add("Server", Index("Server_ownerId_idx", (IndexColumn("ownerId"),)))])
        assert table_of(engine, "Server").indexes, "what touches no row asks nothing of the rows"


def test_a_rebuild_outside_of_its_transaction_is_refused(panel: Target) -> None:
    with SqliteEngine.connect(panel) as engine:
        steps, _unused = engine.compile([REBUILDING], engine.catalogue())
        with pytest.raises(StatementFailed, match="schema_change"), engine.transaction():
            run_all(engine, steps[0])


def test_required_columns_without_a_value_fail_cleanly(panel: Target) -> None:
    before = texts(panel)
    with SqliteEngine.connect(panel) as engine:
        with pytest.raises(ConstraintViolated, match="not null"):
            apply_operations(engine, [Add("User", Column("must", Type("text")))])
        assert texts(panel) == before
        apply_operations(engine, [Add("log", Column("must", Type("text")))])
        assert table_of(engine, "log").column("must").null is False, "no row stands in the way of this one"


def test_enums_change_in_every_table_that_uses_them(tmp_path: Path) -> None:
    mood, column = Enum("mood", ("GOOD", "BAD")), Column("mood", parse_type("enum(mood)"), default=Default("GOOD"))
    tables = tuple(Table(name, (Column("id", Type("text")), column), PrimaryKey(("id",))) for name in ("a", "b"))
    target = new_file(tmp_path / "enum.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, [Add("", mood), *(Add("", table) for table in tables)])
        engine.insert(tables[0], ("id", "mood"), [("1", "BAD")])
    assert rebuilds(change(target, Alter("", mood, Enum("mood", ("GOOD", "BAD", "it's"))))) == 2
    ask(target, "INSERT INTO b VALUES ('2', 'it''s')")
    change(target, Rename("", "enum", "mood", "feeling"))
    with SqliteEngine.connect(target) as engine:
        assert table_of(engine, "a").column("mood").type == parse_type("enum(feeling)")
        with pytest.raises(ConstraintViolated, match=r"b\.mood holds a value that is no enum\(feeling\)"):
            apply_operations(
                engine, [Alter("", Enum("feeling", ("GOOD", "BAD", "it's")), Enum("feeling", ("BAD", "GOOD")))]
            )
        assert engine.catalogue().schema.enums[0].values == ("GOOD", "BAD", "it's")


def test_an_enum_that_nothing_uses_is_kept_for_a_later_column(tmp_path: Path) -> None:
    mood = Enum("mood", ("GOOD", "BAD"))
    target = new_file(tmp_path / "enum.db", "CREATE TABLE t (id TEXT)")
    change(target, Add("", mood))
    change(target, Add("t", Column("mood", parse_type("enum(mood)"), null=True)))
    with SqliteEngine.connect(target) as engine:
        assert engine.catalogue().schema.enums == (mood,)
        assert table_of(engine, "t").column("mood").type == parse_type("enum(mood)")


def test_what_a_person_wrote_runs_in_its_place(tmp_path: Path) -> None:
    target = new_file(tmp_path / "execute.db", "CREATE TABLE t (a TEXT, b TEXT)", "INSERT INTO t (a) VALUES ('x')")
    fill = Execute("fill b", {"sqlite": ("UPDATE t SET b = a || '%s'",)})
    change(target, fill, Alter("t", Column("b", Type("text"), null=True), Column("b", Type("text"))))
    assert ask(target, "SELECT b FROM t") == [("x%s",)]
    with SqliteEngine.connect(target) as engine:
        assert engine.compile([Execute("skip", {"sqlite": ()})], engine.catalogue())[0][0].statements == ()
        outside = Execute("out", {"sqlite": ("VACUUM",)}, transaction=False)
        assert engine.compile([outside], engine.catalogue())[0][0].transactional is False
        engine.run(Statement("VACUUM"))
        with pytest.raises(Unsupported, match="no body for sqlite"):
            engine.compile([Execute("other", {"postgresql": ("SELECT 1",)})], engine.catalogue())


@pytest.mark.parametrize(
    "own",
    [
        "CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE INDEX mine ON t (a)",
        "ALTER TABLE t ADD COLUMN mine TEXT",
    ],
)
def test_a_rebuild_loses_nothing_that_came_after_its_plan(tmp_path: Path, own: str) -> None:
    target = new_file(tmp_path / "since.db", "CREATE TABLE t (a TEXT)")
    required = Alter("t", Column("a", Type("text"), null=True), Column("a", Type("text")))
    with SqliteEngine.connect(target) as engine:
        with pytest.raises(StatementFailed, match="not as it was when this was planned: mine") as caught:
            apply_operations(engine, [Execute("mine", {"sqlite": (own,)}), required])
        assert "migration of its own" in caught.value.hint
        apply_operations(engine, [Execute("mine", {"sqlite": (own,)})])
        apply_operations(engine, [required])
    assert "mine" in "".join(f"{name} {text}" for name, text in texts(target).items())


def test_times_of_the_last_update_are_kept_by_the_database(tmp_path: Path) -> None:
    at = Column("at", Type("timestamp"), default=Default(function=NOW), updated_at=True)
    models = [
        Schema((Table("t", (Column(key, kind), Column("a", Type("text")), at), PrimaryKey((key,))),))
        for key, kind in (("id", Type("text")), ("n", parse_type("bigint")))
    ]
    counting = Column("n", parse_type("bigint"), default=Default(function=AUTOINCREMENT))
    models.append(Schema((Table("t", (counting, Column("a", Type("text")), at), PrimaryKey(("n",))),)))
    for number, model in enumerate(models):
        target = new_file(tmp_path / f"{number}.db")
        with SqliteEngine.connect(target) as engine:
            apply_operations(engine, difference(Schema(), model, prune=False))
            key = model.tables[0].columns[0].name
            old = "2001-01-01T00:00:00.000+00:00"
            engine.query(f"INSERT INTO t ({key}, a, at) VALUES (1, 'x', %s), (2, 'y', %s)", [old, old])
            engine.query("PRAGMA recursive_triggers = ON")
            engine.query(f"UPDATE t SET a = 'z' WHERE {key} = 1")
            rows: dict[Any, Any] = dict(engine.query("SELECT a, at FROM t").rows)
            assert rows["y"] == old
            assert rows["z"] > "2026"
            engine.query(f"UPDATE t SET a = 'w', at = '2002-02-02T00:00:00.000+00:00' WHERE {key} = 1")
            assert ("w", "2002-02-02T00:00:00.000+00:00") in engine.query("SELECT a, at FROM t").rows
        change(target, Rename("", "table", "t", "u.v%"), Rename("u.v%", "column", "at", "touched"))
        ask(target, "UPDATE \"u.v%\" SET a = 'again'")
        assert {row[0][:2] for row in ask(target, 'SELECT touched FROM "u.v%"')} == {"20"}
        assert ask(target, "SELECT count(*) FROM \"u.v%\" WHERE touched < '2026'") == [(0,)]
