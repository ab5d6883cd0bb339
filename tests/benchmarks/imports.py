# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task costs on the host before it does anything: the modules of ours that it imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.core import core
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.databases import connection
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.payloads import Payload
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays, task
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

GOAL = 40.0
USES = {"schema": "schemas", "migrate": "migrations", "seed": "seeds"}
FRESH, SAME = "fresh", "nothing changes"

_EMPTY = "import sys; sys.path.insert(0, sys.argv[1]); import ansible.module_utils.basic"
_OURS = f"""
{_EMPTY}, json
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils import _ansible, _core
_core.Core(json.loads(open(sys.argv[2]).read())).install()
import {{names}}
"""


def weight(bench: Bench) -> Iterator[Row]:
    """What the imports of each module cost over those of a module that does nothing."""
    for engine, bed in bench.beds.items():
        plays = bench.plays()
        for module, kind, archive, names in _import_sets(plays, bed):
            parts = core(USES[module], engine)
            jobs = {**_jobs(archive, parts, names), "another": _another_python(archive, parts, names)}
            found = Against(engine, "an empty module", measured(jobs, bench.runs(15)), bench.pace)
            yield found.more(f"imports of {module}, {kind}", "ours", GOAL)
            if kind == SAME:
                yield found.more(f"imports of {module}, {kind}, on another Python", "another", GOAL)


def _jobs(archive: Path, parts: Mapping[str, str], names: Sequence[str]) -> dict[str, Job]:
    told, ours = archive.with_name("core.json"), _OURS.format(names=", ".join(names))
    told.write_text(json.dumps(dict(parts)))
    return {
        "floor": steady(lambda: _python(_EMPTY, archive)),
        "ours": steady(lambda: _python(ours, archive, told)),
    }


def _another_python(archive: Path, parts: Mapping[str, str], names: Sequence[str]) -> Job:
    """Import as a host does whose Python is not the controller's: from source."""
    told, ours = archive.with_name("source.json"), _OURS.format(names=", ".join(names))
    told.write_text(json.dumps({**parts, "magic": ""}))
    return steady(lambda: _python(ours, archive, told))


def _python(text: str, *arguments: Path) -> None:
    subprocess.run([sys.executable, "-c", text, *map(str, arguments)], check=True)


def _import_sets(plays: Plays, bed: Bed) -> Iterator[tuple[str, str, Path, list[str]]]:
    """Give module, kind of run, archive and the modules of the core imported, in a database made for the purpose."""
    target = bed.absent()
    payloads = {name: Payload.of(plays, task(name, connection(target))) for name in USES}
    for names in (("schema",), ("migrate", "seed")):
        bed.create(target)
        for name in names:
            archive = payloads[name].archive()
            for kind in (FRESH, SAME):
                yield name, kind, archive, payloads[name].imported()
        bed.drop(target)
