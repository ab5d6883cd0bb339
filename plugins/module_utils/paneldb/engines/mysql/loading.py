# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New rows in bulk: as the text that LOAD DATA LOCAL reads where the server takes it, else by INSERT.

LOAD DATA LOCAL makes warnings of errors and goes on: it leaves out rows that are there already, and cuts what is too
long. So rows are loaded block by block; a block is kept until the server has taken all of it without a warning, and one
of which it has not is undone and written by INSERT, which finds the row that is to blame, or shows that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...errors import ConstraintViolated, InputError, StatementFailed, Unsupported
from ...model.schema import Column
from ..delimited import delimited
from .faults import MISFITS, translated
from .literals import row_of, writer
from .naming import listed, quoted
from .retrying import retried
from .transfer import Transfer, grouped

if TYPE_CHECKING:
    from .engine import MysqlEngine

Row = tuple[Any, ...]

#: Rows that are made to text at a time, and rows and bytes of a block.
_BATCH, _BLOCK, _BLOCK_BYTES = 1000, 10_000, 8 << 20
#: Rows and bytes, at the most, that are written by one INSERT: asking the server for a file takes longer.
FEW, _FEW_BYTES = 40, 1 << 15
#: Bytes of one INSERT, unless the server takes less.
_STATEMENT = 1 << 20
#: The server, or its administrator, does not let clients load files.
_LOADS_NOTHING = frozenset((1148, 1235, 3948, 4166))


class _Incomplete(Exception):
    """The server has taken something else than it was sent."""


