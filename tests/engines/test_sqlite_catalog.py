# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's catalogue, of what others made; the PRAGMAs are the oracle for what is read from texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.parse import (
    parse_index,
    parse_table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Drop
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

#: Every way in which SQLite lets people write tables.
FOREIGN = (
    "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT, age INT DEFAULT -5, ratio REAL DEFAULT 1.5, raw BLOB, any)",
    "CREATE TABLE IF NOT EXISTS counting (id INTEGER PRIMARY KEY AUTOINCREMENT, [na me] VARCHAR(255) NOT NULL UNIQUE)",
    "CREATE TABLE 'odd' (`back``tick` DECIMAL(10, 2), \"qu\"\"ote\" LONG VARCHAR, 'single' DOUBLE PRECISION, [br] ANY)",
    """CREATE TABLE -- a comment, with ( and '
    commented (a /* , b INT */ TEXT CHECK (a <> '),(' /* ) */), -- trailing, comment (
      b TEXT DEFAULT (upper('x,y')) COLLATE NOCASE /* end */
    ) /* after */""",
    """CREATE TABLE keys (a TEXT NOT NULL, b TEXT CONSTRAINT b_check CHECK (b > 'a') DEFAULT 'it''s', c INT NULL,
      CONSTRAINT keys_pk PRIMARY KEY (a, b DESC) ON CONFLICT REPLACE
      CONSTRAINT keys_u UNIQUE (b COLLATE NOCASE, c) UNIQUE (c), CHECK (c BETWEEN 1 AND 5),
      CHECK (length(a) < 5 OR b IS a))""",
    """CREATE TABLE children (id TEXT PRIMARY KEY, parent INTEGER REFERENCES Plain ON DELETE CASCADE ON UPDATE SET NULL,
      other TEXT NOT NULL ON CONFLICT IGNORE CONSTRAINT other_fk REFERENCES "counting" ("NA ME")
        MATCH FULL DEFERRABLE INITIALLY DEFERRED,
      FOREIGN KEY (other, parent) REFERENCES pairs (x, y) ON UPDATE CASCADE ON DELETE SET DEFAULT)""",
    "CREATE TABLE pairs (x TEXT, y INTEGER, PRIMARY KEY (x, y)) WITHOUT ROWID",
    """CREATE TABLE computed (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED, c TEXT AS (lower(a || ',')),
      CHECK (b > 0))""",
    "CREATE TABLE copied AS SELECT 1 AS one, 'x' AS \"two words\", NULL AS three",
    "CREATE TABLE signs (a INTEGER DEFAULT +5, b INT DEFAULT 0x1F, c REAL DEFAULT -1.5e-3, d DEFAULT CURRENT_TIME)",
    """CREATE TABLE named (a TEXT CONSTRAINT "string(50)" CHECK (length(a) < 50),
      b INTEGER CONSTRAINT "uuid" CHECK (b > 0))""",
    "CREATE INDEX plain_name ON plain (name COLLATE NOCASE DESC, age ASC) WHERE age > 5 AND name IS NOT NULL",
    "CREATE UNIQUE INDEX plain_expression ON plain (lower(name), age + 1 DESC)",
    'CREATE UNIQUE INDEX "plain_age_key" ON "plain"("age")',
    "CREATE INDEX plain_case ON plain (NAME)",
)


@pytest.fixture
def foreign(tmp_path: Path) -> Target:
    return new_file(tmp_path / "foreign.db", *FOREIGN)


