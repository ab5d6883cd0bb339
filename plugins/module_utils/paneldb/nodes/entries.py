# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list of nodes asks for: rows to be there, nodes to be renamed, nodes to go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model.reading import Place, as_mapping
from ..seeds.files import Seed, label
from .cells import Row, all_text, require_names, with_hostnames, with_ports, with_tags
from .listing import Listing
from .node_table import NAME, STATUS, TAGS, NodeTable
from .tokens import require_token

PRESENT, ABSENT, RETIRED = STATES = ("present", "absent", "retired")

#: Keys of an entry that name no column.
_STATE, _RENAMED_FROM, _TOKEN = _WORDS = ("state", "renamed_from", "token")


@dataclass(frozen=True)
class Leaver:
    """A node that is to be absent or retired."""

    name: str
    state: str
    place: Place


@dataclass(eq=False, repr=False)
class Entries:
    """A list, sorted out.

    ``rows`` are the nodes to be present, by column; ``tokens`` those that were given, by number of row; ``renames``
    lead from the name that a node had to the one it gets; ``leavers`` are by name.
    """

    place: Place
    text: bool
    rows: list[Row] = field(default_factory=list)
    positions: Sequence[int] = ()
    tokens: dict[int, str] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    leavers: dict[str, Leaver] = field(default_factory=dict)

    def at(self, row: int) -> Place:
        """Give the place of a row, counted from 0 among those to be present."""
        return self.place.item(self.positions[row])

    def some_lack(self, names: Iterable[str]) -> bool:
        """Tell whether a row does not name one of the columns."""
        wanted = frozenset(names)
        return not all(wanted.issubset(shape) for shape in {*map(tuple, self.rows)})

    def add_statuses(self, statuses: Mapping[str, str]) -> None:
        """Give nodes a status that are not given one; those that the list does not have become rows of it."""
        added = ({**row, STATUS: statuses[row[NAME]]} if row[NAME] in statuses else row for row in self.rows)
        self.rows = [row if STATUS in row else new for row, new in zip(self.rows, added)]
        listed = {row[NAME] for row in self.rows}
        others = [{NAME: name, STATUS: status} for name, status in statuses.items() if name not in listed]
        self.positions = [*self.positions, *range(len(self.rows), len(self.rows) + len(others))]
        self.rows += others

    def seed(self, nodes: NodeTable) -> Seed:
        """Give the rows as a seed."""
        return Seed(
            place=self.place,
            row_place=_Positioned(self),
            table=nodes.table,
            key=(NAME,),
            protect=frozenset(),
            secret=frozenset(),
            prune=False,
            rows=self.rows,
            columns=None,
            text=self.text,
        )


