# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``migrations.lock``: one line per migration, its id and checksum; comments stand above. Written by ``folder``."""

from __future__ import annotations

import re

from .errors import DuplicateMigration

_LOCK_LINE = re.compile(r"([0-9a-z_]+) (sha256-v1:[0-9a-f]{64})\Z")


def read_lock(text: str, source: str) -> dict[str, str]:
    """Read the text of a lock, of the file ``source``, into checksums by id, in its order.

    :raises InputError: where a line is none of it, or a merge conflict is not resolved.
    :raises DuplicateMigration: where a migration has two lines.
    """
    from ..documents.text import fault, refuse_conflict

    refuse_conflict(text, source)
    sealed: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        match = _LOCK_LINE.match(entry)
        if match is None:
            raise fault("This is no line of a lock.", source, number, 1, found=entry, expected="an id and a checksum")
        if match.group(1) in sealed:
            raise DuplicateMigration(
                f"{source}: line {number}: {match.group(1)} has two lines.",
                hint="Keep the line whose checksum is that of the file.",
                migration=match.group(1),
            )
        sealed[match.group(1)] = match.group(2)
    return sealed
