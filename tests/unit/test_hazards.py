# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each hazard is found where it is, nowhere else, and weighed by the facts that it asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.hazards import findings
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.hazards.finding import Finding, weigh
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.hazards.lint import lint
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Execute,
    Operation,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import BLOCK, INFO, WARN
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Enum,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.edits import Pair, related
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model
from ansible_collections.ctrlaltplay.paneldb.tests.support.strategies import schemas

BEFORE = model(
    """
    enums: {kind: [GAME, VOICE]}
    tables:
      nodes:
        columns:
          id: {type: uuid}
          name: {type: string(50)}
          port: {type: integer, null: true}
          kind: {type: enum(kind)}
        primary_key: [id]
        indexes: [{name: by_name, columns: [name]}, {name: by_port, columns: [port], unique: true}]
        checks: [{name: sound, expression: port > 0}]
      servers:
        columns: {id: {type: uuid}, nodeId: {type: uuid, null: true}, price: {type: "decimal(10,2)", null: true}}
        primary_key: [id]
        unique: [{name: once, columns: [price]}]
        foreign_keys: [{name: on_node, columns: [nodeId], references: nodes}]
        indexes: [[nodeId]]
    """
)


def found(after: Schema, engine: str = "") -> dict[str, Finding]:
    """What is found on the way from the schema above to another one, by code."""
    return by_code(difference(BEFORE, after, prune=True), engine)


def by_code(operations: tuple[Operation, ...], engine: str = "", before: Schema = BEFORE) -> dict[str, Finding]:
    return {finding.hazard.code: finding for finding in findings(operations, before, engine)}


def without(table: str, kind: str, name: str) -> Schema:
    holder = BEFORE.table(table)
    assert holder is not None
    return BEFORE.put(holder.without(kind, name))


def with_column(table: str, column: Column) -> Schema:
    holder = BEFORE.table(table)
    assert holder is not None
    return BEFORE.put(holder.put(column))


def retyped(table: str, column: str, kind: str) -> Schema:
    from_text = model(f"tables: {{t: {{columns: {{c: {{type: '{kind}'}}}}}}}}").tables[0].columns[0].type
    holder = BEFORE.table(table)
    assert holder is not None
    return with_column(table, replace(holder.column(column), type=from_text))


# --- losses ----------------------------------------------------------------------------------------------------------


def test_a_table_that_goes_is_weighed_by_its_rows() -> None:
    finding = found(BEFORE.without("table", "servers"))["drop-table"]
    assert finding.hazard.destroys
    assert finding.hazard.operation == "drop_table servers"
    assert [need.fact for need in finding.needs] == ["rows", "bytes"]
    assert weigh(finding, {}).severity == BLOCK, "what nobody counted may hold anything"
    assert weigh(finding, {"rows": 0, "bytes": 8192}).severity == INFO
    lost = weigh(finding, {"rows": 12})
    assert (lost.severity, lost.facts) == (BLOCK, (("rows", 12),))
    assert "12 row(s)" in lost.message


def test_a_column_that_goes_is_weighed_by_its_values() -> None:
    finding = found(BEFORE.put(_nodes_without_name_index()))["drop-column"]
    assert weigh(finding, {"rows": 5, "values": 0}).severity == INFO
    assert weigh(finding, {"rows": 5, "values": 1}).severity == BLOCK
    assert weigh(finding, {"rows": 5}).severity == BLOCK
    assert [need.fact for need in finding.needs] == ["rows", "bytes", "values"]


def _nodes_without_name_index() -> Table:
    holder = BEFORE.table("nodes")
    assert holder is not None
    return holder.without("index", "by_name").without("column", "name")


def test_a_value_of_an_enum_that_goes_is_counted_in_every_column() -> None:
    finding = found(BEFORE.put(Enum("kind", ("GAME",))), "postgresql")["drop-enum-value"]
    rule = finding.needs[-1].subject
    assert getattr(rule, "expression", "") == "kind <> 'VOICE'"
    assert weigh(finding, {"rows": 3, "violations": 2}).severity == BLOCK
    assert weigh(finding, {"rows": 3, "violations": 0}).severity == INFO


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("index", "by_name", "drop-index"),
        ("index", "by_port", "drop-constraint"),
        ("check", "sound", "drop-constraint"),
    ],
)
def test_indexes_and_rules_that_go(kind: str, name: str, code: str) -> None:
    finding = found(without("nodes", kind, name))[code]
    assert weigh(finding, {"rows": 3}).severity == WARN
    assert weigh(finding, {"rows": 0}).severity == INFO


def test_what_only_steps_aside_is_no_loss() -> None:
    after = found(retyped("nodes", "port", "bigint"), "postgresql")
    assert "drop-constraint" not in after
    assert "add-check" not in after
    assert after["type-rewrite"].hazard.severity == WARN


