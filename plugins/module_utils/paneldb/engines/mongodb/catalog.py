# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the catalogue: collections with their options, their indexes, and what was written down of the tables.

What the server can hold is read from it: a column whose rule in the validator is another than ours has another type
than the one written down, a key whose index is gone is gone, and so are checks that the validator lacks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...model.schema import Schema, Table
from ..base import BOOKKEEPING_PREFIX, Catalogue
from .faults import translated
from .indexes import ID_INDEX, Physical, is_own, needed, read_index, shown
from .probes import VALIDATORS, Probes
from .records import COLLECTION, ENUM, TABLE, Record, read_enum, read_table

if TYPE_CHECKING:
    from .engine import MongodbEngine

#: Collections that a server keeps for itself.
_SYSTEM = "system."


@dataclass(frozen=True)
class Held:
    """What a server holds of a collection: its name there, its indexes but the one on ``_id``, its options."""

    name: str
    indexes: tuple[Physical, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Native:
    """This engine's own part of a catalogue, by the tables' names: what is held, and what was written down.

    ``server`` names the server in records of validators that it did not keep. ``database`` is needed to rename.
    """

    database: str = ""
    server: str = ""
    held: Mapping[str, Held] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)


def native_of(catalogue: Catalogue) -> Native:
    """Give this engine's own part; a catalogue that was not read from a database has none."""
    return catalogue.native if isinstance(catalogue.native, Native) else Native()


def read_catalogue(engine: MongodbEngine) -> Catalogue:
    """Read what is there: one call for the collections, one for the records, and one for each collection's indexes."""
    with translated("Reading the catalogue"):
        listed = list(engine.database.list_collections())
        names = {told["name"] for told in listed}
        told = list(engine.database[COLLECTION].find({}, {"_id": False})) if COLLECTION in names else []
        held = {each["name"]: _held(engine, each) for each in listed if _is_shown(each)}
    server = " ".join(engine.probes.product)
    records = [Record.of(each) for each in told]
    views = tuple(sorted(each["name"] for each in listed if each.get("type") == "view"))
    return _Reader(engine.probes, server, held, records).catalogue(engine.database.name, views)


def _is_shown(told: Mapping[str, Any]) -> bool:
    name = told["name"]
    return told.get("type") != "view" and not name.startswith((BOOKKEEPING_PREFIX, _SYSTEM))


def _held(engine: MongodbEngine, told: Mapping[str, Any]) -> Held:
    options = dict(told.get("options") or {})
    if "timeseries" in options:
        return Held(told["name"], (), options)
    answer = engine.database.command("listIndexes", told["name"])["cursor"]
    indexes = answer["firstBatch"]
    if answer["id"]:
        indexes = list(engine.database[told["name"]].list_indexes())
    return Held(told["name"], tuple(read_index(each) for each in indexes if each["name"] != ID_INDEX), options)


class _Reader:
    """Brings together what the server holds and what was written down."""

    def __init__(self, probes: Probes, server: str, held: dict[str, Held], records: Sequence[Record]) -> None:
        self._probes = probes
        self._server = server
        self._held = held
        self._records = {record.name: record for record in records if record.kind == TABLE}
        self._enums = tuple(read_enum(each.definition) for each in records if each.kind == ENUM and each.definition)
        self._values = {enum.name: enum.values for enum in self._enums}
        #: Collections whose rename was begun, by the names of their tables before it.
        self._moved = {
            each.pending.name: each.name
            for each in self._records.values()
            if each.pending and each.pending.name not in ("", each.name)
        }

    def catalogue(self, database: str, views: tuple[str, ...]) -> Catalogue:
        tables, held = [], {}
        for name, table, there in self._tables():
            if table is not None:
                tables.append(table)
            held[name] = there
        schema = Schema(tuple(tables), self._enums).normalized()
        return Catalogue(schema, views, Native(database, self._server, held, self._records))

    def _tables(self) -> Iterator[tuple[str, Table | None, Held]]:
        for name, there in self._held.items():
            before = self._moved.get(name, name)
            record = self._records.get(before)
            yield before, self._table(record, there), there
        for name, record in self._records.items():
            # It was dropped, or made no collection yet, when a run was stopped.
            if record.pending and record.definition and name not in self._held and not self._is_moved(record):
                yield name, read_table(record.definition), Held(name)

    def _is_moved(self, record: Record) -> bool:
        return bool(record.pending and record.pending.name in self._held and record.pending.name in self._moved)

    def _table(self, record: Record | None, there: Held) -> Table | None:
        if record is None:
            return self._foreign(there)
        if record.pending:
            return read_table(record.definition) if record.definition else None
        # Indexes first: what they cover is told by what was written down, whatever the validator says by now.
        table = self._indexed(read_table(record.definition), there)
        if self._probes.can(VALIDATORS) and record.forgotten != self._server:
            table = self._validated(table, there)
        return table

    def _foreign(self, there: Held) -> Table:
        table = Table(there.name)
        if there.options.get("validator"):
            table = self._validated(table, there)
        return self._indexed(table, there)

    def _validated(self, table: Table, there: Held) -> Table:
        from .validators import strictness_of, validator_of

        found = dict(there.options.get("validator") or {})
        ours = validator_of(table, self._values)
        said = {key: there.options.get(key, usual) for key, usual in strictness_of(table).items()}
        if found == ours and (not found or said == strictness_of(table)):
            return table
        from .validated import as_validated

        return as_validated(table, self._values, found, said if found else {})

    def _indexed(self, table: Table, there: Held) -> Table:
        """Leave out the keys whose indexes are gone, and put in the indexes that no key leans on."""
        leaned_on = needed(table, self._probes)
        found = set(there.indexes)
        lost = [key for key, made in leaned_on.items() if made not in found and is_own(made)]
        for key in lost:
            kind, _unused, name = key.partition(" ")
            table = table.without(kind, name)
        known = set(leaned_on.values())
        for made in there.indexes:
            if made not in known:
                table = table.put(shown(made, table, self._probes))
        return table.normalized()
