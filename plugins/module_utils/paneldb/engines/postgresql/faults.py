# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver's errors as ours, by SQLSTATE.

Only the server's primary message is shown: its detail and context repeat values of rows, and so may hold secrets.
Codes are those of appendix A, "PostgreSQL Error Codes", of the server's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    InputError,
    PanelDbError,
    StatementFailed,
    StorageFull,
    Unsupported,
    WriteRefused,
)

if TYPE_CHECKING:
    import psycopg2

INVALID_CATALOG = "3D000"
LOCK_NOT_AVAILABLE = "55P03"
_READ_ONLY = "25006"
#: How errors of statements that change the schema begin.
RUNNING = "Running a statement"

_NUL = "NUL"
_HINTS = {
    LOCK_NOT_AVAILABLE: "Another session holds the table; try again, or raise lock_timeout.",
    "40P01": "Another session waited for this one in a circle; run it again.",
    "40001": "Another session changed the same rows; run it again.",
    "57014": "Raise statement_timeout if the statement may take that long.",
    "25001": "Set `transaction: false` on the step.",
    _READ_ONLY: "The session only reads: this server is a standby, or writing was not asked for (query: write).",
    "3F000": "The schema does not exist; create it with module database, or name another one in schema.",
    "42P07": "Something else has that name; rename it or remove it.",
    "42710": "Something else has that name; rename it or remove it.",
    "2BP01": "Something that is not in the model, such as a view, depends on it; change that first.",
}
_CONSTRAINT_HINTS = {
    "23502": "Give the rows a value, or let the column be null.",
    "23503": "Add what the row refers to first, or remove what refers to it.",
    "23505": "Change or remove one of the rows that are alike.",
    "23514": "Change the rows that break the rule.",
}
_REFUSED = (
    "authentication failed",
    "no pg_hba.conf entry",
    "no password supplied",
    "permission denied for database",
)


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn the driver's errors into ours; ``action`` says what was being done."""
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        raise translate(error, action) from None
    except UnicodeEncodeError:
        raise lone_surrogate(action) from None
    except ValueError as error:
        if _NUL not in str(error):
            raise
        raise nul_found(action) from None


def nul_found(action: str, **details: Any) -> InputError:
    """PostgreSQL keeps any character but NUL in text."""
    error = InputError(
        f"{action}: a text holds a NUL character.", hint="Take the NUL character (\\x00) out of the text."
    )
    error.details.update(details)
    return error


def lone_surrogate(action: str) -> InputError:
    """Half of a character, such as a careless program cuts out of JSON, is no text in UTF-8."""
    return InputError(f"{action}: a text holds half of a character.", hint="Take the lone surrogate out of the text.")


def translate(error: psycopg2.Error, action: str) -> PanelDbError:
    """Give our error for one that the driver raised in an open session."""
    import psycopg2

    code = error.pgcode or ""
    gone = (
        isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
        or error.__class__ is psycopg2.DatabaseError
    )
    if code.startswith(("08", "57P")) or (gone and not code):
        return ConnectionFailed(
            f"{action}: the connection to the server is gone.",
            hint="What was not committed has been undone. Look at the server, then run it again.",
            sqlstate=code,
        )
    return _by_class(error, code, f"{action}: {_message(error, code)}.")


def _by_class(error: psycopg2.Error, code: str, message: str) -> PanelDbError:
    if code.startswith("23"):
        return _violated(error, code, message)
    if code.startswith("28") or code == "42501":
        return AccessDenied(message, hint="Grant the account what it needs, or use another one.", sqlstate=code)
    if code == "53100":
        return StorageFull(
            message, hint="Free space on the server's disk; what was begun has been undone.", sqlstate=code
        )
    if code in ("53300", INVALID_CATALOG):
        return ConnectionFailed(message, hint="Free some of the server's connections.", sqlstate=code)
    if code == "0A000":
        return Unsupported(message, sqlstate=code)
    kind = WriteRefused if code == _READ_ONLY else StatementFailed
    return kind(message, hint=_HINTS.get(code, error.diag.message_hint or ""), sqlstate=code)


def _message(error: psycopg2.Error, code: str) -> str:
    text = (error.diag.message_primary or str(error).partition("\n")[0]).rstrip(".")
    if code.startswith("22"):
        # `invalid input syntax for type integer: "secret"`
        text = text.partition(': "')[0]
    return text


def _violated(error: psycopg2.Error, code: str, message: str) -> ConstraintViolated:
    diag = error.diag
    details: dict[str, Any] = {
        "sqlstate": code,
        "table": diag.table_name or "",
        "constraint": diag.constraint_name or "",
    }
    if diag.column_name:
        details["column"] = diag.column_name
    if code == "23503" and diag.message_detail:
        # Keys that rows refer with are no secrets, and nothing else tells which row it was.
        details["detail"] = diag.message_detail
        message = f"{message} {diag.message_detail}"
    return ConstraintViolated(message, hint=_CONSTRAINT_HINTS.get(code, ""), **details)


def copied_row(error: psycopg2.Error) -> dict[str, Any]:
    """Give ``row`` (0 is the first) and ``column`` of the row that COPY stumbled over, where its context names them."""
    match = re.search(r"^COPY .*, line (\d+)(?:, column (.*?)(?:: |$))?", error.diag.context or "", re.MULTILINE)
    if match is None:
        return {}
    return {"row": int(match[1]) - 1, **({"column": match[2]} if match[2] else {})}


def refused(error: psycopg2.Error, what: str) -> ConnectionFailed:
    """Give our error for a session that could not be had; such errors bear no SQLSTATE, only the server's words."""
    text = " ".join(str(error).split())
    if any(words in text for words in _REFUSED) or re.search(r'role "[^"]*" (does not exist|is not permitted)', text):
        return AccessDenied(
            f"{what} refused the account: {text}", hint="Check user, password and the server's pg_hba.conf."
        )
    if re.search(r'database "[^"]*" does not exist', text):
        return ConnectionFailed(
            f"{what} has no such database: {text}", hint="Create it with module database.", sqlstate=INVALID_CATALOG
        )
    return ConnectionFailed(f"{what} cannot be reached: {text}", hint="Check host, port and whether the server runs.")
