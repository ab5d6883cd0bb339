# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A schema as text for diffs, and checksums of what documents mean."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents import parse_document
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.checksum import (
    checksum,
    schema_checksum,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.data import schema_from_data
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
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
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.text import (
    element_text,
    schema_text,
    table_text,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type

ROOT = Path(__file__).parents[2]

USERS = Table(
    "users",
    (
        Column("id", Type("uuid"), default=Default(function="uuid()")),
        Column("price", Type("decimal", ("10", "2")), null=True, default=Default("0.50")),
        Column('a "b"\n', Type("text"), default=Default("now()"), comment="it's: # 50%"),
    ),
    PrimaryKey(("id",)),
    (Unique("z", ("price",)), Unique("a", ("id", "price"))),
    (Index("i", (IndexColumn("price", True), IndexColumn("id")), True, "price > 0"),),
    (ForeignKey("f", ("id",), "users", ("id",), "cascade"),),
    (Check("c", "price <> 1"),),
    comment="people",
    renamed_from="accounts",
)

TEXT = """\
users:
  comment: people
  columns:
    id: {type: uuid, default: uuid()}
    price: {type: "decimal(10,2)", null: true, default: "0.50"}
    "a \\"b\\"\\n": {type: text, default: {value: now()}, comment: "it's: # 50%"}
  primary_key: [id]
  unique:
    - {name: a, columns: [id, price]}
    - {name: z, columns: [price]}
  indexes:
    - {name: i, columns: [{name: price, order: desc}, id], unique: true, where: "price > 0"}
  foreign_keys:
    - {name: f, columns: [id], references: users, ref_columns: [id], on_delete: cascade}
  checks:
    - {name: c, expression: "price <> 1"}
"""


def test_a_table_has_a_line_for_each_part() -> None:
    assert table_text(USERS) == TEXT


def test_a_schema_stands_in_order_of_names() -> None:
    schema = Schema((Table("b", (Column("x", Type("text")),)), replace(USERS, name="a")), (Enum("role", ("A", "no")),))
    text = schema_text(schema)
    assert text.splitlines()[:3] == ["enums:", '  role: [A, "no"]', "tables:"]
    assert text.splitlines()[3] == "  a:"
    assert text.endswith("  b:\n    columns:\n      x: {type: text}\n")
    assert schema_text(Schema()) == ""


def test_single_elements_have_a_line() -> None:
    expected = {line.strip() for line in TEXT.splitlines() if "{" in line or "primary_key" in line}
    assert {element_text(each) for each in USERS.elements()} == expected
    assert element_text(Enum("role", ("A", "B"))) == "role: [A, B]"
    with pytest.raises(TypeError):
        element_text(USERS)


def test_the_text_is_a_model() -> None:
    schema = Schema(
        (USERS, Table("null", (Column("yes", Type("enum", ("e, f",))),))), (Enum("e, f", ("a: b", "1", "")),)
    )
    assert schema_from_data(parse_document(schema_text(schema), "m.yml")) == schema.normalized()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20))
def test_the_text_holds_any_name_and_value(name: str) -> None:
    column = Column(name, Type("string", ("200",)), default=Default(name), comment=name)
    schema = Schema((Table(name, (column,), uniques=(Unique(name, (name,)),)),), (Enum(name, (name,)),))
    text = schema_text(schema)
    assert len(text.split("\n")) == 9
    assert schema_from_data(parse_document(text, "m.yml")) == schema


def test_the_text_needs_no_yaml_library() -> None:
    code = (
        "import sys; sys.modules['yaml'] = None\n"
        "from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model import text\n"
        "from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import *\n"
        "print(text.schema_text(Schema(enums=(Enum('e', ('a',)),))), end='')"
    )
    environment = {"PYTHONPATH": str(ROOT / ".collections")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "enums:\n  e: [a]\n"


def test_what_nobody_can_see_is_escaped() -> None:
    assert element_text(Enum("a\u202eb", ("\x7f\t", "\U000e0001", "é 表"))) == (
        r'"a\u202eb": ["\u007f\t", "\U000e0001", "é 表"]'
    )


# --- checksums -------------------------------------------------------------------------------------------------------


def _sum_of(text: str) -> str:
    return checksum(parse_document(text, "m.yml"))


def test_a_checksum_is_of_what_a_document_says() -> None:
    plain = "id: x\noperations:\n  - drop_enum: {name: a, values: [b]}\n"
    other = "# why\r\noperations: [{drop_enum: {values: ['b'], 'name': \"a\"}}] # more\r\nid: x"
    assert _sum_of(plain) == _sum_of(other)
    canonical = b'{"id":"x","operations":[{"drop_enum":{"name":"a","values":["b"]}}]}'
    assert _sum_of(plain) == "sha256-v1:" + sha256(canonical).hexdigest()


@pytest.mark.parametrize("text", ["id: 'y'", "id: x\nmore: 1", "id: [x]", "Id: x", "id: 'x '", "id: null", "id: 1"])
def test_a_checksum_tells_documents_apart(text: str) -> None:
    assert _sum_of(text) != _sum_of("id: x")


def test_a_checksum_tells_numbers_text_and_truth_apart() -> None:
    values: list[Any] = [1, 1.0, True, "1", None, [], {}, [1], "é", "e\u0301"]
    assert len({checksum(each) for each in values}) == len(values)
    assert checksum("\ud800") != checksum("\ud801")


def test_a_checksum_is_of_plain_values_only() -> None:
    with pytest.raises(TypeError):
        checksum({"a": b"x"})
    with pytest.raises(ValueError, match="JSON"):
        checksum([float("nan")])


def test_the_order_of_parts_does_not_count_in_a_schema() -> None:
    other = Table("b", (Column("x", Type("text")),))
    first = Schema((USERS, other), (Enum("e", ("a", "b")), Enum("f", ("a",))))
    second = Schema((other, replace(USERS, uniques=USERS.uniques[::-1], renamed_from="")), first.enums[::-1])
    assert schema_checksum(first) == schema_checksum(second)
    assert schema_checksum(first).startswith("sha256-v1:")


@pytest.mark.parametrize(
    "changed",
    [
        replace(USERS, comment=""),
        replace(USERS, primary_key=PrimaryKey(("price",))),
        replace(USERS, checks=(Check("c", "price <> 2"),)),
        replace(USERS, uniques=USERS.uniques[:1]),
        replace(USERS, indexes=(Index("i", (IndexColumn("price"), IndexColumn("id")), True, "price > 0"),)),
        USERS.put(Column("price", Type("decimal", ("10", "3")), null=True, default=Default("0.50"))),
        USERS.put(Column("price", Type("decimal", ("10", "2")), null=True, default=Default(0.5))),
    ],
)
def test_whatever_a_schema_means_counts(changed: Table) -> None:
    assert schema_checksum(Schema((changed,))) != schema_checksum(Schema((USERS,)))


def test_the_order_of_an_enums_values_counts() -> None:
    sums = {schema_checksum(Schema(enums=(Enum("e", values),))) for values in (("a", "b"), ("b", "a"))}
    assert len(sums) == 2
