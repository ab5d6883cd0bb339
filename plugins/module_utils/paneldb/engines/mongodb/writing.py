# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bulk write, and which row it stumbled over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError, StatementFailed
from ...model.schema import Table
from .faults import RULE_BROKEN, not_stored, too_large, translated, violated

if TYPE_CHECKING:
    from .engine import MongodbEngine

#: BSON documents end here ("BSON Document Size" in the manual's limits).
LARGEST_DOCUMENT = 16 * 1024 * 1024


def write(engine: MongodbEngine, table: Table, operations: Sequence[Any], *, first: int, action: str) -> Any:
    """Send operations in no order and give the driver's answer; ``first`` is the number of the first one's row.

    :raises ConstraintViolated: with ``row``, the first of those that break a rule.
    """
    return _sent(engine, table, lambda: _bulk(engine, table, operations), first, action)


def _bulk(engine: MongodbEngine, table: Table, operations: Sequence[Any]) -> Any:
    return engine.collection(table.name).bulk_write(operations, ordered=False, session=engine.session)


def encoding(action: str) -> Callable[[Mapping[str, Any], int], bytes]:
    """Give what makes BSON of a document; the number is that of its row, for the errors.

    What it gives raises InputError where no document can hold the values, with ``row`` where it would be too large.
    """
    from bson import encode
    from bson.errors import BSONError

    def encoded(document: Mapping[str, Any], row: int) -> bytes:
        try:
            data = encode(document)
        except (BSONError, OverflowError, UnicodeEncodeError) as error:
            raise not_stored(error, action) from None
        if len(data) > LARGEST_DOCUMENT:
            raise too_large(action, row=row)
        return data

    return encoded


def put(engine: MongodbEngine, table: Table, documents: Sequence[Any], *, first: int, action: str) -> None:
    """Insert documents in no order; ``first`` is the number of the first one's row.

    :raises ConstraintViolated: with ``row``, the first of those that break a rule.
    """
    documents_of = engine.collection(table.name)
    _sent(
        engine, table, lambda: documents_of.insert_many(documents, ordered=False, session=engine.session), first, action
    )


def _sent(engine: MongodbEngine, table: Table, send: Callable[[], Any], first: int, action: str) -> Any:
    from pymongo.errors import BulkWriteError

    engine.before_writing(action)
    with translated(action):
        try:
            return send()
        except BulkWriteError as error:
            raise _reason(dict(error.details or {}), table, first, action) from None


def _reason(details: dict[str, Any], table: Table, first: int, action: str) -> PanelDbError:
    errors = sorted(details.get("writeErrors") or [], key=lambda each: int(each["index"]))
    if not errors:
        return StatementFailed(
            f"{action}: the server could not tell that the majority has it.",
            hint="Look at the members of the replica set, then run it again.",
        )
    code, row = int(errors[0].get("code", 0)), first + int(errors[0]["index"])
    if code in RULE_BROKEN:
        return violated(action, code, str(errors[0].get("errmsg", "")), row=row, table=table.name)
    if "too large" in str(errors[0].get("errmsg", "")):
        return too_large(action, row=row)
    return StatementFailed(
        f"{action}: the server refused row {row} (0 is the first), code {code}.", server_code=code, row=row
    )
