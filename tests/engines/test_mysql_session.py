# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every session with MariaDB has in common, and how the server's refusals are told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, Union

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    InputError,
    LockHeld,
    PanelDbError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.running import run
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.statements import parse_statements
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MysqlFamilyServer


@pytest.fixture
def target(family_target: Target) -> Target:
    return family_target


@pytest.fixture
def session(target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(target) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder without option files, for sessions that are told of nothing else."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def setting(session: MysqlEngine, name: str) -> Any:
    return session.query(f"SELECT @@{name}").rows[0][0]


def test_session_is_in_utc_and_strict_on_any_server(session: MysqlEngine, family_server: MysqlFamilyServer) -> None:
    assert family_server.run("SELECT @@global.time_zone, @@global.sql_mode") == [("-05:00", "")]
    assert setting(session, "time_zone") == "+00:00"
    assert "STRICT_TRANS_TABLES" in setting(session, "sql_mode")
    assert setting(session, "character_set_client") == "utf8mb4"
    session.query("CREATE TABLE t (name varchar(3))")
    with pytest.raises(ConstraintViolated, match="too long"):
        session.query("INSERT INTO t VALUES ('four')")


def test_session_has_the_targets_timeouts(target: Target) -> None:
    with MysqlEngine.connect(replace(target, lock_timeout=6.2, statement_timeout=90.5)) as session:
        found = [setting(session, name) for name in ("lock_wait_timeout", "innodb_lock_wait_timeout")]
        name, limit = {"MariaDB": ("max_statement_time", 90.5), "MySQL": ("max_execution_time", 90500)}[session.product]
        assert [*found, float(setting(session, name))] == [7, 7, limit]
    with MysqlEngine.connect(replace(target, statement_timeout=0.1)) as session:
        with pytest.raises(StatementFailed, match=r"max_statement_time|maximum statement execution time") as caught:
            session.query(
                f"SELECT COUNT(*) FROM {', '.join(f'information_schema.columns AS {each}' for each in 'abc')}"
            )
        assert "statement_timeout" in caught.value.hint


def test_environment_and_option_files_of_the_client_work(
    family_server: MysqlFamilyServer, target: Target, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("MYSQL_HOST", family_server.host)
    monkeypatch.setenv("MYSQL_TCP_PORT", str(family_server.port))
    monkeypatch.setenv("MYSQL_PWD", "wrong")
    file = home / ".my.cnf"
    file.write_text(f'[client]\nuser = {family_server.superuser}\npassword = "{family_server.password}"\n')
    file.chmod(0o600)
    with connect(parse_target({"engine": "mysql", "database": target.database})) as session:
        assert session.server().facts["database"] == target.database


def test_socket_where_no_host_is_given(
    family_server: MysqlFamilyServer, target: Target, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("MYSQL_UNIX_PORT", "/nowhere")
    (home / ".my.cnf").write_text(f"[client]\nsocket={family_server.socket}\n")
    for place in (
        replace(target, host="", port=0),
        replace(target, host="", port=0, unix_socket=family_server.socket),
    ):
        with MysqlEngine.connect(place) as session:
            assert session.query("SELECT host FROM information_schema.processlist WHERE id = CONNECTION_ID()").rows == (
                ("localhost",),
            )


def test_the_first_server_that_answers_is_taken(target: Target) -> None:
    several = replace(target, host=f"{target.host}:1,{target.host}:{target.port}", port=0)
    with MysqlEngine.connect(several) as session:
        assert session.query("SELECT 1").rows == ((1,),)
    with pytest.raises(AccessDenied):
        MysqlEngine.connect(replace(several, host=f"{target.host}:{target.port},{target.host}:1", password="wrong"))


def test_wrong_password_and_unknown_user(target: Target) -> None:
    for wrong in (replace(target, password="s3cret€"), replace(target, user="nobody")):
        with pytest.raises(AccessDenied) as caught:
            MysqlEngine.connect(wrong)
        assert "s3cret" not in str(caught.value)


def test_password_that_the_driver_cannot_encrypt(
    family_server: MysqlFamilyServer, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent by TLS, which was not asked for."""
    monkeypatch.setattr("pymysql._auth._have_cryptography", False)
    user = f"u{target.database}"
    family_server.create_user(user, "pw", f"ALL ON `{target.database}`.*")
    with MysqlEngine.connect(replace(target, user=user, password="pw")) as session:
        assert session.query("SELECT 1").rows == ((1,),)
    family_server.run(f"DROP USER `{user}`")


def test_password_beyond_latin_1(family_server: MysqlFamilyServer, target: Target) -> None:
    user = f"u{target.database}"
    family_server.create_user(user, "пароль€", f"ALL ON `{target.database}`.*")
    with MysqlEngine.connect(replace(target, user=user, password="пароль€")) as session:
        assert session.query("SELECT 1").rows == ((1,),)


def test_it_must_be_said_which_database_is_meant(target: Target) -> None:
    with pytest.raises(InputError, match="which database"):
        MysqlEngine.connect(replace(target, database=""))


def test_too_many_connections(target: Target, family_server: MysqlFamilyServer) -> None:
    user = f"u{target.database}"
    family_server.create_user(user, "pw", f"ALL ON `{target.database}`.*")
    family_server.run(f"ALTER USER `{user}`@`%` WITH MAX_USER_CONNECTIONS 1")
    own = replace(target, user=user, password="pw")
    with MysqlEngine.connect(own), pytest.raises(ConnectionFailed, match="no more sessions"):
        MysqlEngine.connect(own)


def test_facts_of_the_server(session: MysqlEngine, target: Target, family_server: MysqlFamilyServer) -> None:
    session.query("CREATE TABLE t (id integer)")
    with MysqlEngine.connect(target) as other, other.transaction():
        other.query("INSERT INTO t VALUES (1)")
        time.sleep(1.1)
        server = session.server()
    assert (server.product, server.version.count(".")) == (family_server.product, 2)
    assert server.numbers == tuple(map(int, server.version.split(".")))
    assert server.facts["longest_transaction_seconds"] >= 1
    assert server.facts["size_bytes"] >= 16384
    assert (server.facts["read_only"], server.facts["strict"], server.facts["timezone"]) == (False, False, "-05:00")
    assert server.facts["replication_lag_seconds"] is None
    assert session.server() is server
    assert session.version() == server.version


def test_facts_for_an_account_that_may_know_little(family_server: MysqlFamilyServer, target: Target) -> None:
    user = f"u{target.database}"
    family_server.create_user(user, "pw", f"ALL ON `{target.database}`.*")
    with MysqlEngine.connect(replace(target, user=user, password="pw")) as session:
        assert session.server().facts["longest_transaction_seconds"] is None
        with pytest.raises(AccessDenied):
            session.query("SELECT * FROM mysql.global_priv")


# --- transactions ------------------------------------------------------------------------------------------------


def test_part_of_a_transaction_is_undone_alone(session: MysqlEngine) -> None:
    session.query("CREATE TABLE t (id integer)")

    def failing() -> None:
        with session.all_or_nothing():
            session.query("INSERT INTO t VALUES (2)")
            with session.all_or_nothing():
                session.query("INSERT INTO t VALUES (3)")
            raise RuntimeError

    with session.transaction():
        session.query("INSERT INTO t VALUES (1)")
        with pytest.raises(RuntimeError):
            failing()
    assert session.query("SELECT id FROM t").rows == ((1,),)


def test_change_of_the_schema_ends_a_transaction_and_is_noticed(session: MysqlEngine) -> None:
    session.query("CREATE TABLE t (id integer)")

    def careless() -> None:
        with session.transaction():
            session.query("INSERT INTO t VALUES (1)")
            session.run(Statement("CREATE TABLE more (id integer)"))

    with pytest.raises(StatementFailed, match="has ended it"):
        careless()
    with session.transaction():
        session.query("INSERT INTO t VALUES (2)")


def test_change_of_the_schema_by_a_person_is_refused_within_a_transaction(session: MysqlEngine) -> None:
    def asked(statement: str) -> None:
        with session.transaction():
            session.query("CREATE TEMPORARY TABLE mine (id integer)")
            session.query("DROP TEMPORARY TABLE mine")
            session.query(statement)

    for statement in ("CREATE TABLE t (id integer)", "/* so */ drop table x", "TRUNCATE x", "COMMIT"):
        with pytest.raises(StatementFailed, match="end the transaction"):
            asked(statement)
    assert session.existing_tables(["t"]) == frozenset()
    assert session.query("CREATE TABLE t (id integer)").altered


def test_lone_change_of_the_schema_by_a_person_needs_no_transaction(session: MysqlEngine) -> None:
    [outcome] = run(session, parse_statements([{"statement": "CREATE TABLE t (id integer)"}]), 10)
    assert outcome.changed
    assert session.existing_tables(["t"]) == {"t"}
    two = [{"statement": "INSERT INTO t VALUES (1)"}, {"statement": "ALTER TABLE t ADD COLUMN more integer"}]
    with pytest.raises(StatementFailed, match="end the transaction"):
        run(session, parse_statements(two), 10)
    assert session.query("SELECT * FROM t").columns == ("id",)
    assert session.query("SELECT * FROM t").rows == ()


def test_schema_changes_open_no_transaction(session: MysqlEngine) -> None:
    with session.transaction(schema_change=True):
        session.run(Statement("CREATE TABLE t (id integer)"))
    assert session.existing_tables(["t", "T", "more"]) == {"t"}


# --- errors ------------------------------------------------------------------------------------------------------


#: MySQL's and MariaDB's number.
BROKEN_RULE = (3819, 4025)
REFUSALS: list[tuple[str, type[PanelDbError], Union[int, tuple[int, ...]], str]] = [
    ("INSERT INTO child (name) VALUES ('x')", ConstraintViolated, 1364, "column"),
    ("INSERT INTO child (id, name) VALUES (NULL, 'x')", ConstraintViolated, 1048, "column"),
    ("INSERT INTO child (id, name) VALUES (1, 's3cret'), (2, 's3cret')", ConstraintViolated, 1062, "constraint"),
    ("INSERT INTO child (id, parent) VALUES (1, 9)", ConstraintViolated, 1452, "constraint"),
    ("INSERT INTO child (id, name) VALUES (-1, 's3cret')", ConstraintViolated, BROKEN_RULE, "constraint"),
    ("INSERT INTO child (id, name) VALUES (1, REPEAT('s3cret', 100))", ConstraintViolated, 1406, "column"),
    ("INSERT INTO child (id) VALUES (99999999999)", ConstraintViolated, 1264, "column"),
    ("INSERT INTO child (id) VALUES ('s3cret')", StatementFailed, 1366, ""),
    ("INSERT INTO child (id, at) VALUES (1, 's3cret')", StatementFailed, 1292, ""),
    ("INSERT INTO child (id, at) VALUES (1, '0000-00-00')", StatementFailed, 1292, ""),
    ("SELECT nonsense", StatementFailed, 1054, ""),
    ("SELECT 's3cret' FORM x", StatementFailed, 1064, ""),
    ("CREATE TABLE child (id integer)", StatementFailed, 1050, ""),
    ("DELETE FROM parent", ConstraintViolated, 1451, "constraint"),
    ("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'", PanelDbError, 1114, ""),
    ("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1290, MESSAGE_TEXT = 'read-only'", PanelDbError, 1290, ""),
]


@pytest.mark.parametrize(("statement", "kind", "number", "named"), REFUSALS)
def test_refusals_are_told_without_values(
    session: MysqlEngine, statement: str, kind: type[PanelDbError], number: Union[int, tuple[int, ...]], named: str
) -> None:
    session.query("CREATE TABLE parent (id integer PRIMARY KEY)")
    session.query(
        "CREATE TABLE child (id integer PRIMARY KEY, name varchar(50), parent integer, at datetime(3),"
        " CONSTRAINT positive CHECK (id > 0), CONSTRAINT once UNIQUE (name),"
        " CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent (id))"
    )
    session.query("INSERT INTO parent VALUES (1)")
    session.query("INSERT INTO child (id, parent) VALUES (7, 1)")
    with pytest.raises(kind) as caught:
        session.query(statement)
    error = caught.value
    assert error.details["errno"] in (number if isinstance(number, tuple) else (number,))
    assert "s3cret" not in str(error) + repr(error.to_data())
    assert not named or error.details[named] in ("id", "name", "positive", "once", "of_parent")


def test_full_disk_has_its_own_exit_code(session: MysqlEngine) -> None:
    with pytest.raises(PanelDbError) as caught:
        session.query("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'")
    assert caught.value.exit_code == 17


def test_statement_that_runs_is_named_when_it_fails(session: MysqlEngine) -> None:
    with pytest.raises(StatementFailed) as caught:
        session.run(Statement("ALTER TABLE missing ADD COLUMN id integer"))
    assert caught.value.details["statement"] == "ALTER TABLE missing ADD COLUMN id integer"


def test_locked_table_is_waited_for_and_then_reported(session: MysqlEngine, target: Target) -> None:
    session.query("CREATE TABLE t (id integer)")
    alter = Statement("ALTER TABLE t ADD COLUMN more integer")
    with MysqlEngine.connect(replace(target, lock_timeout=1.5)) as impatient, session.transaction():
        session.query("INSERT INTO t VALUES (1)")
        with pytest.raises(StatementFailed, match=r"[Ll]ock wait timeout") as caught:
            impatient.run(alter)
        assert "lock_timeout" in caught.value.hint
        assert setting(impatient, "lock_wait_timeout") == 2


def test_locked_table_that_is_let_go_is_altered(session: MysqlEngine, target: Target) -> None:
    session.query("CREATE TABLE t (id integer)")

    def hold(seconds: float) -> None:
        with MysqlEngine.connect(target) as other, other.transaction():
            other.query("INSERT INTO t VALUES (1)")
            taken.append(True)
            time.sleep(seconds)

    taken: list[bool] = []
    holder = Thread(target=hold, args=(2.5,))
    holder.start()
    while not taken:
        time.sleep(0.01)
    session.run(Statement("ALTER TABLE t ADD COLUMN more integer"))
    holder.join()
    assert session.query("SELECT * FROM t").columns == ("id", "more")


# --- the lock ----------------------------------------------------------------------------------------------------


def test_holder_of_the_lock_is_named(session: MysqlEngine, target: Target) -> None:
    with MysqlEngine.connect(target) as other:
        with session.lock(1.0), pytest.raises(LockHeld) as caught, other.lock(0.0):
            pass
        details = caught.value.details
        assert details["pid"] == session.query("SELECT CONNECTION_ID()").rows[0][0]
        assert details["user"] == target.user
        assert details["client"].startswith("127.0.0.1")
        assert details["age_seconds"] >= 0
        assert f"KILL {details['pid']}" in caught.value.hint
        with other.lock(0.0):
            assert other.query("SELECT IS_USED_LOCK(%s)", [f"paneldb:{target.database}"]).rows[0][0] is not None


def test_lock_may_be_taken_again_by_its_holder(session: MysqlEngine, target: Target) -> None:
    with session.lock(1.0):
        with session.lock(1.0):
            pass
        with MysqlEngine.connect(target) as other, pytest.raises(LockHeld), other.lock(0.0):
            pass


def test_lock_ends_with_its_session(session: MysqlEngine, target: Target) -> None:
    other = MysqlEngine.connect(target)
    with other.lock(1.0):
        session.query(f"KILL {other.query('SELECT CONNECTION_ID()').rows[0][0]}")
        with session.lock(5.0):
            assert session.query("SELECT 1").rows == ((1,),)


def test_lock_is_of_one_database(family_server: MysqlFamilyServer, session: MysqlEngine, target: Target) -> None:
    name = family_server.create_database("é" * 60)
    try:
        with MysqlEngine.connect(replace(target, database=name)) as other, session.lock(0.0), other.lock(0.0):
            assert other.database == name
    finally:
        family_server.drop_database(name)


def test_lock_is_got_despite_a_limit_on_statements(session: MysqlEngine, target: Target) -> None:
    hasty = replace(target, statement_timeout=0.5)
    with MysqlEngine.connect(hasty) as other, session.lock(0.0), pytest.raises(LockHeld), other.lock(1.5):
        pass


def test_lock_outside_transactions_only(session: MysqlEngine) -> None:
    with session.transaction(), pytest.raises(StatementFailed, match="outside"), session.lock(0.0):
        pass
