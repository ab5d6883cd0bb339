# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of information_schema as MySQL 8.0 and 8.4 give them, by their manual. A later server shows the like.

From "The INFORMATION_SCHEMA COLUMNS Table", "... STATISTICS Table" and "... CHECK_CONSTRAINTS Table": defaults without
quotes, DEFAULT_GENERATED, whole numbers without a width, expressions with character sets and quotes escaped once more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Catalogue, Server
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.catalog import read_catalogue
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.compiler import (
    compile_operations,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.native import Extra
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Operation,
    Rename,
)
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
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type

EXACT = "utf8mb4_0900_bin"
SHOUT = "concat(`name`,_utf8mb4'!')"

Row = tuple[Any, ...]


def column(  # noqa: PLR0913, PLR0917 - a row of the catalogue
    name: str,
    kind: str,
    default: Optional[str] = None,
    extra: str = "",
    collation: Optional[str] = None,
    null: str = "YES",
    generated: str = "",
    comment: str = "",
) -> Row:
    return ("t", name, default, null, kind, collation, extra, generated, comment)


COLUMNS: list[Row] = [
    column("id", "int", extra="auto_increment", null="NO"),
    column("guid", "char(36)", "uuid()", "DEFAULT_GENERATED", "ascii_bin", "NO"),
    column("name", "varchar(50)", "it's", collation=EXACT, null="NO"),
    column("word", "varchar(50)", "NULL", collation=EXACT),
    column("poo", "varchar(50)", "convert(0xf09f92a9 using utf8mb4)", "DEFAULT_GENERATED", EXACT),
    column("text", "longtext", r"_utf8mb4\'it\\\'s \\\\ text\'", "DEFAULT_GENERATED", EXACT),
    column("data", "json", r"""_utf8mb4\'{"a": [1, null]}\'""", "DEFAULT_GENERATED"),
    column("ok", "tinyint(1)", "1"),
    column("price", "decimal(10,2)", "1.50"),
    column("ratio", "double", "0.1"),
    column("at", "datetime(3)", "CURRENT_TIMESTAMP(3)", "DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)", null="NO"),
    column("seen", "datetime(3)", "2024-02-29 12:34:56.789"),
    column("mood", "enum('sad','it''s')", "sad", collation=EXACT, comment="How it is [enum: mood]"),
    column("strange", "varchar(9)", r"concat(_utf8mb4\'a\',_utf8mb4\'b\')", "DEFAULT_GENERATED", EXACT),
    column("loose", "varchar(9)", collation="utf8mb4_0900_ai_ci"),
    column("twice", "int", extra="STORED GENERATED", generated="(`id` * 2)"),
    column("shout", "varchar(9)", None, "VIRTUAL GENERATED", EXACT, generated=r"concat(`name`,_utf8mb4\'!\')"),
    column("hidden", "int", "3", "INVISIBLE"),
    column("key", "binary(16)", "uuid_to_bin(uuid())", "DEFAULT_GENERATED"),
]
INDEXES: list[Row] = [
    ("t", "PRIMARY", 0, "id", "A", None, "BTREE", "", 1),
    ("t", "t_name", 0, "name", "A", None, "BTREE", "", 1),
    ("t", "t_word", 0, "word", "A", None, "BTREE", "[index]", 1),
    ("t", "t_down", 1, "ok", "D", None, "BTREE", "", 1),
    ("t", "t_down", 1, "price", "A", None, "BTREE", "", 1),
    ("t", "t_text", 1, "text", "A", 255, "BTREE", "", 1),
    ("t", "t_short", 1, "text", "A", 20, "BTREE", "", 1),
    ("t", "t_lower", 1, None, "A", None, "BTREE", "", 1),
    ("t", "t_hidden", 1, "price", "A", None, "BTREE", "", 0),
    ("t", "t_words", 1, "text", None, None, "FULLTEXT", "", 1),
    ("t", "t_self", 1, "hidden", "A", None, "BTREE", "", 1),
]
KEYS: list[Row] = [
    ("t", "t_away", "hidden", "elsewhere", "far", "id", "CASCADE"),
    ("t", "t_self", "hidden", "panel", "t", "id", "SET NULL"),
]
CHECKS: list[Row] = [
    ("t", "t_like", r"((`name` like _utf8mb4\'50\\\\%%\') and (char_length(`name`) <= 9))", 0),
    ("t", "t_ok", "((`ok` = true) or (0 = `ok`))", 0),
    ("t", "t_quote", r"(`name` <> _utf8mb4\'it\\\'s \\\\\')", 0),
    ("t", "t_rule", r"regexp_like(`name`,_utf8mb4\'^[a-z]\')", 0),
]
TABLES: list[Row] = [("t", "BASE TABLE", ""), ("_paneldb_enums", "BASE TABLE", ""), ("v", "VIEW", "VIEW")]


