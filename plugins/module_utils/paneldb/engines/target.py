# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the database is, and as whom: one immutable value made from a URL or from parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """A database to open. Times are in seconds. ``options`` are further driver settings by their URL names."""

    engine: str
    database: str = ""
    path: str = ""
    host: str = ""
    port: int = 0
    unix_socket: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    auth_database: str = ""
    replica_set: str = ""
    tls_mode: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    connect_timeout: float = 10.0
    lock_timeout: float = 30.0
    statement_timeout: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
