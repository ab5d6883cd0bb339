# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite databases as files: made, changed and removed."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.sqlite.engine import SqliteEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    InputError,
    LockHeld,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file


def bring(target: Target, **wanted: Any) -> list[str]:
    """Plan and apply; what the plan promised must be there. Give the statements."""
    promised, statements = SqliteEngine.plan_database(target, wanted, SqliteEngine.describe_database(target))
    SqliteEngine.apply_database(target, statements)
    assert SqliteEngine.describe_database(target) == promised
    assert SqliteEngine.plan_database(target, wanted, promised) == (promised, ()), "a second run does nothing"
    return [statement.text for statement in statements]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target("sqlite", path=str(tmp_path / "a folder" / "deeper" / "panel.db"), lock_timeout=0.2)


def test_a_database_is_made_with_its_folders(target: Target, tmp_path: Path) -> None:
    assert SqliteEngine.describe_database(target) is None
    old = os.umask(0)
    try:
        statements = bring(target)
    finally:
        os.umask(old)
    path = Path(target.path)
    assert statements == [
        f"mkdir --mode=0700 {tmp_path / 'a folder'}",
        f"mkdir --mode=0700 {path.parent}",
        f"create {path} with mode 0600",
        "PRAGMA journal_mode = WAL",
    ]
    assert [mode_of(each) for each in (path.parent.parent, path.parent, path)] == [0o700, 0o700, 0o600]
    with SqliteEngine.connect(target) as engine:
        engine.query("CREATE TABLE t (a)")
        assert {mode_of(each) for each in path.parent.iterdir()} == {0o600}
    assert ask(target, "PRAGMA journal_mode") == [("wal",)]


def test_planning_writes_nothing(target: Target, tmp_path: Path) -> None:
    promised, statements = SqliteEngine.plan_database(target, {"mode": "640"}, None)
    assert promised["mode"] == "0640"
    assert len(statements) == 4
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_database_that_is_there_change_alone(tmp_path: Path) -> None:
    target = new_file(tmp_path / "panel.db", "CREATE TABLE t (a)")
    Path(target.path).chmod(0o644)
    with SqliteEngine.connect(target) as engine, engine.lock(0):
        engine.query("INSERT INTO t VALUES (1)")
        assert bring(target, mode="0640") == [f"chmod 0640 {target.path}"]
        assert {mode_of(each) for each in tmp_path.iterdir()} == {0o640}, "the files beside it follow"
    assert bring(target, journal_mode="delete") == ["PRAGMA journal_mode = DELETE"]
    assert ask(target, "SELECT a FROM t") == [(1,)]


def test_the_journal_of_a_file_in_use_stays(tmp_path: Path) -> None:
    target = new_file(tmp_path / "panel.db", "CREATE TABLE t (a)")
    with SqliteEngine.connect(target) as engine, engine.transaction():
        engine.query("INSERT INTO t VALUES (1)")
        _unused, statements = SqliteEngine.plan_database(
            target, {"journal_mode": "delete"}, SqliteEngine.describe_database(target)
        )
        with pytest.raises(LockHeld, match="Another session"):
            SqliteEngine.apply_database(target, statements)
    assert ask(target, "PRAGMA journal_mode") == [("wal",)]


def test_owner_and_group_by_name_or_number(target: Target) -> None:
    me, mine = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    bring(target, owner=me, group=str(os.getegid()))
    assert SqliteEngine.describe_database(target) == {
        "mode": "0600",
        "owner": me,
        "group": mine,
        "journal_mode": "wal",
    }


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"encoding": "UTF8"}, Unsupported),
        ({"mode": "rw"}, InputError),
        ({"mode": "7777"}, InputError),
        ({"owner": "nobody-of-that-name"}, InputError),
        ({"group": "no-group-of-that-name"}, InputError),
        ({"journal_mode": "memory"}, InputError),
    ],
)
def test_settings_that_cannot_be(target: Target, wanted: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        SqliteEngine.plan_database(target, wanted, None)


def test_dropping_leaves_nothing_behind(target: Target) -> None:
    bring(target)
    with SqliteEngine.connect(target) as engine:
        engine.query("CREATE TABLE t (a)")
        with engine.lock(0):
            pass
        assert len(list(Path(target.path).parent.iterdir())) == 4
        SqliteEngine.drop_database(target)
    assert list(Path(target.path).parent.iterdir()) == []
    SqliteEngine.drop_database(target)
    assert SqliteEngine.describe_database(target) is None


def test_a_file_of_something_else_is_not_described(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no database " * 1000)
    with pytest.raises(ConnectionFailed, match="is no SQLite database"):
        SqliteEngine.describe_database(Target("sqlite", path=str(text)))
    assert SqliteEngine.describe_database(Target("sqlite", path=str(text / "below a file"))) is None
