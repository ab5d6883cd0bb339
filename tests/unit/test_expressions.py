# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The portable expression language: reading, writing, renaming, and reading back what servers make of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_reader import (
    Reading,
    parse_deparsed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Column,
    Comparison,
    Literal,
    Opaque,
    canonical_text,
    columns_of,
    glob_from_like,
    like_from_glob,
    parse,
    rename_columns,
    rename_columns_in_text,
    render,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.expression_cases import (
    CONDITIONS,
    PATTERNS,
    PostgresqlDialect,
    SqliteDialect,
    StandardDialect,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("port>=1 AND port<=65535", "port >= 1 and port <= 65535"),
        ("port between 1 and 65535", "port >= 1 and port <= 65535"),
        ("port not between 1 and 9", "port < 1 or port > 9"),
        ("status In ('ONLINE','OFF''LINE')", "status in ('ONLINE', 'OFF''LINE')"),
        ("status in ('ONLINE')", "status = 'ONLINE'"),
        ("status not in ('ONLINE')", "status <> 'ONLINE'"),
        ("a in (1, b)", "a = 1 or a = b"),
        ("a not in (1, 2)", "a not in (1, 2)"),
        ("not a in (1, 2)", "a not in (1, 2)"),
        ("a != 1", "a <> 1"),
        ("not (a = b)", "a <> b"),
        ("not a < b", "a >= b"),
        ("not not a", "a"),
        ("not (not (a and b))", "a and b"),
        ("not a is null", "a is not null"),
        ("not (a is not null)", "a is null"),
        ("not a like 'x%'", "a not like 'x%'"),
        ("((a and b) and (c and d))", "a and b and c and d"),
        ("a or (b or c) or d and e", "a or b or c or (d and e)"),
        ("(a or b) and not (c or d)", "(a or b) and not (c or d)"),
        ("length(name) > 0", "length(name) > 0"),
        ("COALESCE(a, b, 0) = ABS(-1)", "coalesce(a, b, 0) = abs(-1)"),
        ("length = 1", "length = 1"),
        ("expiresAt > createdAt", "expiresAt > createdAt"),
        ('"in" = 1 and "a ""b" = 2 and "plain" = 3', '"in" = 1 and "a ""b" = 2 and plain = 3'),
        ("a - (b - c) - d > (a + b) * -c / 2", "a - (b - c) - d > (a + b) * (0 - c) / 2"),
        ("a - -1 = 1.50 and b = 1e3 and c = -0", "a - -1 = 1.5 and b = 1000 and c = 0"),
        (r"a like '\a\%\\'", r"a like 'a\%\\'"),
        ("(a = b) = true", "(a = b) = true"),
        ("coalesce(a, null) is null", "coalesce(a, null) is null"),
        ("active", "active"),
    ],
)
def test_one_meaning_has_one_text(written: str, canonical: str) -> None:
    assert canonical_text(parse(written)) == canonical
    assert parse(canonical) == parse(written)


@given(CONDITIONS)
def test_canonical_text_reads_back_as_the_same_expression(expression: Any) -> None:
    again = parse(canonical_text(expression))
    assert again == expression
    assert hash(again) == hash(expression)
    assert repr(again) == repr(expression) or canonical_text(again) == canonical_text(expression)


@pytest.mark.parametrize(
    ("text", "place", "parts"),
    [
        ("port == 1", 7, ["'='", "single ="]),
        ("port >= 1 adn port <= 2", 11, ["'adn'", "Did you mean 'and'?"]),
        ("a = b = c", 7, ["do not chain"]),
        ("a is null is null", 11, ["do not chain"]),
        ("len(x) > 1", 1, ["'len'", "Did you mean 'length'?", "coalesce"]),
        ("length(a, b) > 1", 1, ["length takes 1 arg"]),
        ("coalesce(a) > 1", 1, ["coalesce takes 2 to 16"]),
        ("length(a = b) > 1", 1, ["no condition"]),
        ("a = null", 3, ["never true", "is null"]),
        ("a in (1, null)", 3, ["never true"]),
        ("port + 1", 1, ["condition is missing"]),
        ("a = 1 and 'x'", 7, ["condition is missing"]),
        ("not length(a)", 1, ["condition is missing"]),
        ("a + 'x' = 1", 3, ["not a number"]),
        ("a && b", 3, ["'&'", "Write 'and'"]),
        ("a || b", 3, ["Write 'or'"]),
        ("!a", 1, ["Write 'not'"]),
        ("x in ()", 7, ["')'", "a value"]),
        ("x in 1", 6, ["'('", "'1'"]),
        ("x = 'abc", 5, ["not closed"]),
        ('"x = 1', 1, ["not closed"]),
        ("`x` = 1", 1, ["double quotes"]),
        ("(a = 1", 7, ["ends too early", "closes character 1"]),
        ("a = 1)", 6, ["')'"]),
        ("", 1, ["ends too early"]),
        ("a is nul", 6, ["'nul'", "Did you mean 'null'?"]),
        ("a like b", 3, ["pattern", "single quotes"]),
        (r"a like 'x\'", 3, ["single backslash"]),
        ("between = 1", 1, ['written "between"']),
        ("x not 5", 7, ["after not"]),
        ("x between 1 or 2", 13, ["'and' of between"]),
        ("a = 1; drop table x", 6, ["';'"]),
        ("a = 1 -- comment", 7, ["'-'", "no comments"]),
        ("a = 'x\0y'", 5, ["cannot be read"]),
        ("a = 1e99", 5, ["too long"]),
        ("a = 1 and é = 2", 11, ["cannot be read"]),
    ],
)
def test_refusals_name_the_place_and_what_to_do(text: str, place: int, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "model.yml", "tables.nodes.checks.port")
    message = str(caught.value)
    assert message.startswith("model.yml: tables.nodes.checks.port: In the condition")
    assert f"at character {place}:" in message, message
    assert [part for part in parts if part not in message] == [], message
    assert caught.value.details["source"] == "model.yml"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a" + ")" * 5000,
        "not " * 2000 + "a",
        "- " * 3000 + "a = 1",
        "a + " * 2000 + "a = 1",
        "a - (" * 1000,
        "abs(" * 1500,
        "a = 1 and " * 2000 + "a = 1",
    ],
)
def test_hostile_lengths_and_depths_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)
    assert parse_deparsed(text * 20) == Opaque((text * 20).strip())


