# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards that only MongoDB has, weighed by what is in the database right now. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError
from ...model.data import OPAQUE
from ...model.operations import Add, Alter, Drop, Execute, Operation, Rename, replay
from ...model.plan import BLOCK, WARN, Hazard
from ...model.schema import Column, Enum, Index, PrimaryKey, Table, Unique
from ..base import Catalogue
from .catalog import native_of
from .faults import translated
from .jsontext import from_json
from .probes import VALIDATORS

if TYPE_CHECKING:
    from .engine import MongodbEngine

#: From so many documents or bytes on, an index is a matter of minutes, and of memory.
MANY_ROWS, MANY_BYTES = 1_000_000, 1 << 30
_SHOWN = 5
_COPY = "Create a collection of the new form, copy the documents in an execute step, drop the old one, rename."


def live_hazards(engine: MongodbEngine, operations: Sequence[Operation], before: Catalogue) -> Iterator[Hazard]:
    """Find the hazards of a stage; only tables that bear the same name in the database are looked at."""
    reader = _Reader(engine, operations, before)
    for operation in operations:
        if isinstance(operation, Execute):
            yield from reader.of_a_person(operation)
            continue
        table = before.schema.table(getattr(operation, "table", ""))
        if table is not None and table.name in reader.there:
            yield from reader.of_operation(operation, table)
    yield from reader.of_validators()


class _Reader:
    """Asks about the operations of one stage."""

    def __init__(self, engine: MongodbEngine, operations: Sequence[Operation], before: Catalogue) -> None:
        self._engine = engine
        self._operations = operations
        self._before = before
        self._options = {name: held.options for name, held in native_of(before).held.items() if held.name == name}
        self.there = engine.existing_tables(sorted(self._options)) if self._options else frozenset()

    def of_operation(self, operation: Operation, table: Table) -> Iterator[Hazard]:
        """What one operation on a table that is there means."""
        element = getattr(operation, "element", None)
        if isinstance(operation, Add) and isinstance(element, (Unique, Index, PrimaryKey)):
            names = _names(element)
            if set(names) <= set(table.column_names):
                yield from self._duplicates(operation, table, element, names)
                yield from self._large(operation, table)
                yield from self._outside_shards(operation, table, element, names)
            if isinstance(element, Index) and element.where.startswith(OPAQUE):
                yield from self._expiring(operation, table.name, names[0], from_json(element.where[len(OPAQUE) :]))
        changed = _changed_column(operation)
        if changed:
            yield from self._capped(operation, table)
            yield from self._shard_key(operation, table, changed)

    # --- indexes ---------------------------------------------------------------------------------------------------

    def _duplicates(self, operation: Operation, table: Table, element: Any, names: Sequence[str]) -> Iterator[Hazard]:
        if isinstance(element, Index) and (not element.unique or element.where.startswith(OPAQUE)):
            return
        number, _unused = self._engine.duplicates(table, names, getattr(element, "where", ""))
        if number:
            message = (
                f"{number} value(s) of {', '.join(names)} occur more than once in {table.name}: the whole collection"
                " is read, and the index is thrown away at the first of them."
            )
            safer = "First mend the documents that share a value."
            yield _hazard("mongo-unique-over-duplicates", WARN, operation, message, safer, duplicates=number)

    def _large(self, operation: Operation, table: Table) -> Iterator[Hazard]:
        rows, size = self._engine.count(table), self._engine.table_bytes(table) or 0
        if rows >= MANY_ROWS or size >= MANY_BYTES:
            message = (
                f"An index over {rows} documents ({size} bytes) of {table.name} is built: all of them are read and"
                " sorted, on each member of the replica set at once."
            )
            safer = "Do it while little is written, and watch the replication lag; or build it member by member."
            yield _hazard("mongo-index-large", WARN, operation, message, safer, rows=rows, bytes=size)

    def _expiring(self, operation: Operation, table: str, name: str, words: Mapping[str, Any]) -> Iterator[Hazard]:
        seconds = words.get("expireAfterSeconds")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            return
        due = datetime.now(timezone.utc) - timedelta(seconds=float(seconds))
        condition = {name: {"$lte": due}, **dict(words.get("partialFilterExpression", {}))}
        with translated(f"Counting what {table} would lose"):
            number = self._engine.collection(table).count_documents(condition)
        if number:
            message = f"{number} document(s) of {table} are due already and are deleted as soon as the index is there."
            safer = f"Look at them first; give {name} a later time where they are to stay."
            told = _hazard("mongo-ttl-deletes-now", BLOCK, operation, message, safer, rows=number)
            yield replace(told, destroys=True)

    # --- options that cannot change --------------------------------------------------------------------------------

    def _capped(self, operation: Operation, table: Table) -> Iterator[Hazard]:
        if self._options.get(table.name, {}).get("capped"):
            message = f"{table.name} is capped: its documents keep their size and place, and it stays capped."
            yield _hazard("mongo-capped-immutable", BLOCK, operation, message, _COPY)

    def _shard_key(self, operation: Operation, table: Table, column: str) -> Iterator[Hazard]:
        key = self._shards(table)
        if column in key:
            message = f"{column} is part of the shard key of {table.name} ({', '.join(key)}), which documents keep."
            yield _hazard("mongo-shard-key", BLOCK, operation, message, _COPY)

    def _outside_shards(
        self, operation: Operation, table: Table, element: Any, names: Sequence[str]
    ) -> Iterator[Hazard]:
        key = self._shards(table) if not isinstance(element, Index) or element.unique else ()
        if key and tuple(names[: len(key)]) != key:
            message = f"{table.name} is sharded by {', '.join(key)}: a unique index has to begin with these fields."
            yield _hazard("mongo-shard-key", BLOCK, operation, message, f"Let it begin with {', '.join(key)}.")

    def _shards(self, table: Table) -> tuple[str, ...]:
        """Give the fields of the shard key; only a router of a sharded cluster knows of such."""
        if self._engine.probes.hello.get("msg") != "isdbgrid":
            return ()
        place = f"{self._engine.database.name}.{table.name}"
        with translated("Reading the shard keys"):
            found = self._engine.client["config"]["collections"].find_one({"_id": place}, {"key": True})
        return tuple((found or {}).get("key", {}))

    # --- validators ------------------------------------------------------------------------------------------------

    def of_validators(self) -> Iterator[Hazard]:
        """Documents that the validators of afterwards refuse, in tables whose documents are not changed themselves."""
        if not self._engine.probes.can(VALIDATORS):
            return
        from .validators import enums_of, validator_of

        after = replay(self._operations, self._before.schema)
        moved = {getattr(each, "table", "") for each in self._operations if _changed_column(each)}
        for table in after.tables:
            former = self._before.schema.table(table.name)
            if former is None or table.name not in self.there or table.name in moved:
                continue
            validator = validator_of(table, enums_of(after))
            if validator and validator != validator_of(former, enums_of(self._before.schema)):
                yield from self._rejected(table, validator)

    def _rejected(self, table: Table, validator: Mapping[str, Any]) -> Iterator[Hazard]:
        collection = self._engine.collection(table.name)
        condition = {"$nor": [dict(validator)]}
        try:
            with translated(f"Counting what the rules of {table.name} refuse"):
                number = collection.count_documents(condition)
                first = list(collection.find(condition, {"_id": True}).limit(_SHOWN)) if number else []
        except PanelDbError:
            # A server that forgets validators may not know how to match them either.
            return
        if number:
            ids = [str(each["_id"]) for each in first]
            operation = self._changing_rules(table)
            message = (
                f"{number} document(s) of {table.name} do not obey the rules of afterwards: they stay, but no update of"
                f" them is taken. The first: {', '.join(ids)}."
            )
            safer = "First mend these documents, in an execute step."
            yield _hazard("mongo-validator-rejects-existing", WARN, operation, message, safer, rows=number, first=ids)

    def _changing_rules(self, table: Table) -> Operation:
        """Give the first operation on the table or, as that names no table, on an enum of its columns."""
        enums = {column.type.enum for column in table.columns if column.type.name == "enum"}
        changing = (
            each
            for each in self._operations
            if getattr(each, "table", "") == table.name
            or (isinstance(each, Alter) and isinstance(each.after, Enum) and each.after.name in enums)
        )
        return next(changing, self._operations[0])

    # --- what a person wrote ---------------------------------------------------------------------------------------

    def of_a_person(self, step: Execute) -> Iterator[Hazard]:
        """Indexes with an end of life that a step makes by itself."""
        for text in step.up.get("mongodb", ()):
            try:
                command = from_json(text)
            except ValueError:
                continue
            for table, told in _indexes_of(command):
                if table in self.there and told.get("key"):
                    first, *_others = told["key"]
                    yield from self._expiring(step, table, first, told)


