# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New rows: documents as BSON, in batches of some megabytes, all or nothing as far as the server can."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError
from ...model.schema import NOW, UUID, Column, Table
from .bulk import FENCE
from .client_rules import verified
from .faults import translated
from .writing import encoding, put

if TYPE_CHECKING:
    from bson.objectid import ObjectId

    from .engine import MongodbEngine

Row = tuple[Any, ...]
Maker = Callable[[], Any]

#: One batch: well below the 48 MB and 100,000 documents of a message.
_DOCUMENTS, _BYTES = 5000, 12 << 20
#: Columns of these types hold values of any length; in others a character has four bytes at the most, and what is no
#: text is no longer than an enum's value or a decimal's text.
_LONG = frozenset(("text", "json", "bytes", "foreign"))
_UTF8, _OTHER = 4, 100
_COUNTER_BYTES = 3
_IDS_OF_A_SERIES = 1 << (8 * _COUNTER_BYTES)


def write_new(engine: MongodbEngine, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.insert``. Columns that are not given get their defaults here: the server knows none.

    Outside a transaction, what was written is removed again where a later row is refused.
    """
    ids = _Ids()
    count = 0
    action = f"Writing rows to {table.name}"
    documents = _documents(engine, table, columns, rows, ids)
    try:
        for batch in _short(documents) if _are_short(table, columns) else _batches(documents, action):
            put(engine, table, batch, first=count, action=action)
            count += len(batch)
    except BaseException:
        if engine.session is None:
            _undo(engine, table, ids)
        raise
    return count


def _undo(engine: MongodbEngine, table: Table, ids: _Ids) -> None:
    """Remove what this call has written; its ids are nobody else's. Where even that fails, the first error is told."""
    action = f"Undoing what was written to {table.name}"
    with suppress(PanelDbError):
        for first, last in ids.series():
            engine.before_writing(action)
            with translated(action):
                engine.collection(table.name).delete_many({"_id": {"$gte": first, "$lte": last}})


class _Ids:
    """ObjectIds of one call: its time, five random bytes of its own, a counter. They make a range, or a few."""

    def __init__(self) -> None:
        self._prefixes: list[bytes] = []

    def __iter__(self) -> Iterator[ObjectId]:
        from bson.objectid import ObjectId

        while True:
            seconds = int(time.time()) & 0xFFFFFFFF
            prefix = seconds.to_bytes(4, "big") + secrets.token_bytes(5)
            self._prefixes.append(prefix)
            for number in range(_IDS_OF_A_SERIES):
                yield ObjectId(prefix + number.to_bytes(_COUNTER_BYTES, "big"))

    def series(self) -> Iterator[tuple[ObjectId, ObjectId]]:
        """Give the first and the last id of each range."""
        from bson.objectid import ObjectId

        for prefix in self._prefixes:
            yield ObjectId(prefix + b"\x00" * _COUNTER_BYTES), ObjectId(prefix + b"\xff" * _COUNTER_BYTES)


def _documents(
    engine: MongodbEngine, table: Table, columns: Sequence[str], rows: Iterable[Row], ids: _Ids
) -> Iterator[dict[str, Any]]:
    """Make documents of rows; null is a field that is not there."""
    makers = _makers(engine, table, columns)
    constant = {name: made for name, made in makers.items() if not callable(made)}
    called = {name: made for name, made in makers.items() if callable(made)}
    for identity, row in zip(ids, verified(engine, table, columns, rows, defaults=makers)):
        document = {"_id": identity, **constant}
        document.update(zip(columns, row))
        if None in row:
            document = {name: value for name, value in document.items() if value is not None}
        for name, make in called.items():
            document[name] = make()
        yield document


def _makers(engine: MongodbEngine, table: Table, columns: Sequence[str]) -> dict[str, Any]:
    """Give what columns that are not given get: a value, or what makes one."""
    missing = [column for column in table.columns if column.default is not None and column.name not in columns]
    makers = {column.name: _default(engine, table, column) for column in missing}
    fence = engine.fence(table.name)
    return makers if fence is None else {**makers, FENCE: fence}


def _default(engine: MongodbEngine, table: Table, column: Column) -> Any:
    default = column.default
    function = default.function if default else ""
    if function == NOW:
        now = datetime.now(timezone.utc)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
    if function == UUID:
        return lambda: str(uuid.uuid4())
    if function:
        return _counter(engine, table, column)
    (encode,) = engine.encoders([column])
    value = default.value if default else None
    return value if encode is None or value is None else encode(value)


def _counter(engine: MongodbEngine, table: Table, column: Column) -> Maker:
    """Count on behind the largest value that is there; the unique index refuses what two sessions give at once."""
    (encode,) = engine.encoders([column])
    with translated(f"Looking for the largest {column.name} of {table.name}"):
        found = engine.collection(table.name).find_one(
            {column.name: {"$gt": 0}}, {column.name: 1}, sort=[(column.name, -1)], session=engine.session
        )
    largest = int(found[column.name]) if found else 0

    def following() -> Any:
        nonlocal largest
        largest += 1
        return largest if encode is None else encode(largest)

    return following


def _are_short(table: Table, columns: Sequence[str]) -> bool:
    """Tell whether a batch of documents is small enough whatever is in them."""
    types = [column.type for column in table.columns if column.name in columns or column.default is not None]
    if any(each.name in _LONG for each in types):
        return False
    return sum(each.length * _UTF8 if each.name == "string" else _OTHER for each in types) <= _BYTES // _DOCUMENTS


def _short(documents: Iterator[dict[str, Any]]) -> Iterator[list[Any]]:
    """Gather documents; the driver encodes them."""
    while True:
        batch = list(islice(documents, _DOCUMENTS))
        if not batch:
            return
        yield batch


def _batches(documents: Iterable[dict[str, Any]], action: str) -> Iterator[list[Any]]:
    """Encode documents and gather them; one that is too large is refused before its batch is sent."""
    from bson.raw_bson import RawBSONDocument

    encode = encoding(action)
    batch: list[Any] = []
    size = 0
    for number, document in enumerate(documents):
        encoded = encode(document, number)
        if len(batch) == _DOCUMENTS or (batch and size + len(encoded) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append(RawBSONDocument(encoded))
        size += len(encoded)
    if batch:
        yield batch
