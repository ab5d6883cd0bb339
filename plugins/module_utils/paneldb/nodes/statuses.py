# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe sees of nodes, and the statuses that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ..engines.base import Engine
from ..errors import LONGEST_LIST, Unsupported
from ..model.schema import Schema
from .entries import read_entries
from .information import Filter, find
from .node_table import HOSTNAME, NAME, PORT, STATUS, node_table
from .probing import Probe, look
from .request import Request

ONLINE, OFFLINE = "ONLINE", "OFFLINE"


class Sight(NamedTuple):
    """A node as it was seen: its status before, whether a probe may change that, and what is wrong with it."""

    name: str
    status: str
    is_free: bool
    problem: str


@dataclass(frozen=True)
class Seen:
    """All nodes that a probe looked at."""

    sights: tuple[Sight, ...]

    def to_data(self) -> dict[str, Any]:
        """Give counts, and some of the nodes that are not well with the reason."""
        ill = [sight for sight in self.sights if sight.problem]
        return {
            "reachable": len(self.sights) - len(ill),
            "unreachable": len(ill),
            "problems": [{"name": sight.name, "problem": sight.problem} for sight in ill[:LONGEST_LIST]],
        }

    def statuses(self) -> dict[str, str]:
        """Give the statuses that nodes should have and do not; who is in maintenance stays so."""
        free = [(sight, OFFLINE if sight.problem else ONLINE) for sight in self.sights if sight.is_free]
        return {sight.name: wanted for sight, wanted in free if sight.status != wanted}


def see(probe: Probe, nodes: Iterable[Mapping[str, Any]]) -> Seen:
    """Look at nodes with ``name``, ``hostname``, ``port`` and ``status``; ``stated`` ones are not free to change."""
    looked_at = list(nodes)
    problems = look(probe, [(node[HOSTNAME], int(node[PORT])) for node in looked_at])
    return Seen(tuple(_sight(node, problem) for node, problem in zip(looked_at, problems)))


def _sight(node: Mapping[str, Any], problem: str) -> Sight:
    status = str(node.get(STATUS) or "")
    return Sight(node[NAME], status, not node.get("stated") and status in ("", ONLINE, OFFLINE), problem)


def see_listed(engine: Engine, schema: Schema, request: Request, probe: Probe, now: datetime) -> Seen:
    """Look at the nodes of the list that are to be present, or at all of the database where nothing is listed.

    :raises InputError: the list is wrong.
    """
    entries = read_entries(
        request.listed,
        node_table(schema),
        state=request.state,
        columns=request.columns,
        defaults=request.defaults,
    )
    known = {node[NAME]: node for node in find(engine, schema, Filter(), now).nodes}
    if not request.listed.rows:
        return see(probe, (node for node in known.values() if not node["retired"]))
    former = {new: old for old, new in entries.renames.items()}
    merged = (
        {**known.get(former.get(row[NAME], row[NAME]), {}), **row, "stated": STATUS in row} for row in entries.rows
    )
    return see(probe, (node for node in merged if HOSTNAME in node and PORT in node))


def require_statuses(schema: Schema) -> None:
    """Refuse to write statuses where the model does not have them.

    :raises Unsupported: it has not.
    """
    nodes = node_table(schema)
    enum = schema.enum(nodes.column(nodes.status).type.enum) if nodes.status else None
    if enum is None or not {ONLINE, OFFLINE}.issubset(enum.values):
        raise Unsupported(f"The model has no status {ONLINE} and {OFFLINE} for nodes.", hint="Leave out update_status.")
