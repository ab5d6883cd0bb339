# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical values as documents keep them, through BSON and back."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.probes import Probes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.values import (
    AS_TEXT,
    DEEPEST,
    decoder,
    encoder,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type

MONGODB = Probes({"maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30}, {"version": "7.0.0"})
OLD = Probes({"maxWireVersion": 9, "logicalSessionTimeoutMinutes": 30}, {"version": "4.4.0"})
FERRETDB = Probes({"maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30}, {"ferretdbVersion": "v1.24.2"})
SERVERS = [MONGODB, OLD, FERRETDB]
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=timezone.utc)

KEYS = st.text(max_size=5) | st.sampled_from(["$a", "a.b", "", AS_TEXT, "a\0", ".", "$"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


def stored(kind: str, value: Any, probes: Probes = MONGODB) -> Any:
    encode = encoder(Column("x", parse_type(kind)), probes)
    return value if encode is None else encode(value)


def read(kind: str, value: Any) -> Any:
    decode = decoder(Column("x", parse_type(kind)))
    return value if decode is None else decode(value)


def through_bson(value: Any) -> Any:
    return bson.decode(bson.encode({"x": value}), CODEC)["x"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bigint", 5, Int64),
        ("integer", 5, int),
        ("decimal(20,4)", Decimal("1.5"), Decimal128),
        ("float", 2, float),
        ("boolean", True, bool),
        ("timestamp", datetime(2026, 1, 2, 3, 4, 5, 6999, timezone.utc), datetime),
        ("uuid", "00000000-0000-4000-8000-000000000000", str),
        ("bytes", bytearray(b"\0"), bytes),
        ("json", {"a": 1}, dict),
    ],
)
def test_each_type_has_its_own_in_bson(kind: str, value: Any, expected: type) -> None:
    assert stored(kind, value).__class__ is expected
    assert through_bson(stored(kind, value)).__class__ is expected
    assert stored(kind, None) is None
    assert read(kind, None) is None


def test_decimals_are_exact_and_text_where_the_server_has_none() -> None:
    widest = Decimal("9" * 30 + ".9999")
    assert read("decimal(34,4)", through_bson(stored("decimal(34,4)", widest))) == widest
    assert stored("decimal(34,4)", widest, FERRETDB) == str(widest)
    assert read("decimal(34,4)", str(widest)) == widest
    assert stored("decimal(5,2)", Decimal("1.5")) == Decimal128("1.50")


def test_times_are_cut_to_milliseconds_in_utc() -> None:
    text = "2026-01-02T03:04:05.006999+02:00"
    moment = stored("timestamp", datetime.fromisoformat(text))
    assert moment == datetime(2026, 1, 2, 1, 4, 5, 6000, timezone.utc)
    assert through_bson(moment) == moment


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bigint", 2**63),
        ("bigint", True),
        ("bigint", "1"),
        ("decimal(5,2)", Decimal("1.234")),
        ("decimal(5,2)", Decimal("NaN")),
        ("float", float("inf")),
        ("timestamp", datetime(2026, 1, 1)),  # noqa: DTZ001 - a time without its zone is what is refused
        ("bytes", "text"),
        ("json", {"a": [float("nan"), 2**64]}),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        stored(kind, value)


@given(JSON, st.sampled_from(SERVERS))
def test_any_json_comes_back(value: Any, probes: Probes) -> None:
    kept = stored("json", value, probes)
    assert through_bson(kept) == kept
    assert read("json", through_bson(kept)) == value


@pytest.mark.parametrize(
    ("value", "as_text"),
    [
        ({"a": {"b": [1, "two", None, 1.5, True]}}, []),
        ({"a.b": 1}, [OLD, FERRETDB]),
        ([[1]], [FERRETDB]),
        ({"$set": 1}, SERVERS),
        ({"a": {"b\0": 1}}, SERVERS),
        ({"a": 2**63}, SERVERS),
        ({AS_TEXT: "{}"}, SERVERS),
    ],
)
def test_json_is_text_only_where_bson_or_the_server_cannot_hold_it(value: Any, as_text: list[Probes]) -> None:
    for probes in SERVERS:
        kept = stored("json", value, probes)
        assert (kept != value) == (probes in as_text)
        assert read("json", through_bson(kept)) == value


def test_json_that_is_too_deep_is_text() -> None:
    value: Any = 1
    for _unused in range(DEEPEST + 1):
        value = {"a": value}
    kept = stored("json", value)
    assert list(kept) == [AS_TEXT]
    assert read("json", through_bson(kept)) == value


def test_what_other_clients_put_into_json_is_told_as_text() -> None:
    found = {"id": bson.ObjectId("0" * 24), "n": Int64(5), "list": [Decimal128("1.5")]}
    assert read("json", found) == {"id": "0" * 24, "n": 5, "list": ["1.5"]}
