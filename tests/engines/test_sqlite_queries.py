# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of people on SQLite alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import WriteRefused
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import new_file


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Engine]:
    with connect(new_file(tmp_path / "panel.db")) as made:
        made.query("CREATE TABLE t (id INTEGER PRIMARY KEY, a)")
        yield made


def test_text_that_is_no_utf8_comes_as_bytes(session: Engine) -> None:
    session.query("INSERT INTO t VALUES (1, CAST(%s AS TEXT)), (2, 'é')", [b"\xff\xfe"])
    assert session.query("SELECT a FROM t ORDER BY id").rows == ((b"\xff\xfe",), ("é",))


def test_rows_that_are_changed_and_given_are_counted_though_not_read(session: Engine) -> None:
    session.query("INSERT INTO t (a) VALUES (1), (2), (3)")
    with session.transaction():
        result = session.query("UPDATE t SET a = 0 RETURNING id", limit=1)
    assert (result.rows, result.affected, result.truncated) == (((1,),), 3, True)
    assert session.query("SELECT count(*) FROM t WHERE a = 0").rows == ((3,),)
    assert session.query("SELECT id FROM t").affected == 0


def test_a_file_that_may_only_be_read_opens_no_other_for_writing(session: Engine, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    target: Target = session.target
    new_file(other)
    with connect(target, read_only=True) as reader:
        for place in (str(other), f"file:{other}?mode=rwc", f"file:{tmp_path}/third.db?mode=rwc"):
            with pytest.raises(WriteRefused):
                reader.query("ATTACH %s AS other", [place])
            with pytest.raises(WriteRefused):
                reader.query(f"ATTACH '{place}' AS other")
        with pytest.raises(WriteRefused):
            reader.query(f"VACUUM INTO '{tmp_path}/copy.db'")
        reader.query("ATTACH ':memory:' AS own")
    assert sorted(each.name for each in tmp_path.glob("*.db")) == ["other.db", "panel.db"]
