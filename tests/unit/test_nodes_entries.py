# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of nodes as people and providers write them, and what is wrong with them, line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.entries import Entries, read_entries
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.listing import (
    Listing,
    inline,
    listing,
    read_text,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.node_table import node_table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.rows import batches
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import FULL, HASHED, PLAIN, csv_listing, node


def _entries(listed: Listing, schema: Schema = FULL, state: str = "present", **options: Any) -> Entries:
    found = {"columns": {}, "defaults": {}, **options}
    return read_entries(listed, node_table(schema), state=state, **found)


def _inline(*rows: Any, **options: Any) -> Entries:
    return _entries(listing(inline(list(rows))), **options)


def _place_of(entries: Any) -> str:
    with pytest.raises(InputError) as caught:
        entries()
    details = caught.value.details
    return ": ".join(filter(None, (details["source"], details["path"])))


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_csv_file_as_a_spreadsheet_writes_it() -> None:
    text = '\ufeffname,hostname,port,status,tags\r\n"a, ""x""",A.example.com.,8080,,"eu,ssd"\r\nb,::1,81,ONLINE,\r\n'
    rows = _entries(csv_listing(text)).rows
    assert rows == [
        {"name": 'a, "x"', "hostname": "a.example.com", "port": "8080", "tags": '["eu", "ssd"]'},
        {"name": "b", "hostname": "::1", "port": "81", "status": "ONLINE", "tags": None},
    ]


def test_a_provider_calls_columns_as_it_likes() -> None:
    text = "ID,Label,Primary IP,Label 2\n1,alpha,192.0.2.1,x\n2,beta,192.0.2.2,\n"
    columns = {"name": "Label", "hostname": "Primary IP"}
    entries = _entries(csv_listing(text, columns), columns=columns, defaults={"port": 8080, "tags": ["x"]})
    assert entries.rows == [
        {"name": "alpha", "hostname": "192.0.2.1", "port": "8080", "tags": '["x"]'},
        {"name": "beta", "hostname": "192.0.2.2", "port": "8080", "tags": '["x"]'},
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The document is empty"),
        ("hostname,port\na,1\n", "Columns are missing"),
        ("name,port,name\na,1,b\n", "Columns 1 and 3 have the same name"),
        ("name,hostname,port\na,b\n", "Line 2: The row has no cell for port"),
        ("name,hostname,port\na,b,1,2\n", "Line 2: The row has 1 cells too many"),
        ('name,hostname,port\na,b,"1\n', "Line"),
        ("name;hostname;port\na;b;1\n", "separated by semicolons"),
    ],
)
def test_csv_files_that_are_none(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        csv_listing(text)


def test_a_column_that_the_export_does_not_have() -> None:
    with pytest.raises(InputError, match="Columns are missing"):
        csv_listing("Label,IP\na,b\n", {"name": "Label", "hostname": "Address"})


def test_one_bad_line_in_10000_is_named() -> None:
    lines = ["name,hostname,port", *(f"n{number},n{number}.example.com,8080" for number in range(10_000))]
    lines[7001] = "n7000,n_7000.example.com,8080"
    assert _place_of(lambda: _entries(csv_listing("\n".join(lines)))) == "nodes.csv: line 7002, hostname"


def test_lines_are_counted_as_an_editor_does() -> None:
    text = 'name,hostname,port\r\n"a",a,1\r\n\r\n"b",b,"2"\r\n"c",c,"3\r\n"\r\n'
    assert _place_of(lambda: _entries(csv_listing(text))) == "nodes.csv: line 5, port"


@pytest.mark.parametrize("suffix", ["yml", "json"])
def test_lists_of_yaml_and_json(suffix: str) -> None:
    rows = [node("a"), node("b", port="81")]
    for data, place in ((rows, "[1].port"), ({"nodes": rows}, "nodes[1].port")):
        entries = _entries(listing(read_text(json.dumps(data), f"n.{suffix}", columns={})))
        assert [row["port"] for row in entries.rows] == [8080, 81]
        rows[1]["port"] = "0"
        text = json.dumps(data)
        assert _place_of(lambda text=text: _entries(listing(read_text(text, f"n.{suffix}", columns={})))) == (
            f"n.{suffix}: {place}"
        )
        rows[1]["port"] = "81"


@pytest.mark.parametrize("data", [{}, {"a": []}, "text", 5, None])
def test_what_is_no_list(data: Any) -> None:
    with pytest.raises(InputError, match="This is not a list of nodes"):
        listing(read_text(json.dumps(data), "n.json", columns={}))


# --- entries ---------------------------------------------------------------------------------------------------------


def test_words_are_taken_out_of_the_rows() -> None:
    entries = _inline(
        node("a", renamed_from="z"),
        {"name": "b", "state": "absent"},
        node("c", token="t" * 20, state="present"),
        {"name": "d", "state": "retired", "port": "anything"},
    )
    assert entries.rows == [node("a"), node("c")]
    assert (entries.renames, entries.tokens) == ({"z": "a"}, {1: "t" * 20})
    assert {name: leaver.state for name, leaver in entries.leavers.items()} == {"b": "absent", "d": "retired"}
    assert entries.at(1).path == "nodes[2]"
    assert batches(entries.seed(node_table(FULL)))[0].at(1, "port").path == "nodes[2].port"


def test_the_state_of_the_task_is_that_of_entries_without_one() -> None:
    entries = _inline({"name": "a"}, node("b", state="present"), state="absent")
    assert ([*entries.leavers], entries.rows) == (["a"], [node("b")])


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        (["text"], "nodes[0]"),
        ([node("a"), 5], "nodes[1]"),
        ([node("a", colour="red")], "nodes[0]"),
        ([node("a", tokenHash="x")], "nodes[0]"),
        ([node("a", previousToken="x" * 20)], "nodes[0]"),
        ([node("a", tokenIssuedAt="2026-01-01")], "nodes[0]"),
        ([node("a", state="gone")], "nodes[0].state"),
        ([node("a", token="short")], "nodes[0].token"),
        ([node("a", renamed_from="a")], "nodes[0].renamed_from"),
        ([node("a", renamed_from=5)], "nodes[0].renamed_from"),
        ([node("a", renamed_from="z"), node("b", renamed_from="z")], "nodes[1].renamed_from"),
        ([node("a"), node("b", token="t" * 20), node("c", token="t" * 20)], "nodes[2].token"),
        ([node("a"), {"name": "a", "state": "absent"}], "nodes[1]"),
        ([{"name": "a", "state": "retired"}, {"name": "a", "state": "absent"}], "nodes[1]"),
        ([node("a", renamed_from="b"), {"name": "b", "state": "absent"}], "nodes[1]"),
        ([node("a", renamed_from="b"), node("b", renamed_from="a")], "nodes[1].renamed_from"),
        (
            [node("a", renamed_from="b"), node("b", renamed_from="c"), node("c", renamed_from="a")],
            "nodes[1].renamed_from",
        ),
    ],
)
def test_entries_that_are_wrong(rows: list[Any], place: str) -> None:
    assert _place_of(lambda: _inline(*rows)) == place


