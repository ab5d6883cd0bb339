# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of keys and indexes that nobody named: the same on every engine and in every run."""

from __future__ import annotations

from collections.abc import Iterable

#: PostgreSQL cuts longer names in silence; the other engines take at least as much.
LONGEST_NAME = 63

_DIGITS = 8


def unique_name(table: str, columns: Iterable[str]) -> str:
    """Name a unique key: ``users_email_key``."""
    return _fitted((table, *columns), "key")


def index_name(table: str, columns: Iterable[str]) -> str:
    """Name an index: ``sessions_userId_idx``."""
    return _fitted((table, *columns), "idx")


def foreign_key_name(table: str, columns: Iterable[str]) -> str:
    """Name a foreign key: ``servers_nodeId_fkey``."""
    return _fitted((table, *columns), "fkey")


def check_name(table: str, expression: str) -> str:
    """Name a check by its canonical text: ``servers_check_1f0a93cc``.

    A number by position would change when another check is put before it.
    """
    return _fitted((table,), f"check_{_digest(expression)}")


def _fitted(parts: Iterable[str], ending: str) -> str:
    """Join the parts; where that is too long, cut them and put a digest of the whole in the place of the rest."""
    stem = "_".join(parts)
    name = f"{stem}_{ending}"
    if len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME:
        return name
    tail = f"_{_digest(stem)}_{ending}"
    kept = stem.encode("utf-8", "surrogatepass")[: LONGEST_NAME - len(tail)].decode("utf-8", "ignore")
    return kept + tail


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
