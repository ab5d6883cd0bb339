# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that go, and what lives on them: moved, deleted, or a reason to stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engines.base import Engine, Row
from ..errors import LONGEST_LIST, InputError, PanelDbError
from ..model.schema import ForeignKey, Schema, Table
from ..seeds.files import unique_sets
from .changes import heading
from .entries import ABSENT, RETIRED, Leaver
from .node_table import NAME, TABLE, NodeTable
from .rotation import Holder
from .tokens import is_retired

#: Rules by which a row goes, or forgets, with the one that it refers to.
_GOES, _FORGETS = "cascade", "set_null"


class NodeInUse(PanelDbError):
    """Rows refer to a node that is to go; nothing was written."""

    code = "node-in-use"


@dataclass(eq=False, repr=False)
class Leaving:
    """What happens to nodes that go, and to what refers to them.

    ``found`` are rows of nodes (key, name, token) by name. ``moves`` are keys of rows to move, ``deletions``
    keys of rows to delete, both by table and column, in the order of writing; ``forgets`` keys of rows whose reference
    becomes null.
    """

    found: dict[str, Row] = field(default_factory=dict)
    retired: list[Holder] = field(default_factory=list)
    absent: list[Row] = field(default_factory=list)
    drain: str = ""
    moves: list[tuple[Table, str, list[Row]]] = field(default_factory=list)
    forgets: list[tuple[Table, str, list[Row]]] = field(default_factory=list)
    deletions: list[tuple[Table, list[Row]]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.retired or self.absent)

    @property
    def names(self) -> frozenset[str]:
        """Names of nodes that are retired or removed by this run."""
        return frozenset(change.name for change in self.retired) | {row[1] for row in self.absent}

    @property
    def counts(self) -> dict[str, int]:
        """Nodes that are removed, and rows of other tables that move and that go."""
        return {
            "removed": len(self.absent),
            "moved": sum(len(keys) for _unused, _column, keys in self.moves),
            "deleted": sum(len(keys) for _unused, keys in self.deletions),
        }


