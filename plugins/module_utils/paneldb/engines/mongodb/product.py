# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a server is, by what ``buildInfo`` answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def ferretdb_1(build: Mapping[str, Any]) -> str:
    """Give the version of FerretDB 1, empty where it is not one."""
    return str(build.get("ferretdbVersion", ""))


def product_of(build: Mapping[str, Any]) -> tuple[str, str]:
    """Give name and version; ``version`` of a FerretDB is that of the MongoDB which it speaks like."""
    told = build.get("ferretdb")
    version = ferretdb_1(build) or (str(told.get("version", "")) if isinstance(told, Mapping) else "")
    return ("FerretDB", version.lstrip("v")) if version else ("MongoDB", str(build.get("version", "")))
