# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every session with PostgreSQL has in common, and how the server's refusals are told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConstraintViolated,
    InputError,
    LockHeld,
    PanelDbError,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer


@pytest.fixture
def target(postgresql_server: PostgresServer, postgresql_database: str) -> Target:
    return parse_target({"url": postgresql_server.url(postgresql_database)})


@pytest.fixture
def session(target: Target) -> Iterator[PostgresqlEngine]:
    with PostgresqlEngine.connect(target) as made:
        yield made


def setting(session: PostgresqlEngine, name: str) -> str:
    return str(session.query("SELECT current_setting(%s)", [name]).rows[0][0])


def test_session_is_in_utc_with_the_targets_timeouts(target: Target) -> None:
    with PostgresqlEngine.connect(replace(target, lock_timeout=7.0, statement_timeout=90.0)) as session:
        found = [
            setting(session, name) for name in ("timezone", "application_name", "lock_timeout", "statement_timeout")
        ]
    assert found == ["UTC", "paneldb", "7s", "90s"]


def test_environment_of_libpq_works(
    postgresql_server: PostgresServer, postgresql_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", postgresql_server.host)
    monkeypatch.setenv("PGPORT", str(postgresql_server.port))
    monkeypatch.setenv("PGUSER", postgresql_server.superuser)
    monkeypatch.setenv("PGPASSWORD", postgresql_server.password)
    monkeypatch.setenv("PGDATABASE", postgresql_database)
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=5MB")
    monkeypatch.setenv("PGTZ", "Europe/Berlin")
    with connect(parse_target({"engine": "postgresql"})) as session:
        assert session.server().facts["database"] == postgresql_database
        assert session.query("SHOW work_mem").rows == (("5MB",),)
        assert session.query("SHOW timezone").rows == (("UTC",),)


def test_socket(postgresql_server: PostgresServer, target: Target) -> None:
    by_socket = replace(target, host="", unix_socket=str(postgresql_server.folder))
    with PostgresqlEngine.connect(by_socket) as session:
        assert session.query("SELECT inet_client_addr()").rows == ((None,),)


def test_settings_are_made_by_a_query_where_a_pooler_refuses_options(target: Target) -> None:
    pooled = replace(target, options={"pgbouncer": "true", "connection_limit": "1"}, lock_timeout=3.0)
    with PostgresqlEngine.connect(pooled) as session:
        assert setting(session, "timezone") == "UTC"
        assert setting(session, "lock_timeout") == "3s"


def test_schema_of_the_target_is_where_all_is_made(session: PostgresqlEngine, target: Target) -> None:
    session.query('CREATE SCHEMA "my app"')
    with PostgresqlEngine.connect(replace(target, schema="my app")) as other:
        assert other.schema == "my app"
        other.query("CREATE TABLE here (id integer)")
        assert other.existing_tables(["here", "there"]) == {"here"}
    assert session.existing_tables(["here"]) == frozenset()
    with PostgresqlEngine.connect(replace(target, schema="missing")) as other:
        assert other.catalogue().schema.tables == ()
        with pytest.raises(StatementFailed, match="module database"):
            other.run(Statement("CREATE TABLE here (id integer)"))


def test_read_only_session_changes_nothing(target: Target) -> None:
    with PostgresqlEngine.connect(target, read_only=True) as session, pytest.raises(StatementFailed, match="read-only"):
        session.query("CREATE TABLE t (id integer)")


def test_facts_of_the_server(session: PostgresqlEngine, target: Target) -> None:
    with PostgresqlEngine.connect(target) as other, other.transaction():
        other.query("SELECT 1")
        time.sleep(0.05)
        server = session.server()
    assert server.product == "PostgreSQL"
    assert server.version.startswith(f"{server.numbers[0]}.{server.numbers[1]}")
    assert server.facts["longest_transaction_seconds"] >= 0.05
    assert server.facts["size_bytes"] > 1_000_000
    assert server.facts["in_recovery"] is False
    assert server.facts["pooler"] is False
    assert server.facts["replication_lag_seconds"] is None
    assert session.server() is server
    assert session.version() == server.version


def test_wrong_password_and_unknown_user(target: Target) -> None:
    for wrong in (replace(target, password="s3cret"), replace(target, user="nobody")):
        with pytest.raises(AccessDenied) as caught:
            PostgresqlEngine.connect(wrong)
        assert "s3cret" not in str(caught.value)


def test_transaction_with_a_swallowed_error_is_not_taken_for_done(session: PostgresqlEngine) -> None:

    def careless() -> None:
        with session.transaction():
            session.query("CREATE TABLE t (id integer)")
            with suppress(StatementFailed):
                session.query("SELECT nonsense")

    with pytest.raises(StatementFailed, match="undone"):
        careless()
    assert session.existing_tables(["t"]) == frozenset()


def test_failed_step_leaves_the_transaction_usable(session: PostgresqlEngine) -> None:
    with session.transaction():
        session.run(Statement("CREATE TABLE t (id integer) -- and a comment"))
        with pytest.raises(StatementFailed) as caught:
            session.run(Statement("ALTER TABLE t ADD COLUMN id integer"))
        session.run(Statement("ALTER TABLE t ADD COLUMN more integer;"))
    assert caught.value.details["statement"] == "ALTER TABLE t ADD COLUMN id integer"
    assert session.query("SELECT * FROM t").columns == ("id", "more")


REFUSALS: list[tuple[str, type[PanelDbError], str]] = [
    ("INSERT INTO child (name) VALUES ('x')", ConstraintViolated, "23502"),
    ("INSERT INTO child (id, name) VALUES (1, 'x'), (1, 'y')", ConstraintViolated, "23505"),
    ("INSERT INTO child (id, parent) VALUES (1, 9)", ConstraintViolated, "23503"),
    ("INSERT INTO child (id, name) VALUES (-1, 's3cret')", ConstraintViolated, "23514"),
    ("INSERT INTO child (id) VALUES ('s3cret')", StatementFailed, "22P02"),
    ("SELECT nonsense", StatementFailed, "42703"),
    ("CREATE TABLE child ()", StatementFailed, "42P07"),
    ("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", PanelDbError, "53100"),
    ("DO $$ BEGIN RAISE SQLSTATE '0A000'; END $$", Unsupported, "0A000"),
]


@pytest.mark.parametrize(("statement", "kind", "code"), REFUSALS)
def test_refusals_are_told_without_values(
    session: PostgresqlEngine, statement: str, kind: type[PanelDbError], code: str
) -> None:
    session.query("CREATE TABLE parent (id integer PRIMARY KEY)")
    session.query(
        "CREATE TABLE child (id integer PRIMARY KEY CONSTRAINT positive CHECK (id > 0), name text,"
        " parent integer REFERENCES parent)"
    )
    with pytest.raises(kind) as caught:
        session.query(statement)
    assert caught.value.details["sqlstate"] == code
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value.to_data())
    if kind is ConstraintViolated:
        assert caught.value.details["table"] == "child"


