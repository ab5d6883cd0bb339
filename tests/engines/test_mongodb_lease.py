# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock on MongoDB: a lease with a fencing number, renewed, taken over, and never written under once it is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb import holder, lease
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import LockHeld
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import ledger
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import python_child, wait_until

RUN = ledger.new_run("deploy", "")
#: Takes the lock and waits to be killed.
HOLDER = """
import sys
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach

host, port, database = sys.argv[1:]
with connect(Target("mongodb", host=host, port=int(port), database=database)) as engine, engine.lock(0):
    reach("held")
"""


@pytest.fixture
def engine(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        yield made


@pytest.fixture
def other(mongodb_target: Target) -> Iterator[MongodbEngine]:
    with MongodbEngine.connect(mongodb_target) as made:
        yield made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The lease's own clock, to be set; the thread that renews leases never gets to it."""
    now = [1000.0]
    monkeypatch.setattr(lease, "clock", lambda: now[0])
    return now


def document(bed: MongodbBed, target: Target) -> dict[str, Any]:
    with bed.database_of(target) as database:
        found: dict[str, Any] = database[lease.COLLECTION].find_one({"_id": "lock"})
    return found


def end_lease(bed: MongodbBed, target: Target) -> None:
    """Bring the lease to its end by the server's clock."""
    with bed.database_of(target) as database:
        database[lease.COLLECTION].update_one({"_id": "lock"}, {"$set": {"until": lease._LONG_AGO}})


def test_one_holds_it_and_others_are_told_who(engine: MongodbEngine, other: MongodbEngine) -> None:
    message = "Another run works on this database"
    with engine.lock(0), engine.lock(0), pytest.raises(LockHeld, match=message) as caught, other.lock(0.2):
        pass
    assert "process" in caught.value.details["owner"]
    assert 0 <= caught.value.details["age_seconds"] < 60
    with other.lock(0):
        assert engine.lease is None


def test_each_taking_counts_the_fencing_number_up(
    engine: MongodbEngine, other: MongodbEngine, mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    numbers = []
    for session in (engine, other, engine):
        with session.lock(0):
            assert session.lease
            numbers.append(session.lease.fence)
    assert numbers == [1, 2, 3]
    left = document(mongodb_bed, mongodb_target)
    assert (left["fence"], left["owner"]) == (3, "")


def test_the_next_one_waits_until_it_is_free(engine: MongodbEngine, other: MongodbEngine) -> None:
    with ExitStack() as stack:
        stack.enter_context(engine.lock(0))
        release = threading.Timer(0.4, stack.close)
        release.start()
        with other.lock(20):
            assert other.lease
            assert other.lease.fence == 2
        release.join()


def test_many_at_once_hold_it_one_after_another(mongodb_target: Target) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        with MongodbEngine.connect(mongodb_target) as session, session.lock(30):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _unused in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 4


@pytest.mark.parametrize(
    ("seconds", "process", "free"), [(60, "", False), (-1, "", True), (60, "ended", True), (60, "this", False)]
)
def test_who_claimed_the_next_number_and_came_no_further(
    engine: MongodbEngine, other: MongodbEngine, seconds: float, process: str, free: bool
) -> None:
    with engine.lock(0):
        pass
    names = {"": "", "ended": f"{holder._place()} {2**22 + 1} 1", "this": holder.identity()}
    until = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    claim = {"_id": "2/0", "claim": 2, "until": until, "process": names[process]}
    engine.database[lease.COLLECTION].insert_one(claim)
    with nullcontext() if free else pytest.raises(LockHeld), other.lock(0.1):
        assert other.lease
        assert other.lease.fence == 2
    assert engine.database[lease.COLLECTION].count_documents({"claim": {"$gte": 0}}) == (0 if free else 1)


def test_it_is_renewed_while_it_is_held(
    engine: MongodbEngine, other: MongodbEngine, monkeypatch: pytest.MonkeyPatch, mongodb_bed: MongodbBed
) -> None:
    monkeypatch.setattr(lease, "RENEWAL", 0.05)
    with engine.lock(0):
        first = document(mongodb_bed, engine.target)["until"]
        wait_until(lambda: bool(document(mongodb_bed, engine.target)["until"] > first), "the lease is renewed", 10)
        with pytest.raises(LockHeld), other.lock(0):
            pass


def test_who_ended_without_a_word_is_followed_when_the_lease_is_over(
    engine: MongodbEngine, mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    with MongodbEngine.connect(mongodb_target) as gone:
        killed = lease.Lease(gone)
        killed.take(0)
        killed._through.set()
        with pytest.raises(LockHeld), engine.lock(0):
            pass
        end_lease(mongodb_bed, mongodb_target)
        with engine.lock(0):
            assert engine.lease
            assert engine.lease.fence == killed.fence + 1


def test_who_ended_on_this_host_is_followed_at_once(
    engine: MongodbEngine, mongodb_target: Target, tmp_path: Path
) -> None:
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    where = [mongodb_target.host, str(mongodb_target.port), mongodb_target.database]
    with python_child(script, *where, errors=tmp_path / "errors") as child:
        child.wait_for("held")
        with pytest.raises(LockHeld, match=f"process {child.pid}"), engine.lock(0):
            pass
        child.kill()
        with engine.lock(0):
            assert engine.lease
            assert engine.lease.fence == 2


@pytest.mark.parametrize("told", ["", "x", "a/b 1", f"elsewhere/pid:[1] {2**22} 5", f"{holder.identity()}"])
def test_of_other_hosts_and_of_the_living_nobody_says_that_they_ended(told: str) -> None:
    assert not holder.has_ended(told)


def test_another_process_of_the_same_number_is_not_the_holder() -> None:
    assert holder.has_ended(f"{holder.identity()}0")


def test_who_was_stopped_longer_than_the_lease_writes_nothing_more(
    engine: MongodbEngine, clock: list[float], mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    journal = ledger.Ledger(engine)
    journal.create()
    with engine.lock(0):
        journal.add_run(RUN)
        before = mongodb_bed.snapshot(mongodb_target)
        clock[0] += lease.LEASE + 1
        for write in (
            lambda: journal.end_run(RUN),
            lambda: journal.add_run(ledger.new_run("deploy", "")),
            lambda: engine.query({"insert": "t", "documents": [{}]}),
            lambda: engine.command({"create": "t"}, "Creating", write=True),
        ):
            with pytest.raises(LockHeld, match="stopped for longer than the lease"):
                write()
        clock[0] -= lease.LEASE
        with pytest.raises(LockHeld):
            journal.end_run(RUN)
    assert mongodb_bed.snapshot(mongodb_target) == before


def test_who_was_followed_notices_at_the_next_renewal(
    engine: MongodbEngine, other: MongodbEngine, clock: list[float], mongodb_bed: MongodbBed
) -> None:
    journal = ledger.Ledger(engine)
    journal.create()
    with engine.lock(0):
        end_lease(mongodb_bed, engine.target)
        with other.lock(0):
            clock[0] += lease.RENEWAL + 1
            with pytest.raises(LockHeld, match="another session has taken it over"):
                journal.add_run(RUN)
    assert journal.runs() == []


def test_what_a_later_holder_has_written_is_not_overwritten(
    engine: MongodbEngine, other: MongodbEngine, clock: list[float], mongodb_bed: MongodbBed
) -> None:
    """Between the last look at the lease and the write itself the lock may pass on: the number is what is left."""
    assert clock
    journal, later = ledger.Ledger(engine), ledger.Ledger(other)
    journal.create()
    with engine.lock(0):
        journal.add_run(RUN)
        end_lease(mongodb_bed, engine.target)
        with other.lock(0):
            later.end_run(RUN, ledger.INTERRUPTED)
            with pytest.raises(LockHeld, match="another session has taken it over"):
                journal.end_run(RUN, ledger.DONE)
    assert [run.state for run in later.runs()] == [ledger.INTERRUPTED]


def test_documents_of_the_journal_carry_the_number(
    engine: MongodbEngine, mongodb_bed: MongodbBed, mongodb_target: Target
) -> None:
    journal = ledger.Ledger(engine)
    journal.create()
    for expected in (1, 2):
        with engine.lock(0):
            if expected == 1:
                journal.add_run(RUN)
            journal.end_run(RUN)
        assert mongodb_bed.read(mongodb_target, ledger.RUNS.name, ["fence"]) == [(expected,)]
