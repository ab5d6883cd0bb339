# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements, schemas and operations as plain data and back, and every error of reading with its exact place."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents import parse_document
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_writer import dump_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import NAMES
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.data import (
    element_from_data,
    element_to_data,
    schema_from_data,
    schema_to_data,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.defaults import canonical_value
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operation_data import (
    ENGINES,
    operation_from_data,
    operation_to_data,
    operations_from_data,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.reading import Place
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    FUNCTIONS,
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

# --- elements of any shape, as a catalogue may show them ------------------------------------------------------------

NAMES_OF_THINGS = st.one_of(
    st.sampled_from(["users", "order", 'na"me', "100%", "now()", "null", "naïve", "表", "a b", "<<", "5", "true"]),
    st.text(string.ascii_letters + "_\"'`%. é", min_size=1, max_size=12).map(str.strip).filter(bool),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from([0.5, 1.0, -2.25]) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


def _several(names: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(names, min_size=1, max_size=most, unique=True).map(tuple)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids().map(str),
    "string(20)": TEXTS | st.sampled_from(FUNCTIONS),
    "text": TEXTS | st.sampled_from(FUNCTIONS),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "decimal(10,2)": st.integers(-(10**10) + 1, 10**10 - 1).map(lambda each: f"{each / 100:.2f}"),
    "decimal(3,0)": st.integers(-999, 999).map(str),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "timestamp": st.just("2026-01-31T08:00:00.000+00:00"),
    "json": JSON_VALUES,
    "enum(user role)": TEXTS,
}


@st.composite
def columns(draw: st.DrawFn) -> Column:
    kind, values = draw(st.sampled_from(sorted(VALUES.items(), key=lambda each: each[0])))
    column_type = parse_type(kind)
    value = values.map(lambda each: Default(canonical_value(column_type, each)))
    default = draw(st.none() | value | st.sampled_from(FUNCTIONS).map(lambda each: Default(function=each)))
    return Column(
        draw(NAMES_OF_THINGS),
        draw(st.just(column_type) | st.just(Type("foreign", ("tsvector(3, 4)",)))) if default is None else column_type,
        draw(st.booleans()),
        default,
        draw(st.booleans()),
        draw(TEXTS),
        draw(st.just("") | NAMES_OF_THINGS),
        draw(st.sampled_from(["", "NOCASE"])),
        draw(st.sampled_from(["", "a || b"])),
    )


EXPRESSIONS = st.sampled_from(["a > 1", "b is null", "opaque:a ~ '^x'", "length(name) <= 5 and c in ('x', 'y''')"])
UNIQUES = st.builds(Unique, NAMES_OF_THINGS, _several(NAMES_OF_THINGS))
INDEXES = st.builds(
    Index,
    NAMES_OF_THINGS,
    st.lists(st.builds(IndexColumn, NAMES_OF_THINGS, st.booleans()), min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.just("") | EXPRESSIONS,
)
FOREIGN_KEYS = st.builds(
    ForeignKey,
    NAMES_OF_THINGS,
    _several(NAMES_OF_THINGS),
    NAMES_OF_THINGS,
    _several(NAMES_OF_THINGS),
    st.sampled_from(["cascade", "restrict", "set_null", "no_action"]),
)
CHECKS = st.builds(Check, NAMES_OF_THINGS, EXPRESSIONS)
PRIMARY_KEYS = st.builds(PrimaryKey, _several(NAMES_OF_THINGS))
ENUMS = st.builds(Enum, NAMES_OF_THINGS, _several(TEXTS))


def _listed(elements: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(elements, min_size=least, max_size=2, unique_by=lambda each: each.name).map(tuple)


TABLES = st.builds(
    Table,
    NAMES_OF_THINGS,
    _listed(columns(), 1),
    st.none() | PRIMARY_KEYS,
    _listed(UNIQUES),
    _listed(INDEXES),
    _listed(FOREIGN_KEYS),
    _listed(CHECKS),
    TEXTS,
    st.just("") | NAMES_OF_THINGS,
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "column": columns(),
    "primary_key": PRIMARY_KEYS,
    "unique": UNIQUES,
    "index": INDEXES,
    "foreign_key": FOREIGN_KEYS,
    "check": CHECKS,
}
BODIES = st.dictionaries(st.sampled_from(ENGINES), st.lists(TEXTS, max_size=2).map(tuple), max_size=3)


@st.composite
def placed(draw: st.DrawFn) -> tuple[str, Any]:
    """An element with the table that holds it."""
    kind = draw(st.sampled_from([*PARTS, "table", "enum"]))
    if kind in PARTS:
        return draw(NAMES_OF_THINGS), draw(PARTS[kind])
    return "", draw(TABLES if kind == "table" else ENUMS)


@st.composite
def alters(draw: st.DrawFn) -> Alter:
    kind = draw(st.sampled_from([*PARTS, "enum", "table"]))
    if kind == "table":
        name = draw(NAMES_OF_THINGS)
        return Alter("", Table(name, comment=draw(TEXTS)), Table(name, comment=draw(TEXTS)))
    elements = ENUMS if kind == "enum" else PARTS[kind]
    before, after = draw(elements), draw(elements)
    if kind != "primary_key":
        after = type(after)(**{**vars(after), "name": before.name})
    return Alter("" if kind == "enum" else draw(NAMES_OF_THINGS), before, after)


OPERATIONS = st.one_of(
    placed().map(lambda each: Add(*each)),
    placed().map(lambda each: Drop(*each)),
    alters(),
    st.builds(
        Rename,
        NAMES_OF_THINGS,
        st.sampled_from(["column", "unique", "index", "foreign_key", "check"]),
        NAMES_OF_THINGS,
        NAMES_OF_THINGS,
    ),
    st.builds(Rename, st.just(""), st.sampled_from(["table", "enum"]), NAMES_OF_THINGS, NAMES_OF_THINGS),
    st.builds(
        Execute,
        TEXTS,
        BODIES,
        st.none() | BODIES,
        st.none() | st.dictionaries(st.sampled_from(ENGINES), TEXTS, max_size=2),
        st.booleans(),
    ),
)


@given(placed())
def test_every_element_comes_back_from_its_data(where: tuple[str, Any]) -> None:
    table, element = where
    data = json.loads(json.dumps(element_to_data(element)))
    assert element_from_data(element.kind, table, data, Place(), catalogue=True) == element


@given(OPERATIONS)
def test_every_operation_comes_back_from_its_data(operation: Any) -> None:
    assert operation_from_data(json.loads(json.dumps(operation_to_data(operation)))) == operation


@given(st.lists(OPERATIONS, max_size=3))
def test_operations_come_back_from_the_text_of_a_file(operations: list[Any]) -> None:
    text = dump_yaml([operation_to_data(each) for each in operations] or {"none": True})
    read = parse_document(text, "x.yml")
    assert operations_from_data(read if operations else []) == tuple(operations)


@given(_listed(TABLES), _listed(ENUMS))
def test_a_schema_comes_back_from_its_data(tables: Any, enums: Any) -> None:
    schema = Schema(tables, enums)
    assert schema_from_data(schema_to_data(schema), catalogue=True) == schema


def test_data_leaves_defaults_out_and_keeps_a_readable_order() -> None:
    schema = schema_from_data(
        {
            "tables": {
                "b": {"columns": {"id": {"type": "bigint", "null": False, "updated_at": False}}, "primary_key": ["id"]},
                "a": {
                    "checks": ["n>0"],
                    "foreign_keys": [{"references": "b", "columns": ["n"], "on_delete": "no_action"}],
                    "indexes": [["n"], {"columns": [{"name": "n", "order": "desc"}], "name": "x", "where": "n  >1"}],
                    "unique": [["n"]],
                    "columns": {"n": {"default": 5, "null": True, "type": " bigint "}},
                },
            },
            "enums": {},
        }
    )
    assert json.dumps(schema_to_data(schema)) == json.dumps(
        {
            "tables": {
                "b": {"columns": {"id": {"type": "bigint"}}, "primary_key": ["id"]},
                "a": {
                    "columns": {"n": {"type": "bigint", "null": True, "default": 5}},
                    "unique": [{"name": "a_n_key", "columns": ["n"]}],
                    "indexes": [
                        {"name": "a_n_idx", "columns": ["n"]},
                        {"name": "x", "columns": [{"name": "n", "order": "desc"}], "where": "n > 1"},
                    ],
                    "foreign_keys": [{"name": "a_n_fkey", "columns": ["n"], "references": "b", "ref_columns": ["id"]}],
                    "checks": [{"name": schema.tables[1].checks[0].name, "expression": "n > 0"}],
                },
            }
        }
    )


def test_an_operation_reads_as_in_a_review() -> None:
    column = Column("motd", Type("string", ("200",)), null=True)
    assert operation_to_data(Add("users", column)) == {
        "add_column": {"table": "users", "name": "motd", "type": "string(200)", "null": True}
    }
    assert operation_to_data(Rename("users", "column", "a", "b")) == {
        "rename_column": {"table": "users", "from": "a", "to": "b"}
    }
    assert operation_to_data(Alter("", Enum("role", ("A",)), Enum("role", ("A", "B")))) == {
        "alter_enum": {"name": "role", "from": ["A"], "to": ["A", "B"]}
    }
    assert operation_to_data(Alter("", Table("users"), Table("users", comment="x"))) == {
        "alter_table": {"name": "users", "comment": {"from": "", "to": "x"}}
    }


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ({"type": "uuid", "default": "uuid()"}, Default(function="uuid()")),
        ({"type": "text", "default": {"value": "now()"}}, Default("now()")),
        ({"type": "text", "default": "NOW()"}, Default("NOW()")),
        ({"type": "json", "default": {"value": {"value": 1}}}, Default({"value": 1})),
        ({"type": "json", "default": []}, Default([])),
        ({"type": "text", "default": None}, None),
        ({"type": "decimal(6,3)", "default": 1.5}, Default("1.500")),
        ({"type": "decimal(6,3)", "default": "-0"}, Default("0.000")),
        ({"type": "decimal(4,0)", "default": 12}, Default("12")),
        ({"type": "float", "default": 2}, Default(2.0)),
        (
            {"type": "uuid", "default": "00000000-0000-4000-8000-00000000000A"},
            Default("00000000-0000-4000-8000-00000000000a"),
        ),
        ({"type": "timestamp", "default": "2026-01-31T09:00:00+01:00"}, Default("2026-01-31T08:00:00.000+00:00")),
        (
            {"type": "timestamp", "default": "2026-01-31 09:00:00.50Z"},
            Default("2026-01-31T09:00:00.500+00:00"),
        ),
    ],
)
def test_defaults_have_one_form(written: dict[str, Any], default: Default | None) -> None:
    column = element_from_data("column", "t", {"name": "c", **written}, Place())
    assert column == Column("c", parse_type(written["type"]), default=default)


def test_a_step_may_have_one_statement_without_a_list() -> None:
    step = operation_from_data({"execute": {"label": "fill", "up": {"sqlite": "delete from a", "mysql": []}}})
    assert step == Execute("fill", {"sqlite": ("delete from a",), "mysql": ()})


def test_steps_know_the_engines_that_there_are() -> None:
    assert ENGINES == NAMES
