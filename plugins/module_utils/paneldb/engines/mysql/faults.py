# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver's errors as ours, by the server's numbers.

Messages of the server repeat values of rows in quotes, and parts of statements, which may hold secrets: such parts are
left out. Numbers are those of "Server Error Message Reference" (MySQL) and "MariaDB Error Codes".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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

#: How errors of statements that change the schema begin.
RUNNING = "Running a statement"
UNKNOWN_DATABASE = 1049
LOCK_WAIT_TIMEOUT = 1205
DEADLOCK = 1213
PACKET_TOO_LARGE = 1153
_READ_ONLY = 1792
#: Our own number: the server wants a password that is encrypted, and the driver cannot do that without TLS.
NOT_ENCRYPTED = -1
#: The server answers nobody without TLS (``require_secure_transport``): MySQL's and MariaDB's number.
TLS_WANTED = frozenset((3159, 4031, NOT_ENCRYPTED))
#: Not reached, not answering, going down, or full: another server of the list may do better.
ANOTHER_SERVER = frozenset((1040, 1053, 1129, 2002, 2003, 2006, 2013))

_GONE = frozenset((0, 1053, 1077, 1079, 1080, 1152, 1184, 1927, 2006, 2013, 2014, 2027, 2055, 4031))
_DENIED = frozenset((1044, 1045, 1130, 1142, 1143, 1227, 1370, 1396, 1410, 1698, 1820, 1862, 3118, 3955, 4151))
_TOO_MANY = frozenset((1040, 1203, 1226))
_FULL = frozenset((3, 28, 1021, 1026, 1114))
#: ``ER_GET_ERRNO``, ``ER_ERROR_ON_WRITE`` and their like name the operating system's or the engine's number.
_SYSTEM = frozenset((1005, 1025, 1030, 1296))
_DISK = re.compile(r"(?:errno|error)[: ]+(?:28|122|135)\b|No space left", re.IGNORECASE)
_UNSUPPORTED = frozenset((1178, 1235, 1845, 1846))

#: A row holds a value that its column does not take, beside those of ``_CONSTRAINT_HINTS``.
MISFITS = frozenset((1292, 1300, 1366, 1367, 1411, 1525, 1690, 3140, 3156, 4038))
_NOT_NULL = frozenset((1048, 1263, 1364, 1138))
_CONSTRAINT_HINTS = {
    **dict.fromkeys(_NOT_NULL, "Give the rows a value, or let the column be null."),
    **dict.fromkeys((1452, 1216), "Add what the row refers to first."),
    **dict.fromkeys((1451, 1217), "Remove what refers to it first."),
    **dict.fromkeys((1062, 1586, 1859), "Change or remove one of the rows that are alike."),
    **dict.fromkeys((4025, 3819), "Change the rows that break the rule."),
    1406: "Shorten the value, or let the column be longer.",
    1264: "Give a value that the column's type has.",
    1265: "Give a value that the column's type has.",
}
_HINTS = {
    LOCK_WAIT_TIMEOUT: "Another session holds the table or the rows; try again, or raise lock_timeout.",
    DEADLOCK: "Another session waited for this one in a circle; run it again.",
    PACKET_TOO_LARGE: "Raise max_allowed_packet on the server.",
    1290: "The server only reads (read_only); use the primary.",
    _READ_ONLY: "The session only reads: writing was not asked for (query: write).",
    1836: "The server only reads; use the primary.",
    1317: "The statement was ended by somebody else.",
    1969: "Raise statement_timeout if the statement may take that long.",
    3024: "Raise statement_timeout if the statement may take that long.",
    1050: "Something else has that name; rename it or remove it.",
    1061: "Something else has that name; rename it or remove it.",
    1146: "The table does not exist.",
    1292: "Give a value that the column's type has.",
    1366: "Give a value that the column's type has.",
}
_SYNTAX = 1064
_ALIKE = frozenset((1062, 1586, 1859))
#: Messages in which quotes hold values; in all others they hold names alone.
_WITH_VALUES = frozenset((1292, 1300, 1366, 1367, 1411, 1525, 1690))
_KEY = re.compile(r".*for key '(?P<name>.*)'$", re.DOTALL)
_OF_COLUMN = re.compile(r" for column '[^']*' at row \d+$")
_COLUMN = re.compile(r"[Cc]olumn '(?:[^']*\.)?(?P<name>[^']*)'|[Ff]ield '(?P<field>[^']*)'")
_ROW = re.compile(r"at row (?P<row>\d+)")
_TABLE = re.compile(r"`[^`]*`\.`(?P<table>(?:[^`]|``)*)`")
_CONSTRAINT = re.compile(r"CONSTRAINT `(?P<name>(?:[^`]|``)*)`|[Cc]heck constraint '(?P<check>[^']*)'")


def code_of(error: BaseException) -> int:
    """Give the server's or the driver's number; 0 where the error has none."""
    number = error.args[0] if error.args else 0
    return number if isinstance(number, int) else 0


