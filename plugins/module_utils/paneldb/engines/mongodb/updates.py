# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of all documents of a collection, in batches by ``_id``, that go on where they were stopped.

A step does its passes one after another. How far it came stands in the table's record: the number of the pass, and the
``_id`` up to which its batches are done. Each pass can be done again over documents that it has changed already, so a
batch that was stopped inside is simply done again; a pass is never begun before the one in front of it is through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import StatementFailed
from ...model.types import Type
from .convert import converter
from .faults import translated
from .records import COLLECTION, TABLE

if TYPE_CHECKING:
    from .engine import MongodbEngine

#: Documents that are looked at between two notes of the progress.
BATCH = 1000
#: A document that others change all the time is tried so often.
_TRIES = 5

Change = dict[str, Any]
Document = Mapping[str, Any]


def run_passes(engine: MongodbEngine, command: Mapping[str, Any]) -> None:
    """Do the passes that are left.

    :raises StatementFailed: where a value cannot be converted; it was tried before, so it came in meanwhile.
    """
    table, work = command["table"], command["work"]
    progress = _Progress(engine, table)
    for number, told in enumerate(work):
        if number >= progress.number:
            _Pass(engine, command["passes"], told, progress).run()
            progress.note(number + 1)


class _Progress:
    """How far a step came, as its table's record has it."""

    def __init__(self, engine: MongodbEngine, table: str) -> None:
        self._engine = engine
        self._which = {"kind": TABLE, "name": table}
        with translated("Reading how far a change came"):
            found = engine.collection(COLLECTION).find_one(self._which, {"progress": True}) or {}
        told = found.get("progress") or {}
        self.number = int(told.get("pass", 0))
        self.behind: Any = told.get("behind")

    def note(self, number: int, behind: Any = None) -> None:
        """Write down how far it came: so many passes, and of the next one the documents up to an ``_id``."""
        from .commands import run_written

        self.number, self.behind = number, behind
        told = {"pass": number, **({"behind": behind} if behind is not None else {})}
        update = {"q": self._which, "u": {"$set": {"progress": told}}}
        run_written(self._engine, {"update": COLLECTION, "updates": [update]}, "Noting how far a change came")


class _Pass:
    """One pass over the documents of a collection."""

    def __init__(self, engine: MongodbEngine, collection: str, told: Document, progress: _Progress) -> None:
        self._engine = engine
        self._collection = collection
        self._progress = progress
        self._action = f"Changing the documents of {collection}"
        self._size = engine.probes.updates_at_once
        ((kind, told),) = told.items()
        self._filter, self._field, self._made = _MAKERS[kind](engine, collection, told)

    def run(self) -> None:
        """Go through the documents that the pass is for."""
        for batch in self._batches():
            self._change(batch)
            self._progress.note(self._progress.number, batch[-1]["_id"])

    def _batches(self) -> Iterator[list[Document]]:
        condition = [self._filter] if self._filter else []
        if self._progress.behind is not None:
            # Comparing for more would leave out documents whose _id is of another type.
            condition.append({"$nor": [{"_id": {"$lte": self._progress.behind}}]})
        wanted = {"_id": True, **({self._field: True} if self._field else {})}
        with translated(self._action):
            found = self._engine.collection(self._collection).find({"$and": condition} if condition else {}, wanted)
            batch: list[Document] = []
            for document in found.sort("_id", 1).batch_size(BATCH):
                batch.append(document)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch

    def _change(self, batch: Sequence[Document]) -> None:
        for _unused in range(_TRIES):
            changes = [(document["_id"], *made) for document in batch for made in self._made(document)]
            if not changes:
                return
            if self._write(changes) >= len(changes) or not self._field:
                return
            batch = self._read_again([each[0] for each in changes])
        raise StatementFailed(
            f"{self._action}: others change the same documents all the time.", hint="Stop the panel, then run it again."
        )

    def _read_again(self, ids: Sequence[Any]) -> list[Document]:
        with translated(self._action):
            found = self._engine.collection(self._collection).find({"_id": {"$in": ids}}, {self._field: True})
            return list(found)

    def _write(self, changes: Sequence[tuple[Any, Document, Change]]) -> int:
        """Write the changes; give how many documents were as they had been read."""
        found = 0
        for first in range(0, len(changes), self._size):
            part = changes[first : first + self._size]
            same = all(not guard and change == part[0][2] for _unused, guard, change in part)
            updates: list[Document]
            if same:
                ids = {"_id": {"$in": [identity for identity, _unused, _unused in part]}}
                updates = [{"q": ids, "u": part[0][2], "multi": True}]
            else:
                updates = [{"q": {"_id": identity, **guard}, "u": change} for identity, guard, change in part]
            found += self._send(updates)
        return found

    def _send(self, updates: Sequence[Document]) -> int:
        from .commands import run_written

        command = {"update": self._collection, "updates": updates, "ordered": False}
        return int(run_written(self._engine, command, self._action).get("n", 0))


