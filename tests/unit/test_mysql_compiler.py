# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which statements operations become on MySQL and MariaDB, and which operations share one."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Catalogue
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.compiler import (
    compile_operations,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.flavour import Flavour
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.native import Native
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
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

INTEGER = Type("integer")
A = Table("a", (Column("id", INTEGER), Column("n", INTEGER), Column("j", Type("json"))), PrimaryKey(("id",)))
B = Table("b", (Column("id", INTEGER), Column("a", INTEGER, null=True)), PrimaryKey(("id",)))
KEY = ForeignKey("b_a", ("a",), "a", ("id",), "cascade")
MORE = Column("more", Type("text"), null=True)


def compiled(operations: list[Operation], *tables: Table, **native: object) -> list[tuple[tuple[int, ...], list[str]]]:
    """Positions and statements of each step."""
    catalogue = Catalogue(Schema(tables or (A, B)).normalized(), native=Native(**native))  # type: ignore[arg-type]
    steps, _unused = compile_operations(operations, catalogue)
    assert not any(step.transactional for step in steps)
    return [(step.operations, [statement.text for statement in step.statements]) for step in steps]


def shape(operations: list[Operation], *tables: Table) -> list[tuple[int, ...]]:
    return [positions for positions, _unused in compiled(operations, *tables)]


def test_neighbours_on_one_table_share_a_statement() -> None:
    unique = Unique("a_n", ("n",))
    ((positions, (text,)),) = compiled([Add("a", MORE), Add("a", unique), Drop("a", A.column("j"))])
    assert positions == (0, 1, 2)
    assert text == (
        "ALTER TABLE `a`\n  DROP COLUMN `j`,\n  ADD COLUMN `more` longtext COLLATE utf8mb4_nopad_bin NULL,\n"
        "  ADD UNIQUE INDEX `a_n` (`n`)"
    )


def test_operations_on_other_tables_part_them() -> None:
    assert shape([Add("a", MORE), Add("b", MORE), Drop("a", A.column("j"))]) == [(0,), (1,), (2,)]
    assert shape([Add("a", MORE), Add("", Table("c", (MORE,))), Drop("a", A.column("j"))]) == [(0,), (1,), (2,)]


def test_new_names_of_columns_have_statements_of_their_own() -> None:
    renames: list[Operation] = [Rename("a", "column", "id", "key"), Rename("a", "column", "n", "number")]
    assert compiled([*renames, Add("a", MORE)])[0] == (
        (0, 1),
        ["ALTER TABLE `a`\n  RENAME COLUMN `id` TO `key`,\n  RENAME COLUMN `n` TO `number`"],
    )
    swap: list[Operation] = [Rename("a", "column", "id", "x"), Rename("a", "column", "n", "id")]
    assert shape([*swap, Rename("a", "column", "x", "n")]) == [(0,), (1,), (2,)]


def test_column_of_json_takes_its_rule_along_on_mariadb() -> None:
    rename = Rename("a", "column", "j", "k")
    assert compiled([rename]) == [((0,), ["ALTER TABLE `a`\n  CHANGE COLUMN `j` `k` json NOT NULL"])]
    mysql = Flavour("MySQL", (8, 4, 0))
    assert compiled([rename], flavour=mysql) == [((0,), ["ALTER TABLE `a`\n  RENAME COLUMN `j` TO `k`"])]
    assert shape([Rename("a", "column", "n", "m"), rename]) == [(0,), (1,)]


def test_foreign_key_brings_and_takes_its_index() -> None:
    index = Index("b_a_idx", (IndexColumn("a"),))
    rule = "ADD CONSTRAINT `b_a` FOREIGN KEY (`a`) REFERENCES `a` (`id`) ON DELETE CASCADE"
    assert compiled([Add("b", KEY)])[0][1] == [f"ALTER TABLE `b`\n  ADD INDEX `b_a` (`a`),\n  {rule}"]
    assert compiled([Add("b", KEY), Add("b", index)])[0][1] == [
        f"ALTER TABLE `b`\n  ADD INDEX `b_a_idx` (`a`),\n  {rule}"
    ]
    there = B.put(KEY)
    helped = {"helpers": frozenset({("b", "b_a")})}
    drop = compiled([Drop("b", KEY)], A, there, **helped)
    assert drop[0][1] == ["ALTER TABLE `b`\n  DROP FOREIGN KEY `b_a`,\n  DROP INDEX `b_a`"]
    add = compiled([Add("b", index)], A, there, **helped)
    assert add[0][1] == ["ALTER TABLE `b`\n  DROP INDEX `b_a`,\n  ADD INDEX `b_a_idx` (`a`)"]


@pytest.mark.parametrize("descending", [False, True])
def test_index_without_a_direction_serves_a_foreign_key(descending: bool) -> None:
    """A key leans on ascending columns alone."""
    index = Index("b_a_idx", (IndexColumn("a", descending), IndexColumn("id")))
    (text,) = compiled([Add("b", index), Add("b", KEY)])[0][1]
    assert ("ADD INDEX `b_a` (`a`)" in text) == descending


def test_enum_is_kept_before_and_changed_behind_its_columns() -> None:
    enum, more = Enum("e", ("x",)), Enum("e", ("x", "y"))
    add, store = compiled([Add("", enum)]), "CREATE TABLE IF NOT EXISTS `_paneldb_enums`"
    assert [text[: len(store)] for text in add[0][1]] == [
        store,
        "REPLACE INTO `_paneldb_enums` (name, members) VAL"[: len(store)],
    ]
    table = Table("t", (Column("c", parse_type("enum(e)"), comment="So"),))
    schema = Schema((table,), (enum,))
    native = Native(marks={("t", "c"): "e"}, store=True)
    steps, _unused = compile_operations([Alter("", enum, more)], Catalogue(schema, native=native))
    assert [statement.text for statement in steps[0].statements] == [
        "ALTER TABLE `t`\n  MODIFY COLUMN `c` enum('x', 'y') COLLATE utf8mb4_nopad_bin NOT NULL COMMENT 'So [enum: e]'",
        """REPLACE INTO `_paneldb_enums` (name, members) VALUES ('e', '["x", "y"]')""",
    ]
    steps, after = compile_operations([Drop("", Table("t")), Drop("", enum)], Catalogue(schema, native=native))
    assert [step.statements[0].text for step in steps] == ["DROP TABLE `t`", "DROP TABLE IF EXISTS `_paneldb_enums`"]
    assert (after.schema, after.native) == (Schema(), Native())


def test_steps_of_persons_are_transactional_as_they_say() -> None:
    body = {"mysql": ("UPDATE a SET n = 1", "UPDATE a SET n = 2")}
    catalogue = Catalogue(Schema((A,)), native=Native())
    steps, _unused = compile_operations([Execute("x", body), Execute("y", body, transaction=False)], catalogue)
    assert [(len(step.statements), step.transactional) for step in steps] == [(2, True), (2, False)]


def test_release_that_forgets_directions_is_told_none() -> None:
    old = Flavour("MariaDB", (10, 6, 0))
    index = Index("i", (IndexColumn("n", True),))
    (_positions, (text,)) = compiled([Add("a", index)], flavour=old)[0]
    assert text.endswith("ADD INDEX `i` (`n`)")
    (_positions, (text,)) = compiled([Add("a", index)])[0]
    assert text.endswith("ADD INDEX `i` (`n` DESC)")