def text_of(error: BaseException) -> str:
    """Give the server's words."""
    return " ".join(str(error.args[-1] if error.args else error).split()).rstrip(".")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn the driver's errors into ours; ``action`` says what was being done."""
    import pymysql

    try:
        yield
    except pymysql.err.Error as error:
        raise translate(error, action) from None
    except UnicodeEncodeError:
        raise lone_surrogate(action) from None


def lone_surrogate(action: str, **details: Any) -> InputError:
    """Half of a character, such as a careless program cuts out of JSON, is no text in UTF-8."""
    error = InputError(f"{action}: a text holds half of a character.", hint="Take the lone surrogate out of the text.")
    error.details.update(details)
    return error


def translate(error: BaseException, action: str) -> PanelDbError:
    """Give our error for one that the driver raised in an open session."""
    return by_number(code_of(error), text_of(error), action)


def by_number(number: int, text: str, action: str) -> PanelDbError:
    """Give our error for the server's number and words, which may come of a warning too."""
    if number in _GONE:
        return ConnectionFailed(
            f"{action}: the connection to the server is gone.",
            hint="What was not committed has been undone. Look at the server, then run it again.",
            errno=number,
        )
    message = f"{action}: {shown(number, text)}."
    if number in _CONSTRAINT_HINTS:
        return violated(number, text, action)
    if number in _DENIED:
        return AccessDenied(message, hint="Grant the account what it needs, or use another one.", errno=number)
    if number in _FULL or (number in _SYSTEM and _DISK.search(text)):
        return StorageFull(
            message, hint="Free space on the server's disk; what was begun has been undone.", errno=number
        )
    if number == UNKNOWN_DATABASE:
        return ConnectionFailed(message, hint="Create it with module database.", errno=number)
    if number in _TOO_MANY:
        return ConnectionFailed(message, hint="Free some of the server's connections.", errno=number)
    if number in _UNSUPPORTED:
        return Unsupported(message, errno=number)
    kind = WriteRefused if number == _READ_ONLY else StatementFailed
    return kind(message, hint=_HINTS.get(number, ""), errno=number)


def shown(number: int, text: str) -> str:
    """Give the server's words without what may be a value."""
    if number == _SYNTAX:
        place = re.search(r"at line \d+$", text)
        return "the syntax of the statement is wrong" + (f" {place[0]}" if place else "")
    if number in _ALIKE:
        key = _KEY.match(text)
        return "two rows are alike" + (f" for key {key['name']!r}" if key else "")
    return _without_value(text) if number in _WITH_VALUES else text


def _without_value(text: str) -> str:
    """``Incorrect integer value: 'it's' for column `d`.`t`.`c` at row 1``, or with a last name in the same quotes."""
    column = _OF_COLUMN.search(text)
    return text.partition("'")[0].rstrip(": ") + (column[0] if column else text.rpartition("'")[2])


def violated(number: int, text: str, action: str) -> ConstraintViolated:
    """Give the error for rows that break a rule: table, constraint and column where the server names them."""
    details: dict[str, Any] = {"errno": number}
    for name, found in (("table", _TABLE.search(text)), ("constraint", _CONSTRAINT.search(text) or _KEY.match(text))):
        details[name] = _first_group(found).rpartition(".")[2] if found else ""
    column = _COLUMN.search(text)
    if column and number not in _ALIKE:
        details["column"] = _first_group(column)
    return ConstraintViolated(f"{action}: {shown(number, text)}.", hint=_CONSTRAINT_HINTS[number], **details)


def _first_group(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None).replace("``", "`")


def row_of(text: str) -> int | None:
    """Give the position (0 is the first) of the row that the server counts from 1."""
    match = _ROW.search(text)
    return int(match["row"]) - 1 if match else None


def refused(error: BaseException, number: int, place: str) -> PanelDbError:
    """Give our error for a session that could not be had."""
    text = text_of(error)
    if "cryptography" in text:
        return AccessDenied(
            f"{place} wants a password by caching_sha2_password or sha256_password, which must be encrypted.",
            hint="Set tls_mode to require, connect by the unix socket, or install the Python package cryptography.",
            errno=NOT_ENCRYPTED,
        )
    if number == UNKNOWN_DATABASE:
        return ConnectionFailed(
            f"{place} has no such database: {text}.", hint="Create it with module database.", errno=number
        )
    if number in _DENIED or number == 2059:  # noqa: PLR2004 - a number of the manual: plugin not there
        return AccessDenied(
            f"{place} refused the account: {text}.",
            hint="Check user, password, the host that the account is for, and whether it is to use TLS.",
            errno=number,
        )
    if number in _TOO_MANY:
        return ConnectionFailed(
            f"{place} takes no more sessions: {text}.", hint="Free some of the server's connections.", errno=number
        )
    return ConnectionFailed(
        f"{place} cannot be reached: {text}.", hint="Check host, port and whether the server runs.", errno=number
    )
