# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that extend each other, and automatic names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.naming import (
    check_name,
    foreign_key_name,
    index_name,
    unique_name,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    ForeignKey,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document

BASE = {
    "enums": {"state": ["ON", "OFF"]},
    "tables": {
        "nodes": {
            "columns": {
                "id": {"type": "integer", "default": "autoincrement()"},
                "name": {"type": "string(50)", "comment": "shown"},
                "state": {"type": "enum(state)", "default": "ON"},
            },
            "primary_key": ["id"],
            "unique": [["name"]],
            "indexes": [["state"]],
        },
        "servers": {
            "columns": {"id": {"type": "uuid"}, "nodeId": {"type": "integer"}, "port": {"type": "integer"}},
            "primary_key": ["id"],
            "unique": [["nodeId", "port"]],
            "foreign_keys": [{"columns": ["nodeId"], "references": "nodes", "on_delete": "restrict"}],
            "checks": ["port > 0"],
        },
    },
}


def load(*extensions: Any) -> Schema:
    documents = [Document("base.yml", BASE)]
    documents += [Document(f"own{number}.yml", {"extends": "x", **each}) for number, each in enumerate(extensions)]
    return load_model(documents)


def table(schema: Schema, name: str) -> Table:
    found = schema.table(name)
    assert found is not None
    return found


def test_a_foreign_key_refers_to_the_primary_key_where_no_columns_are_named() -> None:
    key = table(load(), "servers").foreign_keys[0]
    assert key == ForeignKey("servers_nodeId_fkey", ("nodeId",), "nodes", ("id",), "restrict")


def test_an_extension_that_changes_nothing_changes_nothing() -> None:
    assert load({}) == load({"tables": {"nodes": {}, "servers": {"columns": {"id": {}}}}}) == load()


def test_columns_merge_key_by_key() -> None:
    schema = load({"tables": {"nodes": {"columns": {"name": {"type": "string(80)"}, "motd": {"type": "text"}}}}})
    assert table(schema, "nodes").columns[1:] == (
        Column("name", Type("string", ("80",)), comment="shown"),
        Column("state", Type("enum", ("state",)), default=Default("ON")),
        Column("motd", Type("text")),
    )


def test_a_null_takes_a_key_of_a_column_away() -> None:
    schema = load({"tables": {"nodes": {"columns": {"state": {"default": None}, "name": {"comment": None}}}}})
    assert table(schema, "nodes").column("state").default is None
    assert table(schema, "nodes").column("name").comment == ""


def test_later_extensions_build_on_earlier_ones() -> None:
    first = {"tables": {"nodes": {"columns": {"motd": {"type": "text", "null": True}}, "comment": "machines"}}}
    second = {"tables": {"nodes": {"columns": {"motd": {"comment": "greeting"}}}}}
    schema = load(first, second)
    assert table(schema, "nodes").column("motd") == Column("motd", Type("text"), null=True, comment="greeting")
    assert table(schema, "nodes").comment == "machines"


def test_enums_and_primary_keys_are_replaced() -> None:
    schema = load({"enums": {"state": ["ON"]}, "tables": {"servers": {"primary_key": ["nodeId", "port"]}}})
    assert [enum.values for enum in schema.enums] == [("ON",)]
    assert table(schema, "servers").primary_key == PrimaryKey(("nodeId", "port"))
    assert table(load({"tables": {"servers": {"primary_key": None}}}), "servers").primary_key is None


def test_keys_are_added_or_replace_those_of_the_same_name() -> None:
    key = {"columns": ["nodeId"], "references": "nodes", "on_delete": "cascade"}
    schema = load({"tables": {"servers": {"foreign_keys": [key], "unique": [["id", "port"]], "checks": ["port > 1"]}}})
    servers = table(schema, "servers")
    assert [each.on_delete for each in servers.foreign_keys] == ["cascade"]
    assert [each.columns for each in servers.uniques] == [("nodeId", "port"), ("id", "port")]
    assert [each.expression for each in servers.checks] == ["port > 0", "port > 1"]


def test_remove_takes_keys_away_by_name() -> None:
    names = ["servers_nodeId_fkey", check_name("servers", "port > 0"), "servers_nodeId_port_key"]
    servers = table(load({"tables": {"servers": {"remove": names}}}), "servers")
    assert (servers.foreign_keys, servers.checks, servers.uniques) == ((), (), ())


def test_a_removed_column_takes_what_uses_it_along() -> None:
    servers = table(load({"tables": {"servers": {"columns": {"port": None}}}}), "servers")
    assert (servers.column_names, servers.uniques, servers.checks) == (("id", "nodeId"), (), ())
    assert len(servers.foreign_keys) == 1
    nodes = table(load({"tables": {"nodes": {"columns": {"state": None}}}}), "nodes")
    assert (nodes.indexes, nodes.uniques) == ((), (Unique("nodes_name_key", ("name",)),))


