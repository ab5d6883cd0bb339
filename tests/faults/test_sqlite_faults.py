# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite under kills and on a full disk: what is committed is all there, what is not has never been."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    LockHeld,
    PanelDbError,
    StorageFull,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Alter
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import fill, small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import python_child
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file, table_of, texts

PANEL = (
    "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT)",
    "CREATE TABLE servers (id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users ON DELETE CASCADE)",
    "CREATE INDEX users_name ON users (name DESC) WHERE name <> 'x'",
    "CREATE TRIGGER users_gone AFTER DELETE ON users BEGIN DELETE FROM servers WHERE owner = OLD.id; END",
    """INSERT INTO users WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 20000)
      SELECT 'u' || x, 'name of user ' || x FROM n""",
    "INSERT INTO servers SELECT 's' || id, id FROM users",
)
REBUILDING = Alter(
    "users", Column("name", Type("text"), null=True), Column("name", parse_type("string(60)"), null=True)
)

REBUILDER = """
import sys

from ansible_collections.ctrlaltplay.paneldb.tests.faults.test_sqlite_faults import REBUILDING
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target

with connect(Target("sqlite", path=sys.argv[1])) as engine:
    steps, _ = engine.compile([REBUILDING], engine.catalogue())
    with engine.lock(5), engine.transaction(schema_change=True):
        for number, statement in enumerate(steps[0].statements):
            reach(f"statement {number}")
            engine.run(statement)
        reach("before the commit")
    reach("after the commit")
"""

HOLDER = """
import sys

from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target

with connect(Target("sqlite", path=sys.argv[1])) as engine, engine.lock(5), engine.transaction():
    reach("held")
"""


def statements_of(target: Target) -> list[str]:
    with connect(target) as engine:
        steps, _unused = engine.compile([REBUILDING], engine.catalogue())
    return [statement.text for statement in steps[0].statements]


def points() -> list[str]:
    """Every point of the rebuild: before its first statement, between any two, and around the commit."""
    return [*(f"statement {number}" for number in range(11)), "before the commit", "after the commit"]


@pytest.mark.parametrize("point", points())
def test_a_kill_in_the_middle_of_a_rebuild_leaves_the_old_or_the_new(tmp_path: Path, point: str) -> None:
    target = new_file(tmp_path / "panel.db", *PANEL)
    before = texts(target)
    assert len(statements_of(target)) == 11
    script = tmp_path / "rebuilder.py"
    script.write_text(REBUILDER)
    with python_child(script, target.path, errors=tmp_path / "errors") as child:
        child.wait_for(point)
        child.kill()
    assert ask(target, "PRAGMA integrity_check") == [("ok",)]
    assert ask(target, "SELECT count(*), min(name) FROM users") == [(20000, "name of user 1")]
    assert ask(target, "SELECT count(*) FROM servers") == [(20000,)]
    assert ask(target, "PRAGMA foreign_key_check") == []
    after = texts(target)
    assert after.keys() == before.keys()
    assert (after == before) == (point != "after the commit")
    with SqliteEngine.connect(target) as engine:
        with engine.lock(0):
            if after == before:
                apply_operations(engine, [REBUILDING])
        assert table_of(engine, "users").column("name").type == parse_type("string(60)")


def test_the_lock_ends_with_a_killed_holder(tmp_path: Path) -> None:
    target = new_file(tmp_path / "panel.db", *PANEL[:1])
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with python_child(script, target.path, errors=tmp_path / "errors") as child, connect(target) as engine:
        child.wait_for("held")
        with pytest.raises(LockHeld) as caught, engine.lock(0.1):
            pass
        assert str(child.pid) in str(caught.value.details["owner"])
        with pytest.raises(LockHeld), engine.transaction():
            pass
        child.kill()
        with engine.lock(0), engine.transaction():
            assert engine.count(table_of(engine, "users")) == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8, os.geteuid(), os.getegid()) as mounted:
        yield mounted


def test_a_full_disk_undoes_what_was_begun(disk: Path) -> None:
    target = new_file(disk / "panel.db", "CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT)")
    users = Table("users", (Column("id", Type("text")), Column("name", Type("text"))), PrimaryKey(("id",)))
    with SqliteEngine.connect(target) as engine:
        engine.insert(users, ("id", "name"), ((str(number), "x" * 50) for number in range(2000)))
        ask(target, "PRAGMA wal_checkpoint(TRUNCATE)")
        rows = ((str(number), "x" * 500) for number in range(10_000, 50_000))
        with pytest.raises(StorageFull, match="disk is full") as caught:
            engine.insert(users, ("id", "name"), rows)
        assert "Free some space" in caught.value.hint
        assert caught.value.exit_code == 17
        assert engine.count(users) == 2000
        ask(target, "PRAGMA wal_checkpoint(TRUNCATE)")
        filler = fill(disk)
        with pytest.raises(StorageFull):
            apply_operations(engine, [REBUILDING])
        filler.unlink()
        apply_operations(engine, [REBUILDING])
        assert engine.count(users) == 2000
    assert ask(target, "PRAGMA integrity_check") == [("ok",)]


def test_a_full_disk_when_a_database_is_made(disk: Path) -> None:
    fill(disk)
    target = Target("sqlite", path=str(disk / "folder" / "panel.db"))
    _unused, statements = SqliteEngine.plan_database(target, {}, None)
    with pytest.raises(PanelDbError, match=r"full"):
        SqliteEngine.apply_database(target, statements)


@pytest.fixture
def locked_away() -> Iterator[Path]:
    """A folder in which this process, though it be root, may read and not write."""
    with TemporaryDirectory(prefix="paneldb-read-only-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o700)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Take the rights to write from every file of the folder, and from root what it has beyond them."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_only_be_read(locked_away: Path) -> None:
    target = new_file(locked_away / "panel.db", *PANEL)
    ask(target, "PRAGMA journal_mode = DELETE")
    with without_rights(locked_away):
        with connect(target, read_only=True) as engine:
            assert engine.count(table_of(engine, "users")) == 20000
        with connect(target) as engine:
            with pytest.raises(AccessDenied, match="can only be read") as caught:
                apply_operations(engine, [REBUILDING])
            assert "right to write" in caught.value.hint
            with pytest.raises(AccessDenied, match="lock file"), engine.lock(0):
                pass
        with pytest.raises(AccessDenied):
            SqliteEngine.drop_database(target)
        _unused, statements = SqliteEngine.plan_database(
            Target("sqlite", path=str(locked_away / "below" / "x.db")), {}, None
        )
        with pytest.raises(AccessDenied, match="below"):
            SqliteEngine.apply_database(target, statements)
    assert ask(target, "SELECT count(*) FROM users") == [(20000,)]
