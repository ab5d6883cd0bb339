# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status call of the host command as a whole process, beside a script that asks the same of the bare driver."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.zipapp_build import build
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Against, Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import Job, measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT

GOAL = 1.5
_CORE = CHECKOUT / "plugins" / "module_utils" / "paneldb"
_SHIPPED = CHECKOUT / "roles" / "panel" / "files"
_QUERY = 'SELECT id, how, applied_at FROM "_paneldb_migrations" ORDER BY id'
_SCRIPTS = {
    "sqlite": """
import sqlite3
connection = sqlite3.connect({target.path!r})
for row in connection.execute({query!r}):
    print(*row)
""",
    "postgresql": """
import psycopg2
cursor = psycopg2.connect({url!r}).cursor()
cursor.execute({query!r})
for row in cursor.fetchall():
    print(*row)
""",
    "mysql": """
import pymysql
places = dict(host={target.host!r}, port={target.port!r}, database={target.database!r})
cursor = pymysql.connect(user={target.user!r}, password={target.password!r}, ssl_disabled=True, **places).cursor()
cursor.execute({query!r}.replace('"', '`'))
for row in cursor.fetchall():
    print(*row)
""",
}


def host_command(bench: Bench) -> Iterator[Row]:
    """Ask an up to date database, for people and for programs."""
    for engine, bed in bench.beds.items():
        folder = Path(mkdtemp(dir=bench.scratch))
        with bed.database() as target:
            script, command = _script(folder, engine, target), _command(folder, target)
            _run(folder, command, "migrate", "deploy")
            timings = measured(_jobs(folder, script, command), bench.runs(25))
        found = Against(engine, "a script on the driver", timings)
        yield found.ratio("status call of the host command", "people", GOAL)
        yield found.ratio("status call of the host command, --json", "json", GOAL)


def _jobs(folder: Path, script: str, command: str) -> dict[str, Job]:
    return {
        "floor": steady(lambda: _run(folder, sys.executable, script)),
        "people": steady(lambda: _run(folder, command, "status")),
        "json": steady(lambda: _run(folder, command, "status", "--json")),
    }


def _script(folder: Path, engine: str, target: Target) -> str:
    script = folder / "script.py"
    script.write_text(_SCRIPTS[engine].format(target=target, url=to_url(target, mask=False), query=_QUERY))
    return str(script)


def _command(folder: Path, target: Target) -> str:
    """Build the command and write its settings."""
    command, settings = folder / "paneldb", folder / "paneldb.env"
    command.write_bytes(build(_CORE, sys.executable))
    command.chmod(0o755)
    values = {
        "DATABASE_URL": to_url(target, mask=False),
        "PANELDB_MODEL": f"{_SHIPPED}/model/panel.yml",
        "PANELDB_MIGRATIONS": f"{_SHIPPED}/migrations",
    }
    settings.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    settings.chmod(0o600)
    return str(command)


def _run(folder: Path, *argv: str) -> None:
    """Run a program with the settings and caches of the folder."""
    settings = ["--env-file", str(folder / "paneldb.env")] if argv[0].endswith("/paneldb") else []
    environment = {"PATH": os.defpath, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "caches")}
    subprocess.run([*argv, *settings], check=True, capture_output=True, env=environment)
