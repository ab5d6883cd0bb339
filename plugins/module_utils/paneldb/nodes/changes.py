# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of single nodes beside those of plain columns: renames, tokens, retirement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..engines.base import Engine
from ..seeds.secrets import MASK
from .node_table import NAME, NodeTable

RENAMED, ROTATED, RESTORED, RETIRED = "renamed", "rotated", "restored", "retired"


class NodeChange(NamedTuple):
    """What one node gets: stored values of columns, told as ``kind``. ``name`` is its name before."""

    kind: str
    key: Any
    name: str
    values: Mapping[str, Any]


def write_changes(engine: Engine, nodes: NodeTable, changes: Iterable[NodeChange]) -> None:
    """Write the changes, those of the same columns at once."""
    alike: dict[tuple[str, ...], list[NodeChange]] = {}
    for change in changes:
        alike.setdefault(tuple(change.values), []).append(change)
    for columns, members in alike.items():
        rows = ((change.key, *change.values.values()) for change in members)
        engine.update(nodes.table, [nodes.key], columns, rows)


def write_renames(engine: Engine, nodes: NodeTable, changes: Sequence[NodeChange]) -> None:
    """Write the renames; where a new name is one that another node gives up, all give up theirs first."""
    given_up = {change.name for change in changes}
    if any(change.values[NAME] in given_up for change in changes):
        rows = [(change.key, f"renamed {change.key}") for change in changes]
        engine.update(nodes.table, [nodes.key], [NAME], rows)
    write_changes(engine, nodes, changes)


def diff_lines(nodes: NodeTable, changes: Iterable[NodeChange]) -> Iterator[tuple[list[str], list[str]]]:
    """Give the lines of the diff before and after, for each change; of tokens only that they change."""
    for change in changes:
        before, after = [heading(change.name)], [heading(change.name)]
        for name, value in change.values.items():
            if name in nodes.secret:
                before.append(f"  {name}: {MASK}")
                after.append(f"  {name}: {MASK} (changed)")
            elif name == NAME:
                after = [f"{heading(str(value))} (was {quoted(change.name)})"]
        if change.kind == RETIRED:
            after[0] += " (retired)"
        yield before, after


def heading(name: str) -> str:
    """Name a node in a diff."""
    return f"nodes name={quoted(name)}"


def quoted(name: str) -> str:
    """Give a name so that no terminal takes a part of it for a command, whoever wrote it into the database."""
    import json

    return json.dumps(name, ensure_ascii=not name.isprintable())
