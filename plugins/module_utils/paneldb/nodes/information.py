# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading nodes: which, how many servers each has, how old its token is; tokens only where they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..engines.base import Engine
from ..errors import Unsupported
from ..model.reading import Place
from ..model.schema import Schema, Table
from .node_table import NAME, STATUS, TABLE, Codec, NodeTable, node_table
from .rotation import is_named, is_pattern, made_at, require_age, times
from .tokens import is_retired

_SERVERS = "servers"


@dataclass(frozen=True)
class Filter:
    """Which nodes: names or patterns of names, statuses, the age of tokens. What is empty leaves nobody out."""

    names: Sequence[str] = ()
    status: Sequence[str] = ()
    token_older_than: timedelta | None = None
    with_tokens: bool = False


@dataclass(eq=False, repr=False)
class Found:
    """Nodes by ascending name, as mappings of logical values, and what they are together."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    missing_tables: tuple[str, ...] = ()

    def counts(self) -> dict[str, Any]:
        """Count the nodes, by status too, and their servers."""
        counts: dict[str, Any] = {"nodes": len(self.nodes)}
        counts["retired"] = sum(node["retired"] for node in self.nodes)
        if any("servers" in node for node in self.nodes):
            counts["servers"] = sum(node["servers"] for node in self.nodes)
        by_status = Counter(str(node[STATUS]) for node in self.nodes if STATUS in node)
        counts["by_status"] = dict(sorted(by_status.items()))
        return counts


def require_sensible(schema: Schema, wanted: Filter) -> NodeTable:
    """Check a filter against the model; give the table.

    :raises InputError: there is no such status.
    :raises Unsupported: the model keeps no tokens to be shown, or not when they were made.
    """
    nodes = node_table(schema)
    if wanted.token_older_than is not None:
        require_age(nodes)
    if wanted.with_tokens and nodes.hashed:
        raise Unsupported(
            "The model keeps hashes of tokens only; nobody can show the tokens.", hint="Rotate them to have new ones."
        )
    enum = schema.enum(nodes.column(nodes.status).type.enum) if nodes.status else None
    for number, status in enumerate(wanted.status):
        if enum is not None and status not in enum.values:
            raise Place("", "status").item(number).unknown("There is no such status.", status, enum.values)
    return nodes


def find(engine: Engine, schema: Schema, wanted: Filter, now: datetime) -> Found:
    """Read the nodes that the filter lets through.

    :raises InputError: as ``require_sensible``.
    :raises Unsupported: as ``require_sensible``.
    """
    nodes = require_sensible(schema, wanted)
    if TABLE not in engine.existing_tables([TABLE]):
        return Found(missing_tables=(TABLE,))
    shown = [name for name in nodes.table.column_names if name not in nodes.secret]
    columns = list(dict.fromkeys((*shown, nodes.token, *times(nodes))))
    reader = _Reader(engine, nodes, columns, wanted, now)
    names = None if not wanted.names or any(map(is_pattern, wanted.names)) else (NAME, list(wanted.names))
    found = [reader.node(row) for row in engine.fetch(nodes.table, columns, where=names) if reader.is_wanted(row)]
    _count_servers(engine, schema, nodes, found)
    return Found(sorted(found, key=_name))


def _name(node: Mapping[str, Any]) -> str:
    return str(node[NAME])


class _Reader:
    """Reads rows of the table as nodes."""

    def __init__(self, engine: Engine, nodes: NodeTable, columns: Sequence[str], wanted: Filter, now: datetime) -> None:
        self._codec = Codec(engine, nodes)
        self._nodes = nodes
        self._at = {name: index for index, name in enumerate(columns)}
        self._wanted = wanted
        self._now = now

    def is_wanted(self, row: Sequence[Any]) -> bool:
        wanted, name = self._wanted, row[self._at[NAME]]
        if not is_named(wanted.names, name):
            return False
        if wanted.status and self._logical(row, self._nodes.status) not in wanted.status:
            return False
        age = self._age(row) if wanted.token_older_than is not None else None
        return wanted.token_older_than is None or age is None or age >= wanted.token_older_than

    def node(self, row: Sequence[Any]) -> dict[str, Any]:
        nodes = self._nodes
        node = {name: self._logical(row, name) for name in self._at if name not in nodes.secret}
        node["retired"] = is_retired(row[self._at[nodes.token]])
        age = self._age(row)
        if nodes.issued:
            node["token_age_seconds"] = None if age is None else max(int(age.total_seconds()), 0)
        if self._wanted.with_tokens and not node["retired"]:
            node["token"] = self._logical(row, nodes.token)
        return node

    def _logical(self, row: Sequence[Any], name: str) -> Any:
        return self._codec.logical(name, row[self._at[name]]) if name else None

    def _age(self, row: Sequence[Any]) -> timedelta | None:
        made = made_at(self._codec, self._nodes, [row[self._at[name]] for name in times(self._nodes)])
        return None if made is None else self._now - made


def servers_of(schema: Schema) -> tuple[Table, str] | None:
    """Give the table of servers and its column that refers to nodes, where the model has such."""
    for table, key in schema.references_to(TABLE):
        if table.name == _SERVERS and len(key.columns) == 1:
            return table, key.columns[0]
    return None


def _count_servers(engine: Engine, schema: Schema, nodes: NodeTable, found: Sequence[dict[str, Any]]) -> None:
    servers = servers_of(schema)
    if servers is None or not found or servers[0].name not in engine.existing_tables([servers[0].name]):
        return
    codec = Codec(engine, nodes)
    table, column = servers
    numbers = Counter(home for (home,) in engine.fetch(table, [column]))
    for node in found:
        node["servers"] = numbers[codec.stored(nodes.key, node[nodes.key])]
