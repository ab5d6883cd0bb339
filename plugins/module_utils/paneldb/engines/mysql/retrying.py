# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing again what a deadlock has undone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, TypeVar

from ...errors import PanelDbError
from .faults import DEADLOCK

if TYPE_CHECKING:
    from .conversation import Conversation

Given = TypeVar("Given")

ATTEMPTS = 5
_PAUSE = 0.05


def retried(engine: Conversation, work: Callable[[], Given], *, repeatable: Callable[[], bool] = lambda: True) -> Given:
    """Do the work, which is a transaction of its own, again as long as deadlocks undo it, five times at the most.

    Inside a transaction of the caller nothing is repeated: all that it did is undone as well. A lock that was waited
    for in vain is not waited for again; ``lock_timeout`` is over then.
    """
    outermost = not engine.in_transaction
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except PanelDbError as error:
            if error.details.get("errno") != DEADLOCK or not outermost or not repeatable():
                raise
        time.sleep(_PAUSE * attempt)
    return work()
