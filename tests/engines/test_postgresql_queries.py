# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of people on PostgreSQL alone: rows stay on the server, and what a statement does is done as a whole."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.plain import plain
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer

MANY = "SELECT repeat('x', 1000) FROM generate_series(1, 2000000)"


@pytest.fixture
def session(postgresql_server: PostgresServer, postgresql_database: str) -> Iterator[Engine]:
    with connect(parse_target({"url": postgresql_server.url(postgresql_database)})) as made:
        yield made


def _limited(session: Engine, statement: str, limit: int = 2, values: Any = None) -> Any:
    with session.transaction():
        return session.query(statement, values, limit=limit)


def test_rows_that_are_not_wanted_stay_on_the_server(session: Engine) -> None:
    with connect(session.target, read_only=True) as reader:
        begun = time.monotonic()
        result = _limited(reader, MANY, 3)
        assert time.monotonic() - begun < 1
    assert (len(result.rows), result.truncated) == (3, True)


def test_a_session_that_writes_takes_few_rows_too(session: Engine) -> None:
    tracemalloc.start()
    try:
        assert len(_limited(session, "SELECT repeat('x', 1000) FROM generate_series(1, 100000)").rows) == 2
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_functions_run_for_every_row_whether_it_is_read_or_not(session: Engine) -> None:
    session.query("CREATE SEQUENCE s")
    assert _limited(session, "SELECT nextval('s') FROM generate_series(1, 50)").rows == ((1,), (2,))
    assert session.query("SELECT last_value FROM s").rows == ((50,),)


@pytest.mark.parametrize(
    ("statement", "rows", "affected", "truncated", "altered"),
    [
        ("INSERT INTO t SELECT generate_series(1, 5) RETURNING id", ((1,), (2,)), 5, True, False),
        ("WITH w AS (INSERT INTO t VALUES (1), (2), (3) RETURNING id) SELECT id FROM w", ((1,), (2,)), 0, True, True),
        ("SHOW timezone", (("UTC",),), 0, False, False),
        ("CREATE TABLE u AS SELECT 1 AS a", (), 0, False, True),
        ("SELECT 1 AS a INTO v", (), 0, False, False),
        ("VALUES (1), (2)", ((1,), (2,)), 0, False, False),
        ("(SELECT 1 UNION SELECT 2 ORDER BY 1)", ((1,), (2,)), 0, False, False),
        ("SELECT id FROM t FOR UPDATE", (), 0, False, False),
    ],
)
def test_every_kind_of_statement_can_be_cut_off(
    session: Engine, statement: str, rows: object, affected: int, truncated: bool, altered: bool
) -> None:
    session.query("CREATE TABLE t (id integer)")
    result = _limited(session, statement)
    assert (result.rows, result.affected, result.truncated, result.altered) == (rows, affected, truncated, altered)


def test_values_with_percent_signs_and_a_limit(session: Engine) -> None:
    assert _limited(session, "SELECT %s, '100%%'", 2, ["%s %"]).rows == (("%s %", "100%"),)
    assert _limited(session, "SELECT '100%'").rows == (("100%",),)


@pytest.mark.parametrize(
    "text",
    ["SELECT 1; SELECT 2", "SELECT ';' ; DELETE FROM t", "SELECT $a$;$a$; SELECT $$;$$", "SELECT E'\\';'; SELECT ''"],
)
def test_one_statement_at_a_time_where_nothing_may_change(session: Engine, text: str) -> None:
    with connect(session.target, read_only=True) as reader, pytest.raises(InputError, match="more than one"):
        reader.query(text)


@pytest.mark.parametrize(
    "text", ["SELECT ';';", "SELECT $a$;$a$ -- ;", "SELECT E'\\';' ; ", 'SELECT 1 AS "a;b" /* ; */', "SELECT $1$;$1$"]
)
def test_semicolons_that_end_nothing(session: Engine, text: str) -> None:
    with connect(session.target, read_only=True) as reader:
        if text == "SELECT $1$;$1$":
            with pytest.raises(InputError):
                reader.query(text)
        else:
            assert len(reader.query(text).rows) == 1


def test_types_of_this_server_in_json(session: Engine) -> None:
    result = session.query(
        "SELECT 1.50::numeric AS d, 'NaN'::float8 AS n, gen_random_uuid() AS u, '\\x00ff'::bytea AS b,"
        " '2026-01-02 03:04:05.678+02'::timestamptz AS z, '2026-01-02 03:04:05'::timestamp AS t,"
        " '03:04+02'::timetz AS o,"
        " '1 day 2 hours'::interval AS i, '{\"a\": [1, null]}'::jsonb AS j, ARRAY[1.5, NULL]::numeric[] AS a,"
        " '10.0.0.0/8'::inet AS c, int4range(1, 5) AS r, 'x'::char(3) AS p, NULL AS e, true AS y,"
        " 'infinity'::timestamptz AS f, '-infinity'::date AS g"
    )
    found = dict(zip(result.columns, plain(list(result.rows[0]))))
    assert len(found.pop("u")) == 36
    assert found == {
        "d": "1.50",
        "n": "NaN",
        "b": "AP8=",
        "z": "2026-01-02T01:04:05.678000+00:00",
        "t": "2026-01-02T03:04:05",
        "o": "03:04:00+02:00",
        "i": "P1DT2H0M0S",
        "j": {"a": [1, None]},
        "a": ["1.5", None],
        "c": "10.0.0.0/8",
        "r": "[1, 5)",
        "p": "x  ",
        "e": None,
        "y": True,
        "f": "infinity",
        "g": "-infinity",
    }