class _Positioned(Place):
    """Gives places of rows that are not all of the list."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Entries) -> None:
        super().__init__(entries.place.source)
        self._entries = entries

    def item(self, index: int) -> Place:
        return self._entries.at(index)


def read_entries(
    listed: Listing, nodes: NodeTable, *, state: str, columns: Mapping[str, str], defaults: Mapping[str, Any]
) -> Entries:
    """Sort out a list. ``columns`` are the list's own names by ours; ``defaults`` are cells for rows that lack them.

    :raises InputError: a row is not of the form, its name, hostname, port, tag or token is none, or a name or token
        stands twice; the error names the row, and the other one.
    """
    rows = _normal_rows(listed, columns, defaults)
    require_names([row.get(NAME) for row in rows], listed.place.item)
    entries = Entries(listed.place, listed.text, rows, range(len(rows)))
    if state != PRESENT or _words_used(rows):
        _sort_out(entries, state)
    if listed.text:
        entries.rows = [_without_empty(row, nodes) for row in entries.rows]
    _require_known_columns(entries, nodes)
    entries.rows = with_ports(with_hostnames(entries.rows, entries.at), entries.at, text=entries.text)
    if TAGS in nodes.names:
        entries.rows = with_tags(entries.rows, entries.at)
    if entries.text:
        entries.rows = all_text(entries.rows)
    return entries


def _normal_rows(listed: Listing, columns: Mapping[str, str], defaults: Mapping[str, Any]) -> list[Row]:
    rows = listed.rows
    if {*map(type, rows)} - {dict}:
        rows = [as_mapping(row, listed.place.item(index), "a node") for index, row in enumerate(rows)]
    if columns:
        rows = [_translated(row, columns, listed.place.item(index)) for index, row in enumerate(rows)]
    if defaults:
        rows = [{**defaults, **{name: cell for name, cell in row.items() if cell is not None}} for row in rows]
    return rows


def _translated(row: Row, columns: Mapping[str, str], place: Place) -> Row:
    for name in columns.values():
        if name not in row:
            raise place.unknown(f"The node has no {name!r}, which option columns names.", name, row)
    return {ours: row[theirs] for ours, theirs in columns.items()}


def _words_used(rows: Iterable[Row]) -> bool:
    return any(word in _WORDS for shape in {*map(tuple, rows)} for word in shape)


def _without_empty(row: Row, nodes: NodeTable) -> Row:
    """Leave out empty cells of columns that take no null: an export has a cell for everything."""
    if None not in row.values():
        return row
    filled = {name for name, cell in row.items() if cell is not None}
    return {name: row[name] for name in row if name in filled or _takes_null(nodes, name)}


def _takes_null(nodes: NodeTable, name: str) -> bool:
    return name not in nodes.names or nodes.column(name).null


def _require_known_columns(entries: Entries, nodes: NodeTable) -> None:
    known = nodes.names - nodes.kept
    for name in dict.fromkeys(name for shape in {*map(tuple, entries.rows)} for name in shape):
        if name not in known:
            index = next(number for number, row in enumerate(entries.rows) if name in row)
            raise entries.at(index).unknown("A node has nothing of that name.", name, [*sorted(known), *_WORDS])


# --- entries with words of their own ----------------------------------------------------------------------------------


def _sort_out(entries: Entries, state: str) -> None:
    """Take the words out of the rows, and the rows of nodes that go out of the others."""
    rows, positions = entries.rows, []
    entries.rows = []
    present: dict[str, Place] = {}
    for index, row in enumerate(rows):
        place = entries.place.item(index)
        wanted = _state_of(row, state, place)
        if wanted == PRESENT:
            _take(entries, row, place)
            positions.append(index)
            present.setdefault(row[NAME], place)
        else:
            _take_leaver(entries, row, wanted, place)
    entries.positions = positions
    for name, leaver in entries.leavers.items():
        if name in present:
            raise _twice(leaver.place, present[name])
        if name in entries.renames:
            raise leaver.place.error("Another entry renames this node.", hint="Rename it, or let it go.")
    _require_token_once(entries)
    _require_renames(entries)


def _state_of(row: Row, state: str, place: Place) -> str:
    wanted = row.get(_STATE)
    if wanted is None:
        return state
    if wanted not in STATES:
        raise place.key(_STATE).unknown("There is no such state.", wanted, STATES)
    return str(wanted)


def _take(entries: Entries, row: Row, place: Place) -> None:
    number = len(entries.rows)
    entries.rows.append({name: cell for name, cell in row.items() if name not in _WORDS})
    if row.get(_TOKEN) is not None:
        entries.tokens[number] = require_token(row[_TOKEN], place.key(_TOKEN))
    former = row.get(_RENAMED_FROM)
    if former is not None:
        _take_rename(entries, row, former, place)


def _take_rename(entries: Entries, row: Row, former: Any, place: Place) -> None:
    if not isinstance(former, str) or former == row[NAME]:
        raise place.key(_RENAMED_FROM).error("This is no former name of the node.", expected="another name")
    if former in entries.renames:
        raise place.key(_RENAMED_FROM).error("Another entry takes the node of that name already.", hint="Say it once.")
    entries.renames[former] = row[NAME]


def _take_leaver(entries: Entries, row: Row, state: str, place: Place) -> None:
    name = row[NAME]
    if name in entries.leavers:
        raise _twice(place, entries.leavers[name].place)
    entries.leavers[name] = Leaver(name, state, place)


def _twice(place: Place, other: Place) -> Exception:
    return place.error(f"The node has the same name as {label(other)}.", hint="Leave one of the two out.")


def _require_token_once(entries: Entries) -> None:
    owners: dict[str, int] = {}
    for row, token in entries.tokens.items():
        other = owners.setdefault(token, row)
        if other != row:
            same = f"The node has the same token as {label(entries.at(other))}."
            raise entries.at(row).key(_TOKEN).error(same, hint="Each node has a token of its own.")


def _require_renames(entries: Entries) -> None:
    """Refuse renames that lead in a circle: done twice they would lead back.

    :raises InputError: they do.
    """
    for former, name in entries.renames.items():
        for _unused in entries.renames:
            name = entries.renames.get(name, name)  # noqa: PLW2901 - follows the way
            if name == former:
                row = next(index for index, each in enumerate(entries.rows) if each[NAME] == former)
                hint = "First rename one of the nodes to a name that is free."
                raise entries.at(row).key(_RENAMED_FROM).error("The renames lead in a circle.", hint=hint)
