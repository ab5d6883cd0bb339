# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a database holds, in the types of JSON."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def plain(value: Any) -> Any:
    """Give the value in the types of JSON; each type has one form.

    Decimals, UUIDs, object ids and times become text (times in ISO 8601, with their zone where they have one), bytes
    base64, numbers that JSON lacks the texts ``NaN``, ``Infinity`` and ``-Infinity``.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else _beyond(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return _as_text(value)


def _beyond(value: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")


def _as_text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        from base64 import b64encode

        return b64encode(bytes(value)).decode("ascii")
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _duration(value: datetime.timedelta) -> str:
    """Write a duration as ISO 8601 does, such as ``-P1DT2H3M4.5S``."""
    sign, length = ("-", -value) if value < datetime.timedelta() else ("", value)
    hours, rest = divmod(length.seconds, _HOUR)
    minutes, seconds = divmod(rest, _MINUTE)
    fraction = f".{length.microseconds:06}".rstrip("0") if length.microseconds else ""
    return f"{sign}P{length.days}DT{hours}H{minutes}M{seconds}{fraction}S"