def test_full_disk_has_its_own_exit_code(session: PostgresqlEngine) -> None:
    with pytest.raises(PanelDbError) as caught:
        session.query("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")
    assert caught.value.exit_code == 17


def test_account_without_rights(postgresql_server: PostgresServer, target: Target) -> None:
    role = f"r_{target.database}"
    postgresql_server.create_role(role, "pw")
    with PostgresqlEngine.connect(replace(target, user=role, password="pw")) as session, pytest.raises(AccessDenied):
        session.run(Statement("CREATE TABLE t (id integer)"))


def test_deadlock_is_told(session: PostgresqlEngine, target: Target) -> None:
    session.query("CREATE TABLE t (id integer PRIMARY KEY, n integer)")
    session.query("INSERT INTO t VALUES (1, 0), (2, 0)")
    from threading import Thread

    failures: list[PanelDbError] = []

    def crossing(first: int, second: int) -> None:
        with PostgresqlEngine.connect(target) as mine:
            try:
                with mine.transaction():
                    mine.query("UPDATE t SET n = n + 1 WHERE id = %s", [first])
                    time.sleep(0.3)
                    mine.query("UPDATE t SET n = n + 1 WHERE id = %s", [second])
            except PanelDbError as error:
                failures.append(error)

    threads = [Thread(target=crossing, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [error.details["sqlstate"] for error in failures] == ["40P01"]
    assert session.query("SELECT sum(n) FROM t").rows == ((2,),)


def test_holder_of_the_lock_is_named(session: PostgresqlEngine, target: Target) -> None:
    with PostgresqlEngine.connect(target) as other:
        with session.lock(1.0), pytest.raises(LockHeld) as caught, other.lock(0.0):
            pass
        details = caught.value.details
        assert details["pid"] == session.query("SELECT pg_backend_pid()").rows[0][0]
        assert details["application"] == "paneldb"
        assert details["user"] == target.user
        assert details["client"] == "127.0.0.1"
        assert details["state"] == "idle"
        assert details["age_seconds"] > 0
        with other.lock(0.0):
            assert other.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").rows == ((1,),)


def test_lock_is_of_one_schema(session: PostgresqlEngine, target: Target) -> None:
    session.query("CREATE SCHEMA other")
    with PostgresqlEngine.connect(replace(target, schema="other")) as other, session.lock(0.0), other.lock(0.0):
        rows = session.query("SELECT count(DISTINCT objid) FROM pg_locks WHERE locktype = 'advisory'").rows
    assert rows == ((2,),)


def test_waiting_for_the_lock_does_not_hold_up_concurrent_indexes(session: PostgresqlEngine, target: Target) -> None:
    from threading import Thread

    session.query("CREATE TABLE t (id integer)")
    taken: list[float] = []

    def wait() -> None:
        with PostgresqlEngine.connect(target) as other, other.lock(20.0):
            taken.append(time.monotonic())

    with session.lock(1.0):
        waiter = Thread(target=wait)
        waiter.start()
        time.sleep(0.2)
        session.query("CREATE INDEX CONCURRENTLY t_id ON t (id)")
        released = time.monotonic()
    waiter.join(20)
    assert taken
    assert taken[0] >= released


def test_lock_outside_transactions_only(session: PostgresqlEngine) -> None:
    with session.transaction(), pytest.raises(StatementFailed, match="outside"), session.lock(0.0):
        pass


def test_values_of_a_query_are_plain(session: PostgresqlEngine) -> None:
    result = session.query(
        "SELECT %(json)s::jsonb AS j, %(bytes)s::bytea AS b, %(list)s AS l, 7.50 AS d, '50%%' AS p",
        {"json": {"a": [1]}, "bytes": b"\0\xff", "list": [1, 2]},
    )
    assert result.columns == ("j", "b", "l", "d", "p")
    assert [str(value) for value in result.rows[0]] == ["{'a': [1]}", "b'\\x00\\xff'", "[1, 2]", "7.50", "50%"]
    assert session.query("SELECT '50%'").rows == (("50%",),)


def test_query_that_gives_rows_counts_those_that_it_changed(session: PostgresqlEngine) -> None:
    session.query("CREATE TABLE t (id integer)")
    assert session.query("INSERT INTO t SELECT generate_series(1, 5)").affected == 5
    result = session.query("UPDATE t SET id = id + 1 WHERE id > %s RETURNING id", [3])
    assert (len(result.rows), result.affected) == (2, 2)


def test_nul_in_a_value_is_refused(session: PostgresqlEngine) -> None:
    with pytest.raises(InputError, match="NUL"):
        session.query("SELECT %s", ["a\0b"])


def test_times_that_python_lacks_come_as_text(session: PostgresqlEngine) -> None:
    result = session.query("SELECT '20000-01-01'::timestamptz, '0044-03-15 BC'::date, '-infinity'::timestamp")
    assert result.rows == (("20000-01-01 00:00:00+00", "0044-03-15 BC", "-infinity"),)
