# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of SQLite that follow a column's new type, or are refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated, Unsupported
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Alter
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file, table_of, texts


def column(type_text: str, **further: Any) -> Column:
    return Column("c", parse_type(type_text), null=True, **further)


CONVERSIONS: list[tuple[Column, Column, Any, Any]] = [
    (column("bigint"), column("text"), -5, "-5"),
    (column("boolean"), column("text"), 1, "true"),
    (column("float"), column("text"), 1.5, "1.5"),
    (column("text"), column("bigint"), " -12 ", -12),
    (column("text"), column("bigint"), "9223372036854775807", 2**63 - 1),
    (column("decimal(10,2)"), column("bigint"), "100.00", 100),
    (column("decimal(10,0)"), column("bigint"), "100", 100),
    (column("float"), column("bigint"), 4.0, 4),
    (column("boolean"), column("bigint"), 1, 1),
    (column("bigint"), column("boolean"), 0, 0),
    (column("text"), column("boolean"), "Yes", 1),
    (column("text"), column("boolean"), "f", 0),
    (column("bigint"), column("decimal(10,2)"), -7, "-7.00"),
    (column("text"), column("decimal(10,2)"), "10.5", "10.50"),
    (column("text"), column("decimal(10,0)"), "12.000", "12"),
    (column("decimal(10,2)"), column("decimal(12,4)"), "-1.25", "-1.2500"),
    (column("decimal(12,4)"), column("decimal(10,2)"), "1.2500", "1.25"),
    (column("float"), column("decimal(10,2)"), 2.5, "2.50"),
    (column("decimal(10,2)"), column("float"), "2.50", 2.5),
    (column("bigint"), column("float"), 3, 3.0),
    (column("text"), column("float"), "1e3", 1000.0),
    (column("text"), column("timestamp"), "2026-01-31 08:00:00", "2026-01-31T08:00:00.000+00:00"),
    (column("text"), column("timestamp"), "2026-01-31T10:00:00.5+02:00", "2026-01-31T08:00:00.500+00:00"),
    (column("timestamp"), column("text"), "2026-01-31T08:00:00.000+00:00", "2026-01-31T08:00:00.000+00:00"),
    (column("text"), column("json"), '{"a": 1}', '{"a": 1}'),
    (column("bigint"), column("json"), 1, "1"),
    (column("json"), column("text"), "[1]", "[1]"),
    (column("string(50)"), column("string(3)"), "abc", "abc"),
    (column("uuid"), column("text"), "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000a"),
]


@pytest.mark.parametrize(("before", "after", "value", "expected"), CONVERSIONS)
def test_values_are_converted(tmp_path: Path, before: Column, after: Column, value: Any, expected: Any) -> None:
    table = Table("t", (Column("id", Type("text")), before), PrimaryKey(("id",)))
    target = new_file(tmp_path / "convert.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, [Add("", table)])
        engine.insert(table, ("id", "c"), [("1", value), ("2", None)])
        apply_operations(engine, [Alter("t", before, after)])
    assert ask(target, "SELECT c FROM t ORDER BY id") == [(expected,), (None,)]
    assert type(ask(target, "SELECT c FROM t ORDER BY id")[0][0]) is type(expected)


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        (column("text"), column("bigint"), "abc"),
        (column("text"), column("bigint"), ""),
        (column("text"), column("bigint"), "1-2"),
        (column("text"), column("bigint"), "9223372036854775808"),
        (column("decimal(10,2)"), column("bigint"), "1.50"),
        (column("float"), column("bigint"), 1.5),
        (column("bigint"), column("boolean"), 2),
        (column("text"), column("boolean"), "perhaps"),
        (column("text"), column("decimal(4,2)"), "100"),
        (column("text"), column("decimal(4,2)"), "1.234"),
        (column("text"), column("decimal(4,2)"), "x"),
        (column("text"), column("float"), "NaN"),
        (column("bigint"), column("float"), 2**53 + 1),
        (column("text"), column("timestamp"), "yesterday"),
        (column("text"), column("timestamp"), "now"),
        (column("text"), column("json"), "{"),
        (column("text"), column("uuid"), "x"),
        (column("text"), column("string(3)"), "abcd"),
    ],
)
def test_values_that_cannot_be_converted_are_refused_by_name(
    tmp_path: Path, before: Column, after: Column, value: Any
) -> None:
    table = Table("t", (Column("id", Type("text")), before), PrimaryKey(("id",)))
    target = new_file(tmp_path / "convert.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, [Add("", table)])
        engine.insert(table, ("id", "c"), [("1", value), ("2", None)])
        made = texts(target)
        with pytest.raises(ConstraintViolated) as caught:
            apply_operations(engine, [Alter("t", before, after)])
        assert caught.value.details["constraint"] == f"t.c holds a value that is no {after.type}"
        assert texts(target) == made
        assert ask(target, "SELECT c FROM t ORDER BY id") == [(value,), (None,)]


@pytest.mark.parametrize(
    ("before", "after"), [("bytes", "text"), ("text", "bytes"), ("bigint", "timestamp"), ("json", "float")]
)
def test_types_that_have_nothing_in_common_are_refused_before_anything_runs(
    tmp_path: Path, before: str, after: str
) -> None:
    target = new_file(tmp_path / "convert.db")
    with SqliteEngine.connect(target) as engine:
        apply_operations(engine, [Add("", Table("t", (column(before),)))])
        with pytest.raises(Unsupported, match="Add a column of the new type"):
            engine.compile([Alter("t", column(before), column(after))], engine.catalogue())


@pytest.mark.parametrize(
    ("declared", "stored", "after", "expected"),
    [
        ("DATETIME", "2026-01-31 08:00:00", "timestamp", "2026-01-31T08:00:00.000+00:00"),
        ("DATETIME", 1769846400123, "timestamp", "2026-01-31T08:00:00.123+00:00"),
        ("DECIMAL(10,2)", 10.5, "decimal(10,2)", "10.50"),
        ("BOOLEAN", 1, "boolean", 1),
        ("VARCHAR(255)", "abc", "string(255)", "abc"),
        ("INT", 5, "bigint", 5),
        ("JSONB", "{}", "json", "{}"),
        ("DOUBLE", 1.25, "float", 1.25),
        ("BYTEA", b"\x00\xff", "bytes", b"\x00\xff"),
    ],
)
def test_columns_of_other_programs_become_ours(
    tmp_path: Path, declared: str, stored: Any, after: str, expected: Any
) -> None:
    target = new_file(tmp_path / "other.db", f'CREATE TABLE t ("c" {declared})')
    ask(target, "INSERT INTO t VALUES (?)", [stored])
    with SqliteEngine.connect(target) as engine:
        found = table_of(engine, "t").column("c")
        assert found.type == Type("foreign", (declared,))
        apply_operations(engine, [Alter("t", found, replace(found, type=parse_type(after)))])
        assert table_of(engine, "t").column("c").type == parse_type(after)
    assert ask(target, "SELECT c FROM t") == [(expected,)]
