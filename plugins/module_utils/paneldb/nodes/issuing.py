# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets which token in a run: new nodes, those that come back, those whose tokens are replaced, and retired ones.

Every token of a run comes from one call of the system's random source.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress, count
from typing import Any

from ..engines.base import Engine
from ..seeds.tables import Rows, TableState
from .changes import RESTORED, RETIRED, ROTATED, NodeChange
from .node_table import Codec, NodeTable
from .rotation import Holder, Issuer
from .tokens import RETIRED as NO_TOKEN
from .tokens import is_retired, new_tokens


class Tokens:
    """Collects who is to get a token, then issues them all.

    ``restored_status`` is what a node gets that comes back and is not given a status.
    """

    def __init__(self, engine: Engine, nodes: NodeTable, issuer: Issuer, restored_status: Mapping[str, Any]) -> None:
        self._engine = engine
        self._nodes = nodes
        self._issuer = issuer
        self._restored_status = restored_status
        self._new: list[Rows] = []
        self._given: Mapping[str, str] = {}
        self._replaced: list[tuple[str, Holder, Mapping[str, Any]]] = []
        self._retired: Sequence[Holder] = ()

    def add_listed(self, state: TableState, given: Mapping[str, str]) -> None:
        """Add nodes of the list: new ones, retired ones, and those whose ``given`` token (by name) is another one."""
        self._given = given
        self._new = [rows for rows in state.rows if rows.new]
        for rows in state.rows:
            for index in self._replaced_of(state, rows):
                self._replace(state, rows, index)

    def _replaced_of(self, state: TableState, rows: Rows) -> Iterator[int]:
        at = state.fetched.index(self._nodes.token)
        held = [row and row[at] for row in rows.found]
        retired = compress(count(), map(is_retired, held))
        if not self._given:
            return retired
        kept = {name: self._issuer.token(token) for name, token in self._given.items()}
        other = (
            index
            for index, name in enumerate(rows.keys)
            if held[index] is not None and kept.get(name, held[index]) != held[index]
        )
        return iter(sorted({*retired, *other}))

    def _replace(self, state: TableState, rows: Rows, index: int) -> None:
        nodes, row = self._nodes, rows.found[index] or ()
        issued = row[state.fetched.index(nodes.issued)] if nodes.issued in state.fetched else None
        holder = Holder(
            row[state.fetched.index(nodes.key)],
            str(rows.keys[index]),
            row[state.fetched.index(nodes.token)],
            issued,
        )
        restored = is_retired(holder.token)
        status = self._restored_status if restored and nodes.status not in rows.batch.cells else {}
        self._replaced.append((RESTORED if restored else ROTATED, holder, status))

    def add_retired(self, holders: Sequence[Holder]) -> None:
        """Add nodes that are to be retired."""
        self._retired = holders

    def add_rotated(self, holders: Iterable[Holder], leaving: Collection[str]) -> None:
        """Add nodes to rotate, but those that go, and those that get a token anyway."""
        known = {*leaving, *(holder.name for _unused, holder, _status in self._replaced)}
        self._replaced += [(ROTATED, holder, {}) for holder in holders if holder.name not in known]

    def issue(self) -> tuple[list[NodeChange], dict[str, str]]:
        """Give what is to be written to nodes that are there, and the tokens that were made, by name.

        Those of new nodes are put beside what else is generated for their rows.
        """
        number = sum(len(rows.new) for rows in self._new) + len(self._replaced) + len(self._retired)
        source = new_tokens(number)
        issued: dict[str, str] = {}
        for rows in self._new:
            self._issue_new(rows, source, issued)
        changes = [
            NodeChange(kind, holder.key, holder.name, {**self._issuer.replacing(token, holder), **status})
            for kind, holder, status in self._replaced
            for token in (self._token(holder.name, source, issued),)
        ]
        changes += [
            NodeChange(RETIRED, holder.key, holder.name, self._retirement(token))
            for holder, token in zip(self._retired, source)
        ]
        return changes, issued

    def _token(self, name: str, source: Iterator[str], issued: dict[str, str]) -> str:
        if name in self._given:
            return self._given[name]
        issued[name] = next(source)
        return issued[name]

    def _issue_new(self, rows: Rows, source: Iterator[str], issued: dict[str, str]) -> None:
        nodes, size = self._nodes, rows.batch.size
        tokens: list[Any] = [None] * size
        for index in rows.new:
            tokens[index] = self._issuer.token(self._token(str(rows.keys[index]), source, issued))
        rows.generated[nodes.token] = tokens
        if nodes.issued:
            rows.generated[nodes.issued] = [self._issuer.issued()] * size

    def _retirement(self, token: str) -> dict[str, Any]:
        """Give the columns of a node that is retired: nobody can know what its token would be."""
        nodes = self._nodes
        values: dict[str, Any] = {nodes.token: f"{NO_TOKEN}{token}"}
        if nodes.previous:
            values.update({nodes.previous: None, nodes.previous_until: None})
        if nodes.retired_status:
            status = Codec(self._engine, nodes).stored(nodes.status, nodes.retired_status)
            values[nodes.status] = status
        return values
