# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that refer to nothing: in one aggregation where the server can join, else in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from ...model.schema import ForeignKey, Table
from .faults import translated
from .probes import LOOKUP
from .statistics import SHOWN, Row, Stage, aggregate, grouped, values_of

if TYPE_CHECKING:
    from .engine import MongodbEngine

#: So many values are looked for at once where the server cannot join.
_BATCH = 1000


def found_orphans(engine: MongodbEngine, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    """See ``Engine.orphans``."""
    if engine.probes.can(LOOKUP):
        return _joined(engine, table, key)
    count = 0
    shown: list[Row] = []
    for values, number in _missing(engine, table, key):
        count += number
        if len(shown) < SHOWN:
            shown.append(values)
    return count, tuple(shown)


def _joined(engine: MongodbEngine, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    counted = [{"$group": {"_id": None, "n": {"$sum": "$n"}}}]
    shown = [{"$sort": {"_id": 1}}, {"$limit": SHOWN}, {"$project": {"_id": 1}}]
    last = {"$facet": {"counted": counted, "shown": shown}}
    (answer,) = aggregate(engine, table, [*orphan_stages(key), last])
    count = int(answer["counted"][0]["n"]) if answer["counted"] else 0
    return count, tuple(values_of(each["_id"], key.columns) for each in answer["shown"])


def orphan_stages(key: ForeignKey) -> list[Stage]:
    """Give the stages that lead to the values (``_id``) that refer to nothing, with the number ``n`` of their rows."""
    if len(key.columns) == 1:
        found: Stage = {
            "from": key.ref_table,
            "localField": "_id.v0",
            "foreignField": key.ref_columns[0],
            "as": "found",
        }
        return [*grouped(key.columns, {}), {"$lookup": found}, {"$match": {"found": []}}]
    places = [f"v{position}" for position in range(len(key.columns))]
    alike = [{"$eq": [f"${theirs}", f"$${place}"]} for theirs, place in zip(key.ref_columns, places)]
    found = {
        "from": key.ref_table,
        "let": {place: f"$_id.{place}" for place in places},
        "pipeline": [{"$match": {"$expr": {"$and": alike}}}, {"$limit": 1}, {"$project": {"_id": 1}}],
        "as": "found",
    }
    return [*grouped(key.columns, {}), {"$lookup": found}, {"$match": {"found": []}}]


def _missing(engine: MongodbEngine, table: Table, key: ForeignKey) -> Iterator[tuple[Row, int]]:
    """Give the values that refer to nothing, each with the number of its rows."""
    groups = aggregate(engine, table, grouped(key.columns, {}))
    while True:
        batch = {values_of(each["_id"], key.columns): int(each["n"]) for each in islice(groups, _BATCH)}
        if not batch:
            return
        there = _there(engine, key, list(batch))
        yield from ((values, number) for values, number in batch.items() if values not in there)


def _there(engine: MongodbEngine, key: ForeignKey, wanted: Sequence[Row]) -> set[Row]:
    first = key.ref_columns[0]
    condition = {first: {"$in": list(dict.fromkeys(values[0] for values in wanted))}}
    shown = {**dict.fromkeys(key.ref_columns, 1), "_id": 0}
    with translated(f"Looking for what refers to {key.ref_table}"):
        found = engine.collection(key.ref_table).find(condition, shown, session=engine.session)
        return {tuple(map(document.get, key.ref_columns)) for document in found}
