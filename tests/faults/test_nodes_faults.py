# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration of nodes whose connection is lost midway, and processes that are killed there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConnectionFailed
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import changes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.rotation import Rotation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import SqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS, Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import FULL, counted, node, register, stored

#: Statements that name the other sessions with a database, and that end one.
SESSIONS = {
    "postgresql": (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "SELECT pg_terminate_backend({})",
    ),
    "mysql": (
        "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
        "KILL {}",
    ),
}
ROWS = [{"name": "c", "renamed_from": "a"}, node("d"), node("b", hostname="other")]


@pytest.fixture(params=SESSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """A server whose sessions can be ended."""
    with BEDS[request.param]() as bed:
        yield bed


def _ender(bed: Bed, target: Target) -> Callable[..., None]:
    """Make what ends all sessions with the database in the middle of a registration."""
    assert isinstance(bed, SqlBed)
    asking, ending = SESSIONS[bed.engine]
    write = changes.write_changes

    def end(*arguments: object) -> None:
        for (number,) in bed.run(target, asking):
            bed.run(target, ending.format(int(number)))
        write(*arguments)  # type: ignore[arg-type]

    return end


def test_a_connection_that_is_lost_midway_leaves_nothing(server: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    with server.database() as target:
        with connect(target) as engine:
            push(engine, FULL)
            register(engine, [node("a"), node("b")])
            before = stored(engine, "id", "token", "hostname")
        with monkeypatch.context() as patched, connect(target) as session:
            patched.setattr(changes, "write_changes", _ender(server, target))
            with pytest.raises(ConnectionFailed):
                register(session, ROWS, rotate=Rotation(("b",)))
        with connect(target) as engine:
            assert stored(engine, "id", "token", "hostname") == before
            assert counted(register(engine, ROWS)) == {"created": 1, "updated": 1, "renamed": 1}


CHILD = """
import os, signal
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import changes
from ansible_collections.ctrlaltplay.paneldb.tests.faults.test_nodes_faults import ROWS, Rotation
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import register
changes.write_changes = lambda *_unused: os.kill(os.getpid(), signal.SIGKILL)
with connect(parse_target({"url": os.environ["TARGET"]})) as engine:
    register(engine, ROWS, rotate=Rotation(("b",)))
"""


def test_a_killed_process_leaves_nothing_and_no_lock(target: Target) -> None:
    with connect(target) as engine:
        push(engine, FULL)
        register(engine, [node("a"), node("b")])
        before = stored(engine, "id", "token", "hostname")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TARGET": to_url(target, mask=False)}
    killed = subprocess.run([sys.executable, "-c", CHILD], env=environment, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with connect(target) as engine:
        if engine.capabilities.transactions:
            assert stored(engine, "id", "token", "hostname") == before
        register(engine, ROWS)
        after = stored(engine, "id", "token", "hostname")
    assert after.keys() == {"b", "c", "d"}
    assert (after["c"], after["b"][:2], after["b"][2]) == (before["a"], before["b"][:2], "other")
