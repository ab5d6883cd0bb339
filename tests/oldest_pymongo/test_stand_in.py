# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in itself does: the ground on which the other tests here say something about MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pymongo
import pymongo.database
import pytest

from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import StandIn

Database = pymongo.database.Database[dict[str, Any]]


@pytest.fixture
def database(server: StandIn) -> Iterator[Database]:
    with pymongo.MongoClient[dict[str, Any]](server.host, server.port, serverSelectionTimeoutMS=5000) as client:
        yield client["facts"]


def test_the_driver_is_the_oldest_that_is_supported() -> None:
    assert pymongo.version_tuple[:2] == (4, 9)


def test_indexes_keep_their_options(database: Database) -> None:
    indexes = database["kept"]
    indexes.create_index("at", name="ttl", expireAfterSeconds=60)
    indexes.create_index("part", name="partial", partialFilterExpression={"part": {"$gt": 1}}, unique=True)
    indexes.create_index("text", name="collated", collation={"locale": "en", "strength": 2})
    told = {index["name"]: index for index in indexes.list_indexes()}
    assert told["ttl"]["expireAfterSeconds"] == 60
    assert told["partial"]["partialFilterExpression"] == {"part": {"$gt": 1}}
    assert told["collated"]["collation"]["strength"] == 2


def test_validators_are_forgotten(database: Database) -> None:
    database.create_collection("validated", validator={"$jsonSchema": {"required": ["a"]}})
    database["validated"].insert_one({"at": datetime.now(timezone.utc)})
    told = {each["name"]: each for each in database.list_collections()}
    assert "validator" not in told["validated"].get("options", {})
