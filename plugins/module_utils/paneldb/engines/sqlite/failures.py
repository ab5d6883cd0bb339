# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite's errors as ours, each with what to do."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    LockHeld,
    PanelDbError,
    StatementFailed,
    StorageFull,
)

#: Beginnings of messages, since Python tells SQLite's own codes only from 3.11 on.
_KINDS: tuple[tuple[str, type[PanelDbError], str, str], ...] = (
    (
        "unable to open database file",
        ConnectionFailed,
        "The database file {path} cannot be opened",
        "Look whether its folder exists and this account may read and write in it.",
    ),
    (
        "attempt to write a readonly database",
        AccessDenied,
        "The database file {path} can only be read here",
        "Give this account the right to write the file and its folder; module query writes with write=true alone.",
    ),
    (
        "database or disk is full",
        StorageFull,
        "The disk is full; nothing of this transaction was kept in {path}",
        "Free some space and run again.",
    ),
    (
        "file is not a database",
        ConnectionFailed,
        "{path} is no SQLite database",
        "Look whether the path is right; an encrypted database cannot be opened either.",
    ),
    (
        "database disk image is malformed",
        ConnectionFailed,
        "The database file {path} is damaged",
        "Restore it from a backup; `PRAGMA integrity_check` tells more.",
    ),
    (
        "interrupted",
        StatementFailed,
        "A statement took longer than it may (statement_timeout) and was ended",
        "Give it more time, or less to do.",
    ),
    (
        "Cannot operate on a closed database",
        ConnectionFailed,
        "The session with {path} has ended",
        "Open another one.",
    ),
    (
        "disk I/O error",
        ConnectionFailed,
        "The database file {path} cannot be read or written",
        "Look at the disk and at what the kernel logs.",
    ),
    (
        "database schema is locked",
        LockHeld,
        "Another session works on {path}",
        "Run again when it is done, or wait longer (lock_timeout).",
    ),
    (
        "database is locked",
        LockHeld,
        "Another session works on {path}",
        "Run again when it is done, or wait longer (lock_timeout).",
    ),
    (
        "database table is locked",
        LockHeld,
        "Another session works on {path}",
        "Run again when it is done, or wait longer (lock_timeout).",
    ),
)

_FAILED = re.compile(r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: (.*))?\Z", re.DOTALL)


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn every error of SQLite inside the block into one of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise our_error(error, path) from error
    except sqlite3.Warning as error:
        raise StatementFailed(f"SQLite refuses: {error}", hint="Give one statement at a time.", path=path) from error
    except UnicodeEncodeError as error:
        raise StatementFailed(
            "A text holds half of a character (a lone surrogate), which no database keeps."
        ) from error
    except OverflowError as error:
        raise StatementFailed("SQLite holds whole numbers of 64 bits; this one is larger.") from error


def our_error(error: sqlite3.Error, path: str) -> PanelDbError:
    """Give what a person should be told."""
    text = str(error).rstrip(".")
    if isinstance(error, sqlite3.IntegrityError):
        return violation(text)
    for beginning, kind, message, hint in _KINDS:
        if text.startswith(beginning):
            return kind(f"{message.format(path=path)} ({text}).", hint=hint, path=path)
    return StatementFailed(f"SQLite refuses: {text}.", path=path)


def violation(text: str, **details: Any) -> ConstraintViolated:
    """Give the error for a broken rule: kind of rule, table, and columns or the rule's name."""
    match = _FAILED.match(text)
    if match is None:
        return ConstraintViolated(f"Rows break a rule of the schema: {text}.", **details)
    kind, what = match.group(1).lower(), match.group(2) or ""
    if kind in ("unique", "not null") and "." in what:
        table = what.split(".", 1)[0]
        columns = [each.split(".", 1)[-1] for each in what.split(", ")]
        details = {"table": table, "columns": columns, **details}
    named = f": {what}" if what else ""
    return ConstraintViolated(
        f"Rows break a rule of the schema ({kind}{named}).",
        hint=_HINTS[kind],
        rule=kind,
        constraint=what,
        **details,
    )


_HINTS = {
    "unique": "These values are there already; change them, or give the row another key.",
    "not null": "Give the column a value in every row.",
    "check": "The rule's name tells what was expected of the value.",
    "foreign key": "Add the row that is referred to first, or refer to one that is there.",
}
