# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and values as text: MongoDB's extended JSON, in which each BSON type has its form."""

from __future__ import annotations

from functools import cache
from typing import Any


def to_json(value: Any) -> str:
    """Give a value as extended JSON on one line, numbers as plain ones."""
    from bson import json_util

    return str(json_util.dumps(value, json_options=_relaxed(), ensure_ascii=False))


def from_json(text: str) -> Any:
    """Read extended JSON; times are in UTC.

    :raises ValueError: where it is none.
    """
    from bson import json_util

    return json_util.loads(text, json_options=_relaxed())


@cache
def _relaxed() -> Any:
    from datetime import timezone

    from bson.json_util import JSONMode, JSONOptions

    return JSONOptions(json_mode=JSONMode.RELAXED, tz_aware=True, tzinfo=timezone.utc)
