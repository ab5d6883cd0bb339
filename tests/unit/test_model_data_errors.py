# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the data of a model or an operation, told with its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.data import schema_from_data
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operation_data import (
    operation_from_data,
    operations_from_data,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Drop
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Default
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type

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
