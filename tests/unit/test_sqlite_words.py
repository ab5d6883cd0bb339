# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's words: quoting, tokens, and the marks for values in statements of people."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.parameters import bound
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.words import (
    literal,
    quote,
    tokenize,
    unquote,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS, TEXTS


@pytest.fixture
def memory() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize("name", [*STEMS, "rowid", "a" * 200])
def test_any_name_comes_back_from_sqlite(memory: sqlite3.Connection, name: str) -> None:
    memory.execute(f"CREATE TABLE {quote(name)} ({quote(name)} TEXT)")
    assert memory.execute("SELECT name FROM sqlite_master").fetchall() == [(name,)]
    assert [row[1] for row in memory.execute(f"PRAGMA table_info({quote(name)})")] == [name]
    assert unquote(quote(name)) == name


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_comes_back_from_sqlite(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]
    assert unquote(literal(text)) == text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a -- b, (\n, c", ["a", ",", "c"]),
        ("a /* ' */ b", ["a", "b"]),
        ("a /* never closed", ["a"]),
        ("'it''s' \"q\"\"q\" `b``b` [x y]", ["'it''s'", '"q""q"', "`b``b`", "[x y]"]),
        ("x'0aF1' X'00' 1.5e-3 .5 0x1F 1e5", ["x'0aF1'", "X'00'", "1.5e-3", ".5", "0x1F", "1e5"]),
        ("a<=b<>c||d->>'e'", ["a", "<=", "b", "<>", "c", "||", "d", "->>", "'e'"]),
        ("naïve$1=?2", ["naïve$1", "=", "?2"]),
    ],
)
def test_statements_fall_into_tokens(text: str, tokens: list[str]) -> None:
    found = tokenize(text)
    assert [token.text for token in found] == tokens
    assert all(text[token.start : token.end] == token.text for token in found)


@pytest.mark.parametrize(
    ("statement", "parameters", "text", "values"),
    [
        ("SELECT %s, %s", ["a", 1], "SELECT ?, ?", ["a", 1]),
        ("SELECT %(a)s, %(b)s, %(a)s", {"a": 1, "b": 2}, "SELECT ?, ?, ?", [1, 2, 1]),
        ("SELECT '%s', \"%s\", [%s], `%s`, %s", [1], "SELECT '%s', \"%s\", [%s], `%s`, ?", [1]),
        ("SELECT 5 %% 3, '100%%', 'it''s %s' -- %s\n, %s /* %s */", [7], None, [7]),
        ("SELECT 5 % 3", None, "SELECT 5 % 3", []),
        ("SELECT '%s%%'", None, "SELECT '%s%%'", []),
    ],
)
def test_marks_become_sqlites(statement: str, parameters: object, text: str | None, values: list[object]) -> None:
    made, given_values = bound(statement, parameters)  # type: ignore[arg-type]
    assert made == (text or "SELECT 5 % 3, '100%', 'it''s %s' -- %s\n, ? /* %s */")
    assert list(given_values) == values


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [("%s", []), ("%s", ["a", "b"]), ("%s", {"a": 1}), ("%(a)s", ["a"]), ("%(a)s", {"b": 1})],
)
def test_values_must_fit_the_marks(statement: str, parameters: object) -> None:
    with pytest.raises(InputError, match="statement"):
        bound(statement, parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", TEXTS)
def test_values_never_become_sql(memory: sqlite3.Connection, value: str) -> None:
    text, values = bound("SELECT %(value)s, '%%'", {"value": value})
    assert memory.execute(text, values).fetchall() == [(value, "%")]