class Planner:
    """Plans what happens to leavers."""

    def __init__(self, engine: Engine, schema: Schema, nodes: NodeTable, *, force: bool) -> None:
        self._engine = engine
        self._schema = schema
        self._nodes = nodes
        self._force = force

    def plan(self, leavers: Mapping[str, Leaver], drain: str, coming: frozenset[str]) -> Leaving:
        """Compare the leavers with what is there. ``coming`` are names of nodes that will be there after the run.

        :raises InputError: a node to be retired, or the one that servers are to move to, is not there.
        :raises NodeInUse: servers live on a node, and they have nowhere to go.
        """
        nodes = self._nodes
        columns = [nodes.key, NAME, nodes.token]
        rows = self._engine.fetch(nodes.table, columns, where=(NAME, [*leavers, *([drain] if drain else [])]))
        found = {row[1]: row for row in rows}
        leaving = Leaving(found, drain=drain)
        for leaver in leavers.values():
            self._note(leaving, leaver)
        self._require_drain(leaving, leavers, coming)
        going = {row[0]: row[1] for row in leaving.absent}
        going.update({change.key: change.name for change in leaving.retired})
        if going:
            for table, key in self._schema.references_to(TABLE):
                if len(key.columns) == 1:
                    self._follow(leaving, going, table, key)
        return leaving

    def _note(self, leaving: Leaving, leaver: Leaver) -> None:
        row = leaving.found.get(leaver.name)
        if row is None and leaver.state == RETIRED:
            raise leaver.place.error("There is no such node to retire.", found=leaver.name)
        if row is not None and leaver.state == ABSENT:
            leaving.absent.append(row)
        elif row is not None and not is_retired(row[2]):
            leaving.retired.append(Holder(row[0], leaver.name, row[2], None))

    def _require_drain(self, leaving: Leaving, leavers: Mapping[str, Leaver], coming: frozenset[str]) -> None:
        drain = leaving.drain
        if not drain:
            return
        if drain in leavers:
            raise InputError("Servers cannot move to a node that goes itself.", source="option drain", found=drain)
        row = leaving.found.get(drain)
        if row is None and drain not in coming:
            raise InputError("There is no such node for servers to move to.", source="option drain", found=drain)
        if row is not None and is_retired(row[2]) and drain not in coming:
            raise InputError("Servers cannot move to a node that is retired.", source="option drain", found=drain)

    # --- what refers to the nodes --------------------------------------------------------------------------------

    def _follow(self, leaving: Leaving, going: Mapping[Any, str], table: Table, key: ForeignKey) -> None:
        """Decide for the rows of one table what happens to them."""
        column = key.columns[0]
        rows = list(self._engine.fetch(table, [*_key_of(table), column], where=(column, list(going))))
        if not rows:
            return
        if key.on_delete not in (_GOES, _FORGETS) and leaving.drain:
            self._require_room(leaving, table, column, going)
            leaving.moves.append((table, column, [row[:-1] for row in rows]))
            return
        if key.on_delete not in (_GOES, _FORGETS) and not self._force:
            raise self._in_use(table, going, rows)
        removed = {row[0] for row in leaving.absent}
        self._let_go(leaving, table, key, [row[:-1] for row in rows if row[-1] in removed])

    def _let_go(self, leaving: Leaving, table: Table, key: ForeignKey, keys: list[Row]) -> None:
        """Let rows go with what they refer to, and what refers to them before; or let them forget it."""
        if not keys:
            return
        if key.on_delete == _FORGETS:
            leaving.forgets.append((table, key.columns[0], keys))
            return
        for child, inner in self._schema.references_to(table.name):
            if inner.ref_columns == _key_of(table) and len(keys[0]) == 1 and child.name != table.name:
                named = (inner.columns[0], [row[0] for row in keys])
                self._let_go(leaving, child, inner, list(self._engine.fetch(child, _key_of(child), where=named)))
        leaving.deletions.append((table, keys))

    def _require_room(self, leaving: Leaving, table: Table, column: str, going: Mapping[Any, str]) -> None:
        """Refuse to move rows beside others with which they would share what occurs once, such as a node's port."""
        drain = leaving.found.get(leaving.drain)
        involved = [*going, *([drain[0]] if drain else [])]
        for names in unique_sets(table):
            if column in names and len(names) > 1:
                others = sorted(names - {column})
                seen: dict[Row, Any] = {}
                for row in self._engine.fetch(table, [column, *others], where=(column, involved)):
                    at = seen.setdefault(row[1:], row[0])
                    if at != row[0]:
                        raise self._no_room(
                            table, dict(zip(others, row[1:])), [going.get(each) for each in (at, row[0])]
                        )

    def _no_room(self, table: Table, shared: Mapping[str, Any], homes: Sequence[Any]) -> NodeInUse:
        told = " and ".join(sorted(repr(home) if home else "the node they are to move to" for home in homes))
        what = ", ".join(f"{name} {value}" for name, value in shared.items())
        return NodeInUse(
            f"Rows of {table.name} cannot move to one node: those of {told} share {what}. Nothing was written.",
            hint="Change one of them first, or drain the nodes to different ones.",
            table=table.name,
        )

    def _in_use(self, table: Table, going: Mapping[Any, str], rows: Sequence[Row]) -> NodeInUse:
        names = sorted({going[row[-1]] for row in rows})
        return NodeInUse(
            f"{len(rows)} rows of {table.name} refer to nodes that are to go, first {names[0]!r}; nothing was written.",
            hint="Name the node that they move to in option drain, or say force.",
            table=table.name,
            rows=len(rows),
            nodes=names[:LONGEST_LIST],
        )


def _key_of(table: Table) -> tuple[str, ...]:
    """Give the columns that name a row."""
    return table.primary_key.columns if table.primary_key else table.column_names


def write_leaving(engine: Engine, nodes: NodeTable, leaving: Leaving) -> None:
    """Move, let forget, delete; nodes go last."""
    if leaving.moves:
        [target] = engine.fetch(nodes.table, [nodes.key], where=(NAME, [leaving.drain]))
        for table, column, keys in leaving.moves:
            engine.update(table, _key_of(table), [column], ((*key, target[0]) for key in keys))
    for table, column, keys in leaving.forgets:
        engine.update(table, _key_of(table), [column], ((*key, None) for key in keys))
    for table, keys in leaving.deletions:
        engine.delete(table, _key_of(table), keys)
    if leaving.absent:
        engine.delete(nodes.table, [nodes.key], ((row[0],) for row in leaving.absent))


def diff_lines(leaving: Leaving) -> Iterator[tuple[list[str], list[str]]]:
    """Give the lines of the diff for what goes and what moves."""
    for row in leaving.absent:
        yield [heading(row[1])], []
    for table, _unused, keys in leaving.moves:
        yield [], [f"{table.name}: {len(keys)} rows move to {heading(leaving.drain)}"]
    for table, _unused, keys in leaving.forgets:
        yield [], [f"{table.name}: {len(keys)} rows forget their node"]
    for table, keys in leaving.deletions:
        yield [f"{table.name}: {len(keys)} rows"], []
