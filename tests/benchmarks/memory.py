# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of this process, as Linux counts it."""

from __future__ import annotations

import gc
import re
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Work

_SELF = Path("/proc/self")
#: Written to ``clear_refs``, it lets the peak begin anew (proc(5)).
_RESET_PEAK = "5"


def peak_growth(work: Work) -> float:
    """Run the work; give the mebibytes that the process had at most beside what it had before."""
    gc.collect()
    (_SELF / "clear_refs").write_text(_RESET_PEAK)
    before = _mebibytes("VmRSS")
    work()
    return _mebibytes("VmHWM") - before


def _mebibytes(name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", (_SELF / "status").read_text(), re.MULTILINE)
    assert found, name
    return int(found.group(1)) / 1024
