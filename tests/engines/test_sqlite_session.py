# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with SQLite files: transactions, locks, rights, and files that are not as they should be."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.lock import SUFFIX
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    InputError,
    LockHeld,
    StatementFailed,
    WriteRefused,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file

PAIR = (
    "CREATE TABLE parents (id TEXT PRIMARY KEY)",
    "CREATE TABLE children (id TEXT PRIMARY KEY, parent TEXT REFERENCES parents ON DELETE CASCADE)",
    "INSERT INTO parents VALUES ('p')",
    "INSERT INTO children VALUES ('c', 'p')",
)
PARENTS = Table("parents", (Column("id", Type("text")),), PrimaryKey(("id",)))
CHILDREN = Table(
    "children", (Column("id", Type("text")), Column("parent", Type("text"), null=True)), PrimaryKey(("id",))
)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return new_file(tmp_path / "session.db", *PAIR, lock_timeout=0.2)


def pragma(engine: Engine, name: str) -> int:
    return int(engine.query(f"PRAGMA {name}").rows[0][0])


def test_a_session_is_in_autocommit_and_obeys_foreign_keys(target: Target) -> None:
    with SqliteEngine.connect(target) as engine:
        with engine.transaction():
            assert pragma(engine, "foreign_keys") == 1
        engine.insert(PARENTS, ("id",), [("seen at once",)])
        assert ask(target, "SELECT count(*) FROM parents") == [(2,)]
        assert pragma(engine, "foreign_keys") == 1
        assert pragma(engine, "busy_timeout") == 200
        with engine.transaction():
            assert pragma(engine, "foreign_keys") == 1
            engine.delete(PARENTS, ("id",), [("p",)])
        assert engine.count(CHILDREN) == 0, "the rule of the foreign key was followed"
        assert engine.server().numbers == sqlite3.sqlite_version_info


def lose_parents(engine: Engine, *, mend: bool) -> None:
    """Delete what children refer to, and put it back (or not) before the change ends."""
    with engine.transaction(schema_change=True), engine.transaction():
        assert pragma(engine, "foreign_keys") == 0
        engine.delete(PARENTS, ("id",), [("p",)])
        if mend:
            engine.insert(PARENTS, ("id",), [("p",)])


def test_a_change_of_the_schema_verifies_foreign_keys_at_its_end(target: Target) -> None:
    with SqliteEngine.connect(target) as engine:
        with pytest.raises(ConstraintViolated, match="children"):
            lose_parents(engine, mend=False)
        lose_parents(engine, mend=True)
        assert (pragma(engine, "foreign_keys"), pragma(engine, "legacy_alter_table")) == (1, 0)
        assert ask(target, "SELECT id FROM parents") == [("p",)]
        assert engine.count(CHILDREN) == 1


def test_settings_come_back_after_an_error_in_the_middle_of_a_rebuild(target: Target) -> None:
    def rebuild(engine: Engine) -> None:
        with engine.transaction(schema_change=True):
            engine.run(Statement("PRAGMA legacy_alter_table = ON"))
            engine.run(Statement("ALTER TABLE nothing RENAME TO anything"))

    with SqliteEngine.connect(target) as engine:
        with pytest.raises(StatementFailed):
            rebuild(engine)
        assert (pragma(engine, "foreign_keys"), pragma(engine, "legacy_alter_table")) == (1, 0)


def test_a_transaction_takes_the_write_lock_at_once_and_says_who_waits(target: Target) -> None:
    with SqliteEngine.connect(target) as first, SqliteEngine.connect(target) as second, first.transaction():
        begin = time.monotonic()
        with pytest.raises(LockHeld, match="Another session"), second.transaction(schema_change=True):
            pass
        assert time.monotonic() - begin >= 0.15, "it waited for lock_timeout"
        assert pragma(second, "foreign_keys") == 1
        assert second.count(PARENTS) == 1, "readers are not kept out"


def test_reading_sessions_cannot_write(target: Target) -> None:
    with connect(target, read_only=True) as engine:
        with engine.transaction():
            assert engine.count(PARENTS) == 1
        with pytest.raises(WriteRefused, match="only be read"):
            engine.query("INSERT INTO parents VALUES ('x')")
        with pytest.raises(AccessDenied):
            engine.insert(PARENTS, ("id",), [("x",)])


