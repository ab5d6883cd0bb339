# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of PostgreSQL: the stored form is the text that the server writes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.values import (
    decode_timestamp,
    decoders,
    encode_json,
    encode_timestamp,
    encoders,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type


def encoded(kind: str, value: Any) -> Any:
    (encode,) = encoders([Column("c", parse_type(kind))])
    return value if encode is None else encode(value)


def decoded(kind: str, value: Any) -> Any:
    (decode,) = decoders([Column("c", parse_type(kind))])
    return value if decode is None else decode(value)


STORED = [
    ("uuid", "C0FFEE00-0000-4000-8000-00000000000A", "c0ffee00-0000-4000-8000-00000000000a"),
    ("decimal(10,2)", Decimal("1.5"), "1.50"),
    ("decimal(10,2)", Decimal("-0.00"), "0.00"),
    ("decimal(10,2)", 7, "7.00"),
    ("decimal(34,0)", Decimal(10) ** 33, "1" + "0" * 33),
    ("float", 1, 1.0),
    ("timestamp", datetime(2026, 1, 31, 8, tzinfo=timezone.utc), "2026-01-31 08:00:00+00"),
    ("timestamp", datetime(2026, 1, 31, 8, 0, 0, 500000, timezone.utc), "2026-01-31 08:00:00.5+00"),
    ("timestamp", datetime(2026, 1, 31, 8, 0, 10, 1999, timezone.utc), "2026-01-31 08:00:10.001+00"),
    ("timestamp", datetime(999, 1, 1, 0, 0, 0, 999, timezone.utc), "0999-01-01 00:00:00+00"),
    ("timestamp", datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31 23:00:00+00"),
    (
        "json",
        {"bb": 1, "c": [None, True, 1.5], "é": 'say "\n"'},
        '{"c": [null, true, 1.5], "bb": 1, "é": "say \\"\\n\\""}',
    ),
    ("json", [1e300, 1e-7, -0.0], f"[1{'0' * 300}.0, 0.0000001, 0.0]"),
    ("bytes", b"\x00\xff", "\\x00ff"),
    ("boolean", True, True),
    ("text", "as it is", "as it is"),
]


@pytest.mark.parametrize(("kind", "value", "stored"), STORED)
def test_stored_form(kind: str, value: Any, stored: Any) -> None:
    found = encoded(kind, value)
    assert found == stored
    assert found.__class__ is type(stored)


@pytest.mark.parametrize("kind", ["uuid", "decimal(4,2)", "timestamp", "json", "bytes", "float"])
def test_null_stays_null(kind: str) -> None:
    assert encoded(kind, None) is None
    assert decoded(kind, None) is None


REFUSED = [
    ("uuid", "no"),
    ("uuid", "c0ffee0000004000800000000000000a"),
    ("decimal(4,2)", Decimal("1.234")),
    ("decimal(4,2)", Decimal(100)),
    ("decimal(4,2)", Decimal("NaN")),
    ("decimal(4,2)", "many"),
    ("timestamp", datetime(2026, 1, 1)),  # noqa: DTZ001
    ("timestamp", "2026-01-01"),
    ("json", {1: 2}),
    ("json", float("nan")),
    ("json", "\0"),
    ("json", "\ud800"),
    ("json", {"a": Decimal(1)}),
    ("bytes", "text"),
]


@pytest.mark.parametrize(("kind", "value"), REFUSED)
def test_misfit_is_a_value_error(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        encoded(kind, value)


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=timezone.utc)
)


@given(MOMENTS)
def test_timestamps_come_back(moment: datetime) -> None:
    assert decode_timestamp(str(encode_timestamp(moment))) == moment


@pytest.mark.parametrize("text", ["infinity", "10000-01-01 00:00:00+00", "0001-01-01 00:00:00+00 BC"])
def test_times_that_python_lacks(text: str) -> None:
    with pytest.raises(ValueError, match="beyond"):
        decode_timestamp(text)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)


@given(JSON)
def test_json_means_the_same(value: Any) -> None:
    assert decoded("json", encode_json(value)) == value


def test_json_tells_numbers_from_truth() -> None:
    assert encode_json({"a": True}) != encode_json({"a": 1})
