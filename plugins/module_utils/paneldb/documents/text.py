# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to text, and the faults that every format shares."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from math import isinf
from pathlib import Path
from typing import Any

from ..errors import InputError

#: Documents are held in memory as a whole; CSV files, which are read row by row, may be of any size.
LARGEST_DOCUMENT = 64 * 1024 * 1024

#: Nesting beyond this is no model and no seed; readers and everything after them may recurse safely.
DEEPEST_NESTING = 64

#: Digits of the longest number; more than any engine keeps, and few enough to convert at once.
LONGEST_NUMBER = 100

#: So many significant digits go through a float unharmed (DBL_DIG of C).
EXACT_DIGITS = 15

_UTF8 = "Save the file as UTF-8."
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|>{7})(?: |\r?$)|^={7}\r?$", re.MULTILINE)


def read_text(path: str, *, largest: int = LARGEST_DOCUMENT) -> str:
    """Read a whole UTF-8 file of at most ``largest`` bytes; a byte order mark is left out.

    :raises InputError: the file is missing, unreadable, too large or not text.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(largest + 1)
    except OSError as error:
        raise unreadable(error, path) from error
    if len(data) > largest:
        raise InputError(
            f"The file is larger than {largest} bytes.",
            source=path,
            hint="Split it, or keep rows in a CSV file, which is read row by row.",
        )
    return decode(data, path)


def unreadable(error: OSError, path: str) -> InputError:
    """Turn what the system said about a file into an error for people."""
    return InputError(
        f"The file cannot be read: {error.strerror or error}.",
        source=path,
        hint="Check the name, and that the account may read the file and its folders.",
    )


def decode(data: bytes, source: str) -> str:
    """Turn bytes into text.

    :raises InputError: the bytes are not UTF-8, or hold a NUL.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise fault(
            "The text is not UTF-8.", source, line, column, found=data[error.start : error.start + 1], hint=_UTF8
        ) from error
    refuse_nul(text, source)
    return text


def refuse_nul(text: str, source: str) -> None:
    """Refuse a NUL character, which no engine keeps in text.

    :raises InputError: there is one.
    """
    at = text.find("\0")
    if at >= 0:
        raise fault_at("The text holds a NUL byte.", text, at, source, hint=_UTF8)


def refuse_foreign(text: str, source: str) -> None:
    """Refuse a whole file encrypted by Ansible Vault, and the marks that git leaves where two changes conflict.

    :raises InputError: it is one, or has some.
    """
    if text.startswith("$ANSIBLE_VAULT"):
        raise InputError(
            "The file is encrypted by Ansible Vault.",
            source=source,
            hint="Ansible decrypts it on the controller; elsewhere, decrypt it first.",
        )
    refuse_conflict(text, source)


def refuse_conflict(text: str, source: str) -> None:
    """Refuse the marks of a merge conflict, at the first of them.

    :raises InputError: there is one.
    """
    if not any(mark in text for mark in ("<<<<<<<", "=======", ">>>>>>>")):
        return
    found = _CONFLICT.search(text)
    if found:
        raise fault_at(
            "A merge conflict is not resolved.",
            text,
            found.start(),
            source,
            found=found.group().strip(),
            hint="Keep what is right of both sides and remove the marks <<<<<<<, ======= and >>>>>>>.",
        )


def fault(problem: str, source: str, line: int, column: int, **more: Any) -> InputError:
    """Make an error that names line and column, both counted from 1."""
    return InputError(f"Line {line}, column {column}: {problem}", source=source, **more)


def fault_at(problem: str, text: str, offset: int, source: str, **more: Any) -> InputError:
    """Make an error for the character at ``offset``, counted from 0."""
    return fault(problem, source, *position(text, offset), **more)


def position(text: str, offset: int) -> tuple[int, int]:
    """Give line and column, both counted from 1, of the character at ``offset``, counted from 0."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def dotted(path: Iterable[Any]) -> str:
    """Give a place in a document, such as ``tables.users.columns[0]``, from its keys and numbers."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text and part else str(part)
    return text


def exact_float(text: str) -> float | None:
    """Give the number that the text writes, or None where a float would lose digits or overflow."""
    value = float(text)
    written = repr(value)
    if written == text:
        return value
    if isinf(value) or (len(text) > EXACT_DIGITS and Decimal(text) != Decimal(written)):
        return None
    return value