@pytest.mark.parametrize(
    "name",
    ["plain", "counting", "odd", "commented", "keys", "children", "pairs", "computed", "copied", "signs", "named"],
)
def test_texts_tell_what_the_pragmas_tell(foreign: Target, name: str) -> None:
    text = parse_table(texts(foreign)[name])
    rows = ask(foreign, 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', [name])
    said = [(column.name, column.declared, column.not_null, bool(column.generated)) for column in text.columns]
    declared = [row[1].replace(" GENERATED ALWAYS", "") for row in rows]
    implied = "WITHOUT ROWID" in text.options
    told = [(row[0], kind, bool(row[2] and not (implied and row[4])), row[5] > 1) for row, kind in zip(rows, declared)]
    assert said == told
    assert [_bare(column.default) for column in text.columns] == [_bare(row[3] or "") for row in rows]
    keys = [each for each in text.constraints if each.kind == "primary_key"]
    assert [part.name for key in keys for part in key.parts] == [
        row[0] for row in sorted(rows, key=lambda row: row[4]) if row[4]
    ]
    assert _references(text) == _references_of(foreign, name)


def _bare(default: str) -> str:
    return default[1:-1] if default.startswith("(") else default


def _references(text: Any) -> list[Any]:
    return sorted(
        (each.ref_table, tuple(part.name for part in each.parts), each.on_delete or "no_action")
        for each in text.constraints
        if each.kind == "foreign_key"
    )


def _references_of(target: Target, name: str) -> list[Any]:
    found: dict[int, tuple[str, list[str], str]] = {}
    query = 'SELECT id, "table", "from", on_delete FROM pragma_foreign_key_list(?) ORDER BY id, seq'
    for number, table, column, rule in ask(target, query, [name]):
        found.setdefault(number, (table, [], rule.lower().replace(" ", "_")))[1].append(column)
    return sorted((table, tuple(columns), rule) for table, columns, rule in found.values())


@pytest.mark.parametrize("name", ["plain_name", "plain_expression", "plain_age_key", "plain_case"])
def test_index_texts_tell_what_the_pragmas_tell(foreign: Target, name: str) -> None:
    query = 'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno'
    told = [(column or "", bool(down), collation) for column, down, collation in ask(foreign, query, [name])]
    parts = parse_index(texts(foreign)[name]).parts
    assert [(part.name.lower(), part.descending, part.collation or "BINARY") for part in parts] == told


def test_tables_of_others_are_read(foreign: Target) -> None:
    with SqliteEngine.connect(foreign, read_only=True) as engine:
        schema = engine.catalogue().schema
    tables = {table.name: table for table in schema.tables}
    assert tables["plain"] == Table(
        "plain",
        (
            Column("id", Type("bigint")),
            Column("name", Type("text"), null=True),
            Column("age", Type("foreign", ("INT",)), null=True, default=Default(-5)),
            Column("ratio", Type("float"), null=True, default=Default(1.5)),
            Column("raw", Type("bytes"), null=True),
            Column("any", Type("foreign", ("",)), null=True),
        ),
        PrimaryKey(("id",)),
        (Unique("plain_age_key", ("age",)),),
        (
            Index("plain_case", (IndexColumn("name"),)),
            Index(
                "plain_expression",
                (IndexColumn("opaque:lower(name)"), IndexColumn("opaque:age + 1 DESC")),
                unique=True,
            ),
            Index(
                "plain_name",
                (IndexColumn('opaque:"name" COLLATE "NOCASE" DESC'), IndexColumn("age")),
                where="age > 5 and name is not null",
            ),
        ),
    )
    assert tables["counting"].column("id").default == Default(function=AUTOINCREMENT)
    assert tables["counting"].uniques == (Unique("counting_na me_key", ("na me",)),)
    assert tables["keys"].primary_key == PrimaryKey(("a", "b"))
    assert {each.expression for each in tables["keys"].checks} == {
        "b > 'a'",
        "c >= 1 and c <= 5",
        "opaque:length(a) < 5 OR b IS a",
    }
    assert tables["children"].foreign_keys == (
        ForeignKey("children_other_parent_fkey", ("other", "parent"), "pairs", ("x", "y"), "set_default"),
        ForeignKey("children_parent_fkey", ("parent",), "plain", ("id",), "cascade"),
        ForeignKey("other_fk", ("other",), "counting", ("na me",)),
    )
    assert tables["computed"].column("b").generated == "(a * 2) STORED"
    assert tables["commented"].column("b").collation == "NOCASE"
    assert tables["signs"].column("d").default == Default(function="CURRENT_TIME")
    assert tables["pairs"].column("x").null is False, "columns of such a key are never null"
    assert tables["children"].column("id").null is True, "SQLite lets nulls into other keys"


def test_a_check_with_the_name_of_a_type_and_another_body_is_drift(foreign: Target) -> None:
    with SqliteEngine.connect(foreign) as engine:
        named = table_of(engine, "named")
    assert named.column("a").type == Type("foreign", ('TEXT CONSTRAINT "string(50)" CHECK (length(a) < 50)',))
    assert named.column("b").type == Type("bigint")
    assert named.checks == (Check("uuid", "b > 0"),)


def test_full_text_search_and_its_tables_are_left_alone(tmp_path: Path) -> None:
    target = new_file(
        tmp_path / "search.db",
        "CREATE VIRTUAL TABLE search USING fts5(body)",
        "CREATE TABLE search_engine (id TEXT)",
        "CREATE TABLE research (id TEXT)",
    )
    with SqliteEngine.connect(target) as engine:
        names = {table.name for table in engine.catalogue().schema.tables}
        apply_operations(engine, difference(engine.catalogue().schema, Schema(), prune=True))
        assert "research" in names
        assert "search_data" not in names
    assert ask(target, "SELECT count(*) FROM search") == [(0,)]


def test_views_are_named_and_ours_are_not(tmp_path: Path) -> None:
    target = new_file(tmp_path / "views.db", "CREATE TABLE t (a TEXT)", "CREATE VIEW seen AS SELECT a FROM t")
    with SqliteEngine.connect(target) as engine:
        enum = Enum("mood", ("it's", "b' AS VALUES ('x')"))
        apply_operations(engine, difference(engine.catalogue().schema, Schema((), (enum,)), prune=False))
        catalogue = engine.catalogue()
    assert catalogue.views == ("seen",)
    assert catalogue.schema.enums == (enum,)


def test_enums_come_back_from_a_check_where_their_view_is_gone(tmp_path: Path) -> None:
    mood = Enum("mood", ("it's", "B"))
    table = Table("t", (Column("mood", Type("enum", ("mood",))),))
    target = new_file(tmp_path / "enum.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, difference(Schema(), Schema((table,), (mood,)), prune=False))
        ask(target, 'DROP VIEW "_paneldb_enum_mood"')
        assert engine.catalogue().schema == Schema((table,), (mood,))
        apply_operations(engine, difference(engine.catalogue().schema, Schema(), prune=True))
        assert engine.catalogue().schema == Schema()


def test_a_trigger_that_somebody_changed_keeps_nothing(tmp_path: Path) -> None:
    touched = Column("at", Type("timestamp"), default=Default(function=NOW), updated_at=True)
    model = Schema((Table("t", (Column("id", Type("text")), touched), PrimaryKey(("id",))),))
    target = new_file(tmp_path / "touched.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, difference(Schema(), model, prune=False))
        ask(target, 'DROP TRIGGER "_paneldb_touch_t.at"')
        ask(target, 'CREATE TRIGGER "_paneldb_touch_t.at" AFTER UPDATE ON t BEGIN SELECT 1; END')
        assert table_of(engine, "t").column("at").updated_at is False
        apply_operations(engine, difference(engine.catalogue().schema, model, prune=False))
        assert engine.catalogue().schema == model


def test_a_line_end_inside_of_a_text_does_not_cut_a_table(tmp_path: Path) -> None:
    text = 'a,\n  "b" TEXT,\n  CONSTRAINT "c" CHECK (x'
    table = Table(
        "t",
        (Column("x", Type("text"), default=Default(text)), Column("y", Type("text"))),
        checks=(Check("rule", "x <> 'it''s,\n  CONSTRAINT \"d\" CHECK (y)'"),),
    )
    with SqliteEngine.connect(new_file(tmp_path / "cut.db")) as engine:
        apply_operations(engine, difference(Schema(), Schema((table,)), prune=False))
        assert engine.catalogue().schema == Schema((table,))


def test_bookkeeping_tables_are_hidden_and_found(tmp_path: Path) -> None:
    target = new_file(tmp_path / "books.db", "CREATE TABLE _paneldb_runs (id TEXT)", "CREATE TABLE mine (id TEXT)")
    with SqliteEngine.connect(target) as engine:
        assert [table.name for table in engine.catalogue().schema.tables] == ["mine"]
        assert engine.existing_tables(["_paneldb_runs", "mine", "yours"]) == {"_paneldb_runs", "mine"}
        steps, _unused = engine.compile([Drop("", Table("_paneldb_runs"))], engine.catalogue())
        assert steps[0].statements[0].text == 'DROP TABLE "_paneldb_runs"'


def test_limits_say_what_is_left_out() -> None:
    counting = Column("n", parse_type("bigint"), default=Default(function=AUTOINCREMENT), comment="counts")
    model = Schema((Table("t", (Column("id", parse_type("integer")), counting), PrimaryKey(("id",)), comment="x"),))
    engine = SqliteEngine.__new__(SqliteEngine)
    assert [limit.place for limit in engine.limits(model)] == ["comments", "tables.t.columns.n.default"]
    canonical = engine.canonical(model).holder("t")
    assert canonical.comment == ""
    assert canonical.column("n") == Column("n", Type("bigint"))
    assert canonical.column("id").type == Type("bigint")
