# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored values of one type as those of another: each once, and nothing is lost in silence."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.convert import (
    converter,
    keeps_values,
    needs_place_beside,
    refuse_unreadable,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.probes import Probes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import Unsupported
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type

PROBES = Probes({"maxWireVersion": 21}, {"version": "7.0.0"})
FERRETDB = Probes({}, {"ferretdbVersion": "v1.24.2"})
MOMENT = datetime(2026, 1, 31, 8, 0, 0, 5000, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("former", "kind", "value", "made"),
    [
        ("integer", "text", 7, "7"),
        ("boolean", "text", True, "true"),
        ("float", "text", 0.1, "0.1"),
        ("decimal(5,2)", "text", Decimal128("1.50"), "1.50"),
        ("timestamp", "text", MOMENT, "2026-01-31T08:00:00.005+00:00"),
        ("json", "text", {"b": [1, None], "a": "x"}, '{"a":"x","b":[1,null]}'),
        ("text", "json", '{"a": [1.5]}', {"a": [1.5]}),
        ("text", "string(3)", "abc", "abc"),
        ("text", "uuid", "0F0E0D0C-0B0A-4908-8706-050403020100", "0f0e0d0c-0b0a-4908-8706-050403020100"),
        ("text", "integer", " 42 ", 42),
        ("decimal(9,2)", "bigint", Decimal128("42.00"), Int64(42)),
        ("float", "integer", 42.0, 42),
        ("boolean", "integer", True, 1),
        ("bigint", "decimal(30,0)", Int64(2**62), Decimal128(str(2**62))),
        ("text", "decimal(5,2)", "1.5", Decimal128("1.50")),
        ("integer", "float", 3, 3.0),
        ("text", "boolean", " Yes", True),
        ("integer", "boolean", 0, False),
        ("text", "timestamp", "2026-01-31T08:00:00.005Z", MOMENT),
        ("text", "enum(e)", "A", "A"),
        ("foreign({})", "json", ["as", "it", "is"], ["as", "it", "is"]),
        ("foreign({})", "bytes", b"\0", b"\0"),
    ],
)
def test_values(former: str, kind: str, value: Any, made: Any) -> None:
    before = Type("foreign", ("{}",)) if former.startswith("foreign") else parse_type(former)
    after = parse_type(kind)
    refuse_unreadable(Column("c", before), Column("c", after))
    convert = converter(after, ("A", "B"), PROBES, before)
    assert (convert(value), type(convert(value))) == (made, type(made))
    if not needs_place_beside(before, after):
        assert convert(made) == made, "a batch that was stopped is done again"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string(3)", "abcd"),
        ("uuid", "no"),
        ("integer", "4.5"),
        ("integer", 2**31),
        ("integer", 4.5),
        ("integer", "NaN"),
        ("bigint", 10.0**30),
        ("decimal(5,2)", "1.555"),
        ("decimal(5,2)", "1000.5"),
        ("float", "text"),
        ("float", 2**53 + 1),
        ("boolean", 2),
        ("boolean", 1.0),
        ("timestamp", "2026-01-31"),
        ("timestamp", 7),
        ("enum(e)", "C"),
        ("json", "{"),
        ("bytes", "text"),
        ("text", ["a"]),
    ],
)
def test_what_would_lose_something_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        converter(parse_type(kind), ("A",), PROBES, Type("text"))(value)


def test_decimals_are_text_where_the_server_has_none() -> None:
    convert = converter(parse_type("decimal(5,2)"), (), FERRETDB, Type("integer"))
    assert convert(7) == "7.00"
    assert converter(Type("integer"), (), FERRETDB, parse_type("decimal(5,2)"))("7.00") == 7


@pytest.mark.parametrize(
    ("former", "kind"), [("bytes", "text"), ("timestamp", "integer"), ("json", "boolean"), ("text", "bytes")]
)
def test_what_means_nothing_in_the_other_type_is_unsupported(former: str, kind: str) -> None:
    with pytest.raises(Unsupported, match="cannot turn"):
        refuse_unreadable(Column("c", parse_type(former)), Column("c", parse_type(kind)))


@pytest.mark.parametrize(
    ("former", "kind", "kept"),
    [
        ("string(5)", "string(9)", True),
        ("string(9)", "string(5)", False),
        ("enum(e)", "text", True),
        ("uuid", "string(36)", True),
        ("uuid", "string(35)", False),
        ("integer", "bigint", True),
        ("bigint", "integer", False),
        ("decimal(5,2)", "decimal(9,3)", False),
    ],
)
def test_documents_are_left_alone_where_every_value_fits_as_it_is(former: str, kind: str, kept: bool) -> None:
    assert keeps_values(parse_type(former), parse_type(kind)) == kept
