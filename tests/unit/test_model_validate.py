# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule of a whole model, with the exact place of what breaks it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.validate import problems, validate
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document

MODEL: dict[str, Any] = {
    "enums": {"role": ["ADMIN", "USER"]},
    "tables": {
        "users": {
            "columns": {
                "id": {"type": "uuid", "default": "uuid()"},
                "email": {"type": "string(100)"},
                "role": {"type": "enum(role)", "default": "USER"},
                "bossId": {"type": "uuid", "null": True},
                "seen": {"type": "timestamp", "default": "now()", "updated_at": True},
                "data": {"type": "json", "null": True},
                "bio": {"type": "text", "null": True},
                "photo": {"type": "bytes", "null": True},
            },
            "primary_key": ["id"],
            "unique": [["email"], ["email", "role"]],
            "indexes": [["role"], {"columns": ["seen"], "where": "role = 'USER'", "name": "seen_users"}],
            "foreign_keys": [{"columns": ["bossId"], "references": "users", "on_delete": "set_null"}],
            "checks": ["length(email) > 2", {"name": "no_dots", "expression": "email not like '%..%'"}],
        },
        "counters": {
            "columns": {"n": {"type": "bigint", "default": "autoincrement()"}, "userId": {"type": "uuid"}},
            "primary_key": ["n"],
            "foreign_keys": [{"name": "owner", "columns": ["userId"], "references": "users", "on_delete": "cascade"}],
        },
    },
}

USERS = "tables.users"
COLUMNS = "tables.users.columns"
KEY = "tables.counters.foreign_keys[0]"
LONG = "é" * 32


def changed(path: str, value: Any) -> dict[str, Any]:
    """Give the model with another value at a place; ``[n]`` is a position, ``|`` separates keys."""
    model = deepcopy(MODEL)
    node: Any = model
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("|")]
    for key in keys:
        node = node[key]
    node[last] = value
    return model