def _indexes_of(command: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(command, Mapping):
        return
    if "createIndexes" in command:
        for told in command.get("indexes", ()):
            yield str(command["createIndexes"]), told
    elif "collMod" in command and isinstance(command.get("index"), Mapping):
        told = command["index"]
        yield str(command["collMod"]), {**told, "key": told.get("keyPattern")}


def _names(element: Unique | Index | PrimaryKey) -> tuple[str, ...]:
    if isinstance(element, Index):
        return tuple(column.name for column in element.columns)
    return element.columns


def _changed_column(operation: Operation) -> str:
    """Give the column whose field the operation changes in documents; empty where it changes none."""
    if isinstance(operation, Rename) and operation.kind == "column":
        return operation.before
    if isinstance(operation, Drop) and isinstance(operation.element, Column):
        return operation.element.name
    if isinstance(operation, Add) and isinstance(operation.element, Column):
        return operation.element.name if operation.element.default is not None else ""
    if isinstance(operation, Alter) and isinstance(operation.before, Column) and isinstance(operation.after, Column):
        return operation.after.name if operation.before.type != operation.after.type else ""
    return ""


def _hazard(code: str, severity: str, operation: Operation, message: str, safer: str, **facts: Any) -> Hazard:
    told = f"{operation.name} {operation.target}"
    return Hazard(code, severity, told, message, safer, facts=tuple(sorted(facts.items())))
