# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every session promises: how it opens, what a transaction is in it, and that the lock has one holder."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    InputError,
    LockHeld,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed


@pytest.mark.sql
def test_absent_database_is_told_with_what_makes_it(bed: Bed) -> None:
    with pytest.raises(ConnectionFailed, match="module database") as caught:
        connect(bed.absent())
    assert caught.value.exit_code == 15


def test_server_that_does_not_answer_is_told(bed: Bed) -> None:
    target = bed.absent()
    nowhere = replace(target, port=1, connect_timeout=1.0) if target.port else replace(target, path="/nowhere/at.db")
    with pytest.raises(ConnectionFailed, match=r"cannot be reached|no database file"), connect(nowhere) as engine:
        engine.existing_tables(["t"])


def test_closing_twice_is_fine(engine: Engine) -> None:
    engine.close()
    engine.close()
    with pytest.raises(ConnectionFailed, match="has ended"):
        engine.existing_tables(["t"])


@pytest.mark.sql
def test_transactions_undo_all_and_join(bed: Bed, target: Target, engine: Engine) -> None:
    bed.add_table(target, "t")

    def stopped() -> None:
        with engine.transaction():
            engine.query("INSERT INTO t VALUES (1)")
            with engine.transaction():
                engine.query("INSERT INTO t VALUES (2)")
            assert bed.read(target, "t", ("id",)) == [], "the inner end is no end"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    assert bed.read(target, "t", ("id",)) == []
    with engine.transaction(), engine.transaction():
        engine.query("INSERT INTO t VALUES (3)")
    assert bed.read(target, "t", ("id",)) == [(3,)]


def test_lock_has_one_holder_who_is_named(target: Target, engine: Engine) -> None:
    with connect(target) as other:
        with engine.lock(1.0):
            begun = time.monotonic()
            with pytest.raises(LockHeld) as caught, other.lock(0.3):
                pass
            assert 0.25 <= time.monotonic() - begun < 3
        assert caught.value.details["owner"]
        assert caught.value.details["age_seconds"] >= 0
        with other.lock(0.0), pytest.raises(LockHeld), engine.lock(0.0):
            pass


@pytest.mark.sql
def test_query_counts_changed_rows(bed: Bed, target: Target, engine: Engine) -> None:
    bed.add_table(target, "t")
    assert engine.query("INSERT INTO t VALUES (1), (2), (3), (4), (5)").affected == 5
    assert engine.query("UPDATE t SET id = id WHERE id > %s", [3]).affected == 2
    assert engine.query("SELECT * FROM t").affected == 0


@pytest.mark.sql
@pytest.mark.parametrize(
    ("statement", "parameters"),
    [("SELECT %s, %s", ["one"]), ("SELECT %(a)s", {"b": 1}), ("SELECT %s", [object()])],
)
def test_values_that_do_not_fit(engine: Engine, statement: str, parameters: Any) -> None:
    with pytest.raises((InputError, StatementFailed)):
        engine.query(statement, parameters)
    assert engine.query("SELECT 1").rows == ((1,),)