def test_the_deepest_that_is_read_can_be_written_and_read_again() -> None:
    for text in (
        "(" * 99 + "a" + ")" * 99,
        " / ".join(["a"] * 23) + " = 1",
        "not (a or " * 11 + "b" + ")" * 11,
        "- " * 22 + "a = 1",
        "a = (" * 22 + "1 = 2" + ")" * 22,
    ):
        expression = parse(text)
        assert parse(canonical_text(expression)) == expression
        assert parse_deparsed(render(expression, StandardDialect())) == expression


def test_columns_are_listed_and_renamed_all_at_once() -> None:
    expression = parse(
        "a between 1 and length(b) and (c in (1, 2) or not d) and e + f > 0 and g like 'a%' and h is null"
    )
    assert columns_of(expression) == frozenset("abcdefgh")
    assert columns_of(Opaque("a = 1")) == frozenset()
    swapped = rename_columns(expression, {"a": "b", "b": "a", "h": "in"})
    assert canonical_text(swapped) == (
        "b >= 1 and b <= length(a) and (c in (1, 2) or not (d)) and e + f > 0 and g like 'a%' and \"in\" is null"
    )
    assert rename_columns(Opaque("a = 1"), {"a": "b"}) == Opaque("a = 1")
    assert rename_columns_in_text("a>1", {"a": "b"}) == "b > 1"
    assert rename_columns_in_text("a::int = 1", {"a": "b"}) == "a::int = 1"


@given(CONDITIONS)
def test_renaming_back_gives_the_same_expression(expression: Any) -> None:
    there = {name: f"{name} new" for name in columns_of(expression)}
    renamed = rename_columns(expression, there)
    assert columns_of(renamed) == frozenset(there.values())
    assert rename_columns(renamed, {new: old for old, new in there.items()}) == expression


def test_numbers_and_booleans_are_not_confused() -> None:
    assert parse("a = true") != parse("a = 1")
    assert parse("a = 1.0") == parse("a = 1")
    assert parse("a = '1'") != parse("a = 1")
    assert parse("a = 1") == Comparison("=", Column("a"), Literal("number", parse("a = 1").right.value))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("status in ('A', 'B')", "\"status\" IN ('A', 'B')"),
        ("a = true or not (b and c)", '"a" = TRUE OR NOT ("b" AND "c")'),
        ("a / b > 1 / 2", '"a" / NULLIF("b", 0) > 1 / 2'),
        ("(a + b) / c > 0", '("a" + "b") / NULLIF("c", 0) > 0'),
        ("length(a) is not null", 'length("a") IS NOT NULL'),
        ("a not like 'x%'", "\"a\" NOT LIKE 'x%'"),
    ],
)
def test_rendering_for_an_engine(text: str, rendered: str) -> None:
    assert render(parse(text), StandardDialect()) == rendered


def test_opaque_text_goes_back_as_it_is() -> None:
    assert render(Opaque("json_valid(`x`)"), StandardDialect()) == "json_valid(`x`)"
    assert canonical_text(Opaque("x ~ 'y'")) == "x ~ 'y'"


@given(CONDITIONS)
def test_what_sqlite_keeps_reads_back_as_it_was(expression: Any) -> None:
    assert parse_deparsed(render(expression, SqliteDialect())) == expression