# --- what each pass does ---------------------------------------------------------------------------------------------

#: The documents that a pass is for, the field whose value it reads, and what it makes of a document: for each change
#: what the document must still be, and the update.
Maker = tuple[Document, str, Callable[[Document], Iterator[tuple[Document, Change]]]]


def _rename(_engine: MongodbEngine, _collection: str, told: Document) -> Maker:
    change = {"$rename": {told["from"]: told["to"]}}
    return {told["from"]: {"$exists": True}}, "", lambda _document: iter([({}, change)])


def _unset(_engine: MongodbEngine, _collection: str, told: Document) -> Maker:
    change = {"$unset": {told["field"]: ""}}
    return {told["field"]: {"$exists": True}}, "", lambda _document: iter([({}, change)])


def _fill(engine: MongodbEngine, collection: str, told: Document) -> Maker:
    field = told["field"]
    make = _values(engine, collection, told)

    def changed(_document: Document) -> Iterator[tuple[Document, Change]]:
        yield {}, {"$set": {field: make()}}

    return {field: None}, "", changed


def _values(engine: MongodbEngine, collection: str, told: Document) -> Callable[[], Any]:
    """Give what makes the value of a new column for one document after another."""
    import uuid
    from datetime import datetime, timezone
    from itertools import count

    from ...model.schema import AUTOINCREMENT, NOW, UUID

    function = told.get("function")
    if function == UUID:
        return lambda: str(uuid.uuid4())
    if function == AUTOINCREMENT:
        with translated(f"Counting the documents of {collection}"):
            last = list(engine.collection(collection).find({}, {told["field"]: True}).sort(told["field"], -1).limit(1))
        numbers = count((last[0].get(told["field"]) or 0) + 1 if last else 1)
        return lambda: next(numbers)
    now = datetime.now(timezone.utc)
    value = now.replace(microsecond=now.microsecond // 1000 * 1000) if function == NOW else told.get("value")
    return lambda: value


def _convert(engine: MongodbEngine, _collection: str, told: Document) -> Maker:
    field, into = told["field"], told["into"]
    convert = conversion_of(engine, told)

    def changed(document: Document) -> Iterator[tuple[Document, Change]]:
        value = document.get(field)
        if value is None:
            return
        made = converted(convert, value, document["_id"], told)
        if into != field or made != value or made.__class__ is not value.__class__:
            guard = {} if isinstance(value, (dict, list, float)) else {field: value}
            yield guard, {"$set": {into: made}}

    return {field: {"$exists": True}}, field, changed


def conversion_of(engine: MongodbEngine, told: Document) -> Callable[[Any], Any]:
    """Give what converts the values of a pass."""
    return converter(_type(told["to"]), told.get("values", ()), engine.probes, _type(told["from"]))


def converted(convert: Callable[[Any], Any], value: Any, identity: Any, told: Document) -> Any:
    """Convert one value.

    :raises StatementFailed: it cannot be one of the new type; the message names the document, not the value.
    """
    try:
        return convert(value)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise StatementFailed(
            f"A value of {told['field']} is no {told['to']}: {str(error).rstrip('.')}. The document's _id: {identity}.",
            hint="Mend such values first, in an execute step.",
        ) from None


def _type(text: str) -> Type:
    from ...model.types import parse_type

    return Type("foreign", (text,)) if text.startswith("foreign(") else parse_type(text)


_MAKERS: dict[str, Callable[[Any, str, Document], Maker]] = {
    "rename": _rename,
    "unset": _unset,
    "fill": _fill,
    "convert": _convert,
}
