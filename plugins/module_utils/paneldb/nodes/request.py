# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task asks for, read from its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..model.reading import Place
from .entries import PRESENT
from .listing import Listing
from .rotation import Rotation
from .tokens import duration


@dataclass(frozen=True, repr=False)
class Request:
    """A list and what is to be done with it.

    ``statuses`` are what a probe found out, by name: for nodes of the list that are given none, and for others.
    """

    listed: Listing
    state: str = PRESENT
    columns: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    drain: str = ""
    force: bool = False
    rotation: Rotation | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)


def read_rotation(option: Mapping[str, Any] | None) -> Rotation | None:
    """Read option ``rotate``; None where it is not given.

    :raises InputError: it names no nodes and no age, or a duration is none.
    """
    if option is None:
        return None
    place = Place("option rotate")
    names, age = option.get("names") or (), option.get("older_than")
    if not names and not age:
        raise place.error("Nobody is named.", expected="names, older_than or both", hint="All nodes are names: ['*'].")
    older_than = duration(age, place.key("older_than")) if age else None
    overlap = option.get("overlap")
    return Rotation(tuple(names), older_than, duration(overlap, place.key("overlap")) if overlap else timedelta())
