# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one lock of a database: a kernel lock on a file beside it, which ends with the process that holds it.

The file says who holds it, for the one who waits. It stays when the lock is given back: were it removed, two could hold
locks on two files of one name.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import AccessDenied, ConnectionFailed, LockHeld

#: Behind the name of the database file.
SUFFIX = "-paneldb-lock"
#: Seconds between two tries.
_PAUSE = 0.05


@contextmanager
def held(database: str, timeout: float) -> Iterator[None]:
    """Hold the lock for the block; wait ``timeout`` seconds at the most.

    :raises LockHeld: with ``owner`` and ``age_seconds``.
    """
    descriptor = _open(database)
    try:
        _acquire(descriptor, database, timeout)
        _write(descriptor, _owner())
        try:
            yield
        finally:
            _write(descriptor, None)
    finally:
        os.close(descriptor)


def _open(database: str) -> int:
    """Open the side file, with the rights of the database: whoever may write the one may lock the other."""
    try:
        facts = Path(database).stat()
    except OSError as error:
        raise ConnectionFailed(f"There is no database file {database}.", path=database) from error
    mode = stat.S_IMODE(facts.st_mode) & 0o666
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(database + SUFFIX, flags, mode)
    except OSError as error:
        raise AccessDenied(
            f"The lock file {database}{SUFFIX} cannot be opened ({error.strerror}).",
            hint="Give this account the right to write in the folder of the database.",
            path=database + SUFFIX,
        ) from error
    if os.geteuid() == 0:
        os.fchown(descriptor, facts.st_uid, facts.st_gid)
    if os.geteuid() in (0, os.fstat(descriptor).st_uid):
        # Whatever the umask of whoever makes it: the group of the database takes the lock, too.
        os.fchmod(descriptor, mode)
    return descriptor


def _acquire(descriptor: int, database: str, timeout: float) -> None:
    end = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise _held_by(descriptor, database) from None
            time.sleep(_PAUSE)
        else:
            return


def _owner() -> dict[str, Any]:
    import socket
    import sys

    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "program": Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python",
        "since": time.time(),
    }


def _write(descriptor: int, owner: dict[str, Any] | None) -> None:
    os.ftruncate(descriptor, 0)
    if owner:
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)


def _held_by(descriptor: int, database: str) -> LockHeld:
    try:
        owner = json.loads(os.pread(descriptor, 4096, 0))
        age = round(max(0.0, time.time() - owner.pop("since")), 3)
    except (ValueError, KeyError, AttributeError, TypeError):
        # The holder has the lock and has not written yet, or has just given it back.
        owner, age = {}, None
    who = (
        "{program} (process {pid} on {host})".format(**owner)
        if owner.keys() >= {"program", "pid", "host"}
        else "another"
    )
    since = f" for {age:.0f} s" if age is not None else ""
    return LockHeld(
        f"{database} is being worked on by {who}{since}.",
        hint="Run again when it is done, or wait longer (lock_timeout).",
        owner=who,
        age_seconds=age,
    )