@given(CONDITIONS)
def test_what_was_rendered_for_postgresql_reads_back_as_it_was(expression: Any) -> None:
    rendered = render(expression, PostgresqlDialect())
    reading = Reading(likes={"like": str})
    assert parse_deparsed(rendered, reading) == expression


@given(PATTERNS)
def test_glob_patterns_lead_back_to_like(pattern: str) -> None:
    canonical = parse("a like '" + pattern.replace("'", "''") + "'")
    assert like_from_glob(glob_from_like(pattern)) == canonical.pattern  # type: ignore[attr-defined]


#: Texts that PostgreSQL 15 gave back, with what had been written.
POSTGRESQL = [
    ("((port >= 1) AND (port <= 65535))", "port between 1 and 65535"),
    (
        "((status)::text = ANY ((ARRAY['ONLINE'::character varying, 'OFFLINE'::character varying])::text[]))",
        "status in ('ONLINE', 'OFFLINE')",
    ),
    ("(status = ANY (ARRAY['ONLINE'::node_status, 'OFF'::public.\"Node\"]))", "status in ('ONLINE', 'OFF')"),
    ("(status <> ALL (ARRAY['A'::text, 'B'::text]))", "status not in ('A', 'B')"),
    ("((email)::text ~~ '%@%'::text)", "email like '%@%'"),
    ("((email)::text !~~ E'a\\\\_''b'::text)", "email not like 'a\\_''b'"),
    ("(length((name)::text) > 0)", "length(name) > 0"),
    ("(price > (0)::numeric)", "price > 0"),
    ("(price > '-1.5'::numeric)", "price > -1.5"),
    ("(big = ANY (ARRAY[('-1'::integer)::bigint, '3000000000'::bigint]))", "big in (-1, 3000000000)"),
    ("(weight <= (0.5)::double precision)", "weight <= 0.5"),
    ("(NOT active)", "not active"),
    ("(NOT (active OR (a = b)))", "not (active or a = b)"),
    ("(description IS NOT NULL)", "description is not null"),
    ('("expiresAt" > "createdAt")', "expiresAt > createdAt"),
    ("((- port) < '-1'::integer)", "-port < -1"),
    ("(COALESCE(name, 'x'::character varying) IS NULL)", "coalesce(name, 'x') is null"),
    ("(((a)::numeric / (NULLIF(b, 0))::numeric) > (1)::numeric)", "a / b > 1"),
    ("(lower((name)::text) = (name)::text)", "lower(name) = name"),
]


@pytest.mark.parametrize(("deparsed", "written"), POSTGRESQL)
def test_postgresql_texts_read_back(deparsed: str, written: str) -> None:
    assert parse_deparsed(deparsed) == parse(written)


@pytest.mark.parametrize(
    "text",
    [
        "((a)::integer = 1)",
        "((a)::character varying(2) = 'x'::text)",
        "((5)::text = a)",
        "(a = (1.5)::integer)",
        "(a / b > 1)",
        "(nullif(b, 0) = 1)",
        "(a ~ '^x'::text)",
        "(a ~~* 'x'::text)",
        "a LIKE 'x'",
        "(a ~~ b)",
        "a GLOB '[a-z]'",
        "(a IS DISTINCT FROM b)",
        "(a IS TRUE)",
        "(a = ANY (b))",
        "((data ->> 'x'::text) = 'y'::text)",
        "(a COLLATE \"C\" = 'x'::text)",
        "now() > a",
        "json_valid(`x`)",
        "a == 1",
        "(a = NULL::integer)",
        "(a = 't'::boolean)",
        "",
        "((",
    ],
)
def test_foreign_texts_stay_as_they_are(text: str) -> None:
    assert parse_deparsed(f" {text}\n") == Opaque(text)


MYSQL = Reading(
    functions={"char_length": "length", "lower": "lower", "coalesce": "coalesce"}, likes={"like": str}, backslashes=True
)


@pytest.mark.parametrize(
    ("deparsed", "written"),
    [
        ("((`port` >= 1) and (`port` <= 65535))", "port between 1 and 65535"),
        ("(`status` in (_utf8mb4'A',_utf8mb4'it\\'s'))", "status in ('A', 'it''s')"),
        ("(char_length(`a``b`) > 0)", 'length("a`b") > 0'),
        ("`a` is not null and `b` <> 'x\\\\y'", "a is not null and b <> 'x\\y'"),
        ("`email` like 'a\\\\%\\n'", "email like 'a\\%\n'"),
    ],
)
def test_mysql_texts_read_back(deparsed: str, written: str) -> None:
    assert parse_deparsed(deparsed, MYSQL) == parse(written)
    assert parse_deparsed("(length(`a`) > 0)", MYSQL) == Opaque("(length(`a`) > 0)")


@given(st.text("()a=1'\"\\%[]{}:~!<>,.-+*/ \n\0ANYORnotinlike", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expression = parse(text)
    except InputError:
        assert parse_deparsed(text) is not None
    else:
        assert parse(canonical_text(expression)) == expression
