# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runners at once, and holders of the lock that die or sleep."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.info import DRIFT, status
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.migrating import Migrating, said
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model

#: Somewhere inside the second migration, with the lock held.
INSIDE = "9"


@pytest.fixture(scope="module")
def chain() -> Chain:
    tables = {f"t{number}": {"x": {"type": "string(20)"}} for number in range(6)}
    return chain_to(*(model(dict(list(tables.items())[:count])) for count in range(1, 7)))


@pytest.fixture
def migrating(tmp_path: Path, target: Target, chain: Chain) -> Migrating:
    made = Migrating(tmp_path, target)
    made.write(chain)
    return made


def settled(target: Target, chain: Chain) -> bool:
    """Tell whether all is applied, once, and there is no drift."""
    with connect(target) as engine:
        found = status(engine, chain, gather=[DRIFT])
    return not found.position.pending and found.drift == ((), ())


def test_of_eight_one_applies_and_the_others_find_it_done(
    bed: Bed, target: Target, migrating: Migrating, chain: Chain
) -> None:
    with ExitStack() as ends:
        children = [ends.enter_context(migrating.start(points=False)) for _unused in range(8)]
        assert [child.wait() for child in children] == [0] * 8, [child.errors.read_text() for child in children]
        answers = [said(child)["migrations"] for child in children]
    assert sorted(answers) == [[]] * 7 + [[migration.id for migration in chain.migrations]]
    assert settled(target, chain)
    assert bed.read(target, "_paneldb_runs", ["state"]) == [("done",)]
    assert len(bed.read(target, "_paneldb_operations", ["position"])) == 6


def test_who_does_not_wait_is_told_who_holds_it(target: Target, migrating: Migrating, chain: Chain) -> None:
    with migrating.start() as holder:
        holder.wait_for(INSIDE)
        for _unused in range(3):
            failed = refused(migrating)
            assert failed["code"] == "locked"
            assert failed["owner"]
            assert failed["owner"] in failed["message"]
            assert failed["age_seconds"] >= 0
        holder.go_on()
        assert holder.wait() == 0, holder.errors.read_text()
    assert settled(target, chain)


def test_the_lock_of_a_killed_holder_is_free_at_once(target: Target, migrating: Migrating, chain: Chain) -> None:
    with migrating.start() as holder:
        holder.wait_for(INSIDE)
        holder.kill()
    began = time.monotonic()
    with connect(target) as engine:
        outcome = deploy(engine, chain)
    assert outcome.resumed
    assert time.monotonic() - began < 10
    assert settled(target, chain)


def test_a_holder_that_sleeps_keeps_the_lock_and_goes_on(target: Target, migrating: Migrating, chain: Chain) -> None:
    with migrating.start() as holder:
        holder.wait_for(INSIDE)
        os.kill(holder.pid, signal.SIGSTOP)
        assert refused(migrating)["code"] == "locked"
        os.kill(holder.pid, signal.SIGCONT)
        holder.go_on()
        assert holder.wait() == 0, holder.errors.read_text()
    assert settled(target, chain)


def refused(migrating: Migrating) -> dict[str, Any]:
    """What a process is told that does not wait for the lock."""
    with migrating.start(points=False, lock_timeout=0.2) as other:
        assert other.wait() == 11, other.errors.read_text()
        failed: dict[str, Any] = said(other)["failed"]
    return failed