def test_tables_and_enums_are_added_and_removed() -> None:
    new = {"columns": {"id": {"type": "uuid"}}, "primary_key": ["id"]}
    schema = load(
        {"tables": {"servers": None, "tags": new, "nodes": {"columns": {"state": None}}}, "enums": {"state": None}}
    )
    assert [each.name for each in schema.tables] == ["nodes", "tags"]
    assert schema.enums == ()


def test_a_changed_primary_key_is_what_foreign_keys_refer_to() -> None:
    own = {"tables": {"nodes": {"columns": {"id": None, "number": {"type": "integer"}}, "primary_key": ["number"]}}}
    assert table(load(own), "servers").foreign_keys[0].ref_columns == ("number",)


@pytest.mark.parametrize(
    ("own", "path", "said"),
    [
        ({"tables": {"node": None}}, "tables.node", ("no 'node' to remove", "nodes, servers", "Did you mean 'nodes'?")),
        ({"enums": {"stat": None}}, "enums.stat", ("no 'stat' to remove", "Did you mean 'state'?")),
        ({"tables": {"nodes": {"columns": {"nam": None}}}}, "tables.nodes.columns.nam", ("Did you mean 'name'?",)),
        (
            {"tables": {"nodes": {"remove": ["nodes_nam_key"]}}},
            "tables.nodes.remove[0]",
            ("Did you mean 'nodes_name_key'?",),
        ),
        ({"tables": {"nodes": {"columns": {"name": []}}}}, "tables.nodes.columns.name", ("Found a list",)),
        ({"tables": {"nodes": {"columns": {"new": {}}}}}, "tables.nodes.columns.new", ("'type'", "missing")),
        ({"tables": {"nodes": {"columns": {"name": {"typ": "x"}}}}}, "tables.nodes.columns.name", ("'type'?",)),
        ({"tables": {"nodes": {"primary_key": "id"}}}, "tables.nodes.primary_key", ("Expected a list",)),
        ({"tables": {"new": {"remove": []}}}, "tables.new", ("no key 'remove'",)),
        ({"tables": {"nodes": {"indexes": [["id"], ["id"]]}}}, "tables.nodes.indexes[1]", ("'nodes_id_idx'",)),
        (
            {"tables": {"nodes": {"columns": {"name": {"type": "text"}}}}},
            "tables.nodes.unique[0]",
            ("MySQL",),
        ),
    ],
)
def test_errors_of_an_extension_name_its_file(own: Any, path: str, said: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        load({}, own)
    assert caught.value.details["path"] == path
    assert caught.value.details["source"] == ("base.yml" if "MySQL" in said else "own1.yml")
    for words in said:
        assert words in str(caught.value)


def test_a_model_needs_tables_and_what_it_extends() -> None:
    with pytest.raises(InputError, match="The key 'tables' of a model is missing"):
        load_model([Document("m.yml", {"enums": {}})])
    with pytest.raises(InputError, match=r"m\.yml: extends: The model that this one extends has not been read"):
        load_model([Document("m.yml", {"extends": "panel", "tables": {}})])
    assert load_model([Document("m.yml", {"tables": {}})]) == Schema()


# --- names -----------------------------------------------------------------------------------------------------------


def test_automatic_names_are_the_usual_ones() -> None:
    assert unique_name("users", ["email"]) == "users_email_key"
    assert index_name("servers", ["nodeId", "port"]) == "servers_nodeId_port_idx"
    assert foreign_key_name("servers", ["nodeId"]) == "servers_nodeId_fkey"
    assert check_name("servers", "port > 0") == "servers_check_5df275e8"


@given(st.text(min_size=1, max_size=70), st.lists(st.text(min_size=1, max_size=70), min_size=1, max_size=4))
def test_automatic_names_fit_every_engine(name: str, columns: list[str]) -> None:
    for make in (unique_name, index_name, foreign_key_name):
        made = make(name, columns)
        assert made == make(name, columns)
        assert len(made.encode("utf-8", "surrogatepass")) <= 63
    assert len(check_name(name, "".join(columns)).encode("utf-8", "surrogatepass")) <= 63


def test_long_names_stay_apart_and_readable() -> None:
    first = unique_name("a" * 40, ["b" * 40, "c"])
    assert first.startswith("a" * 40 + "_bbb")
    assert first.endswith("_key")
    assert first != unique_name("a" * 40, ["b" * 40, "d"])
    assert unique_name("é" * 40, ["x"]).startswith("é" * 24)


def test_a_check_is_named_by_its_meaning() -> None:
    models = [
        {"tables": {"t": {"columns": {"a": {"type": "integer"}}, "checks": [text]}}} for text in ("a>0", "(a) > 0")
    ]
    first, second = (load_model([Document("m.yml", model)]) for model in models)
    assert first == second
    assert table(first, "t").checks == (Check(check_name("t", "a > 0"), "a > 0"),)
