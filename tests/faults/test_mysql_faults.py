# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB with deadlocks, strange modes, a full disk, and its server or our sessions killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql import loading, reading
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    ConstraintViolated,
    LockHeld,
    StatementFailed,
    StorageFull,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MariadbServer, mariadb_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import python_child, wait_until

ROWS = Table("numbers", (Column("id", Type("integer")), Column("text", Type("text"), null=True)), PrimaryKey(("id",)))
CREATE = "CREATE TABLE numbers (id integer PRIMARY KEY, text longtext) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
NASTY = ["'", '"', "\\", "\\'", "\0", "\\0", "`", "😀", "\n\r\t", "\x1a", "%s", "\\N", ""]


@pytest.fixture
def session(mariadb_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(mariadb_target) as made:
        made.query(CREATE)
        yield made


# --- deadlocks ---------------------------------------------------------------------------------------------------


@contextmanager
def crossing(target: Target, first: str, second: str) -> Iterator[None]:
    """Another transaction, which is too large to be chosen as the victim, does ``second`` when the block waits for it.

    Then it undoes all.
    """

    def cross() -> None:
        with MysqlEngine.connect(target) as other:
            other.ask("START TRANSACTION")
            other.ask("INSERT INTO numbers SELECT seq, '' FROM seq_1000_to_5000")
            other.ask(first)
            ready.append(True)
            wait_until(lambda: is_waited_for(other), "a session that waits")
            other.ask(second)
            other.ask("ROLLBACK")

    ready: list[bool] = []
    thread = Thread(target=cross)
    thread.start()
    wait_until(lambda: bool(ready), "the other transaction")
    try:
        yield
    finally:
        thread.join(60)


def is_waited_for(session: MysqlEngine) -> bool:
    """The server makes this table anew only where nobody has read it for a tenth of a second."""
    time.sleep(0.15)
    return bool(session.ask("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))


def updated(number: int) -> str:
    return f"UPDATE numbers SET text = 'other' WHERE id = {number}"


def run_update(session: MysqlEngine) -> None:
    session.run(Statement("UPDATE numbers SET text = 'mine' WHERE id IN (1, 2)"))


def update_in_bulk(session: MysqlEngine) -> None:
    assert session.update(ROWS, ("id",), ("text",), [(1, "mine"), (2, "mine")]) == 2


def update_staged(session: MysqlEngine) -> None:
    rows = [(number, "mine") for number in range(1, 101)]
    assert session.update(ROWS, ("id",), ("text",), rows) == 100


@pytest.mark.parametrize("change", [run_update, update_in_bulk, update_staged])
def test_deadlock_is_retried_where_nothing_is_lost(
    session: MysqlEngine, mariadb_target: Target, change: Callable[[MysqlEngine], None]
) -> None:
    session.insert(ROWS, ("id",), ((number,) for number in range(1, 101)))
    with crossing(mariadb_target, updated(2), updated(1)):
        change(session)
    assert session.query("SELECT text FROM numbers WHERE id IN (1, 2)").rows == (("mine",), ("mine",))


@pytest.mark.parametrize(("loads", "few"), [(True, 0), (False, 0), (True, 40)])
def test_deadlock_of_a_bulk_load_is_retried(
    session: MysqlEngine, mariadb_target: Target, monkeypatch: pytest.MonkeyPatch, loads: bool, few: int
) -> None:
    session.transfer.loads = loads
    monkeypatch.setattr(loading, "FEW", few)
    first, second = (f"INSERT INTO numbers VALUES ({number}, 'other')" for number in (7, 1))
    with crossing(mariadb_target, first, second):
        assert session.insert(ROWS, ("id", "text"), [(number, "mine") for number in range(1, 11)]) == 10
    assert session.query("SELECT COUNT(*), MIN(text), MAX(text) FROM numbers").rows == ((10, "mine", "mine"),)


def test_deadlock_is_reported_once_rows_would_be_lost(
    session: MysqlEngine, mariadb_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BATCH", 10)
    monkeypatch.setattr(loading, "_BLOCK", 10)
    first, second = (f"INSERT INTO numbers VALUES ({number}, 'other')" for number in (15, 1))
    with crossing(mariadb_target, first, second), pytest.raises(StatementFailed, match="Deadlock") as caught:
        session.insert(ROWS, ("id",), ((number,) for number in range(1, 31)))
    assert "run it again" in caught.value.hint
    assert session.count(ROWS) == 0


def test_deadlock_within_a_transaction_is_reported_and_the_transaction_over(
    session: MysqlEngine, mariadb_target: Target
) -> None:
    session.insert(ROWS, ("id",), ((number,) for number in range(1, 11)))

    def stubborn() -> None:
        with session.transaction():
            session.delete(ROWS, ("id",), [(10,)])
            with pytest.raises(StatementFailed, match="Deadlock"):
                run_update(session)
            session.delete(ROWS, ("id",), [(9,)])

    with (
        crossing(mariadb_target, updated(2), updated(1)),
        pytest.raises(StatementFailed, match="because of a deadlock"),
    ):
        stubborn()
    assert session.count(ROWS) == 10


def test_swallowed_deadlock_is_not_taken_for_a_commit(session: MysqlEngine, mariadb_target: Target) -> None:
    session.insert(ROWS, ("id",), ((number,) for number in range(1, 11)))

    def careless() -> None:
        with session.transaction():
            session.delete(ROWS, ("id",), [(10,)])
            with pytest.raises(StatementFailed, match="Deadlock"):
                run_update(session)

    with crossing(mariadb_target, updated(2), updated(1)), pytest.raises(StatementFailed, match="over"):
        careless()
    assert session.count(ROWS) == 10


def test_row_that_stays_locked_is_reported_alone(session: MysqlEngine, mariadb_target: Target) -> None:
    session.insert(ROWS, ("id",), ((number,) for number in range(1, 11)))
    hasty = parse_target({"url": _url(mariadb_target), "lock_timeout": 1})
    with session.transaction(), MysqlEngine.connect(hasty) as other:
        run_update(session)
        with other.transaction():
            other.delete(ROWS, ("id",), [(10,)])
            with pytest.raises(StatementFailed, match=r"[Ll]ock wait timeout") as caught:
                update_in_bulk(other)
            assert "lock_timeout" in caught.value.hint
            other.delete(ROWS, ("id",), [(9,)])
        assert other.count(ROWS) == 8


def _url(target: Target) -> str:
    return f"mysql://{target.user}:{target.password}@{target.host}:{target.port}/{target.database}"


# --- modes -------------------------------------------------------------------------------------------------------

MODES = ["", "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ANSI,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT", "ALLOW_INVALID_DATES"]


@pytest.fixture(params=MODES)
def moded(
    request: pytest.FixtureRequest, mariadb_server: MariadbServer, mariadb_target: Target
) -> Iterator[MysqlEngine]:
    """A session with a server that has the mode."""
    mariadb_server.run("SET GLOBAL sql_mode = %s", (request.param,))
    try:
        with MysqlEngine.connect(mariadb_target) as made:
            made.query(CREATE)
            yield made
    finally:
        mariadb_server.run("SET GLOBAL sql_mode = ''")


def all_ways(session: MysqlEngine) -> None:
    """Write nasty texts in every way that there is, and read them."""
    wanted = list(enumerate(NASTY, 1))
    many = list(enumerate(NASTY * 10, 1))
    for loads, rows in ((True, many), (False, many), (True, wanted)):
        session.transfer.loads = loads
        session.delete(ROWS, ("id",), list(session.fetch(ROWS, ("id",))))
        session.insert(ROWS, ("id", "text"), rows)
        assert list(session.fetch(ROWS, ("id", "text"))) == rows
    session.update(ROWS, ("id",), ("text",), [(number, text[::-1]) for number, text in wanted])
    session.update(ROWS, ("id",), ("text",), wanted * 5)
    for number, text in wanted:
        assert list(session.fetch(ROWS, ("id",), where=("text", [text]))) == [(number,)]
        assert session.query("SELECT id FROM numbers WHERE text = %s", [text]).rows == ((number,),)


def test_texts_survive_whatever_the_servers_mode_is(moded: MysqlEngine) -> None:
    all_ways(moded)
    moded.query("CREATE TABLE short (a char(3))")
    with pytest.raises(ConstraintViolated):
        moded.query("INSERT INTO short VALUES ('abcd')")


def test_texts_survive_a_mode_that_a_person_sets(session: MysqlEngine) -> None:
    session.query("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")
    all_ways(session)


# --- the server and the connection -------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[MariadbServer]:
    """A server to be killed."""
    with mariadb_server() as made:
        yield made


@pytest.fixture
def target(server: MariadbServer) -> Target:
    return parse_target({"url": server.url(server.create_database())})


def numbers(at: int, happening: Callable[[], object]) -> Iterator[tuple[int]]:
    """Endless rows; at one of them something happens."""
    number = 0
    while True:
        number += 1
        if number == at:
            happening()
        yield (number,)


def test_server_killed_midway_of_a_bulk_load(server: MariadbServer, target: Target) -> None:
    with MysqlEngine.connect(target) as session:
        session.query(CREATE)
        with pytest.raises(ConnectionFailed, match="gone") as caught:
            session.insert(ROWS, ("id",), numbers(55_500, server.kill))
        assert caught.value.exit_code == 15
        with pytest.raises(ConnectionFailed):
            session.count(ROWS)
    server.start()
    with MysqlEngine.connect(target) as session:
        assert session.count(ROWS) == 0


def test_connection_lost_midway_of_a_bulk_load(mariadb_server: MariadbServer, session: MysqlEngine) -> None:
    number = session.query("SELECT CONNECTION_ID()").rows[0][0]
    with pytest.raises(ConnectionFailed, match="gone"):
        session.insert(ROWS, ("id",), numbers(25_500, lambda: mariadb_server.run(f"KILL {number}")))
    assert mariadb_server.run("SELECT COUNT(*) FROM numbers", database=session.target.database) == [(0,)]


def test_statement_that_somebody_ends(mariadb_server: MariadbServer, session: MysqlEngine) -> None:
    number = session.query("SELECT CONNECTION_ID()").rows[0][0]
    Timer(0.5, mariadb_server.run, (f"KILL QUERY {number}",)).start()
    with pytest.raises(StatementFailed) as caught:
        session.query("SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b")
    assert "ended by somebody" in caught.value.hint
    assert session.query("SELECT 1").rows == ((1,),)


def test_server_killed_in_a_transaction_and_under_the_lock(server: MariadbServer, target: Target) -> None:
    def killed(session: MysqlEngine) -> None:
        with session.lock(1.0), session.transaction():
            session.insert(ROWS, ("id",), [(1,)])
            server.kill()
            session.insert(ROWS, ("id",), [(2,)])

    with MysqlEngine.connect(target) as session:
        session.query(CREATE)
        with pytest.raises(ConnectionFailed, match="gone"):
            killed(session)
    server.start()
    with MysqlEngine.connect(target) as session, session.lock(0.0):
        assert session.count(ROWS) == 0


def test_server_killed_while_rows_are_read(
    server: MariadbServer, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MOST_ROWS", 1000)
    with MysqlEngine.connect(target) as session:
        session.query(CREATE)
        session.insert(ROWS, ("id",), ((number,) for number in range(5000)))
        rows = session.fetch(ROWS, ("id",))
        next(rows)
        server.kill()
        with pytest.raises(ConnectionFailed):
            list(rows)


def test_full_disk_undoes_all_and_the_session_goes_on(server: MariadbServer, target: Target) -> None:
    folder = server.folder / "data" / target.database
    account = server.account
    options = (folder / "db.opt").read_bytes()
    with small_disk(folder, 16, account.pw_uid, account.pw_gid):
        (folder / "db.opt").write_bytes(options)
        os.chown(folder / "db.opt", account.pw_uid, account.pw_gid)
        with MysqlEngine.connect(target) as session:
            session.query(CREATE)
            with pytest.raises(StorageFull, match="full") as caught:
                session.insert(ROWS, ("id", "text"), ((number, "x" * 500) for number in range(100_000)))
            assert caught.value.exit_code == 17
            assert session.count(ROWS) == 0
            session.query("DROP TABLE numbers")


CORE = "ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb"
HOLDER = f"""
import sys
from {CORE}.engines.mysql.engine import MysqlEngine
from {CORE}.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach

with MysqlEngine.connect(parse_target({{"url": sys.argv[1]}})) as session, session.lock(5.0):
    reach("held")
"""


def test_lock_of_a_killed_holder_is_free_at_once(mariadb_target: Target, tmp_path: Path) -> None:
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with (
        python_child(script, _url(mariadb_target), errors=tmp_path / "errors") as holder,
        MysqlEngine.connect(mariadb_target) as session,
    ):
        holder.wait_for("held")
        with pytest.raises(LockHeld) as caught, session.lock(0.2):
            pass
        assert caught.value.details["user"] == mariadb_target.user
        begun = time.monotonic()
        Timer(0.5, os.kill, (holder.pid, signal.SIGKILL)).start()
        with session.lock(20.0):
            assert 0.3 < time.monotonic() - begun < 5


def test_frozen_holder_keeps_the_lock_until_it_is_ended(mariadb_target: Target, tmp_path: Path) -> None:
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with (
        python_child(script, _url(mariadb_target), errors=tmp_path / "errors") as holder,
        MysqlEngine.connect(mariadb_target) as session,
    ):
        holder.wait_for("held")
        os.kill(holder.pid, signal.SIGSTOP)
        with pytest.raises(LockHeld) as caught, session.lock(0.5):
            pass
        details: dict[str, Any] = caught.value.details
        session.query(f"KILL {details['pid']}")
        with session.lock(5.0):
            assert session.query("SELECT 1").rows == ((1,),)
