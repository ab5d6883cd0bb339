# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs before it does anything: the modules that it imports, compiled from source each time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import connection
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.payloads import Payload
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays, task
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

GOAL = 40.0
_EMPTY = "ansible.module_utils.basic"


def weight(bench: Bench) -> Iterator[Row]:
    """What the imports of each module cost over those of a module that does nothing."""
    for engine, bed in bench.beds.items():
        plays = Plays(Path(mkdtemp(dir=bench.scratch)))
        for module, kind, archive, names in _import_sets(plays, bed):
            found = measured(_jobs(archive, names), bench.runs(15))
            yield Against(engine, "an empty module", found).more(f"imports of {module}, {kind}", "ours", GOAL)


def _jobs(archive: Path, names: Sequence[str]) -> dict[str, Job]:
    return {
        "floor": steady(lambda: _import(archive, [_EMPTY])),
        "ours": steady(lambda: _import(archive, [_EMPTY, *names])),
    }


def _import_sets(plays: Plays, bed: Bed) -> Iterator[tuple[str, str, Path, list[str]]]:
    """Give module, kind of run, archive and the modules of ours imported, in a database made for the purpose."""
    target = bed.absent()
    payloads = {name: Payload.of(plays, task(name, connection(target))) for name in ("schema", "migrate", "seed")}
    for names in (("schema",), ("migrate", "seed")):
        bed.create(target)
        for name in names:
            archive = payloads[name].archive()
            for kind in ("fresh", "nothing changes"):
                yield name, kind, archive, payloads[name].imported()
        bed.drop(target)


def _import(archive: Path, names: Sequence[str]) -> None:
    """Import from the archive in a process of its own."""
    text = f"import sys; sys.path.insert(0, {str(archive)!r}); import {', '.join(names)}"
    subprocess.run([sys.executable, "-c", text], check=True)