@pytest.mark.parametrize(
    "name", ["sp ace.db", "a?mode=rwc.db", "a#b.db", "100%.db", "%41.db", "naïve 名.db", "a&b=c;d.db", "'\".db"]
)
def test_any_path_is_that_path(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder ?#%"
    folder.mkdir()
    target = new_file(folder / name, "CREATE TABLE here (id TEXT)")
    for read_only in (False, True):
        with connect(target, read_only=read_only) as engine:
            assert engine.existing_tables(["here"]) == {"here"}
    with connect(target) as engine, engine.lock(0):
        assert engine.count(Table("here")) == 0
    left = {name, f"{name}-wal", f"{name}-shm", f"{name}{SUFFIX}"}
    assert {each.name for each in folder.iterdir()} <= left


# --- the lock --------------------------------------------------------------------------------------------------------


def test_the_lock_tells_who_holds_it_and_for_how_long(target: Target) -> None:
    Path(target.path).chmod(0o640)
    with connect(target) as first, connect(target) as second:
        with first.lock(0):
            with first.lock(0):
                pass
            time.sleep(0.05)
            begin = time.monotonic()
            with pytest.raises(LockHeld) as caught, second.lock(0.2):
                pass
            assert time.monotonic() - begin >= 0.2
            assert str(os.getpid()) in str(caught.value.details["owner"])
            assert caught.value.details["age_seconds"] >= 0.05
            assert stat.S_IMODE(Path(target.path + SUFFIX).stat().st_mode) == 0o640
            assert second.count(PARENTS) == 1
        with second.lock(0):
            pass


def test_the_lock_of_a_file_that_is_not_there(target: Target) -> None:
    with connect(target) as engine:
        Path(target.path).unlink()
        with pytest.raises(ConnectionFailed, match="no database file"), engine.lock(0):
            pass
    assert not Path(target.path + SUFFIX).exists()


def test_the_lock_follows_no_link(target: Target, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    Path(target.path + SUFFIX).symlink_to(elsewhere)
    with connect(target) as engine, pytest.raises(AccessDenied), engine.lock(0):
        pass
    assert not elsewhere.exists()


# --- files that are not as they should be ----------------------------------------------------------------------------


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "none.db", tmp_path / "no folder" / "none.db"):
        for read_only in (False, True):
            with pytest.raises(ConnectionFailed, match="There is no database file") as caught:
                connect(Target("sqlite", path=str(path)), read_only=read_only)
            assert "Create it first" in caught.value.hint
        assert not path.exists()


def test_a_folder_and_a_file_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed):
        connect(Target("sqlite", path=str(tmp_path)))
    text = tmp_path / "text.db"
    text.write_text("This is no database, but long enough to be one by its size. " * 100)
    with pytest.raises(ConnectionFailed, match="is no SQLite database") as caught:
        connect(Target("sqlite", path=str(text)))
    assert "path is right" in caught.value.hint


MANY = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n LIMIT 5000) SELECT x || 'text' FROM n"


def test_a_damaged_file(target: Target) -> None:
    ask(target, "CREATE TABLE many (text TEXT)")
    ask(target, f"INSERT INTO many {MANY}")
    ask(target, "PRAGMA wal_checkpoint(TRUNCATE)")
    with Path(target.path).open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xff" * 4096 * 8)
    with connect(target) as engine:
        with pytest.raises(ConnectionFailed, match="is damaged") as caught:
            engine.query("SELECT max(text) FROM many")
        assert "backup" in caught.value.hint


def test_a_statement_that_takes_too_long_is_ended(target: Target) -> None:
    endless = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with connect(replace(target, statement_timeout=0.3)) as engine:
        with pytest.raises(StatementFailed, match="took longer"):
            engine.query(endless)
        engine.insert(PARENTS, ("id",), ((str(number),) for number in range(5000)))
        rows = engine.fetch(PARENTS, ("id",))
        next(rows)
        time.sleep(0.4)
        assert len(list(rows)) == 5000, "what the reader does between rows does not count"


# --- statements of people --------------------------------------------------------------------------------------------


def test_statements_of_people(target: Target) -> None:
    with connect(target) as engine:
        assert engine.query('SELECT id AS "the id", %s AS x FROM parents', [b"raw"]).columns == ("the id", "x")
        assert engine.query("UPDATE parents SET id = id").affected == 1
        assert engine.query("CREATE TABLE x (a)").rows == ()
        for wrong in ("SELECT 1; SELECT 2", "SELEC 1", "SELECT * FROM nothing"):
            with pytest.raises(StatementFailed):
                engine.query(wrong)
        with pytest.raises(InputError):
            engine.query("SELECT %s", [])
        for value in (2**70, "\ud800", object()):
            with pytest.raises(StatementFailed):
                engine.query("SELECT %s", [value])


def test_errors_do_not_tell_values(target: Target) -> None:
    with connect(target) as engine, pytest.raises(ConstraintViolated) as caught:
        engine.insert(PARENTS, ("id",), [("secret",), ("secret",)])
    assert "secret" not in str(caught.value.to_data())
    assert caught.value.details["columns"] == ["id"]
    assert caught.value.details["row"] == 1


def test_a_failed_insert_inside_of_a_transaction_leaves_no_half(target: Target) -> None:
    with connect(target) as engine, engine.transaction():
        engine.insert(PARENTS, ("id",), [("a",)])
        with pytest.raises(ConstraintViolated):
            engine.insert(PARENTS, ("id",), [("b",), ("a",)])
        with pytest.raises(ConstraintViolated) as caught:
            engine.insert(CHILDREN, ("id", "parent"), [("d", "a"), ("e", "nobody")])
        assert caught.value.details["row"] == 1
        assert caught.value.details["rule"] == "foreign key"
        assert sorted(engine.fetch(PARENTS, ("id",))) == [("a",), ("p",)]


def test_many_values_are_looked_for_at_once(target: Target) -> None:
    with connect(target) as engine:
        engine.insert(PARENTS, ("id",), ((f"n{number}",) for number in range(5000)))
        wanted = [f"n{number}" for number in range(0, 10_000, 2)]
        assert len(list(engine.fetch(PARENTS, ("id",), where=("id", wanted)))) == 2500


def test_a_raw_connection_sees_committed_rows_only(target: Target) -> None:
    with connect(target) as engine, closing(sqlite3.connect(target.path)) as other:
        with engine.transaction():
            engine.insert(PARENTS, ("id",), [("new",)])
            assert other.execute("SELECT count(*) FROM parents").fetchone() == (1,)
        assert other.execute("SELECT count(*) FROM parents").fetchone() == (2,)
