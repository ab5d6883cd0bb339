# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The portable expression language: conditions of checks and of partial indexes, the same on every engine.

    port between 1 and 65535 and status in ('ONLINE', 'OFFLINE')
    length(name) > 0 and (email is null or email like '%@%')
    "expiresAt" > createdAt

Column names stand bare where they are plain identifiers, else between double quotes; they are case-sensitive. Strings
stand between single quotes. There are ``and``, ``or``, ``not``, ``=``, ``<>`` (or ``!=``), ``<``, ``<=``, ``>``,
``>=``, ``between``, ``in``, ``like``, ``is null``, ``+``, ``-``, ``*``, ``/``, and the functions ``length`` (in
characters), ``lower``, ``upper``, ``abs`` and ``coalesce``.

The same on every engine means: text is compared exactly; ``like`` minds the case, ``%`` stands for any text, ``_``
for one character and a backslash before a character for that character; ``/`` does not cut to whole numbers, and
dividing by zero gives null. ``and``, ``or`` and ``not`` know three values, as in SQL: a check refuses a row only where
it is false.

This module gathers what most callers need; ``expression_reader.parse_deparsed`` reads what servers give back and
``expression_evaluator.evaluate`` tells what a condition says about a row.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import InputError
from .expression_parser import parse
from .expression_printer import Dialect, canonical_text, glob_from_like, like_from_glob, render
from .expression_tree import (
    Arithmetic,
    Call,
    Column,
    Comparison,
    Expression,
    In,
    IsNull,
    Like,
    Literal,
    Logical,
    Not,
    Opaque,
    columns_of,
    number_text,
    rename_columns,
)

__all__ = [
    "Arithmetic",
    "Call",
    "Column",
    "Comparison",
    "Dialect",
    "Expression",
    "In",
    "IsNull",
    "Like",
    "Literal",
    "Logical",
    "Not",
    "Opaque",
    "canonical_text",
    "columns_of",
    "glob_from_like",
    "like_from_glob",
    "number_text",
    "parse",
    "rename_columns",
    "rename_columns_in_text",
    "render",
]


def rename_columns_in_text(text: str, names: Mapping[str, str]) -> str:
    """Rename columns in the text of a condition; a foreign one, which cannot be read, comes back as it is."""
    if all(before == after for before, after in names.items()):
        return text
    try:
        return canonical_text(rename_columns(parse(text), names))
    except InputError:
        return text