def error_of(model: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        load_model([Document("model.yml", model)])
    assert caught.value.details["source"] == "model.yml"
    return caught.value


ONE = {"columns": {"a": {"type": "integer"}}}

CASES: list[tuple[str, Any, str, tuple[str, ...]]] = [
    # names
    ("tables|", ONE, "tables.", ("A name is empty",)),
    ("tables|" + LONG, ONE, f"tables.{LONG}", ("has 64 bytes", "at most 63 bytes")),
    ("tables|a\nb", ONE, "tables.a\nb", ("control character", "'a\\nb'")),
    ("tables|a\0b", ONE, "tables.a\0b", ("control character",)),
    ("tables|a\x85", ONE, "tables.a\x85", ("control character",)),
    ("tables|a\ud800", ONE, "tables.a\ud800", ("control character",)),
    ("tables| a", ONE, "tables. a", ("begins or ends with a blank",)),
    ("tables|_PanelDB_x", ONE, "tables._PanelDB_x", ("begin with _paneldb_ are taken",)),
    ("tables|sqlite_x", ONE, "tables.sqlite_x", ("begin with sqlite_ are taken",)),
    ("tables|users|columns|sqlite_x", {"type": "text"}, f"{COLUMNS}.sqlite_x", ("taken",)),
    ("enums|_paneldb_e", ["A"], "enums._paneldb_e", ("taken",)),
    ("tables|users|checks|0", {"name": "sqlite_c", "expression": "1 = 1"}, f"{USERS}.checks[0]", ("taken",)),
    ("tables|users|indexes|1|name", "_paneldb_i", f"{USERS}.indexes[1]", ("taken",)),
    ("tables|Users", ONE, "tables.Users", ("tables.users has a name that differs only in case", "Found 'Users'")),
    ("tables|users|columns|EMAIL", {"type": "text"}, f"{COLUMNS}.EMAIL", ("columns.email has a name that differs",)),
    ("enums|Role", ["A"], "enums.Role", ("enums.role has a name that differs only in case",)),
    ("enums|users", ["A"], "tables.users", ("enums.users has the same name",)),
    (
        "tables|users|indexes|1|name",
        "users_email_key",
        f"{USERS}.indexes[1]",
        ("has the same name", "`name` of its own"),
    ),
    ("tables|users|indexes|1|name", "COUNTERS_pkey", "tables.counters.primary_key", ("differs only in case",)),
    ("tables|users|indexes|1|name", "counters", "tables.counters", ("has the same name",)),
    ("tables|counters|foreign_keys|0|name", "no_dots", KEY, ("has the same name", "users.checks.no_dots")),
    ("tables|users|indexes|1", ["role"], f"{USERS}.indexes[1]", ("same name", "Found 'users_role_idx'")),
    # enums
    ("enums|role", [], "enums.role", ("no values",)),
    ("enums|role", ["USER", "USER"], "enums.role", ("a value twice", "'USER'")),
    ("enums|role", ["USER", ""], "enums.role", ("empty",)),
    ("enums|role", ["USER", "x "], "enums.role", ("'x '",)),
    ("enums|role", ["USER", "x" * 64], "enums.role", ("at most 63 bytes",)),
    ("enums|role", ["USER", "a\tb"], "enums.role", ("control character",)),
    # columns
    ("tables|empty", {"columns": {}}, "tables.empty", ("no columns",)),
    ("tables|users|comment", "a\0", f"{USERS}.comment", ("NUL",)),
    ("tables|users|columns|bio|comment", "a\0", f"{COLUMNS}.bio.comment", ("NUL",)),
    ("tables|users|columns|role|type", "enum(rol)", f"{COLUMNS}.role.type", ("no enum 'rol'", "Did you mean 'role'?")),
    ("tables|users|columns|role|default", "ROOT", f"{COLUMNS}.role.default", ("no such value", "ADMIN, USER")),
    ("tables|users|columns|role|default", "user", f"{COLUMNS}.role.default", ("Did you mean 'USER'?",)),
    ("tables|users|columns|role|default", {"value": None}, f"{COLUMNS}.role.default", ("no enum(role)",)),
    ("tables|users|columns|data|default", {"value": None}, f"{COLUMNS}.data.default", ("Null is no default",)),
    ("tables|users|columns|bio|updated_at", True, f"{COLUMNS}.bio.updated_at", ("Only a timestamp", "'text'")),
    ("tables|users|columns|bio|default", "now()", f"{COLUMNS}.bio.default", ("of type text", "of type timestamp")),
    ("tables|users|columns|bio|default", "uuid()", f"{COLUMNS}.bio.default", ("of type uuid",)),
    ("tables|users|columns|seen|default", "uuid()", f"{COLUMNS}.seen.default", ("of type uuid",)),
    ("tables|users|columns|bio|default", "autoincrement()", f"{COLUMNS}.bio.default", ("integer or bigint",)),
    (
        "tables|users|columns|n",
        {"type": "integer", "default": "autoincrement()"},
        f"{COLUMNS}.n.default",
        ("Only a primary key of this one column", "primary_key: [n]"),
    ),
    ("tables|counters|primary_key", ["n", "userId"], "tables.counters.columns.n.default", ("of this one column",)),
    ("tables|users|columns|id|null", True, f"{COLUMNS}.id.null", ("primary key cannot be null",)),
    # keys and indexes
    ("tables|users|primary_key", ["ids"], f"{USERS}.primary_key", ("no column 'ids'", "Did you mean 'id'?")),
    ("tables|users|primary_key", [], f"{USERS}.primary_key", ("No columns",)),
    ("tables|users|unique|0", ["mail"], f"{USERS}.unique[0]", ("no column 'mail'", "Did you mean 'email'?")),
    ("tables|users|unique|0", {"columns": ["mail"]}, f"{USERS}.unique[0].columns", ("Found 'mail'",)),
    ("tables|users|unique|1", ["email", "email"], f"{USERS}.unique[1]", ("named twice", "Found 'email'")),
    ("tables|users|unique|0", [], f"{USERS}.unique[0]", ("No columns are named",)),
    ("tables|users|unique|0", ["data"], f"{USERS}.unique[0]", ("type json, which MySQL cannot", "string(255)")),
    ("tables|users|indexes|0", ["bio"], f"{USERS}.indexes[0]", ("type text, which MySQL cannot",)),
    ("tables|users|indexes|0", [{"name": "photo", "order": "desc"}], f"{USERS}.indexes[0]", ("type bytes",)),
    ("tables|users|indexes|1|columns", ["sen"], f"{USERS}.indexes[1].columns", ("Did you mean 'seen'?",)),
    ("tables|users|indexes|1|where", "rol = 'x'", f"{USERS}.indexes[1].where", ("no column 'rol'", "'role'?")),
    ("tables|users|checks|0", "emial > ''", f"{USERS}.checks[0]", ("no column 'emial'", "Did you mean 'email'?")),
    ("tables|users|checks|1|expression", "nope is null", f"{USERS}.checks[1].expression", ("no column 'nope'",)),
    ("tables|users|checks|0", "opaque:x", f"{USERS}.checks[0]", ("conditions from outside",)),
    # foreign keys
    ("tables|counters|foreign_keys|0|references", "user", f"{KEY}.references", ("no table 'user'", "'users'?")),
    ("tables|counters|foreign_keys|0|columns", ["userid"], f"{KEY}.columns", ("no column 'userid'", "'userId'?")),
    ("tables|counters|foreign_keys|0|ref_columns", ["uid"], f"{KEY}.ref_columns", ("Table users has no column",)),
    ("tables|counters|foreign_keys|0|ref_columns", ["id", "email"], f"{KEY}.ref_columns", ("different length",)),
    (
        "tables|counters|foreign_keys|0|ref_columns",
        ["bossId"],
        f"{KEY}.ref_columns",
        ("neither the primary key nor a unique key of users", "[id] or [email] or [email, role]"),
    ),
    (
        "tables|counters|foreign_keys|0|ref_columns",
        ["email"],
        f"{KEY}.columns",
        ("Column userId is of another type than users.email", "Found 'uuid'", "Expected string(100)"),
    ),
    ("tables|counters|columns|userId|type", "string(36)", f"{KEY}.columns", ("Expected uuid",)),
    (
        "tables|counters|foreign_keys|0|on_delete",
        "set_null",
        f"{KEY}.on_delete",
        ("Column userId cannot be null", "`null: true` at column userId"),
    ),
]


@pytest.mark.parametrize(("path", "value", "place", "said"), CASES, ids=[f"{n}" for n in range(len(CASES))])
def test_a_broken_rule_is_told_at_its_place(path: str, value: Any, place: str, said: tuple[str, ...]) -> None:
    error = error_of(changed(path, value))
    assert error.details["path"] == place
    for words in said:
        assert words in str(error)


def test_the_model_of_these_tests_keeps_all_rules() -> None:
    assert tuple(problems(load_model([Document("model.yml", MODEL)]))) == ()


def test_a_table_without_a_primary_key_needs_named_columns_of_a_key() -> None:
    model = changed("tables|counters|foreign_keys|0|references", "plain")
    model["tables"]["plain"] = {"columns": {"a": {"type": "uuid"}, "b": {"type": "uuid"}}, "unique": [["a"]]}
    error = error_of(model)
    assert error.details["path"] == f"{KEY}.ref_columns"
    model["tables"]["counters"]["foreign_keys"][0]["ref_columns"] = ["a"]
    load_model([Document("model.yml", model)])


def test_a_key_may_refer_to_a_whole_unique_index_and_to_no_partial_one() -> None:
    model = changed("tables|counters|foreign_keys|0|ref_columns", ["bossId"])
    model["tables"]["users"]["indexes"][0] = {"columns": ["bossId"], "unique": True}
    load_model([Document("model.yml", model)])
    model["tables"]["users"]["indexes"][0]["where"] = "role = 'USER'"
    assert error_of(model).details["path"] == f"{KEY}.ref_columns"


NAMES = [
    "order",
    'a"b',
    "a'b",
    "a`b",
    "100%",
    "%s",
    "%(x)s",
    "a b",
    "naïve",
    "表",
    "😀",
    "a.b",
    "a;--",
    "null",
    "5",
    "é" * 30,
]


@pytest.mark.parametrize("name", NAMES)
def test_names_may_hold_whatever_can_be_quoted(name: str) -> None:
    model = {
        "enums": {name + "_e": [name]},
        "tables": {
            name: {
                "columns": {name: {"type": f"enum({name}_e)", "default": {"value": name}}, "x": {"type": "integer"}},
                "primary_key": ["x"],
                "unique": [[name]],
            }
        },
    }
    schema = load_model([Document("model.yml", model)])
    assert schema.tables[0].name == name
    assert schema.tables[0].column(name).default == Default(name)


def _ring(*keys: tuple[str, str, bool]) -> dict[str, Any]:
    tables: dict[str, Any] = {}
    for name, other, null in keys:
        table = tables.setdefault(name, {"columns": {"id": {"type": "integer"}}, "primary_key": ["id"]})
        table["columns"][f"{other}Id"] = {"type": "integer", "null": null}
        table.setdefault("foreign_keys", []).append({"columns": [f"{other}Id"], "references": other})
    return {"tables": tables}


def test_required_foreign_keys_in_a_circle_are_named_as_the_circle() -> None:
    error = error_of(_ring(("z", "a", False), ("a", "b", False), ("b", "c", False), ("c", "a", False)))
    assert "go in a circle" in str(error)
    assert "a.bId -> b.cId -> c.aId -> a" in str(error)
    assert error.details["path"] == "tables.a.foreign_keys[0]"
    assert "`null: true`" in error.hint


def test_a_circle_with_a_key_that_may_be_null_can_be_filled() -> None:
    ring = _ring(("a", "b", False), ("b", "c", True), ("c", "a", False), ("a", "a", False), ("d", "a", False))
    assert len(load_model([Document("model.yml", ring)]).tables) == 4


def test_a_key_of_several_columns_is_free_where_one_may_be_null() -> None:
    columns = {"x": {"type": "integer"}, "y": {"type": "integer"}, "v": {"type": "integer"}, "w": {"type": "integer"}}
    tables = {
        name: {
            "columns": deepcopy(columns),
            "primary_key": ["x", "y"],
            "foreign_keys": [{"columns": ["v", "w"], "references": other}],
        }
        for name, other in (("a", "b"), ("b", "a"))
    }
    assert "a.v, w -> b.v, w -> a" in str(error_of({"tables": tables}))
    tables["b"]["columns"]["w"]["null"] = True  # type: ignore[index]
    load_model([Document("model.yml", {"tables": tables})])


def test_a_long_chain_of_tables_is_no_circle() -> None:
    keys = [(f"t{number}", f"t{number + 1}", False) for number in range(1200)]
    tables = _ring(*keys)["tables"]
    tables["t1200"] = {"columns": {"id": {"type": "integer"}}, "primary_key": ["id"]}
    assert len(load_model([Document("model.yml", {"tables": tables})]).tables) == 1201


def test_the_hint_tells_of_further_problems() -> None:
    model = changed("tables|users|columns|bio|updated_at", True)
    model["tables"]["users"]["unique"][0] = ["data"]
    model["tables"]["counters"]["primary_key"] = ["m"]
    error = error_of(model)
    assert error.details["path"] == f"{COLUMNS}.bio.updated_at"
    assert "3 more: " in error.hint
    assert "tables.users.unique[0]: Column data is of type json" in error.hint


def test_an_error_names_the_file_that_says_it() -> None:
    own = {
        "extends": "model.yml",
        "tables": {"users": {"indexes": [["role", "bio"]], "columns": {"id": {"null": True}}}},
    }
    with pytest.raises(InputError) as caught:
        load_model([Document("model.yml", MODEL), Document("own.yml", own)])
    assert (caught.value.details["source"], caught.value.details["path"]) == ("own.yml", f"{COLUMNS}.id.null")
    assert "tables.users.indexes[0]: Column bio" in caught.value.hint


def test_a_schema_from_elsewhere_can_be_checked_without_documents() -> None:
    bad = Schema((Table("t", (Column("a", Type("foreign", ("inet",))),), checks=(Check("c", "a >"),)),))
    assert [problem.keys for problem in problems(bad)] == [
        ("tables", "t", "columns", "a", "type"),
        ("tables", "t", "checks", "c", "expression"),
    ]
    with pytest.raises(InputError, match=r"^tables\.t\.columns\.a\.type: A model cannot have columns"):
        validate(bad)


def test_a_value_that_does_not_fit_is_found_in_a_schema_from_elsewhere() -> None:
    bad = Schema((Table("t", (Column("a", Type("integer"), default=Default("1")),)),))
    assert [problem.keys for problem in problems(bad)] == [("tables", "t", "columns", "a", "default")]
