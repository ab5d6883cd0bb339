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
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
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


# --- errors ----------------------------------------------------------------------------------------------------------


def _table(**parts: Any) -> dict[str, Any]:
    return {"tables": {"users": {"columns": {"id": {"type": "integer"}}, **parts}}}


def _column(**parts: Any) -> dict[str, Any]:
    return {"tables": {"users": {"columns": {"id": parts}}}}


ID = "tables.users.columns.id"

WRONG_MODELS: list[tuple[Any, str, tuple[str, ...]]] = [
    ([], "", ("not a model", "Found a list", "Expected a mapping")),
    ({"table": {}}, "", ("no key 'table' in a model", "Found 'table'", "enums, tables", "Did you mean 'tables'?")),
    ({"tables": []}, "tables", ("Found a list", "Expected a mapping")),
    ({5: {}}, "", ("key is not text", "Found 5", "Put the key between quotes.")),
    ({"tables": {"users": None}}, "tables.users", ("not a table", "Found nothing", "Expected a mapping")),
    ({"tables": {"users": {"colums": {}}}}, "tables.users", ("Found 'colums'", "Did you mean 'columns'?")),
    ({"enums": {"role": "A"}}, "enums.role", ("Found 'A'", "Expected a list")),
    ({"enums": {"role": ["A", True]}}, "enums.role[1]", ("Found True", "Expected text")),
    (_column(), ID, ("The key 'type' of a column is missing",)),
    (_column(type="intger"), f"{ID}.type", ("no type 'intger'", "decimal(p,s)", "Did you mean 'integer'?")),
    (_column(type="string"), f"{ID}.type", ("string takes 1 argument", "Found 'string'", "string(n)")),
    (_column(type="string(0)"), f"{ID}.type", ("1 to 16383",)),
    (_column(type="foreign(inet)"), f"{ID}.type", ("no type 'foreign(inet)'",)),
    (_column(type=["integer"]), f"{ID}.type", ("Found a list", "Expected text")),
    (_column(type="integer", null="yes"), f"{ID}.null", ("Found 'yes'", "Expected true or false")),
    (_column(type="integer", defualt=1), ID, ("Found 'defualt'", "Did you mean 'default'?")),
    (_column(type="text", collation="C"), ID, ("no key 'collation'",)),
    (_column(type="integer", default="1"), f"{ID}.default", ("Found '1'", "Expected a value of type integer")),
    (_column(type="integer", default=True), f"{ID}.default", ("Found True",)),
    (_column(type="integer", default=2**31), f"{ID}.default", ("beyond what integer holds",)),
    (_column(type="bigint", default=-(2**63) - 1), f"{ID}.default", ("beyond what bigint holds",)),
    (_column(type="boolean", default=1), f"{ID}.default", ("Found 1", "Expected a value of type boolean")),
    (_column(type="timestamp", default="now"), f"{ID}.default", ("Did you mean 'now()'?",)),
    (_column(type="timestamp", default="2026-01-31T08:00:00"), f"{ID}.default", ("needs its zone",)),
    (_column(type="timestamp", default="2026-02-30T08:00:00Z"), f"{ID}.default", ("This is no timestamp",)),
    (_column(type="timestamp", default="0001-01-01T00:00:00+14:00"), f"{ID}.default", ("This is no timestamp",)),
    (_column(type="timestamp", default="2026-01-31T08:00:00.123456Z"), f"{ID}.default", ("milliseconds",)),
    (_column(type="string(3)", default="four"), f"{ID}.default", ("has 4 characters, the column takes 3",)),
    (_column(type="text", default="a\0"), f"{ID}.default", ("NUL",)),
    (_column(type="decimal(4,2)", default="100.00"), f"{ID}.default", ("Found '100.00'", "decimal(4,2)")),
    (_column(type="decimal(4,2)", default="1.005"), f"{ID}.default", ("Found '1.005'",)),
    (_column(type="decimal(4,2)", default="NaN"), f"{ID}.default", ("Found 'NaN'",)),
    (_column(type="float", default=float("inf")), f"{ID}.default", ("beyond what float holds",)),
    (_column(type="float", default=10**400), f"{ID}.default", ("beyond what float holds",)),
    (_column(type="uuid", default="abc"), f"{ID}.default", ("Found 'abc'", "Expected a value of type uuid")),
    (_column(type="bytes", default="x"), f"{ID}.default", ("type bytes cannot have a value",)),
    (_column(type="json", default={"a": 1}), f"{ID}.default", ("no key 'a' in a default", "value")),
    (_column(type="json", default={"value": float("nan")}), f"{ID}.default", ("Expected a value of type json",)),
    (_table(primary_key="id"), "tables.users.primary_key", ("Found 'id'", "Expected a list")),
    (_table(primary_key=[1]), "tables.users.primary_key[0]", ("Found 1", "Expected text")),
    (_table(unique=["id"]), "tables.users.unique[0]", ("Found 'id'", "[[id], ...]: one list for each")),
    (_table(unique=[["id"], {"column": []}]), "tables.users.unique[1]", ("Did you mean 'columns'?",)),
    (_table(unique=[{"name": "x"}]), "tables.users.unique[0]", ("The key 'columns' of a unique key is missing",)),
    (_table(indexes=[[{"name": "id", "order": "down"}]]), "tables.users.indexes[0].columns[0].order", ("asc, desc",)),
    (_table(indexes=[[{"nam": "id"}]]), "tables.users.indexes[0].columns[0]", ("Did you mean 'name'?",)),
    (_table(indexes=[{"columns": ["id"], "where": "id >"}]), "tables.users.indexes[0].where", ()),
    (_table(checks=["id >"]), "tables.users.checks[0]", ()),
    (_table(checks=[{"name": "x", "expression": "id = = 1"}]), "tables.users.checks[0].expression", ()),
    (_table(checks={"a": "b"}), "tables.users.checks", ("Found a mapping", "Expected a list")),
    (_table(foreign_keys=[{"columns": ["id"]}]), "tables.users.foreign_keys[0]", ("'references'", "missing")),
    (
        _table(foreign_keys=[{"columns": ["id"], "references": "a", "on_delete": "cascad"}]),
        "tables.users.foreign_keys[0].on_delete",
        ("Found 'cascad'", "cascade, restrict, set_null, no_action", "Did you mean 'cascade'?"),
    ),
]