def test_renames_break_what_says_the_former_name() -> None:
    holder = BEFORE.table("nodes")
    assert holder is not None
    after = BEFORE.without("table", "servers").put(replace(holder, name="hosts", renamed_from="nodes"), at="nodes")
    assert found(after)["rename-table"].hazard.severity == WARN
    column = replace(holder.column("name"), name="title", renamed_from="name")
    operations = difference(BEFORE, BEFORE.put(holder.without("index", "by_name").put(column, at="name")), prune=True)
    assert by_code(operations)["rename-column"].hazard.operation == "rename_column nodes.name"


# --- additions -------------------------------------------------------------------------------------------------------


def test_a_required_column_without_default_is_refused_over_rows() -> None:
    finding = found(with_column("nodes", Column("motd", Type("text"))))["not-null-without-default"]
    assert weigh(finding, {"rows": 1}).severity == BLOCK
    assert weigh(finding, {"rows": 0}).severity == INFO
    assert weigh(finding, {"rows": 1}, mended=True).severity == WARN


def test_nulls_are_counted_before_they_are_forbidden() -> None:
    finding = found(with_column("nodes", Column("port", Type("integer"))), "postgresql")["set-not-null"]
    assert "7 row(s) hold a null." in weigh(finding, {"rows": 9, "nulls": 7}).message
    assert weigh(finding, {"rows": 9, "nulls": 7}).severity == BLOCK
    assert weigh(finding, {"rows": 9, "nulls": 0}).severity == WARN
    assert weigh(finding, {"rows": 9, "nulls": 0}, online=True).severity == INFO
    assert "Nobody can use the table" not in weigh(finding, {"rows": 9}, online=True).message


@pytest.mark.parametrize(
    ("text", "code", "fact"),
    [
        ("unique: [{name: n, columns: [name]}]", "add-unique", "duplicates"),
        ("indexes: [{name: n, columns: [name], unique: true}]", "add-unique", "duplicates"),
        ("foreign_keys: [{name: n, columns: [id], references: t2}]", "add-foreign-key", "orphans"),
        ("checks: [{name: n, expression: name <> ''}]", "add-check", "violations"),
        ("primary_key: [id]", "primary-key-change", "duplicates"),
    ],
)
def test_rules_that_rows_may_break_ask_for_those_rows(text: str, code: str, fact: str) -> None:
    table = "{columns: {id: {type: uuid}, name: {type: string(9)}}%s}"
    other = "t2: {columns: {id: {type: uuid}}, primary_key: [id]}"
    before = model(f"tables: {{t: {table % ''}, {other}}}")
    after = model(f"tables: {{t: {table % (', ' + text)}, {other}}}")
    operations = difference(before, after, prune=True)
    for engine in ("", "sqlite", "postgresql"):
        finding = by_code(operations, engine, before)[code]
        assert finding.needs[-1].fact == fact
        assert weigh(finding, {"rows": 4, fact: 3}).severity == BLOCK
        assert weigh(finding, {"rows": 4, fact: 0}).severity in (INFO, WARN)
        assert weigh(finding, {"rows": 0}).severity == INFO


def test_an_index_blocks_writers_on_postgresql_alone() -> None:
    holder = BEFORE.table("nodes")
    assert holder is not None
    after = BEFORE.put(holder.put(replace(holder.indexes[0], name="more", columns=holder.indexes[0].columns[::-1])))
    assert "index-not-concurrent" in found(after, "postgresql")
    assert "index-not-concurrent" not in found(after, "sqlite")
    assert found(after)["duplicate-index"].hazard.operation == "nodes.more"


def test_a_default_that_differs_row_by_row_writes_the_table_anew() -> None:
    after = model("tables: {t: {columns: {a: {type: uuid}, b: {type: uuid, default: uuid()}}}}")
    before = model("tables: {t: {columns: {a: {type: uuid}}}}")
    operations = difference(before, after, prune=True)
    assert "volatile-default" in by_code(operations, "postgresql", before)
    assert "volatile-default" not in by_code(operations, "sqlite", before)
    assert "sqlite-rebuild" in by_code(operations, "sqlite", before)


def test_sqlite_rebuilds_a_table_once_and_says_so_once() -> None:
    after = BEFORE.put(_nodes_retyped_and_unchecked())
    told = [each.hazard for each in findings(difference(BEFORE, after, prune=True), BEFORE, "sqlite")]
    assert [hazard.code for hazard in told].count("sqlite-rebuild") == 1
    appended = with_column("nodes", Column("motd", Type("text"), null=True))
    assert "sqlite-rebuild" not in found(appended, "sqlite")


