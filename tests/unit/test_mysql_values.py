# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values on their way to MySQL and back, as far as no server is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.literals import bound, writer
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.values import (
    decode_timestamp,
    decoders,
    encode_json,
    encode_timestamp,
    encoders,
    readers,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type

NO_BACKSLASH_ESCAPES = 512


def through(kind: str, value: Any) -> Any:
    [encode] = encoders([Column("c", parse_type(kind))])
    return value if encode is None else encode(value)


def back(kind: str, value: Any) -> Any:
    [decode] = decoders([Column("c", parse_type(kind))])
    return value if decode is None else decode(value)


def read(kind: str, text: Any) -> Any:
    [made] = readers([Column("c", parse_type(kind))])
    return text if made is None else made(text)


STORED: list[tuple[str, Any, Any]] = [
    ("uuid", "00000000-0000-4000-8000-00000000ABCD", "00000000-0000-4000-8000-00000000abcd"),
    ("decimal(5,2)", Decimal("1.5"), "1.50"),
    ("decimal(5,2)", Decimal("-0"), "0.00"),
    ("float", 2, 2.0),
    ("timestamp", datetime(2026, 2, 3, 1, 2, 3, 4999, timezone(timedelta(hours=1))), "2026-02-03 00:02:03.004"),
    ("json", {"b": [1.5, None], "a": "ü"}, '{"a":"ü","b":[1.5,null]}'),
    ("bytes", bytearray(b"\0"), b"\0"),
    ("boolean", True, True),
    ("text", "a\0b", "a\0b"),
]


@pytest.mark.parametrize(("kind", "value", "stored"), STORED)
def test_stored_values(kind: str, value: Any, stored: Any) -> None:
    assert through(kind, value) == stored
    assert through(kind, None) is None
    assert back(kind, None) is None


REFUSED = [
    ("uuid", "x"),
    ("decimal(3,2)", Decimal(10)),
    ("decimal(3,2)", Decimal("1.234")),
    ("decimal(3,2)", "NaN"),
    ("float", float("nan")),
    ("float", float("inf")),
    ("timestamp", datetime(2026, 1, 1)),  # noqa: DTZ001 - that is what is wrong with it
    ("timestamp", "2026-01-01"),
    ("json", float("nan")),
    ("json", {1, 2}),
    ("bytes", "text"),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_values_that_do_not_fit(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        through(kind, value)


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_times_come_back_to_the_millisecond(moment: datetime) -> None:
    text = encode_timestamp(moment)
    assert text is not None
    assert decode_timestamp(text) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_times_of_other_precision_are_read() -> None:
    assert decode_timestamp("2026-01-02 03:04:05") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert decode_timestamp("2026-01-02 03:04:05.123456").microsecond == 123_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_json_of_any_form_is_read_as_ours(value: Any) -> None:
    import json

    assert read("json", json.dumps(value, indent=1)) == encode_json(value)
    assert back("json", encode_json(value)) == value


def test_truth_is_read_from_text_and_number() -> None:
    assert [read("boolean", text) for text in ("1", "0", 1, 0)] == [True, False, True, False]
    assert read("boolean", "2") == 2
    assert back("boolean", 2) is True


CONSTANTS: list[tuple[Any, str, int, str]] = [
    (None, "text", 0, "NULL"),
    (True, "boolean", 0, "1"),
    (-5, "bigint", 0, "-5"),
    (0.1, "float", 0, "0.1e0"),
    (1e300, "float", 0, "1e+300"),
    (b"\0'", "bytes", 0, "x'0027'"),
    (b"", "bytes", 0, "x''"),
    ("12.50", "decimal", 0, "12.50"),
    ("1) OR (1", "decimal", 0, "'1) OR (1'"),
    ("12.50", "string", 0, "'12.50'"),
    ("it's \\ \0", "text", 0, "'it\\'s \\\\ \\0'"),
    ("it's \\", "text", NO_BACKSLASH_ESCAPES, "'it''s \\'"),
]


@pytest.mark.parametrize(("value", "kind", "status", "text"), CONSTANTS)
def test_constants(value: Any, kind: str, status: int, text: str) -> None:
    assert writer(status)(value, kind) == text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_the_server_lacks(number: float) -> None:
    with pytest.raises(InputError, match="no number"):
        writer(0)(number, "float")


BOUND: list[tuple[str, Sequence[Any] | Mapping[str, Any], str]] = [
    ("%s, 50%%", ["a%s"], "'a%s', 50%"),
    ("%(a)s %(b)s %(a)s", {"a": 1, "b": None}, "1 NULL 1"),
    ("IN %s", [[1, "x"]], "IN (1, 'x')"),
    ("IN %s", [[]], "IN (NULL)"),
    ("%s", [Decimal("1E+2")], "100"),
    ("%s", [date(2026, 1, 2)], "'2026-01-02'"),
    ("%s", [time(1, 2, 3)], "'01:02:03'"),
    ("%s", [timedelta(days=-1, seconds=1)], "'-23:59:59.000000'"),
    ("%s", [timedelta(days=40)], "'960:00:00.000000'"),
    ("%s", [UUID(int=1)], "'00000000-0000-0000-0000-000000000001'"),
    ("%s", [{"a": ["ü"]}], """'{\\"a\\": [\\"ü\\"]}'"""),
    ("%s", [memoryview(b"\xff")], "x'ff'"),
    ("%s", [datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))], "'2025-12-31 23:00:00'"),
]


@pytest.mark.parametrize(("statement", "values", "text"), BOUND)
def test_bound_values(statement: str, values: Any, text: str) -> None:
    assert bound(statement, values, 0) == text


@pytest.mark.parametrize(
    ("statement", "values"), [("%s %s", [1]), ("%s", [1, 2]), ("%(a)s", {"b": 1}), ("%s", [object()])]
)
def test_values_that_do_not_fit_their_places(statement: str, values: Any) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        bound(statement, values, 0)