@pytest.mark.parametrize(
    ("data", "path", "said"), WRONG_MODELS, ids=[f"{n}-{p}" for n, (_unused, p, _s) in enumerate(WRONG_MODELS)]
)
def test_errors_of_a_model_name_their_place(data: Any, path: str, said: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        schema_from_data(data, "model.yml")
    assert caught.value.details["source"] == "model.yml"
    assert caught.value.details["path"] == path
    assert str(caught.value).startswith(f"model.yml: {path}" if path else "model.yml: ")
    for words in said:
        assert words in str(caught.value)


FROM_TO = {"from": {"type": "text"}, "to": {"type": "text"}}

WRONG_OPERATIONS: list[tuple[Any, str, tuple[str, ...]]] = [
    ("add_column", "", ("Found 'add_column'", "Expected a mapping")),
    ({"add_column": {}, "drop_column": {}}, "", ("one key", "add_column, drop_column")),
    ({}, "", ("no key",)),
    ({"add_colum": {}}, "", ("no operation 'add_colum'", "Did you mean 'add_column'?")),
    ({"rename_primary_key": {}}, "", ("no operation",)),
    ({"add_column": None}, ".add_column", ("Found nothing",)),
    ({"add_column": {"name": "a", "type": "text"}}, ".add_column", ("'table'", "missing")),
    ({"add_column": {"table": "users", "type": "text"}}, ".add_column", ("'name' of a column is missing",)),
    ({"add_column": {"table": "users", "name": 5, "type": "text"}}, ".add_column.name", ("Found 5",)),
    ({"add_column": {"table": "users", "name": "a", "type": "txt"}}, ".add_column.type", ("Did you mean 'text'?",)),
    ({"create_table": {"name": "a", "columns": {"b": {}}}}, ".create_table.columns.b", ("'type'",)),
    ({"create_enum": {"name": "a"}}, ".create_enum", ("'values' of an enum is missing",)),
    ({"rename_column": {"table": "a", "from": "b"}}, ".rename_column", ("'to' of rename_column is missing",)),
    ({"alter_column": {"table": "a", "from": {}, "to": {}}}, ".alter_column", ("'name'",)),
    ({"alter_column": {"table": "a", "name": "b", "from": {"type": "text"}}}, ".alter_column", ("'to'",)),
    (
        {"alter_column": {"table": "a", "name": "b", "from": {"type": "text"}, "to": {"typ": "text"}}},
        ".alter_column.to",
        ("Did you mean 'type'?",),
    ),
    (
        {"alter_column": {"table": "a", "name": "b", **FROM_TO, "to": {"name": "c", "type": "text"}}},
        ".alter_column.to.name",
        ("beside `from` and `to`",),
    ),
    ({"alter_enum": {"name": "a", "from": ["x"], "to": "y"}}, ".alter_enum.to", ("Expected a list",)),
    ({"alter_table": {"name": "a", "comment": "x"}}, ".alter_table.comment", ("Expected a mapping",)),
    ({"execute": {"up": {}}}, ".execute", ("'label'",)),
    ({"execute": {"label": "a", "up": {"postgres": "x"}}}, ".execute.up", ("Did you mean 'postgresql'?",)),
    ({"execute": {"label": "a", "up": {"sqlite": [1]}}}, ".execute.up.sqlite[0]", ("Found 1",)),
    ({"execute": {"label": "a", "up": {}, "done_when": {"sqlite": 1}}}, ".execute.done_when.sqlite", ("Found 1",)),
    ({"execute": {"label": "a", "up": {}, "transaction": "no"}}, ".execute.transaction", ("true or false",)),
]


@pytest.mark.parametrize(
    ("data", "path", "said"), WRONG_OPERATIONS, ids=[f"{n}{p}" for n, (_unused, p, _s) in enumerate(WRONG_OPERATIONS)]
)
def test_errors_of_an_operation_name_their_place(data: Any, path: str, said: tuple[str, ...]) -> None:
    good = {"drop_enum": {"name": "a", "values": ["b"]}}
    with pytest.raises(InputError) as caught:
        operations_from_data([good, data], "0001_a.yml", "operations")
    assert caught.value.details["source"] == "0001_a.yml"
    assert caught.value.details["path"] == "operations[1]" + path
    for words in said:
        assert words in str(caught.value)


def test_a_migration_keeps_a_default_that_a_model_could_not_have() -> None:
    data = {"table": "a", "name": "b", "type": "string(2)", "default": "long", "collation": "NOCASE"}
    dropped = operation_from_data({"drop_column": data})
    assert dropped == Drop("a", Column("b", parse_type("string(2)"), default=Default("long"), collation="NOCASE"))