class Loading:
    """Rows on their way into a table; ``place`` is its quoted name, ``names`` are those of its columns."""

    def __init__(
        self, engine: MysqlEngine, place: str, columns: Sequence[Column], names: Sequence[str], action: str
    ) -> None:
        self._engine = engine
        self._place = place
        self._names = names
        self._action = action
        self._kinds = [column.type.name for column in columns]
        self._transfer: Transfer = engine.transfer
        self._source: Iterator[Row] = iter(())
        self._block: list[Row] = []
        self._count = 0

    def run(self, rows: Iterable[Row]) -> int:
        """Write them all, or none; give their number."""
        self._source = iter(rows)
        # Rows of blocks that were written before cannot be had again.
        retried(self._engine, self._write_all, repeatable=lambda: self._count == 0)
        return self._count

    def _write_all(self) -> None:
        if not self._any_left() or self._are_few():
            return
        with self._engine.all_or_nothing():
            while self._any_left():
                self._write_block()
                self._count += len(self._block)
                self._block = []

    def _any_left(self) -> bool:
        if not self._block:
            self._block = list(islice(self._source, _BATCH))
        return bool(self._block)

    def _are_few(self) -> bool:
        """Write all rows by one statement, if they are few; which one is to blame if any is, is found otherwise."""
        if len(self._block) > FEW or len(self._block) == _BATCH:
            return False
        texts = self._constants()
        if sum(map(len, texts)) > _FEW_BYTES:
            return False
        try:
            # A statement is done as a whole or not at all by itself.
            self._insert_at_once(texts)
        except StatementFailed as error:
            if not self._of_rows(error):
                raise
            return False
        self._count, self._block = len(texts), []
        return True

    def _write_block(self) -> None:
        if not (self._transfer.loads and self._is_loaded()):
            self._insert()

    def _is_loaded(self) -> bool:
        """Load the block; tell whether that is what has happened."""
        try:
            with self._engine.all_or_nothing():
                self._load()
        except _Incomplete:
            return False
        except (StatementFailed, Unsupported) as error:
            self._transfer.loads = error.details.get("errno") not in _LOADS_NOTHING
            if self._transfer.loads and not self._of_rows(error):
                raise
            return False
        return True

    def _of_rows(self, error: Exception) -> bool:
        """Tell whether a row is to blame."""
        details = getattr(error, "details", {})
        return not self._engine.lost and (isinstance(error, ConstraintViolated) or details.get("errno") in MISFITS)

    # --- LOAD DATA -----------------------------------------------------------------------------------------------

    def _load(self) -> None:
        connection = self._engine.connection
        try:
            with connection.loading(self._pieces()):
                cursor = self._engine.execute(self._load_text(), action=self._action)
        except (StatementFailed, Unsupported):
            self._raise_failure()
            raise
        self._raise_failure()
        if connection.warning_count or cursor.rowcount != len(self._block):
            raise _Incomplete

    def _raise_failure(self) -> None:
        """What went wrong with the rows themselves is why the server has got less than all."""
        failure = self._engine.connection.load_failure
        if failure is not None:
            with translated(self._action):
                raise failure

    def _load_text(self) -> str:
        """Bytes come as hexadecimal digits; everything else as it is."""
        as_hex = [position for position, kind in enumerate(self._kinds) if kind == "bytes"]
        places = [f"@b{at}" if at in as_hex else quoted(name) for at, name in enumerate(self._names)]
        changes = ", ".join(f"{quoted(self._names[at])} = UNHEX(@b{at})" for at in as_hex)
        return (
            f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {self._place} CHARACTER SET utf8mb4"
            # Tab, backslash and line feed, whatever a backslash means in the session.
            " FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5c LINES TERMINATED BY 0x0a"
            f" ({', '.join(places)})" + (f" SET {changes}" if changes else "")
        )

    def _pieces(self) -> Iterator[bytes]:
        """Give the text of the rows that are kept, then of more as long as the block takes them."""
        size = 0
        for start in range(0, len(self._block), _BATCH):
            text = self._text(start, self._block[start : start + _BATCH])
            size += len(text)
            yield text
        while len(self._block) < _BLOCK and size < _BLOCK_BYTES:
            batch = list(islice(self._source, _BATCH))
            if not batch:
                return
            self._block.extend(batch)
            text = self._text(len(self._block) - len(batch), batch)
            size += len(text)
            yield text

    def _text(self, start: int, rows: Sequence[Row]) -> bytes:
        text = delimited([_column(values, kind) for values, kind in zip(zip(*rows), self._kinds)])
        data = (text.replace("\0", "\\0") if "\0" in text else text).encode()
        if len(data) > self._transfer.packet:
            self._refuse_large(start, data.splitlines())
        return data

    def _refuse_large(self, start: int, texts: Iterable[bytes]) -> None:
        """A value that is longer than a packet could never be read again.

        :raises InputError: with ``row``, the position of the row (0 is the first).
        """
        for number, text in enumerate(texts, self._count + start):
            if len(text) > self._transfer.packet:
                error = InputError(
                    f"{self._action}: row {number} (0 is the first) is larger than what the server takes at once"
                    f" ({self._transfer.packet} bytes).",
                    hint="Raise max_allowed_packet on the server.",
                )
                error.details["row"] = number
                raise error

    # --- INSERT --------------------------------------------------------------------------------------------------

    def _constants(self) -> list[bytes]:
        written = writer(self._engine.connection.server_status)
        with translated(self._action):
            texts = [row_of(row, self._kinds, written).encode() for row in self._block]
        self._refuse_large(0, texts)
        return texts

    def _insert(self) -> None:
        texts = self._constants()
        for start, end in grouped(texts, min(_STATEMENT, self._transfer.packet)):
            self._insert_some(texts[start:end], self._count + start)

    def _insert_some(self, texts: Sequence[bytes], start: int) -> None:
        """Where the rows are refused, halve them until the first one that is to blame stands alone."""
        try:
            self._insert_at_once(texts)
        except StatementFailed as error:
            if not self._of_rows(error):
                raise
            if len(texts) == 1:
                error.details["row"] = start
                error.message = f"{error.message} Row {start} (0 is the first) is to blame."
                raise
        else:
            return
        half = len(texts) // 2
        self._insert_some(texts[:half], start)
        self._insert_some(texts[half:], start + half)

    def _insert_at_once(self, texts: Sequence[bytes]) -> None:
        head = f"INSERT INTO {self._place} ({listed(self._names)}) VALUES ".encode()
        self._engine.execute(head + b", ".join(texts), action=self._action)


def _column(values: Sequence[Any], kind: str) -> Sequence[Any]:
    if kind == "boolean":
        return [None if value is None else int(value) for value in values]
    if kind == "bytes":
        return [None if value is None else value.hex() for value in values]
    return values
