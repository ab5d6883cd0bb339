# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift: what is in the database otherwise than the applied migrations left it."""

from __future__ import annotations

from typing import NamedTuple

from ..engines.base import Engine
from ..model.diff import difference
from ..model.operations import Operation
from ..model.schema import Schema
from .chain import advanced
from .position import Position


class Drift(NamedTuple):
    """``operations`` lead from the database as it is to what the migrations say; ``unmanaged`` is what others made."""

    operations: tuple[Operation, ...] = ()
    unmanaged: tuple[str, ...] = ()


def find_drift(engine: Engine, position: Position) -> Drift:
    """Compare the catalogue with the state that the applied migrations lead to. Nothing is written."""
    return compare(engine.catalogue().schema, engine.canonical(advanced(Schema(), *position.applied)))


def compare(found: Schema, wanted: Schema) -> Drift:
    """Compare a catalogue with a wanted state; both are canonical.

    A table or enum that the state does not name is somebody else's; within a table of ours everything counts.
    """
    ours, unmanaged = _parted(found, wanted)
    operations = () if ours == wanted else difference(ours, wanted, prune=True)
    return Drift(operations, unmanaged)


def _parted(found: Schema, wanted: Schema) -> tuple[Schema, tuple[str, ...]]:
    """Part what the wanted state names from what it does not."""
    named = {table.name for table in wanted.tables}
    enums = {enum.name for enum in wanted.enums}
    ours = Schema(
        tuple(table for table in found.tables if table.name in named),
        tuple(enum for enum in found.enums if enum.name in enums),
    )
    tables = [f"table {table.name}" for table in found.tables if table.name not in named]
    return ours, tuple(tables + [f"enum {enum.name}" for enum in found.enums if enum.name not in enums])
