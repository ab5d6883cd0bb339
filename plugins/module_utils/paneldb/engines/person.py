# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that people write, as far as their text says what an engine must know beforehand."""

from __future__ import annotations

import re
from typing import Any

from ..errors import InputError, StatementFailed

_SKIPPED = re.compile(r"(?:\s+|--[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z)|\()*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")
#: Statements that change something other than rows begin with none of these.
_NOT_ALTERING = frozenset(
    (
        *("", "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "FETCH", "MOVE", "DECLARE"),
        *("CLOSE", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "SET", "RESET", "SAVEPOINT", "RELEASE", "BEGIN"),
        *("START", "COMMIT", "END", "ROLLBACK", "USE", "LOCK", "LISTEN", "ATTACH", "DETACH"),
    )
)


def sql_text(statement: Any) -> str:
    """Give the statement, which is a text on SQL engines.

    :raises InputError: where it is none.
    """
    if not isinstance(statement, str):
        raise InputError("A statement of SQL is a text.", source="statement", hint="Mappings are MongoDB's.")
    return statement


def first_word(text: str) -> str:
    """Give the word that a statement begins with, in capitals, behind comments and parentheses."""
    skipped = _SKIPPED.match(text)
    word = _WORD.match(text, skipped.end() if skipped else 0)
    return word.group().upper() if word else ""


def alters(text: str) -> bool:
    """Tell whether a statement is of a kind that changes something other than rows."""
    return first_word(text) not in _NOT_ALTERING


def transaction_ended() -> StatementFailed:
    """Give the error for a statement that has ended the transaction of its list."""
    return StatementFailed(
        "The statement has ended the transaction; what came before it can no longer be undone.",
        hint="Leave out COMMIT, ROLLBACK and their like: all statements of a list are one transaction.",
    )