def recorded(statement: str, parameters: Any = ()) -> list[Row]:
    """What the server answers to each of the questions."""
    del parameters
    for words, rows in (
        ("FROM information_schema.tables", TABLES),
        ("FROM information_schema.columns", COLUMNS),
        ("is_visible", INDEXES),
        ("key_column_usage", KEYS),
        ("check_constraints", CHECKS),
        ("FROM _paneldb_enums", [("mood", '["sad", "it\'s"]')]),
    ):
        if words in statement:
            return rows
    raise AssertionError(statement)


@pytest.fixture(params=["8.0.36", "8.4.2"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    numbers = tuple(map(int, request.param.split(".")))
    return read_catalogue(recorded, "panel", Server("MySQL", request.param, numbers))


def table_of(catalogue: Catalogue) -> Table:
    return catalogue.schema.holder("t")


def statements(operations: list[Operation], catalogue: Catalogue) -> list[str]:
    steps, _unused = compile_operations(operations, catalogue)
    return [statement.text for step in steps for statement in step.statements]


def test_columns_are_what_a_model_says(catalogue: Catalogue) -> None:
    table = table_of(catalogue)
    assert {each.name: str(each.type) for each in table.columns} == {
        "id": "integer",
        "guid": "uuid",
        "name": "string(50)",
        "word": "string(50)",
        "poo": "string(50)",
        "text": "text",
        "data": "json",
        "ok": "boolean",
        "price": "decimal(10,2)",
        "ratio": "float",
        "at": "timestamp",
        "seen": "timestamp",
        "mood": "enum(mood)",
        "strange": "string(9)",
        "loose": "string(9)",
        "twice": "integer",
        "shout": "string(9)",
        "hidden": "integer",
        "key": "foreign(binary(16))",
    }
    assert {each.name: each.default for each in table.columns if each.default} == {
        "id": Default(function=AUTOINCREMENT),
        "guid": Default(function=UUID),
        "name": Default("it's"),
        "word": Default("NULL"),
        "poo": Default("\N{PILE OF POO}"),
        "text": Default("it's \\ text"),
        "data": Default({"a": [1, None]}),
        "ok": Default(True),
        "price": Default("1.50"),
        "ratio": Default(0.1),
        "at": Default(function=NOW),
        "seen": Default("2024-02-29T12:34:56.789+00:00"),
        "mood": Default("sad"),
        "strange": Default(function="opaque:(concat(_utf8mb4'a',_utf8mb4'b'))"),
        "hidden": Default(3),
        "key": Default(function="opaque:(uuid_to_bin(uuid()))"),
    }
    assert [each.name for each in table.columns if each.updated_at] == ["at"]
    assert (table.column("mood").comment, table.column("loose").collation) == ("How it is", "utf8mb4_0900_ai_ci")
    assert table.column("twice").generated == "(`id` * 2)"
    assert table.column("shout").generated == "concat(`name`,_utf8mb4'!')"
    assert catalogue.schema.enums == (Enum("mood", ("sad", "it's")),)
    assert catalogue.views == ("v",)


def test_keys_and_indexes_that_a_model_cannot_state_are_kept(catalogue: Catalogue) -> None:
    table = table_of(catalogue)
    assert table.uniques == (Unique("t_name", ("name",)),)
    assert table.indexes == (
        Index("t_down", (IndexColumn("ok", True), IndexColumn("price"))),
        Index("t_text", (IndexColumn("text"),)),
        Index("t_word", (IndexColumn("word"),), unique=True),
    )
    assert table.foreign_keys == (ForeignKey("t_self", ("hidden",), "t", ("id",), "set_null"),)
    native = catalogue.native
    assert {name for _unused, name in native.kept} == {"t_away", "t_short", "t_lower", "t_hidden", "t_words"}
    assert native.helpers == {("t", "t_self")}
    assert native.extras == {
        ("t", "twice"): Extra(storage="STORED"),
        ("t", "shout"): Extra(storage="VIRTUAL"),
        ("t", "hidden"): Extra(invisible=True),
    }


def test_checks_are_read_through_character_sets_and_escapes(catalogue: Catalogue) -> None:
    assert table_of(catalogue).checks == (
        Check("t_like", "name like '50\\%%' and length(name) <= 9"),
        Check("t_ok", "ok = true or ok = false"),
        Check("t_quote", "name <> 'it''s \\'"),
        Check("t_rule", "opaque:regexp_like(`name`,_utf8mb4'^[a-z]')"),
    )


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("twice", "`twice` int GENERATED ALWAYS AS ((`id` * 2)) STORED COMMENT 'changed'"),
        (
            "shout",
            f"`shout` varchar(9) COLLATE {EXACT} GENERATED ALWAYS AS ({SHOUT}) VIRTUAL COMMENT 'changed'",
        ),
        ("hidden", "`hidden` int NULL DEFAULT 3 INVISIBLE COMMENT 'changed'"),
        ("text", r"`text` longtext COLLATE utf8mb4_0900_bin NULL DEFAULT ('it''s \\ text') COMMENT 'changed'"),
        ("data", """`data` json NULL DEFAULT ('{"a": [1, null]}') COMMENT 'changed'"""),
        (
            "guid",
            "`guid` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT (uuid()) COMMENT 'changed'",
        ),
        (
            "at",
            "`at` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3) COMMENT 'changed'",
        ),
        ("loose", "`loose` varchar(9) COLLATE utf8mb4_0900_ai_ci NULL COMMENT 'changed'"),
        ("key", "`key` binary(16) NULL DEFAULT (uuid_to_bin(uuid())) COMMENT 'changed'"),
        (
            "mood",
            "`mood` enum('sad', 'it''s') COLLATE utf8mb4_0900_bin NULL DEFAULT 'sad' COMMENT 'changed [enum: mood]'",
        ),
    ],
)
def test_column_is_written_with_all_that_is_in_it(catalogue: Catalogue, name: str, wanted: str) -> None:
    before = table_of(catalogue).column(name)
    texts = statements([Alter("t", before, replace(before, comment="changed"))], catalogue)
    assert texts == [f"ALTER TABLE `t`\n  MODIFY COLUMN {wanted}"]


def test_checks_step_aside_for_a_new_name(catalogue: Catalogue) -> None:
    """MySQL refuses to rename a column that a check is about."""
    (text,) = statements([Rename("t", "column", "ok", "fine")], catalogue)
    assert text == (
        "ALTER TABLE `t`\n  DROP CONSTRAINT `t_ok`,\n  RENAME COLUMN `ok` TO `fine`,\n"
        "  ADD CONSTRAINT `t_ok` CHECK (`fine` = TRUE OR `fine` = FALSE)"
    )


def test_column_of_json_is_renamed_as_any_other(catalogue: Catalogue) -> None:
    assert statements([Rename("t", "column", "data", "facts")], catalogue) == [
        "ALTER TABLE `t`\n  RENAME COLUMN `data` TO `facts`"
    ]


def test_table_is_made_in_the_exact_collation(catalogue: Catalogue) -> None:
    table = Table("n", (Column("a", Type("text"), default=Default("x")),))
    (text,) = statements([Add("", table)], catalogue)
    assert text == (
        "CREATE TABLE `n` (\n  `a` longtext COLLATE utf8mb4_0900_bin NOT NULL DEFAULT ('x')\n"
        ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin"
    )