def test_a_duplicate_names_both_places_and_no_token() -> None:
    with pytest.raises(InputError) as caught:
        _inline(node("a", token="t" * 20), node("b"), node("c", token="t" * 20))
    assert "nodes[0]" in str(caught.value)
    assert "nodes[2]" in str(caught.value)
    assert "tttt" not in str(caught.value)


def test_a_nearly_right_name_of_a_column_is_helped() -> None:
    with pytest.raises(InputError, match="Did you mean 'hostname'"):
        _inline({"name": "a", "host_name": "b", "port": 1})


# --- models ----------------------------------------------------------------------------------------------------------


def test_what_the_models_have_for_nodes() -> None:
    plain, full, hashed = map(node_table, (PLAIN, FULL, HASHED))
    assert (set(plain.kept), plain.retired_status) == ({"token"}, "MAINTENANCE")
    assert full.kept == {"token", "tokenIssuedAt", "previousToken", "previousTokenExpiresAt"}
    assert (full.retired_status, full.hashed) == ("RETIRED", False)
    assert hashed.kept == {"tokenHash", "tokenIssuedAt", "previousTokenHash", "previousTokenExpiresAt"}
    assert hashed.hashed


@pytest.mark.parametrize("column", ["hostname", "port", "token"])
def test_a_model_without_a_needed_column(column: str) -> None:
    table = PLAIN.holder("nodes").without("column", column)
    with pytest.raises(InputError, match=f"lacks column '{column}'"):
        node_table(PLAIN.put(table))


def test_a_model_without_nodes() -> None:
    with pytest.raises(InputError, match="no table 'nodes'"):
        node_table(PLAIN.without("table", "nodes"))
