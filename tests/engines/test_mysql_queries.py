# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of persons on MariaDB: what they may do, and what they give."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import WriteRefused
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement


@pytest.fixture
def target(family_target: Target) -> Target:
    return family_target


@pytest.fixture
def session(target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(target) as made:
        yield made


# --- reading only ------------------------------------------------------------------------------------------------


WRITES = [
    "INSERT INTO t VALUES (1)",
    "CREATE TABLE more (id integer)",
    "DELETE FROM t",
    "SET SESSION TRANSACTION READ WRITE",
    "/*! SET SESSION TRANSACTION READ WRITE */",
    "SELECT /*M! 1 INTO OUTFILE '/tmp/x' */ 2",
    "SELECT * FROM t INTO OUTFILE '/tmp/x'",
    "WITH a AS (SELECT 1) SELECT * FROM a INTO DUMPFILE '/tmp/x'",
    "FLUSH TABLES",
    "COMMIT",
]


@pytest.mark.parametrize("statement", WRITES)
def test_read_only_session_changes_nothing(session: MysqlEngine, target: Target, statement: str) -> None:
    session.query("CREATE TABLE t (id integer)")
    with MysqlEngine.connect(target, read_only=True) as reader:
        with pytest.raises(WriteRefused):
            reader.query(statement)
        with pytest.raises(WriteRefused):
            reader.run(Statement("INSERT INTO t VALUES (1)"))
        assert reader.query("SELECT COUNT(*), 'INTO OUTFILE', '/*!' FROM t").rows == ((0, "INTO OUTFILE", "/*!"),)


def test_procedure_writes_nothing_in_a_session_that_reads(session: MysqlEngine, target: Target) -> None:
    session.query("CREATE TABLE t (id integer)")
    session.query("CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1); END")
    with MysqlEngine.connect(target, read_only=True) as reader, pytest.raises(WriteRefused):
        reader.query("CALL p()")
    assert session.query("CALL p()").rows == ()
    assert session.query("SELECT COUNT(*) FROM t").rows == ((1,),)


#: As many numbers as are asked for.
NUMBERS = "WITH RECURSIVE s AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM s WHERE seq < {}) SELECT seq FROM s"


@pytest.mark.parametrize("read_only", [True, False])
def test_no_more_rows_are_read_than_are_wanted(target: Target, read_only: bool) -> None:
    with MysqlEngine.connect(target, read_only=read_only) as session:
        result = session.query(NUMBERS.format(1000), limit=3)
        assert (result.rows, result.truncated) == (((1,), (2,), (3,)), True)
        assert not session.query(NUMBERS.format(3), limit=3).truncated
        assert len(session.query(NUMBERS.format(1000)).rows) == 1000


# --- statements of a person --------------------------------------------------------------------------------------


def test_values_of_a_query_are_plain(session: MysqlEngine) -> None:
    moment = datetime(2026, 2, 3, 4, 5, 6, 789000, timezone(timedelta(hours=2)))
    result = session.query(
        "SELECT %(bytes)s AS b, %(text)s AS t, 7.50 AS d, '50%%' AS p, CAST(%(at)s AS datetime(3)) AS a,"
        " %(decimal)s + 0 AS m, DATE '2026-02-03' AS day, %(none)s IS NULL AS n, %(yes)s AS y, 3 IN %(list)s AS l",
        {
            "bytes": b"\0\xff'\\",
            "text": "it's \\ \" 😀\0\n",
            "at": moment,
            "decimal": Decimal("1.10"),
            "none": None,
            "yes": True,
            "list": [1, 3],
        },
    )
    assert result.columns == ("b", "t", "d", "p", "a", "m", "day", "n", "y", "l")
    assert result.rows == (
        (
            b"\0\xff'\\",
            "it's \\ \" 😀\0\n",
            Decimal("7.50"),
            "50%",
            datetime(2026, 2, 3, 2, 5, 6, 789000),  # noqa: DTZ001 - as the server keeps it
            Decimal("1.10"),
            date(2026, 2, 3),
            1,
            1,
            1,
        ),
    )
    assert session.query("SELECT '50%'").rows == (("50%",),)


def test_query_that_gives_rows_counts_those_that_it_changed(mariadb_target: Target) -> None:
    """MySQL knows no such statement."""
    with MysqlEngine.connect(mariadb_target) as session:
        session.query("CREATE TABLE t (id integer)")
        assert session.query("INSERT INTO t VALUES (6), (7) RETURNING id").affected == 2


def test_further_results_of_a_procedure_are_let_go(session: MysqlEngine) -> None:
    session.query("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END")
    assert session.query("CALL p()").rows == ((1,),)
    assert session.query("CALL p()", limit=5).rows == ((1,),)
    assert session.query("SELECT 3").rows == ((3,),)


def test_zero_dates_come_as_text(session: MysqlEngine) -> None:
    session.query("SET SESSION sql_mode = ''")
    session.query("CREATE TABLE t (at datetime(3))")
    session.query("INSERT INTO t VALUES ('0000-00-00')")
    assert session.query("SELECT at FROM t").rows == (("0000-00-00 00:00:00.000",),)


def test_file_of_this_machine_is_never_read(session: MysqlEngine) -> None:
    session.query("CREATE TABLE t (line text)")
    session.query("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t")
    assert session.query("SELECT COUNT(*) FROM t").rows == ((0,),)
