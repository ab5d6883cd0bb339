# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for locks: asking again and again, with growing pauses, rather than queueing up on the server."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Callable, Protocol

from ..errors import ConnectionFailed, LockHeld, PanelDbError, StatementFailed


class Session(Protocol):
    in_transaction: bool


@contextmanager
def holding(session: Session, take: Callable[[], None], release: Callable[[], object]) -> Iterator[None]:
    """Hold the lock of a session that takes it outside transactions only; a session that is gone has none any more."""
    if session.in_transaction:
        raise StatementFailed("The lock is taken outside transactions only.")
    take()
    try:
        yield
    finally:
        with suppress(ConnectionFailed):
            release()


def taken(attempt: Callable[[], bool], timeout: float) -> bool:
    """Attempt to take a lock until it is taken or ``timeout`` seconds are over; tell which of the two."""
    deadline = time.monotonic() + timeout
    for pause in _pauses(0.02, 0.5):
        if attempt():
            return True
        left = deadline - time.monotonic()
        if left <= 0:
            break
        time.sleep(min(pause, left))
    return False


def held_by_somebody(timeout: float) -> LockHeld:
    """Give the error where the holder is gone by the time that it is looked for."""
    return LockHeld(f"The lock was held by somebody else for {timeout:g} s.", hint="Run it again.")


def persist(attempt: Callable[[], None], waited: Callable[[PanelDbError], bool], timeout: float) -> None:
    """Do what waits for locks a short while only, again and again; zero seconds are any number of them.

    Whoever has queued behind it goes on in the pauses. ``waited`` tells an error of waiting in vain, after which
    nothing has been done, from others.

    :raises PanelDbError: the last error.
    """
    deadline = time.monotonic() + (timeout or math.inf)
    for pause in _pauses(0.1, 3.0):
        try:
            attempt()
        except PanelDbError as error:
            if not waited(error) or time.monotonic() + pause > deadline:
                raise
        else:
            return
        time.sleep(pause)


def _pauses(first: float, longest: float) -> Iterator[float]:
    while True:
        yield first
        first = min(first * 2, longest)
