# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults as PostgreSQL's catalogue shows them become defaults of a model."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.defaults import (
    read_default,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import NOW, UUID, Default
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type

READ = [
    ("text", "'a'::text", Default("a")),
    ("text", "'it''s'::text", Default("it's")),
    ("text", "E'a\\\\b''\n'::text", Default("a\\b'\n")),
    ("text", "''::text", Default("")),
    ("string(5)", "'a::b'::character varying", Default("a::b")),
    ("string(5)", "'x'::character varying(5)", Default("x")),
    ("integer", "0", Default(0)),
    ("integer", "'-1'::integer", Default(-1)),
    ("integer", "(-1)", Default(-1)),
    ("bigint", "'9223372036854775807'::bigint", Default(2**63 - 1)),
    ("decimal(5,2)", "1.5", Default("1.50")),
    ("float", "1.5", Default(1.5)),
    ("float", "'1e+100'::double precision", Default(1e100)),
    ("boolean", "true", Default(True)),
    ("boolean", "false", Default(False)),
    ("json", "'{\"a\": [1]}'::jsonb", Default({"a": [1]})),
    ("uuid", "'00000000-0000-0000-0000-000000000001'::uuid", Default("00000000-0000-0000-0000-000000000001")),
    ("enum(role)", "'ADMIN'::role", Default("ADMIN")),
    ("enum(role)", '\'ADMIN\'::public."it\'s a ""role"""', Default("ADMIN")),
    ("timestamp", "'2026-01-31 08:00:00.5+00'::timestamp with time zone", Default("2026-01-31T08:00:00.500+00:00")),
    ("timestamp", "now()", Default(function=NOW)),
    ("timestamp", "CURRENT_TIMESTAMP", Default(function=NOW)),
    ("timestamp", "date_trunc('milliseconds'::text, now())", Default(function=NOW)),
    ("uuid", "gen_random_uuid()", Default(function=UUID)),
]


@pytest.mark.parametrize(("kind", "text", "default"), READ)
def test_portable(kind: str, text: str, default: Default) -> None:
    assert read_default(text, parse_type(kind)) == default


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (parse_type("integer"), "nextval('other'::regclass)"),
        (parse_type("text"), "concat('a', 'b')"),
        (parse_type("text"), "('a'::text || 'b'::text)"),
        (parse_type("integer"), "'much'::integer"),
        (parse_type("timestamp"), "'infinity'::timestamp with time zone"),
        (Type("foreign", ("inet",)), "'127.0.0.1'::inet"),
    ],
)
def test_what_a_model_cannot_say_is_kept(kind: Type, text: str) -> None:
    assert read_default(text, kind) == Default(function=f"opaque:{text}")


def test_null_is_no_default() -> None:
    assert read_default("NULL::character varying", parse_type("string(5)")) is None
