# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents after site.yml, and after a run that renames one node and retires another."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import testinfra

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import Database, read_settings
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner, PlayResult

testinfra_hosts = ["ansible://paneldb-panel"]

AGENTS = ("paneldb-agent1", "paneldb-agent2", "paneldb-agent3")
FILE = "/etc/ctrl-alt-play/agent.env"
UNIT = "ctrl-alt-play-agent.service"
INVENTORY = Path(os.environ["MOLECULE_INVENTORY_FILE"])


def _host(name: str) -> Any:
    return testinfra.get_host(f"ansible://{name}?ansible_inventory={INVENTORY}")


def _nodes(database: Database) -> dict[str, list[str]]:
    rows = (row.split("|") for row in database.values("nodes", "name", "id", "token", "hostname", "port", "status"))
    return {row[0]: row[1:] for row in rows}


@pytest.fixture
def runner(tmp_path: Path) -> AnsibleRunner:
    """Runs plays against all of the hosts."""
    return AnsibleRunner(tmp_path)


def _run(runner: AnsibleRunner, *options: str, **variables: Any) -> PlayResult:
    return runner.playbook(
        "nodes.yml",
        inventory=INVENTORY,
        variables=variables,
        environment={"ANSIBLE_HOST_KEY_CHECKING": "false"},
        options=["-vvv", "--diff", *options],
    )


def test_each_agent_has_what_the_panel_knows_and_root_alone_reads_it(database: Database) -> None:
    nodes = _nodes(database)
    assert nodes.keys() == set(AGENTS)
    assert nodes["paneldb-agent2"][3:] == ["9000", "ONLINE"]
    for name in AGENTS:
        host, told = _host(name), nodes[name]
        assert read_settings(host, FILE) == {
            "PANEL_URL": "http://panel.example.org:3000",
            "NODE_ID": told[0],
            "AGENT_SECRET": told[1],
            "HEALTH_PORT": "8081",
        }
        file = host.file(FILE)
        assert (file.user, file.group, file.mode) == ("root", "root", 0o600)


def test_an_agent_that_is_there_runs_with_its_settings(database: Database) -> None:
    for name in ("paneldb-agent1", "paneldb-agent3"):
        host = _host(name)
        assert host.service(UNIT).is_running
        process = host.check_output("systemctl show --property MainPID --value %s", UNIT)
        assert _nodes(database)[name][1] in host.check_output("tr '\\0' '\\n' </proc/%s/environ", process)


def test_tokens_are_in_their_places_alone(database: Database, runner: AnsibleRunner) -> None:
    before = [told[1] for told in _nodes(database).values()]
    done = _run(
        runner, "--limit", "paneldb-panel,paneldb-agent1", paneldb_nodes_rotate={"names": ["paneldb-agent1"]}
    ).expect_success()
    assert {task.host for task in done.changed} == {"paneldb-panel", "paneldb-agent1"}
    tokens = [*before, *(told[1] for told in _nodes(database).values())]
    assert [token for token in tokens if token in done.stdout + done.stderr + repr(done.tasks)] == []
    for name in ("paneldb-panel", *AGENTS):
        host = _host(name)
        for token in tokens:
            found = host.run(
                "grep --recursive --files-with-matches --fixed-strings -e %s /etc /root /run /tmp /var/log", token
            )
            assert set(found.stdout.split()) <= {FILE}
            assert host.run("journalctl --no-pager | grep --fixed-strings -e %s", token).rc != 0


def test_a_third_run_renames_one_node_and_retires_another(database: Database, runner: AnsibleRunner) -> None:
    before = _nodes(database)
    # What an operator writes into the inventory.
    said = {
        "paneldb-agent2": {"paneldb_node_name": "second", "paneldb_node_renamed_from": "paneldb-agent2"},
        "paneldb-agent3": {"paneldb_node_state": "retired"},
    }
    more = runner.scratch / "more.json"
    more.write_text(json.dumps({"all": {"hosts": said}}))
    done = _run(runner, "-i", str(more)).expect_success()
    assert {(task.host, task.action.rsplit(".")[-1]) for task in done.changed} == {
        ("paneldb-panel", "node"),
        ("paneldb-agent3", "file"),
        ("paneldb-agent3", "systemd_service"),
    }
    after = _nodes(database)
    assert after["second"] == before["paneldb-agent2"]
    assert (after["paneldb-agent3"][1][:8], after["paneldb-agent3"][4]) == ("retired:", "MAINTENANCE")
    assert not _host("paneldb-agent3").file(FILE).exists
    assert not _host("paneldb-agent3").service(UNIT).is_running
    assert read_settings(_host("paneldb-agent2"), FILE)["AGENT_SECRET"] == before["paneldb-agent2"][1]
    assert _run(runner, "-i", str(more)).expect_success().changed == ()
