# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver's errors as ours, by the server's codes ("Error Codes" in MongoDB's manual).

Of what the server says only that is shown which repeats no values of documents: those may hold secrets.
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
)

if TYPE_CHECKING:
    from pymongo.errors import PyMongoError

NAMESPACE_NOT_FOUND, NAMESPACE_EXISTS = 26, 48
DUPLICATE_KEY = (11000, 11001, 12582)
#: The second is DocumentDB's own.
VALIDATION_FAILED = (121, 525074461)
#: A document breaks a rule of its collection.
RULE_BROKEN = (*DUPLICATE_KEY, *VALIDATION_FAILED)
_DENIED = (11, 13, 18, 33, 8000)
_FULL = (14031,)
#: The document itself, and what an update makes of one.
_TOO_LARGE = (10334, 17419, 17420)
#: FerretDB hands on what its PostgreSQL says of an update.
_INTERNAL, _POSTGRESQL_DUPLICATE = 1, "duplicate key value violates unique constraint"
#: Command not found, not supported, not implemented; unknown stages and operators of a pipeline and a filter.
UNKNOWN = (59, 115, 238, 40324, 168)
_TIMED_OUT = (50, 262)
_HINTS = {
    50: "Raise statement_timeout if it may take that long.",
    262: "Raise statement_timeout if it may take that long.",
    NAMESPACE_EXISTS: "Something else has that name; rename it or remove it.",
    112: "Another session changed the same documents; run it again.",
    251: "The server has ended the transaction; run it again.",
    20: "This server is no member of a replica set; transactions need one.",
}
_SHOWN = 300


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn the driver's errors into ours; ``action`` says what was being done."""
    from bson.errors import BSONError
    from pymongo.errors import PyMongoError

    try:
        yield
    except PyMongoError as error:
        raise translate(error, action) from None
    except (BSONError, OverflowError, UnicodeEncodeError) as error:
        raise not_stored(error, action) from None


def not_stored(error: Exception, action: str) -> InputError:
    """BSON's own words repeat the value; what kind of value it is says enough."""
    kinds = {
        "OverflowError": "a whole number has more than 64 bits",
        "UnicodeEncodeError": "a text holds half of a character",
    }
    reason = kinds.get(error.__class__.__name__, "a value cannot be stored")
    return InputError(f"{action}: {reason}.", hint="Change the value.")


def translate(error: PyMongoError, action: str) -> PanelDbError:
    """Give our error for one that the driver raised in an open session."""
    from pymongo import errors

    if isinstance(error, (errors.DocumentTooLarge, errors.InvalidName)) or "too large" in str(error):
        return too_large(action)
    code = code_of(error)
    if isinstance(error, errors.ConnectionFailure) and not isinstance(error, errors.ExecutionTimeout):
        if getattr(error, "timeout", False) and code is None and "timed out" in str(error):
            return StatementFailed(f"{action}: it took longer than it may.", hint=_HINTS[50])
        return ConnectionFailed(
            f"{action}: the connection to the server is gone.",
            hint="What was written so far may be there. Look at the server, then run it again.",
            **_codes(error),
        )
    return _by_code(error, code, action)


def too_large(action: str, **details: Any) -> InputError:
    """BSON documents end at 16 MiB."""
    row = f" Row {details['row']} (0 is the first) is to blame." if "row" in details else ""
    error = InputError(
        f"{action}: a document is larger than the 16 MiB that MongoDB takes.{row}",
        hint="Keep large values in files, and their names in the database.",
    )
    error.details.update(details)
    return error


def code_of(error: BaseException) -> int | None:
    """Give the server's code, None where the error is the driver's own."""
    code = getattr(error, "code", None)
    return code if isinstance(code, int) else None


def _codes(error: BaseException) -> dict[str, Any]:
    code = code_of(error)
    details = getattr(error, "details", None) or {}
    name = details.get("codeName") if isinstance(details, dict) else None
    return {**({"server_code": code} if code is not None else {}), **({"server_code_name": name} if name else {})}


def _by_code(error: PyMongoError, code: int | None, action: str) -> PanelDbError:
    message = f"{action}: {_words(error, code)}."
    codes = _codes(error)
    if code in RULE_BROKEN:
        return violated(action, code or 0, _text(error))
    if code == _INTERNAL and _POSTGRESQL_DUPLICATE in _text(error):
        return violated(action, DUPLICATE_KEY[0], "")
    if code in _TOO_LARGE:
        return too_large(action)
    if code in _DENIED:
        return AccessDenied(message, hint="Grant the account the roles it needs, or use another one.", **codes)
    if code in _FULL:
        return StorageFull(message, hint="Free space on the server's disk.", **codes)
    if code in UNKNOWN:
        return Unsupported(message, **codes)
    return StatementFailed(message, hint=_HINTS.get(code or 0, ""), **codes)


def _words(error: PyMongoError, code: int | None) -> str:
    if code in _TIMED_OUT:
        return "it took longer than it may"
    text = " ".join(_text(error).split()).rstrip(".")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _text(error: PyMongoError) -> str:
    """The server's message; PyMongo puts the whole answer behind it, in which documents may stand."""
    details = getattr(error, "details", None)
    if isinstance(details, dict) and isinstance(details.get("errmsg"), str):
        return str(details["errmsg"])
    return str(error).partition(", full error:")[0]


def violated(action: str, code: int, text: str, **details: Any) -> ConstraintViolated:
    """Give our error for a document that breaks a rule; the server's text repeats the values behind ``dup key``.

    DocumentDB puts the index's name into quotes.
    """
    row = f" Row {details['row']} (0 is the first) is to blame." if "row" in details else ""
    if code in VALIDATION_FAILED:
        return ConstraintViolated(
            f"{action}: a document breaks the rules of its collection.{row}",
            hint="Change the documents that break the rule.",
            **{"server_code": code, "constraint": "", **details},
        )
    match = re.search(r"index: (\S+?)(?: dup key|$)|Index '(.+)'$", text)
    name = (match[2] or match[1].rpartition(".$")[2]) if match else ""
    unique = f"unique index {name}" if name else "a unique index"
    return ConstraintViolated(
        f"{action}: {unique} has these values already.{row}",
        hint="Change or remove one of the documents that are alike.",
        **{"server_code": code, "constraint": name, **details},
    )


def refused(error: PyMongoError, what: str) -> ConnectionFailed:
    """Give our error for a session that could not be had."""
    code = code_of(error)
    if code in _DENIED:
        return AccessDenied(
            f"{what} refused the account: {_words(error, code)}.",
            hint="Check user, password and auth_database, the database in which the account was made.",
            **_codes(error),
        )
    text = re.split(r", Timeout:| \(configured timeouts:", " ".join(_text(error).split()))[0]
    return ConnectionFailed(
        f"{what} cannot be reached: {text[:_SHOWN]}",
        hint="Check host, port, replica_set and TLS, and whether the server runs.",
    )
