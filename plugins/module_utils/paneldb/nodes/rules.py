# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What occurs once among nodes: where they are, and their tokens. Both places are named, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from ..engines.base import Engine
from ..model.reading import Place
from ..seeds.changes import TableChanges
from ..seeds.files import label
from ..seeds.tables import FEW, Rows, TableState
from .changes import quoted
from .entries import Entries
from .node_table import HOSTNAME, NAME, PORT, NodeTable

#: A host and a port.
_Endpoint = tuple[Any, Any]
#: Rows of the list with the host and the port of each.
_Held = tuple[Rows, Sequence[Any], Sequence[Any]]


def require_endpoints_once(
    engine: Engine, nodes: NodeTable, changes: TableChanges, leaving: frozenset[str], renamed: Mapping[Any, Any]
) -> None:
    """Refuse nodes of the list that would share hostname and port with each other, or with one of the database.

    ``leaving`` are names of nodes that will be gone, ``renamed`` leads from names before to names afterwards.

    :raises InputError: for the first of them.
    """
    state = changes.state
    held = [(rows, _values(state, rows, HOSTNAME), _values(state, rows, PORT)) for rows in state.rows]
    if len(set(chain.from_iterable(zip(hosts, ports) for _unused, hosts, ports in held))) < state.size:
        _refuse_twice(held)
    if not state.existing_rows:
        return
    owners = _written(changes, held)
    if not owners:
        return
    for name, endpoint in _others(engine, nodes, state, owners):
        known = renamed.get(name, name)
        if endpoint in owners and known not in state.rows_by_key and known not in leaving:
            rows, index = owners[endpoint]
            raise rows.batch.at(index).error(
                f"Hostname and port are those of node {quoted(name)} of the database.",
                hint="To rename that node, say renamed_from.",
            )


def _values(state: TableState, rows: Rows, name: str) -> Sequence[Any]:
    """Give what each row will have, whether the list names it or not."""
    if name in rows.batch.stored:
        return rows.batch.stored[name]
    at = state.fetched.index(name)
    return [row[at] if row is not None else None for row in rows.found]


def _refuse_twice(held: Sequence[_Held]) -> None:
    """Refuse the first node that is where another one is; nodes that are nowhere are not in one place."""
    seen: dict[_Endpoint, Place] = {}
    for rows, hosts, ports in held:
        for index, where in enumerate(zip(hosts, ports)):
            place = rows.batch.at(index)
            other = seen.setdefault(where, place)
            if other is not place and None not in where:
                raise place.error(f"The node has the same hostname and port as {label(other)}.", hint=_ONE_AGENT)


_ONE_AGENT = "One agent answers at one port of a host."


def _written(changes: TableChanges, held: Sequence[_Held]) -> dict[_Endpoint, tuple[Rows, int]]:
    """Give the places that the list writes, each with its row: those of new nodes, and of nodes that move."""
    moved: dict[int, list[int]] = {}
    for each in changes.updates:
        if not {HOSTNAME, PORT}.isdisjoint(each.columns):
            moved.setdefault(id(each.rows), []).append(each.index)
    return {
        (hosts[index], ports[index]): (rows, index)
        for rows, hosts, ports in held
        for index in chain(rows.new, moved.get(id(rows), ()))
    }


def _others(
    engine: Engine, nodes: NodeTable, state: TableState, wanted: Iterable[_Endpoint]
) -> Iterable[tuple[str, _Endpoint]]:
    """Give names and places of nodes of the database that may be at one of the places."""
    hosts = {host for host, _port in wanted if host is not None}
    where = (HOSTNAME, list(hosts)) if state.existing_rows > FEW * len(hosts) else None
    return ((row[0], row[1:]) for row in engine.fetch(nodes.table, [NAME, HOSTNAME, PORT], where=where))


def require_tokens_free(engine: Engine, nodes: NodeTable, entries: Entries, given: Mapping[Any, int]) -> None:
    """Refuse given tokens (by what is kept of them) that other nodes of the database have.

    :raises InputError: for one of them.
    """
    for name, kept in engine.fetch(nodes.table, [NAME, nodes.token], where=(nodes.token, list(given))):
        row = given.get(kept)
        if row is not None and name not in (entries.rows[row][NAME], *_former(entries, entries.rows[row][NAME])):
            raise (
                entries.at(row)
                .key("token")
                .error(
                    f"The token is that of node {quoted(name)} of the database.",
                    hint="Each node has a token of its own.",
                )
            )


def _former(entries: Entries, name: str) -> list[str]:
    return [old for old, new in entries.renames.items() if new == name]
