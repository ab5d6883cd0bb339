# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as COPY reads them, batch by batch.

See "COPY", section "Text Format", of the server's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from ..delimited import delimited

Row = tuple[Any, ...]

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
        text = delimited(tuple(zip(*batch)))
        if "\0" in text:
            raise self._nul_found(batch)
        return text.encode()

    def _nul_found(self, batch: Sequence[Row]) -> NulFound:
        for number, row in enumerate(batch):
            for name, value in zip(self._columns, row):
                if isinstance(value, str) and "\0" in value:
                    return NulFound(self.count + number, name)
        return NulFound(self.count, "")
