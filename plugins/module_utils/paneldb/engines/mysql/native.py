# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only this engine needs to know of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.schema import Column
from .flavour import Flavour

Place = tuple[str, str]


@dataclass(frozen=True)
class Extra:
    """What a column's definition holds that a model cannot state: it is written again whenever the column is.

    ``storage`` of a computed column (``STORED`` or ``VIRTUAL``), whether ``*`` leaves it out, the rule that belongs to
    the column itself, and what a column of a foreign type is set to by an update.
    """

    storage: str = ""
    invisible: bool = False
    check: str = ""
    on_update: str = ""


@dataclass(frozen=True)
class Native:
    """``extras`` by table and column; ``marks``: the enum that a column's comment names.

    ``strays``: columns whose values are others than those of the enum that they name, as columns of that enum.
    ``helpers``: indexes that bear the names of foreign keys, which lean on them, by table and name. ``kept``: indexes
    and keys that a model cannot state, by table and name; nothing touches them. ``store``: whether the table of enums
    is there.
    """

    flavour: Flavour = field(default_factory=Flavour)
    extras: Mapping[Place, Extra] = field(default_factory=dict)
    marks: Mapping[Place, str] = field(default_factory=dict)
    strays: Mapping[Place, Column] = field(default_factory=dict)
    helpers: frozenset[Place] = frozenset()
    kept: tuple[Place, ...] = ()
    store: bool = False
