# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What encoders of several engines have in common."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

Encoder = Optional[Callable[[Any], Any]]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def nullable(convert: Encoder) -> Encoder:
    """Leave null what it is."""
    if convert is None:
        return None
    return lambda value: None if value is None else convert(value)


def encode_uuid(value: Any) -> str | None:
    """Small letters; null stays null."""
    if value is None or (value.__class__ is str and _UUID.fullmatch(value)):
        return value
    text = str(value).lower()
    if not _UUID.fullmatch(text):
        raise ValueError(f"{value!r} is no uuid.")
    return text