def _nodes_retyped_and_unchecked() -> Table:
    holder = BEFORE.table("nodes")
    assert holder is not None
    return holder.without("check", "sound").put(replace(holder.column("port"), type=Type("text")))


# --- types -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column", "kind", "codes"),
    [
        ("nodes", "name", "string(80)", set()),
        ("nodes", "name", "text", set()),
        ("nodes", "name", "string(20)", {"type-narrowing", "type-rewrite"}),
        ("nodes", "name", "integer", {"type-cast-may-fail", "type-rewrite"}),
        ("nodes", "port", "bigint", {"type-rewrite"}),
        ("nodes", "port", "string(11)", {"type-rewrite"}),
        ("nodes", "port", "string(3)", {"type-rewrite", "type-narrowing"}),
        ("servers", "price", "decimal(12,2)", set()),
        ("servers", "price", "decimal(10,1)", {"type-narrowing", "type-rewrite"}),
        ("servers", "price", "decimal(8,2)", {"type-narrowing", "type-rewrite"}),
        ("servers", "price", "integer", {"type-narrowing", "type-rewrite"}),
        ("servers", "nodeId", "string(36)", {"type-rewrite"}),
        ("nodes", "kind", "string(5)", {"type-rewrite"}),
        ("nodes", "kind", "string(4)", {"type-rewrite", "type-narrowing"}),
    ],
)
def test_types_on_postgresql(table: str, column: str, kind: str, codes: set[str]) -> None:
    holder = BEFORE.table(table)
    assert holder is not None
    after = model(f"tables: {{t: {{columns: {{c: {{type: '{kind}'}}}}}}}}").tables[0].columns[0].type
    change = Alter(table, holder.column(column), replace(holder.column(column), type=after))
    told = {code for code in by_code((change,), "postgresql") if code.startswith("type-")}
    assert told == codes


def test_values_that_do_not_fit_are_counted_where_the_language_can() -> None:
    narrower = found(retyped("nodes", "name", "string(20)"), "postgresql")["type-narrowing"]
    assert getattr(narrower.needs[-1].subject, "expression", "") == "length(name) <= 20"
    assert weigh(narrower, {"rows": 2, "violations": 1}).severity == BLOCK
    assert weigh(narrower, {"rows": 2, "violations": 0}).severity == INFO
    rounded = found(retyped("servers", "price", "decimal(10,1)"), "postgresql")["type-narrowing"]
    assert weigh(rounded, {"rows": 2}).severity == WARN


# --- enums, steps ----------------------------------------------------------------------------------------------------


def test_another_order_of_values_writes_columns_anew() -> None:
    assert "enum-reorder" in found(BEFORE.put(Enum("kind", ("VOICE", "GAME"))), "postgresql")
    assert "enum-reorder" not in found(BEFORE.put(Enum("kind", ("GAME", "VOICE", "OTHER"))), "postgresql")


def step(*statements: str, **how: object) -> Execute:
    return Execute("step", {"postgresql": statements, "sqlite": statements}, **how)  # type: ignore[arg-type]


def test_a_new_value_is_not_used_in_the_transaction_that_adds_it() -> None:
    more = Alter("", BEFORE.enums[0], Enum("kind", ("GAME", "VOICE", "NEW")))
    use = step("UPDATE nodes SET kind = 'NEW' WHERE id BETWEEN 1 AND 2")
    assert "enum-value-same-transaction" in by_code((more, use), "postgresql")
    assert "enum-value-same-transaction" not in by_code((more, use), "sqlite")
    assert "enum-value-same-transaction" not in by_code((more,), "postgresql")


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("TRUNCATE nodes", {"truncate"}),
        ("DELETE FROM nodes", {"truncate", "backfill-unbatched"}),
        ("DELETE FROM nodes WHERE id = 1", {"backfill-unbatched"}),
        ("UPDATE nodes SET port = 1", {"backfill-unbatched"}),
        ("UPDATE nodes SET port = 1 WHERE id IN (SELECT id FROM nodes LIMIT 10)", set()),
        ("ALTER TABLE nodes DROP COLUMN port", {"drop-column"}),
        ("DROP TABLE nodes", {"drop-table"}),
        ("CREATE VIEW v AS SELECT 1", set()),
    ],
)
def test_statements_of_a_person(statement: str, codes: set[str]) -> None:
    assert set(by_code((step(statement),), "sqlite")) == codes


def test_rows_and_schema_in_one_migration() -> None:
    add = Add("nodes", Column("motd", Type("text"), null=True))
    assert "mixed-ddl-and-data" in by_code((add, step("INSERT INTO nodes VALUES (1)")), "sqlite")
    assert "mixed-ddl-and-data" not in by_code((step("INSERT INTO nodes VALUES (1)"),), "sqlite")


