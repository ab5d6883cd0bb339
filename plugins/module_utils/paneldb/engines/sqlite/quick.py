# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look into a file without the engine, see ``engines.journal``."""

from __future__ import annotations

import sqlite3
from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..journal import Answer


def glimpse(url: str, statements: Sequence[str]) -> Answer | None:
    """Run the statements on the file that ``sqlite:///PATH`` names; None where anything is not as usual."""
    path = url[len("sqlite:///") :]
    if not path or any(mark in path for mark in "?#%"):
        return None
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = [connection.execute(statement).fetchall() for statement in statements]
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    identity = {"engine": "sqlite", "server_version": sqlite3.sqlite_version, "database": path, "url": url}
    return identity, rows, lambda text: datetime.fromisoformat(text).isoformat()
