# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models with nodes, and helpers for tests of their registration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Optional

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.listing import Listing, inline, listing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.plan import NodePlan, run_nodes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.request import Request
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.rotation import Rotation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document, read_model
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT

SHIPPED = CHECKOUT / "roles" / "panel" / "files"
NOON = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)

#: What a model may have for nodes beside what the panel's own has.
FULL_DATA: dict[str, Any] = {
    "extends": "panel",
    "enums": {"node_status": ["ONLINE", "OFFLINE", "MAINTENANCE", "RETIRED"]},
    "tables": {
        "nodes": {
            "columns": {
                "tags": {"type": "json", "null": True},
                "location": {"type": "string(50)", "null": True},
                "tokenIssuedAt": {"type": "timestamp", "null": True},
                "previousToken": {"type": "string(255)", "null": True},
                "previousTokenExpiresAt": {"type": "timestamp", "null": True},
            }
        }
    },
}
#: The same with hashes in the place of tokens.
HASHED_DATA: dict[str, Any] = {
    "extends": "panel",
    "tables": {
        "nodes": {
            "columns": {
                "token": None,
                "tokenHash": {"type": "string(64)"},
                "tokenIssuedAt": {"type": "timestamp", "null": True},
                "previousTokenHash": {"type": "string(64)", "null": True},
                "previousTokenExpiresAt": {"type": "timestamp", "null": True},
            },
            "unique": [["name"], ["tokenHash"]],
        }
    },
}


def _model(*data: dict[str, Any]) -> Schema:
    documents = read_model("panel", SHIPPED)
    return load_model([*documents, *(Document("model.yml", each) for each in data)])


PLAIN, FULL, HASHED = _model(), _model(FULL_DATA), _model(HASHED_DATA)


def node(name: str, **cells: Any) -> dict[str, Any]:
    """An entry; hostname and port are made of the name where they are not said."""
    return {"name": name, "hostname": f"{name.lower()}.example.com", "port": 8080, **cells}


def register(  # noqa: PLR0913 - what a task can say
    engine: Engine,
    rows: Sequence[Any] = (),
    *,
    schema: Schema = FULL,
    now: datetime = NOON,
    check: bool = False,
    listed: Optional[Listing] = None,
    rotate: Optional[Rotation] = None,
    **options: Any,
) -> NodePlan:
    """Register nodes as a task does at a moment."""
    found = listed if listed is not None else listing(inline(list(rows)))
    return run_nodes(engine, schema, Request(found, rotation=rotate, **options), lambda: now, check=check)


def counted(plan: NodePlan) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: number for name, number in plan.counts.items() if number}


def stored(engine: Engine, *columns: str, schema: Schema = FULL) -> dict[str, Any]:
    """Logical values by name of node: of one column as they are, of several as tuples."""
    table = schema.holder("nodes")
    decoders = engine.decoders([table.column(name) for name in columns])
    found = {}
    for name, *values in engine.fetch(table, ["name", *columns]):
        told = tuple(
            decode(value) if decode is not None and value is not None else value
            for decode, value in zip(decoders, values)
        )
        found[name] = told[0] if len(told) == 1 else told
    return found


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def csv_listing(text: str, columns: Optional[Mapping[str, str]] = None) -> Listing:
    """A list that came from a file ``nodes.csv``."""
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.listing import read_text

    return listing(read_text(text, "nodes.csv", columns=columns or {}))
