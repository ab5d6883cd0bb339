# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases of one MongoDB server, and a look and a hand in them by the plain driver."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.session import (
    client_arguments,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed, Rows, in_order
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import documentdb, ferretdb

#: A database is there as soon as it has a collection; this one is nobody's table.
EMPTY = "_paneldb_lock"
RECORDS = "_paneldb_collections"


class MongodbBed(Bed):
    """Databases of one server, which ``server`` tells how to reach."""

    engine = "mongodb"
    nonsense = '{"noSuchCommand": 1}'
    refusal = "noSuchCommand"
    #: Collections have no ``$``, fields no dots; FerretDB's fields have no quotes and backslashes either.
    stems = tuple(stem for stem in STEMS if not set(stem) & set('$."\\'))

    def __init__(self, server: Target, *, slower: int = 1) -> None:
        self.server = server
        self.slower = slower  # type: ignore[misc]

    @contextmanager
    def database_of(self, target: Target) -> Iterator[Any]:
        """The plain driver's database; times have their zone."""
        import pymongo

        address, arguments = client_arguments(target)
        client: Any = pymongo.MongoClient(address, **arguments)
        try:
            yield client[target.database]
        finally:
            client.close()

    def absent(self) -> Target:
        return replace(self.server, database=f"t_{secrets.token_hex(6)}")

    def create(self, target: Target) -> None:
        with self.database_of(target) as database:
            database.create_collection(EMPTY)

    def drop(self, target: Target) -> None:
        with self.database_of(target) as database:
            database.client.drop_database(target.database)

    def snapshot(self, target: Target) -> str:
        with self.database_of(target) as database:
            lines = []
            for held in sorted(database.list_collections(), key=lambda each: str(each["name"])):
                collection = database[held["name"]]
                options = {key: value for key, value in held.get("options", {}).items() if value}
                lines += [f"{held['name']} {options}", *sorted(map(repr, collection.list_indexes()))]
                lines += sorted(map(repr, collection.find()))
            return "\n".join(lines)

    def put(self, target: Target, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        with self.database_of(target) as database:
            given = [{name: value for name, value in row.items() if value is not None} for row in rows]
            database[table].insert_many(given)

    def read(self, target: Target, table: str, columns: Sequence[str]) -> Rows:
        with self.database_of(target) as database:
            return in_order([tuple(map(document.get, columns)) for document in database[table].find()])

    def change(self, target: Target, table: str, values: Mapping[str, Any]) -> None:
        with self.database_of(target) as database:
            database[table].update_many({}, {"$set": dict(values)})

    def add_table(self, target: Target, table: str, *, refers_to: str = "") -> None:
        with self.database_of(target) as database:
            database.create_collection(table)
            database[table].create_index("id", unique=True)
            if refers_to:
                database[table].create_index("other")

    def drop_table(self, target: Target, table: str) -> None:
        with self.database_of(target) as database:
            database[table].drop()

    def add_column(self, target: Target, table: str, column: str) -> None:
        """No server keeps columns; what was written down of the table tells which it has."""
        with self.database_of(target) as database:
            found = database[RECORDS].find_one({"kind": "table", "name": table})
            if found is not None:
                definition = json.loads(found["definition"])
                definition["columns"][column] = {"type": "integer", "null": True}
                written = {"$set": {"definition": json.dumps(definition)}}
                database[RECORDS].update_one({"_id": found["_id"]}, written)

    def filling(self, table: str, column: str, value: str) -> str:
        update = {"q": {column: None}, "u": {"$set": {column: value}}, "multi": True}
        return json.dumps({"update": table, "updates": [update]})

    def choosing(self, table: str, *columns: str) -> Any:
        among = {columns[0]: {"$in": [{"$param": 0}, {"$param": 1}]}}
        shown = {"_id": 0, **dict.fromkeys(columns, 1)}
        return {"find": table, "filter": among, "projection": shown, "sort": {columns[0]: 1}}

    def changing(self, table: str, column: str, key: str) -> Any:
        update = {"q": {key: {"$lt": {"$param": "below"}}}, "u": {"$set": {column: {"$param": "value"}}}, "multi": True}
        return {"update": table, "updates": [update]}

    def add_unique(self, target: Target, table: str, column: str) -> None:
        with self.database_of(target) as database:
            database[table].create_index(column, unique=True, sparse=True, name=f"{table}_{column}")


@contextmanager
def documentdb_bed() -> Iterator[MongodbBed]:
    """FerretDB 2 with DocumentDB, which has what MongoDB has but transactions, roles and collations."""
    with documentdb() as server:
        yield MongodbBed(Target(engine="mongodb", host=server.host, port=server.port), slower=4)


@contextmanager
def ferretdb_bed() -> Iterator[MongodbBed]:
    """FerretDB 1, which keeps documents as MongoDB does, makes sure of nothing but unique indexes, and is slow."""
    with ferretdb() as server:
        yield MongodbBed(Target(engine="mongodb", host=server.host, port=server.port), slower=10)


@contextmanager
def mongodb_by_url(url: str) -> Iterator[MongodbBed]:
    """A server of the user's own."""
    target = parse_target({"url": url})
    yield MongodbBed(replace(target, auth_database=target.auth_database or target.database or "admin"))
