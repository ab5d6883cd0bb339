# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes as hosts of an inventory: plain values, without anything of their tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..engines.base import Engine
from ..model.reading import Place
from ..model.schema import Schema
from ..plain import plain
from .node_table import HOSTNAME, NAME, Codec, NodeTable, node_table


def read_hosts(
    engine: Engine, schema: Schema, columns: Sequence[str], may_lack: Collection[str]
) -> list[dict[str, Any]]:
    """Give ``name`` and, in ``panel_node``, ``columns`` of every node, in order of name, in JSON types.

    Columns of ``may_lack`` are left out where the model does not have them.

    :raises InputError: a column is one of tokens, or the model does not have it.
    """
    nodes = node_table(schema)
    names = _columns(nodes, columns, may_lack)
    codec = Codec(engine, nodes)
    found = []
    for row in engine.fetch(nodes.table, [NAME, *names]):
        told = {name: plain(codec.logical(name, value)) for name, value in zip(names, row[1:])}
        found.append({"name": row[0], "panel_node": told})
    return sorted(found, key=lambda host: str(host["name"]))


def _columns(nodes: NodeTable, columns: Sequence[str], may_lack: Collection[str]) -> list[str]:
    known = sorted(nodes.names - nodes.kept)
    for number, name in enumerate(columns):
        if name not in known and name not in may_lack:
            place = Place("option columns").item(number - len(may_lack))
            raise place.unknown("Hosts cannot have this column.", name, known)
    return list(dict.fromkeys((HOSTNAME, *(name for name in columns if name in known))))
