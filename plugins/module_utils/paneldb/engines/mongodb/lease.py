# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one lock of a database: a document that is leased for some seconds and renewed until its holder is through.

A lease ends by the server's clock. Each taking counts the fencing number up. Who held the lock and was stopped for
longer than the lease (a frozen process, a sleeping machine) learns by its own clock, before it writes, that it holds
it no longer; documents of the bookkeeping collections carry the number, so that what a later holder has written there
is not overwritten either. Where a process of the same host held it and has ended, the next one there does not wait.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any

from ...errors import ConstraintViolated, LockHeld, PanelDbError, StatementFailed
from ..waiting import held_by_somebody, taken
from .faults import translated
from .holder import has_ended, identity, owner
from .probes import say_hello

if TYPE_CHECKING:
    from .engine import MongodbEngine

COLLECTION = "_paneldb_lock"
_ID = "lock"
#: Seconds that a lease lasts, and after which it is renewed.
LEASE = 30.0
RENEWAL = LEASE / 3
_ACTION = "Holding the lock"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _free(found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Give what the lock's document must still be when it is taken; empty while somebody holds it."""
    same = {"fence": found["fence"]} if "fence" in found else {}
    if not found or found["until"] < now:
        return {**same, "until": {"$lt": now}}
    # A holder that ran on this host and has ended: nobody need wait for its lease.
    return {**same, "token": found["token"]} if found.get("owner") and _over(found, now) else {}


def _over(found: dict[str, Any], now: datetime) -> bool:
    return bool(found["until"] < now) or has_ended(str(found.get("process", "")))


def clock() -> float:
    """Give the seconds of a clock that goes on while the process is stopped or the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@contextmanager
def held(engine: MongodbEngine, timeout: float) -> Iterator[None]:
    """Hold the lock; see ``Engine.lock``."""
    if engine.lease is not None:
        yield
        return
    if engine.session is not None:
        raise StatementFailed("The lock is taken outside transactions only.")
    engine.before_writing("Taking the lock")
    lease = Lease(engine)
    lease.take(timeout)
    engine.lease = lease
    try:
        yield
    finally:
        engine.lease = None
        lease.release()


class Lease:
    """One holder's hold on the lock: ``fence`` is the number of this taking."""

    def __init__(self, engine: MongodbEngine) -> None:
        self.fence = 0
        self._client = engine.client
        self._documents = engine.database[COLLECTION]
        self._mine = {"_id": _ID, "token": secrets.token_hex(16)}
        self._until = 0.0
        self._renewed = 0.0
        self._lost = ""
        self._guard = threading.Lock()
        self._through = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, timeout: float) -> None:
        """Wait for the lock, ``timeout`` seconds at the most, and have it renewed from then on.

        :raises LockHeld: somebody else holds it.
        """
        if not taken(self._attempt, timeout):
            raise self._held_by_another(timeout)
        self._thread = threading.Thread(target=self._renew_until_through, name="paneldb-lease", daemon=True)
        self._thread.start()

    def _attempt(self) -> bool:
        """Take the lock if it is free, or its lease is over, or its holder has ended."""
        with translated("Looking who holds the lock"):
            found: dict[str, Any] = self._documents.find_one({"_id": _ID}) or {}
        begun, now = clock(), self._server_time()
        free = _free(found, now)
        if not free:
            return False
        claim = self._claimed(int(found.get("fence", 0)) + 1, now)
        if not claim:
            return False
        taken = clock() - begun < RENEWAL and self._taken({"_id": _ID, **free}, now, new=not found)
        with suppress(PanelDbError), translated("Taking the lock"):
            # Nobody gets this number any more, or the next one may try it.
            self._documents.delete_many({"claim": {"$lte": self.fence}} if taken else {"_id": claim})
        if taken:
            self._until, self._renewed = begun + LEASE, begun
        return taken and self._renewed_on_server()

    def _claimed(self, number: int, now: datetime) -> str:
        """Become the only one who may be holder of this number; give the claim's _id, empty for somebody else's.

        What all servers do at once is to refuse an _id that is there; some find and modify one after the other. The
        claim of one who came no further is worth as much as a lease: it ends, and another turn begins.
        """
        claim = {"claim": number, "process": identity(), "until": now + timedelta(seconds=LEASE)}
        for turn in count():
            name = f"{number}/{turn}"
            with suppress(ConstraintViolated), translated("Taking the lock"):
                self._documents.insert_one({"_id": name, **claim})
                return name
            with translated("Looking who takes the lock"):
                found: dict[str, Any] = self._documents.find_one({"_id": name}) or {}
            if not found or not _over(found, now):
                break
        return ""

    def _taken(self, free: dict[str, Any], now: datetime, *, new: bool) -> bool:
        from pymongo import ReturnDocument

        whose = {"token": self._mine["token"], "owner": owner(), "process": identity()}
        taken = {**whose, "taken": now, "until": now + timedelta(seconds=LEASE)}
        try:
            with translated("Taking the lock"):
                found: Any = self._documents.find_one_and_update(
                    free,
                    {"$set": taken, "$inc": {"fence": 1}},
                    upsert=new,
                    return_document=ReturnDocument.AFTER,
                )
        except ConstraintViolated:
            return False
        self.fence = int(found["fence"]) if found else 0
        return bool(found)

    def _server_time(self) -> datetime:
        """Ask the server for its clock; what passes until the answer is here only makes a lease shorter."""
        moment: datetime = say_hello(self._client)["localTime"]
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def verify(self) -> None:
        """Make sure that the lock is held still; renew it where that was some time ago.

        :raises LockHeld: it is held no longer, and never again by this holder.
        """
        if not self._lost and clock() >= self._until:
            self._lost = "it was stopped for longer than the lease lasts"
        if not self._lost and clock() - self._renewed > RENEWAL:
            self._renew()
        if self._lost or clock() >= self._until:
            raise self._no_longer()

    def confirm(self) -> None:
        """Ask the server now whether the lock is held still, however short ago that was.

        :raises LockHeld: it is held no longer.
        """
        self._renewed = clock() - RENEWAL - 1
        self.verify()

    def _renew(self) -> None:
        with self._guard:
            begun = clock()
            if self._lost or begun >= self._until:
                return
            if self._renewed_on_server():
                self._until, self._renewed = begun + LEASE, begun
            else:
                self._lost = "another session has taken it over"

    def _renewed_on_server(self) -> bool:
        """Put the lease's end forward; tell whether the document is this holder's still."""
        until = self._server_time() + timedelta(seconds=LEASE)
        with translated(_ACTION):
            answer = self._documents.update_one({**self._mine, "fence": self.fence}, {"$set": {"until": until}})
        return bool(answer.matched_count)

    def _renew_until_through(self) -> None:
        """Renew every few seconds; while the server cannot be reached the lease may end, which ``verify`` tells."""
        while not self._through.wait(RENEWAL):
            if self._lost or clock() >= self._until:
                return
            with suppress(PanelDbError):
                self._renew()

    def release(self) -> None:
        """Give the lock back, so that the next one need not wait for the lease's end; the number stays."""
        self._through.set()
        if self._thread is not None:
            self._thread.join()
        if self._lost or clock() >= self._until:
            return
        with suppress(PanelDbError), translated(_ACTION):
            mine = {**self._mine, "fence": self.fence}
            self._documents.update_one(mine, {"$set": {"until": _LONG_AGO, "owner": ""}})

    def _no_longer(self) -> LockHeld:
        return LockHeld(
            f"This run's lock on the database is lost: {self._lost or 'the server could not be asked in time'}. Nothing"
            " more is written.",
            hint="Look at what the run that took over has done, then run it again.",
            fence=self.fence,
        )

    def _held_by_another(self, timeout: float) -> LockHeld:
        with translated("Looking who holds the lock"):
            found: dict[str, Any] = self._documents.find_one({"_id": _ID}) or {}
        if not found.get("owner"):
            return held_by_somebody(timeout)
        age = round((self._server_time() - found["taken"]).total_seconds(), 3)
        return LockHeld(
            f"Another run works on this database: {found['owner']}, for {age:.0f} s.",
            hint=f"Wait for it, or end it; what ended without a word holds the lock for {LEASE:g} s more.",
            owner=str(found["owner"]),
            age_seconds=age,
        )
