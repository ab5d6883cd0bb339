# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback that writes each task's result as one line of JSON into the file named by PANELDB_TEST_RECORD."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: records task results for the tests
description: [Writes one JSON object a line.]
"""


class CallbackModule(CallbackBase):
    """Appends an object with status, task, action, host and result for every finished task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task ended well."""
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task failed."""
        self._record("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task's condition was false."""
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host was not reached."""
        self._record("unreachable", result)

    def _record(self, status: str, outcome: Any) -> None:
        # Core 2.19 renamed the private names into public ones and kept the old as deprecated.
        line = {
            "status": status,
            "host": outcome.host.get_name(),
            "task": outcome.task.get_name(),
            "action": outcome.task.action,
            "result": json.loads(self._dump_results(outcome.result)),
        }
        with Path(os.environ["PANELDB_TEST_RECORD"]).open("a", encoding="utf-8") as sink:
            sink.write(json.dumps(line) + "\n")
