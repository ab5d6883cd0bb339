# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums over what a document says: comments, line ends and the order of keys do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .schema import Schema

#: Names the way in which the digest is made, so that another way can stand beside it one day.
ALGORITHM = "sha256-v1"


def checksum(data: Any) -> str:
    """Give ``sha256-v1:`` and 64 digits over plain JSON values, such as the parsed content of a migration file.

    The digest is of their JSON in ASCII, without blanks, keys in order.

    :raises TypeError: the values are not plain.
    :raises ValueError: a number is infinite or none.
    """
    import hashlib
    import json

    text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return f"{ALGORITHM}:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def schema_checksum(schema: Schema) -> str:
    """Give the checksum of all that the schema means; the order of its parts and ``renamed_from`` do not count."""
    from .data import schema_to_data

    return checksum(schema_to_data(schema.normalized()))
