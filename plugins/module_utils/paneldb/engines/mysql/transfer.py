# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server takes at once, and in which way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conversation import Conversation

#: Bytes of a packet that are not the rows of a statement: its head, with up to a few hundred names.
PACKET_HEAD = 1 << 16
_LEAST = 1 << 10


@dataclass
class Transfer:
    """``packet``: the most bytes that rows may have in one statement; ``loads``: whether LOAD DATA LOCAL works."""

    packet: int
    loads: bool


def ask_transfer(engine: Conversation) -> Transfer:
    """Ask the server."""
    packet, loads = engine.ask("SELECT @@max_allowed_packet, @@local_infile")[0]
    return Transfer(max(int(packet) - PACKET_HEAD, _LEAST), bool(int(loads)))


def grouped(texts: Sequence[bytes], most: int) -> Iterator[tuple[int, int]]:
    """Give begin and end of groups that have no more than so many bytes together, or are one text."""
    start = size = 0
    for position, text in enumerate(texts):
        size += len(text) + len(", ")
        if size > most and position > start:
            yield start, position
            start, size = position, len(text)
    if texts:
        yield start, len(texts)
