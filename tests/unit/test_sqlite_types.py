# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SQLite's checks let in for each logical type, and defaults on their way there and back."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.types import (
    DECLARED,
    NOW_SQL,
    UUID_SQL,
    default_sql,
    read_default,
    type_check,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.values import decoder, encoder
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import NOW, UUID, Column, Default
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import TEXTS

A_UUID = "00000000-0000-4000-8000-00000000000a"


def taken(type_text: str, value: Any, values: tuple[str, ...] = ("it's", "B")) -> bool:
    """Whether a column of the type takes the value."""
    kind = parse_type(type_text)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        check = type_check(kind, '"a"', values)
        connection.execute(f'CREATE TABLE t ("a" {DECLARED[kind.name]} CHECK ({check or "TRUE"}))')
        try:
            connection.execute("INSERT INTO t VALUES (?)", (value,))
        except sqlite3.IntegrityError:
            return False
        return True


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("uuid", A_UUID),
        ("string(2)", "éé"),
        ("string(2)", "\N{PILE OF POO}\N{PILE OF POO}"),
        ("boolean", 0),
        ("boolean", 1),
        ("decimal(4,2)", "0.00"),
        ("decimal(4,2)", "-0.50"),
        ("decimal(4,2)", "99.99"),
        ("decimal(3,0)", "0"),
        ("decimal(3,0)", "-999"),
        ("decimal(2,2)", "-0.99"),
        ("timestamp", "2026-01-01T00:00:00.000+00:00"),
        ("timestamp", "2026-01-01T00:00:00Z"),
        ("json", "{}"),
        ("json", "null"),
        ("enum(x)", "it's"),
        ("text", "any"),
    ],
)
def test_values_of_a_type_are_taken(type_text: str, value: Any) -> None:
    assert taken(type_text, value)
    assert taken(type_text, None), "a null passes every check of a type"


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        ("uuid", A_UUID.upper()),
        ("uuid", A_UUID[:-1]),
        ("uuid", "-" * 36),
        ("uuid", ""),
        ("string(2)", "abc"),
        ("boolean", 2),
        ("boolean", "true"),
        *[("decimal(4,2)", text) for text in (".50", "00.50", "1.5", "1.555", "100.00", "--1.00", "1-1.00", "1.2.33")],
        ("decimal(4,2)", 1.5),
        *[("decimal(3,0)", text) for text in ("1.", "1000", "05", "", "-", "1e2")],
        ("decimal(2,2)", "1.00"),
        ("timestamp", "2026-01-01 00:00:00"),
        ("timestamp", "2026-01-01T00:00:00+02:00"),
        ("timestamp", "2026-13-01T00:00:00.000+00:00"),
        ("timestamp", "now"),
        ("timestamp", 1732451280000),
        ("json", "{"),
        ("json", ""),
        ("enum(x)", "C"),
    ],
)
def test_values_of_no_type_are_refused(type_text: str, value: Any) -> None:
    assert not taken(type_text, value)


def test_uuids_are_random_and_of_version_4() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        made = {connection.execute(f"SELECT {UUID_SQL}").fetchone()[0] for _unused in range(200)}
    assert len(made) == 200
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each) for each in made
    )
    assert {each[19] for each in made} == set("89ab")


def test_now_is_a_timestamp_as_we_write_them() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        (text,) = connection.execute(f"SELECT {NOW_SQL}").fetchone()
    column = Column("at", parse_type("timestamp"))
    encode, decode = encoder(column), decoder(column)
    assert encode is not None
    assert decode is not None
    assert encode(decode(text)) == text
    assert taken("timestamp", text)


@pytest.mark.parametrize(
    ("type_text", "value"),
    [
        *[("text", text) for text in TEXTS],
        ("string(5)", ""),
        ("string(5)", "12"),
        ("boolean", True),
        ("boolean", False),
        ("bigint", -(2**63)),
        ("bigint", 0),
        ("float", 1.0),
        ("float", -1e300),
        ("float", 5e-324),
        ("decimal(10,2)", "-12.50"),
        ("uuid", A_UUID),
        ("timestamp", "2026-01-31T08:00:00.000+00:00"),
        ("json", {"a": [1, 1.0, None, True, "it's"]}),
        ("json", None),
        ("json", "text"),
        ("enum(x)", "it's"),
    ],
)
def test_defaults_come_back_and_are_what_sqlite_puts_in(type_text: str, value: Any) -> None:
    kind = parse_type(type_text)
    default = Default(value)
    text = default_sql(kind, default)
    assert read_default(kind, text) == default
    column = Column("a", kind)
    encode = encoder(column)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'CREATE TABLE t ("b", "a" {DECLARED[kind.name]} DEFAULT {text})')
        connection.execute("INSERT INTO t (b) VALUES (1)")
        (stored,) = connection.execute("SELECT a FROM t").fetchone()
    if value is not None:
        assert stored == (encode(value) if encode else value)


@pytest.mark.parametrize(("type_text", "function"), [("uuid", UUID), ("timestamp", NOW)])
def test_functions_come_back(type_text: str, function: str) -> None:
    kind = parse_type(type_text)
    assert read_default(kind, default_sql(kind, Default(function=function))) == Default(function=function)


@pytest.mark.parametrize(
    ("type_text", "text"),
    [("timestamp", "CURRENT_TIMESTAMP"), ("bigint", "'x'"), ("boolean", "2"), ("text", "5"), ("text", "(1 + 2)")],
)
def test_defaults_of_others_are_kept_as_they_are(type_text: str, text: str) -> None:
    kind = parse_type(type_text)
    default = read_default(kind, text)
    assert default == Default(function=text)
    assert default_sql(kind, default) == text
