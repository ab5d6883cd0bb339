# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as the text format of COPY, made column by column so that nearly all of it happens outside Python's loop.

See "COPY", section "Text Format", of the server's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

Row = tuple[Any, ...]

#: Stand for the end of a value, the end of a row and null until everything else is escaped; they hardly occur in text.
_VALUE_END, _ROW_END, _NULL = "\x1f", "\x1e", "\x1d"
_MARKS = (_VALUE_END, _ROW_END, _NULL)
_BATCH = 2000


class NulFound(Exception):
    """A text holds a NUL character; ``details`` name ``row`` and ``column``."""

    def __init__(self, row: int, column: str) -> None:
        super().__init__(row, column)
        self.details = {"row": row, "column": column}


class CopyText:
    """What ``copy_expert`` reads: every call of ``read`` gives one batch of rows, so that memory stays flat.

    An error of the iterator is kept in ``failure``: the driver makes another one of it.
    """

    def __init__(self, rows: Iterable[Row], columns: Sequence[str]) -> None:
        self._rows = iter(rows)
        self._columns = columns
        self.count = 0
        self.failure: BaseException | None = None

    def read(self, _size: int = -1) -> bytes:
        """Give the next batch, empty at the end. The driver sends more than it asked for in pieces."""
        try:
            batch = list(islice(self._rows, _BATCH))
            if not batch:
                return b""
            text = self._text(batch)
        except BaseException as error:
            self.failure = error
            raise
        self.count += len(batch)
        return text

    def readline(self, _size: int = -1) -> bytes:
        """Part of the driver's protocol; it never calls it."""
        return self.read()

    def _text(self, batch: Sequence[Row]) -> bytes:
        nulls = 0
        texts = []
        for values in zip(*batch):
            column, found = _texts(values)
            texts.append(column)
            nulls += found
        joined = _ROW_END.join(map(_VALUE_END.join, zip(*texts)))
        if "\0" in joined:
            raise self._nul_found(batch)
        expected = (len(batch) * (len(texts) - 1), len(batch) - 1, nulls)
        if tuple(joined.count(mark) for mark in _MARKS) != expected:
            return _one_by_one(batch).encode()
        escaped = _escaped(joined).replace(_VALUE_END, "\t").replace(_ROW_END, "\n")
        return (escaped.replace(_NULL, "\\N") + "\n").encode()

    def _nul_found(self, batch: Sequence[Row]) -> NulFound:
        for number, row in enumerate(batch):
            for name, value in zip(self._columns, row):
                if isinstance(value, str) and "\0" in value:
                    return NulFound(self.count + number, name)
        return NulFound(self.count, "")


def _texts(values: Sequence[Any]) -> tuple[Sequence[str], int]:
    """Give the values of a column as text, and how many are null."""
    nulls = values.count(None)
    if isinstance(values[0], str):
        return (values, 0) if not nulls else ([_NULL if value is None else value for value in values], nulls)
    if not nulls:
        return list(map(str, values)), 0
    return [_NULL if value is None else str(value) for value in values], nulls


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _one_by_one(batch: Sequence[Row]) -> str:
    """The slow way, for text that holds one of our marks."""
    rows = ("\t".join("\\N" if value is None else _escaped(str(value)) for value in row) for row in batch)
    return "\n".join(rows) + "\n"
