# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as MySQL and MariaDB write them, and the collation in which they compare text."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import InputError

#: Characters of the longest name ("Identifier Length Limits").
LONGEST_NAME = 64
_LAST_OF_BMP = "\uffff"

#: Compares code points, and a blank at the end like any other character, as every other engine does. In ``utf8mb4_bin``
#: (as in all the older ones) ``'a' = 'a '``, and the default ones take ``'a'`` and ``'A'`` for the same.
EXACT_COLLATIONS = {"MariaDB": "utf8mb4_nopad_bin", "MySQL": "utf8mb4_0900_bin"}
CHARSET = "utf8mb4"


def quoted(name: str) -> str:
    """Quote a name, in backticks whatever ANSI_QUOTES says.

    :raises InputError: where the server cannot have it: see "Schema Object Names" in the manual.
    """
    fits = 0 < len(name) <= LONGEST_NAME and "\0" not in name and not name.endswith(" ")
    if not fits or max(name) > _LAST_OF_BMP:
        raise InputError(
            "MySQL cannot have this name.",
            found=name,
            expected=f"1 to {LONGEST_NAME} characters up to U+FFFF, without NUL and without a blank at the end",
        )
    return "`" + name.replace("`", "``") + "`"


def listed(names: Iterable[str]) -> str:
    """Quote names and join them by commas."""
    return ", ".join(quoted(name) for name in names)