def test_a_step_outside_a_transaction_says_when_it_is_done() -> None:
    assert "execute-without-check" in by_code((step("VACUUM", transaction=False),), "sqlite")
    asked = step("VACUUM", transaction=False, done_when={"sqlite": "SELECT 1"})
    assert "execute-without-check" not in by_code((asked,), "sqlite")


# --- the schema as a whole -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{columns: {order: {type: text}}}", "reserved-word"),
        ("{columns: {price: {type: float}}}", "money-as-float"),
        ("{columns: {a: {type: uuid}}, foreign_keys: [{columns: [a], references: t2}]}", "foreign-key-without-index"),
        (
            "{columns: {a: {type: uuid}}, indexes: [{name: i, columns: [a]}, {name: j, columns: [a]}]}",
            "duplicate-index",
        ),
        ("{columns: {a: {type: uuid}}, primary_key: [a], indexes: [[a]]}", "duplicate-index"),
        (
            "{columns: {a: {type: uuid}, b: {type: uuid}}, indexes: [[a], [a, b]]}",
            "index-prefix-of-another",
        ),
        ("{columns: {a: {type: string(700)}}, indexes: [[a]]}", "wide-index"),
    ],
)
def test_what_is_unwise_about_a_model(table: str, code: str) -> None:
    schema = model(f"tables: {{t: {table}, t2: {{columns: {{id: {{type: uuid}}}}, primary_key: [id]}}}}")
    assert [hazard.code for hazard in lint(schema)] == [code]
    assert {hazard.severity for hazard in lint(schema)} <= {INFO, WARN}
    assert code in by_code(difference(Schema(), schema, prune=True), before=Schema())


def test_types_that_somebody_else_chose() -> None:
    table = replace(BEFORE.tables[0], name="t", columns=(), primary_key=None, indexes=(), checks=())
    for name, kind, code in (
        ("a", "timestamp without time zone", "timestamp-without-zone"),
        ("b", "character(3)", "char-type"),
    ):
        assert [each.code for each in lint(Schema((table.put(Column(name, Type("foreign", (kind,)))),)))] == [code]
    varying = Schema((table.put(Column("a", Type("foreign", ("character varying",)))),))
    assert lint(varying) == ()


def test_names_that_engines_cut_or_take_for_one_another() -> None:
    table = replace(BEFORE.tables[0], name="t", columns=(), primary_key=None, indexes=(), checks=())
    long = Schema((table.put(Column("x" * 64, Type("uuid"))),))
    assert [hazard.code for hazard in lint(long)] == ["identifier-too-long"]
    twice = Schema((table.put(Column("aB", Type("uuid"))).put(Column("Ab", Type("uuid"))),))
    assert [hazard.code for hazard in lint(twice)] == ["case-collision"]


# --- whatever the schema ---------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(schemas())
def test_making_a_schema_loses_nothing_and_blocks_nothing(schema: Schema) -> None:
    for finding in findings(difference(Schema(), schema, prune=True), Schema(), "postgresql"):
        assert not finding.needs, "there is nothing to ask about tables that are not there yet"
        assert weigh(finding, {}).severity != BLOCK


@settings(max_examples=60)
@given(related())
def test_whatever_is_dropped_is_named(pair: Pair) -> None:
    operations = difference(pair.before, pair.after, prune=True)
    named = {(finding.hazard.code, finding.hazard.operation) for finding in findings(operations, pair.before, "sqlite")}
    for operation in operations:
        if operation.name in ("drop_table", "drop_column", "rename_table", "rename_column"):
            assert (operation.name.replace("_", "-"), f"{operation.name} {operation.target}") in named
    for finding in findings(operations, pair.before, "sqlite"):
        assert weigh(finding, {"rows": 0}).severity in (INFO, WARN) or not finding.needs


def test_every_code_stands_in_the_documentation() -> None:
    package = Path(__file__).parents[2]
    core = package / "plugins" / "module_utils" / "paneldb"
    sources = [*(core / "model" / "hazards").glob("*.py"), core / "measuring.py", core / "schemas" / "push.py"]
    code = r'"([a-z]+(?:-[a-z]+)+)"'
    codes = {found for source in sources for found in re.findall(code, source.read_text(encoding="utf-8"))}
    codes.update(("truncate", "drop-table", "drop-column", "rename-table", "rename-column"))
    documented = set(re.findall(r"`([a-z-]+)`", (package / "docs" / "hazards.md").read_text(encoding="utf-8")))
    assert codes - documented == set()
    assert {"set-not-null", "sqlite-rebuild", "low-disk", "likely-rename"} <= codes
