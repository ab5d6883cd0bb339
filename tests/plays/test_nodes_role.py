# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role ``nodes``: hosts of a group become nodes, and their agents get what they sign in with, which nobody sees."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.tokens import hashed
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import (
    HASHED,
    HASHED_DATA,
    PLAIN,
    node,
    register,
    stored,
)

AGENTS = ("one", "two", "three")


class Fleet:
    """A panel on a file and three agents, all on this machine, each agent with a file of settings of its own."""

    def __init__(self, runner: AnsibleRunner, **panel: Any) -> None:
        self.runner = runner
        self.target = Target(engine="sqlite", path=str(runner.scratch / "panel.db"))
        self.hosts: dict[str, dict[str, Any]] = {name: {"paneldb_agent_file": str(self.file(name))} for name in AGENTS}
        self.panel = panel
        database = {"engine": "sqlite", "path": self.target.path}
        model = {"model": panel["paneldb_model"]} if panel else {}
        tasks = [
            {"name": "File", "ctrlaltplay.paneldb.database": database},
            {"name": "Tables", "ctrlaltplay.paneldb.schema": {**database, **model}},
        ]
        runner.tasks(tasks).expect_success()

    def file(self, name: str) -> Path:
        return self.runner.scratch / name / "agent.env"

    def settings(self, name: str) -> dict[str, str]:
        lines = self.file(name).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    def run(self, check: bool = False, **variables: Any) -> PlayResult:
        inventory = self.runner.scratch / "hosts.json"
        shared = {
            "ansible_connection": "local",
            "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "paneldb_system": False,
            "paneldb_path": self.target.path,
            "paneldb_panel_url": "https://panel.example.com/?a=b c",
            **self.panel,
            **variables,
        }
        groups = {"panel": {"hosts": {"db": {}}}, "nodes": {"hosts": self.hosts}}
        inventory.write_text(json.dumps({"all": {"children": groups, "vars": shared}}))
        play = CHECKOUT / "nodes.yml"
        return self.runner.playbook(play, inventory=inventory, options=["-vvv", "--diff"], check=check)

    def nodes(self, *columns: str) -> Mapping[str, Any]:
        with connect(self.target, read_only=True) as engine:
            return stored(engine, *columns, schema=HASHED if self.panel else PLAIN)


@pytest.fixture
def fleet(runner: AnsibleRunner) -> Fleet:
    return Fleet(runner)


def test_agents_are_registered_once_renamed_and_retired(fleet: Fleet) -> None:
    assert fleet.run(check=True).expect_success().changed
    assert fleet.nodes("id") == {}
    fleet.hosts["two"].update(paneldb_node_hostname="10.0.0.2", paneldb_node_port=81, paneldb_node_status="ONLINE")
    first = fleet.run().expect_success()
    kept = fleet.nodes("id", "token", "hostname", "port", "status")
    assert {name: row[2:] for name, row in kept.items()} == {
        "one": ("one", 8080, "OFFLINE"),
        "two": ("10.0.0.2", 81, "ONLINE"),
        "three": ("three", 8080, "OFFLINE"),
    }
    for name in AGENTS:
        assert fleet.settings(name) == {
            "PANEL_URL": '"https://panel.example.com/?a=b c"',
            "NODE_ID": kept[name][0],
            "AGENT_SECRET": kept[name][1],
            "HEALTH_PORT": "8081",
        }
        assert stat.S_IMODE(fleet.file(name).stat().st_mode) == 0o600
    second = fleet.run().expect_success()
    assert second.changed == ()

    fleet.hosts["two"].update(paneldb_node_name="deux", paneldb_node_renamed_from="two")
    fleet.hosts["three"]["paneldb_node_state"] = "retired"
    third = fleet.run().expect_success()
    assert {(task.host, task.action.rsplit(".")[-1]) for task in third.changed} == {("db", "node"), ("three", "file")}
    assert fleet.nodes("id")["deux"] == kept["two"][0]
    assert fleet.nodes("status")["three"] == "MAINTENANCE"
    assert not fleet.file("three").exists()
    assert fleet.run().expect_success().changed == ()

    shown = "".join(run.stdout + run.stderr + repr(run.tasks) for run in (first, second, third))
    assert [row[1] for row in kept.values() if row[1] in shown] == []


def test_a_rotated_token_reaches_its_agent(fleet: Fleet) -> None:
    fleet.run().expect_success()
    before = fleet.settings("one")
    done = fleet.run(paneldb_nodes_rotate={"names": ["one"]}).expect_success()
    assert {task.host for task in done.changed} == {"db", "one"}
    after = fleet.settings("one")
    assert after["AGENT_SECRET"] == fleet.nodes("token")["one"] != before["AGENT_SECRET"]
    assert {**after, "AGENT_SECRET": ""} == {**before, "AGENT_SECRET": ""}


def test_where_hashes_are_kept_a_token_is_written_in_the_run_that_makes_it(runner: AnsibleRunner) -> None:
    (runner.scratch / "model.json").write_text(json.dumps(HASHED_DATA))
    fleet = Fleet(runner, paneldb_model=str(runner.scratch / "model.json"), paneldb_nodes_hashed=True)
    fleet.run().expect_success()
    assert fleet.nodes("tokenHash") == {name: hashed(fleet.settings(name)["AGENT_SECRET"]) for name in AGENTS}
    assert fleet.run().expect_success().changed == ()
    fleet.file("one").unlink()
    assert "Have a new one made" in fleet.run().expect_failure().message
    fleet.run(paneldb_nodes_rotate={"names": ["one"]}).expect_success()
    assert fleet.nodes("tokenHash")["one"] == hashed(fleet.settings("one")["AGENT_SECRET"])


def test_a_node_that_is_to_be_absent_goes(fleet: Fleet) -> None:
    with connect(fleet.target) as engine:
        register(engine, [node("old")], schema=PLAIN)
    fleet.hosts = {"old": {"paneldb_node_state": "absent", "paneldb_agent_file": str(fleet.file("old"))}}
    fleet.run().expect_success()
    assert fleet.nodes("id") == {}
