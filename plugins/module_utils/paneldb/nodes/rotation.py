# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tokens are to be replaced, and what is written for a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ..engines.base import Engine
from ..errors import InputError, Unsupported
from .node_table import CREATED, ISSUED, NAME, PREVIOUS, PREVIOUS_HASH, PREVIOUS_UNTIL, Codec, NodeTable
from .tokens import is_retired

#: A time this far ahead is a difference of clocks; one that is farther means that a clock was set back.
_CLOCKS_DIFFER = timedelta(minutes=5)


class Rotation(NamedTuple):
    """Nodes that are to get new tokens: those of ``names`` (or patterns of names), those of tokens that are older.

    Both together mean those that are named and older. For ``overlap`` the token before stays valid.
    """

    names: tuple[str, ...] = ()
    older_than: timedelta | None = None
    overlap: timedelta = timedelta()


class Holder(NamedTuple):
    """A node that is to get a new token: stored values of what it has."""

    key: Any
    name: str
    token: Any
    issued: Any


class Chosen(NamedTuple):
    """Nodes to rotate, and names of those whose tokens are from the future."""

    holders: tuple[Holder, ...]
    ahead: tuple[str, ...]


def require_possible(nodes: NodeTable, rotation: Rotation) -> None:
    """Refuse what the model has no place for.

    :raises Unsupported: rotation by age without the time of the token, overlap without the token before.
    """
    if rotation.older_than is not None:
        require_age(nodes)
    if rotation.overlap and not nodes.previous:
        previous = PREVIOUS_HASH if nodes.hashed else PREVIOUS
        raise Unsupported(
            "The model has no place for a second token, so that two cannot be valid at once.",
            hint=f"Add columns {previous} and {PREVIOUS_UNTIL} to table nodes, or leave overlap out.",
        )


def require_age(nodes: NodeTable) -> None:
    """Refuse to tell the age of tokens where the model does not keep it.

    :raises Unsupported: it has no column for it.
    """
    if not nodes.issued:
        raise Unsupported(
            "The model does not keep when a token was made, so that nobody knows its age.",
            hint=f"Add a column {ISSUED} of type timestamp (null: true) to table nodes.",
        )


def choose(engine: Engine, nodes: NodeTable, rotation: Rotation, now: datetime, renamed: Mapping[str, str]) -> Chosen:
    """Find the nodes to rotate; retired ones are none. ``renamed`` leads from names now to those after the run.

    A token without a time was made with its node.

    :raises InputError: a name that is no pattern is that of no node.
    """
    codec = Codec(engine, nodes)
    columns = [nodes.key, NAME, nodes.token, *times(nodes)]
    found: list[Holder] = []
    ahead: list[str] = []
    named: set[str] = set()
    for row in engine.fetch(nodes.table, columns):
        name = renamed.get(row[1], row[1])
        if not is_named(rotation.names, name):
            continue
        named.add(name)
        made = made_at(codec, nodes, row[3:])
        if made is not None and made - now > _CLOCKS_DIFFER:
            ahead.append(name)
        if not is_retired(row[2]) and _is_old(rotation, made, now):
            found.append(Holder(row[0], name, row[2], row[3] if nodes.issued else None))
    _require_named(rotation.names, named)
    return Chosen(tuple(sorted(found, key=_name)), tuple(sorted(ahead)))


def _name(holder: Holder) -> str:
    return holder.name


def times(nodes: NodeTable) -> list[str]:
    """Give the columns that tell when a token was made, the first that holds a time counts."""
    return [name for name in (nodes.issued, CREATED) if name and name in nodes.names] if nodes.issued else []


def made_at(codec: Codec, nodes: NodeTable, values: Sequence[Any]) -> datetime | None:
    """Give when a token was made, of the stored values of the columns ``times``; None where nobody knows."""
    for name, value in zip(times(nodes), values):
        if value is not None:
            moment: datetime = codec.logical(name, value)
            return moment
    return None


def is_pattern(name: str) -> bool:
    """Tell whether a name has characters that stand for others."""
    return not {"*", "?", "["}.isdisjoint(name)


def is_named(patterns: Sequence[str], name: str) -> bool:
    """Tell whether a name is one of those, or fits a pattern; no names at all mean every one."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns) or name in patterns


def _is_old(rotation: Rotation, made: datetime | None, now: datetime) -> bool:
    """A token from the future is not old: a clock that was set back must not rotate all of them at once."""
    if rotation.older_than is None:
        return True
    return made is None or now - made >= rotation.older_than


def _require_named(patterns: Sequence[str], found: set[str]) -> None:
    for pattern in patterns:
        if pattern not in found and not is_pattern(pattern):
            raise InputError(
                "There is no node of this name to rotate.", source="option rotate", path="names", found=pattern
            )


class Issuer:
    """Gives what is written to the columns of a new token."""

    def __init__(self, engine: Engine, nodes: NodeTable, now: datetime, overlap: timedelta) -> None:
        self._codec = Codec(engine, nodes)
        self._nodes = nodes
        self._now = _whole_milliseconds(now)
        self._overlap = overlap

    def token(self, token: str) -> Any:
        """Give what is kept of a token."""
        return self._codec.stored(self._nodes.token, self._nodes.kept_form(token))

    def issued(self) -> Any:
        """Give the time of a token that is made now."""
        return self._codec.stored(self._nodes.issued, self._now)

    def replacing(self, token: str, holder: Holder) -> dict[str, Any]:
        """Give the columns for a token that comes in place of another one.

        Times never go back: where the token before is from the future, as after a clock was set back, the new one is
        no older, and the overlap counts from there.
        """
        nodes, values = self._nodes, {self._nodes.token: self.token(token)}
        moment = self._now
        if nodes.issued:
            before = self._codec.logical(nodes.issued, holder.issued)
            moment = max(moment, before) if before is not None else moment
            values[nodes.issued] = self._codec.stored(nodes.issued, moment)
        if nodes.previous:
            kept = bool(self._overlap) and not is_retired(holder.token)
            values[nodes.previous] = holder.token if kept else None
            until = moment + self._overlap if kept else None
            values[nodes.previous_until] = self._codec.stored(nodes.previous_until, until)
        return values


def _whole_milliseconds(moment: datetime) -> datetime:
    utc = moment.astimezone(timezone.utc)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
