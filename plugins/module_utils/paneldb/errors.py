# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error the core raises.

An error carries what a person at the console needs: a stable ``code``, one sentence that says what happened and, in
``hint``, what to do next. Drivers' exceptions never leave an engine; each is turned into one of these.
"""

from __future__ import annotations

# The host command's status call has no time to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Results and errors carry so many operations, statements or hazards at the most, and say how many there are in all.
LONGEST_LIST = 200


class PanelDbError(Exception):
    """Base of all errors of the core.

    ``code`` is stable and meant for programs; ``message`` and ``hint`` are sentences for people; ``details`` holds
    plain JSON values only and never a secret. ``exit_code`` is what the host command ends with.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def to_data(self) -> dict[str, Any]:
        """Give the error as plain JSON values: ``code``, ``message``, ``hint`` and the details."""
        return {"code": self.code, "message": self.message, "hint": self.hint, **self.details}


class InputError(PanelDbError):
    """Something that a person wrote is wrong: a model, migration or seed file, or an option.

    ``source`` is the file (or the option), ``path`` the place in it such as ``tables.users.columns.id.type``.
    """

    code = "bad-input"
    exit_code = 2

    def __init__(
        self, message: str, *, source: str = "", path: str = "", found: Any = None, expected: str = "", hint: str = ""
    ) -> None:
        place = ": ".join(part for part in (source, path) if part)
        text = f"{place}: {message}" if place else message
        text += f" Found {found!r}." if found is not None else ""
        text += f" Expected {expected}." if expected else ""
        super().__init__(text, hint=hint, source=source, path=path, expected=expected)


class Unsupported(PanelDbError):
    """The engine, or this server, cannot do what was asked. The message says why."""

    code = "unsupported"


class ConnectionFailed(PanelDbError):
    """No session could be had, or the server went away in the middle."""

    code = "connection-failed"
    exit_code = 15


class AccessDenied(ConnectionFailed):
    """The server or the file system refused the account."""

    code = "access-denied"


class StorageFull(PanelDbError):
    """The disk is full; what was begun has been undone."""

    code = "storage-full"
    exit_code = 17


class StatementFailed(PanelDbError):
    """The engine refused a statement. ``details`` may name the operation and the statement, never bound values."""

    code = "statement-failed"


class ConstraintViolated(StatementFailed):
    """Rows break a rule of the schema. ``details`` names table, constraint and, where known, the offending row."""

    code = "constraint-violated"


class WriteRefused(StatementFailed):
    """The session only reads, and the statement would have changed something; nothing was changed."""

    code = "read-only"


class LockHeld(PanelDbError):
    """Somebody else works on this database. ``details``: ``owner`` and ``age_seconds`` where the engine can tell."""

    code = "locked"
    exit_code = 11


class MigrationError(PanelDbError):
    """The chain of migration files, or what the database remembers of it, does not hold together."""

    code = "migration"


class HazardsNotAccepted(PanelDbError):
    """The plan holds blocking hazards that nobody consented to; nothing was run."""

    code = "hazards-not-accepted"
    exit_code = 3


class PlanChanged(PanelDbError):
    """The plan is not the one whose fingerprint was asked for; nothing was run."""

    code = "plan-changed"
    exit_code = 3
