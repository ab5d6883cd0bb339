# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes in plays: the modules, the inventory, what probes see, and tokens that nobody sees."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, COLLECTION, AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, SqliteBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK, free_port
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import FULL_DATA, node

LIST = 'Label,Primary IP,Note\r\nalpha,192.0.2.1,\r\nbeta,2001:DB8::1,"a, b"\r\n'


def _task(module: str, target: Target, options: Mapping[str, Any], **keywords: Any) -> dict[str, Any]:
    told = {"url": to_url(target, mask=False), **options}
    return {"name": f"Run {module}", f"{COLLECTION}.{module}": told, **keywords}


@pytest.fixture
def panel(runner: AnsibleRunner, target: Target) -> Target:
    """A database with the tables of a model that has all that nodes can have."""
    (runner.scratch / "model.json").write_text(json.dumps(FULL_DATA))
    runner.tasks([_task("schema", target, {"model": "model.json"})]).expect_success()
    return target


@pytest.fixture
def local(runner: AnsibleRunner) -> Iterator[tuple[Bed, Target]]:
    """The same in a file, for what is the same on every engine."""
    bed = SqliteBed(runner.scratch)
    target = bed.empty()
    (runner.scratch / "model.json").write_text(json.dumps(FULL_DATA))
    runner.tasks([_task("schema", target, {"model": "model.json"})]).expect_success()
    yield bed, target
    bed.drop(target)


def _tokens(bed: Bed, target: Target) -> dict[str, str]:
    return dict(bed.read(target, "nodes", ("name", "token")))


def test_a_file_of_the_provider_check_mode_and_nothing_twice(bed: Bed, panel: Target, runner: AnsibleRunner) -> None:
    (runner.scratch / "servers.csv").write_bytes(b"\xef\xbb\xbf" + LIST.encode())
    options = {
        "model": "model.json",
        "src": "servers.csv",
        "columns": {"name": "Label", "hostname": "Primary IP"},
        "defaults": {"port": "{{ 8000 + 80 }}", "tags": ["eu"]},
    }
    checked = runner.tasks([_task("node", panel, options)], check=True).expect_success().of("node")
    assert bed.count(panel, "nodes") == 0
    done = runner.tasks([_task("node", panel, options), _task("node", panel, options)]).expect_success()
    real, again = done.tasks
    assert checked.result["counts"] == real.result["counts"]
    assert real.result["counts"]["created"] == 2
    assert (again.changed, again.result["counts"]["unchanged"]) == (False, 2)
    found = runner.tasks([_task("node_info", panel, {"model": "model.json"})]).expect_success().of("node_info").result
    assert [(each["hostname"], each["port"], each["tags"]) for each in found["nodes"]] == [
        ("192.0.2.1", 8080, ["eu"]),
        ("2001:db8::1", 8080, ["eu"]),
    ]
    assert found["counts"] == {"nodes": 2, "retired": 0, "servers": 0, "by_status": {"OFFLINE": 2}, "shown": 2}


def test_tokens_are_registered_where_they_are_asked_for_and_shown_nowhere(
    bed: Bed, panel: Target, runner: AnsibleRunner
) -> None:
    given = "given-token-0123456789"
    options = {"model": "model.json", "nodes": [node("a"), node("b", token="{{ given }}")], "return_tokens": True}
    check = "made.tokens.a | length == 43 and made.tokens.keys() == ['a'] and seen.nodes[1].token == given"
    tasks = [
        _task("node", panel, {**options, "return_tokens": False}, check_mode=True),
        _task("node", panel, options, register="made"),
        _task("node_info", panel, {"model": "model.json", "with_tokens": True}, register="seen"),
        {
            "name": "Look",
            "ansible.builtin.assert": {"that": check.replace("made.tokens.keys()", "made.tokens.keys() | list")},
        },
        _task("node", panel, {**options, "nodes": [node("c", token="{{ given }}")]}, ignore_errors=True),
        _task("node", panel, {"model": "model.json", "rotate": {"names": ["a"], "overlap": "1h"}}),
        _task("node", panel, {"model": "model.json", "nodes": [{"name": "b", "state": "retired"}]}),
        _task("node", panel, options, register="again"),
        {"name": "Look again", "ansible.builtin.assert": {"that": "again.tokens == {}"}},
    ]
    before = dict(_tokens(bed, panel))
    done = runner.tasks(tasks, variables={"given": given}, options=["-vvvv", "--diff"])
    done.expect_success()
    assert before == {}
    shown = done.stdout + done.stderr + repr(done.tasks)
    tokens = [given, *_tokens(bed, panel).values(), *(row[0] for row in bed.read(panel, "nodes", ("previousToken",)))]
    assert [token for token in tokens if token and token in shown] == []
    assert "is that of node" in done.tasks[4].message


def test_a_list_from_a_vault(local: tuple[Bed, Target], runner: AnsibleRunner) -> None:
    bed, panel = local
    password = runner.scratch / "vault-password"
    password.write_text("vault password\n")
    source = runner.scratch / "nodes.yml"
    source.write_text(json.dumps({"nodes": [node("a", token="token-in-a-vault-0123")]}))
    vault = ["--vault-password-file", str(password)]
    subprocess.run(
        [str(runner.programs / "ansible-vault"), "encrypt", str(source), *vault], check=True, capture_output=True
    )
    options = {"model": "model.json", "src": "nodes.yml"}
    done = runner.tasks([_task("node", panel, options)], options=[*vault, "-vvv"]).expect_success()
    assert "token-in-a-vault" not in done.stdout
    assert _tokens(bed, panel) == {"a": "token-in-a-vault-0123"}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"nodes": [], "src": "x.yml"}, "from nodes or from src"),
    ({"nodes": [{"name": "a\x1b[31m", "hostname": "h", "port": 1}]}, "nodes[0].name"),
    ({"nodes": [{"name": "a", "hostname": "no host", "port": 1}]}, "nodes[0].hostname"),
    ({"src": "bad.csv"}, "line 3, port"),
    ({"src": "missing.csv"}, "missing.csv"),
    ({"src": "bad.txt"}, "ending"),
    ({"rotate": {}}, "option rotate"),
    ({"rotate": {"older_than": "old"}}, "older_than"),
    ({"update_status": True}, "option update_status"),
    ({"probe": {"port": 0}}, "option probe"),
    ({"probe": {"parallel": 0}}, "option probe"),
    ({"probe": {"timeout": 0}}, "option probe"),
    ({"probe": {"path": "health"}}, "option probe"),
]


def test_mistakes_are_told_where_they_are(local: tuple[Bed, Target], runner: AnsibleRunner) -> None:
    bed, panel = local
    (runner.scratch / "bad.csv").write_text("name,hostname,port\na,a,1\nb,b,65536\n")
    (runner.scratch / "bad.txt").write_text("a\n")
    tasks = [_task("node", panel, options, ignore_errors=True) for options, _told in MISTAKES]
    done = runner.tasks(tasks).expect_success()
    for (options, told), task in zip(MISTAKES, done.tasks):
        assert task.status == "ignored", options
        assert told in task.message
        assert "\x1b" not in task.message
    assert bed.count(panel, "nodes") == 0


# --- probes ----------------------------------------------------------------------------------------------------------


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Be well at one path only."""
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_unused: object) -> None:
        """Say nothing."""


@contextmanager
def _health_page() -> Iterator[int]:
    with HTTPServer((LOOPBACK, 0), _Health) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_probe_reports_and_changes_statuses_only_where_it_is_told_to(
    local: tuple[Bed, Target], runner: AnsibleRunner
) -> None:
    bed, panel = local

    def statuses() -> dict[str, str]:
        return dict(bed.read(panel, "nodes", ("name", "status")))

    with closing(socket.create_server((LOOPBACK, 0))) as agent, _health_page() as health:
        at = {"hostname": LOOPBACK, "status": "ONLINE"}
        rows = [
            {**at, "name": "up", "port": agent.getsockname()[1], "status": "OFFLINE"},
            {**at, "name": "down", "port": free_port()},
            {**at, "name": "resting", "port": 1, "status": "MAINTENANCE"},
            {**at, "name": "page", "port": health},
        ]
        base: dict[str, Any] = {"model": "model.json", "probe": {"timeout": 2}}
        tasks = [
            _task("node", panel, {"model": "model.json", "nodes": rows}),
            _task("node", panel, base),
            _task("node", panel, {**base, "update_status": True}, check_mode=True),
        ]
        first = runner.tasks(tasks).expect_success().tasks
        assert [task.changed for task in first] == [True, False, True]
        assert statuses() == {"up": "OFFLINE", "down": "ONLINE", "resting": "MAINTENANCE", "page": "ONLINE"}
        assert (first[1].result["probe"]["reachable"], first[1].result["probe"]["unreachable"]) == (2, 2)
        assert [each["name"] for each in first[1].result["probe"]["problems"]] == ["down", "resting"]
        tasks = [_task("node", panel, {**base, "update_status": True})] * 2
        assert [task.changed for task in runner.tasks(tasks).expect_success().tasks] == [True, False]
        assert statuses() == {"up": "ONLINE", "down": "OFFLINE", "resting": "MAINTENANCE", "page": "ONLINE"}

        def seen(path: str) -> dict[str, Any]:
            options = {"model": "model.json", "names": ["page"], "probe": {"path": path, "timeout": 2}}
            return runner.tasks([_task("node_info", panel, options)]).expect_success().of("node_info").result

        assert seen("/health")["nodes"][0]["problem"] == ""
        assert seen("/")["nodes"][0]["problem"] == "HTTP status 503"


# --- inventory -------------------------------------------------------------------------------------------------------


class Inventory:
    """Runs ansible-inventory on a configuration."""

    def __init__(self, runner: AnsibleRunner, target: Target, **options: Any) -> None:
        self.runner = runner
        self.path = runner.scratch / "panel.paneldb.yml"
        told = {"plugin": f"{COLLECTION}.nodes", "url": to_url(target, mask=False), "model": "model.json", **options}
        self.path.write_text(json.dumps(told))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [str(self.runner.programs / "ansible-inventory"), "-i", str(self.path), *arguments]
        settings = {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment = {**os.environ, **settings, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
        return subprocess.run(argv, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)

    def listed(self) -> dict[str, Any]:
        done = self.run("--list")
        assert done.returncode == 0, done.stderr
        # So Ansible marks texts that are never to be taken for templates.
        found: dict[str, Any] = json.loads(done.stdout, object_hook=lambda each: each.get("__ansible_unsafe", each))
        return found


def _fill(runner: AnsibleRunner, target: Target) -> None:
    rows = [
        node("a", status="ONLINE", tags=["eu", "ssd"], location="{{ 6 * 7 }}"),
        node("{{ 6 * 7 }}", tags=["us"], hostname="2001:db8::1", port=81),
        node("c", status="MAINTENANCE"),
    ]
    # A list in a play would be a template; what the panel writes into its table is not.
    (runner.scratch / "nodes.json").write_text(json.dumps(rows))
    runner.tasks([_task("node", target, {"model": "model.json", "src": "nodes.json"})]).expect_success()


def test_hosts_out_of_the_table(bed: Bed, panel: Target, runner: AnsibleRunner) -> None:
    _fill(runner, panel)
    inventory = Inventory(
        runner,
        panel,
        columns=["location"],
        compose={"ansible_port": "panel_node.port + 1", "greeting": "'I am ' ~ inventory_hostname"},
        groups={"quiet": "panel_node.status != 'ONLINE'"},
        keyed_groups=[{"key": "panel_node.port | string", "prefix": "port"}],
    )
    found = inventory.listed()
    members = {name: sorted(group["hosts"]) for name, group in found.items() if isinstance(group.get("hosts"), list)}
    assert members == {
        "status_online": ["a"],
        "status_offline": ["{{ 6 * 7 }}"],
        "status_maintenance": ["c"],
        "tag_eu": ["a"],
        "tag_ssd": ["a"],
        "tag_us": ["{{ 6 * 7 }}"],
        "quiet": ["c", "{{ 6 * 7 }}"],
        "port_8080": ["a", "c"],
        "port_81": ["{{ 6 * 7 }}"],
    }
    hosts = found["_meta"]["hostvars"]
    assert hosts["a"]["ansible_host"] == "a.example.com"
    assert hosts["a"]["panel_node"]["location"] == "{{ 6 * 7 }}"
    assert (hosts["c"]["greeting"], hosts["c"]["ansible_port"]) == ("I am c", 8081)
    assert hosts["{{ 6 * 7 }}"]["ansible_port"] == 82
    text = json.dumps(found)
    assert not any(token in text for token in _tokens(bed, panel).values())
    assert "oken" not in text


def test_a_cached_inventory_needs_no_database(local: tuple[Bed, Target], runner: AnsibleRunner) -> None:
    bed, panel = local
    _fill(runner, panel)
    folder = runner.scratch / "cache"
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(folder)}
    inventory = Inventory(runner, panel, **options)
    first = inventory.listed()
    cached = "".join(path.read_text() for path in folder.iterdir())
    assert not any(token in cached for token in _tokens(bed, panel).values())
    bed.drop(panel)
    assert inventory.listed() == first
    assert inventory.run("--list", "--flush-cache").returncode != 0


@pytest.mark.parametrize("columns", [["token"], ["nothing"]])
def test_columns_of_tokens_and_unknown_ones_are_refused(
    columns: list[str], local: tuple[Bed, Target], runner: AnsibleRunner
) -> None:
    done = Inventory(runner, local[1], columns=columns).run("--list")
    assert done.returncode != 0
    assert "Hosts cannot have this column" in done.stderr


def test_expressions_that_hosts_share() -> None:
    from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.expressions import attributes_used

    def used(*expressions: str) -> Any:
        return attributes_used(expressions, "panel_node")

    assert used() == frozenset()
    assert used("panel_node.port", "panel_node['status'] | lower") == {"port", "status"}
    assert used("a{{ panel_node.tags | first }}") == {"tags"}
    for other in (
        "inventory_hostname",
        "panel_node",
        "panel_node[x]",
        "lookup('env', 'X')",
        "panel_node.port | random",
    ):
        assert used("panel_node.port", other) is None
    assert used("((") is None


def test_the_configuration_is_known_by_its_name(tmp_path: Path) -> None:
    from ansible_collections.ctrlaltplay.paneldb.plugins.inventory.nodes import InventoryModule

    for name, known in (("x.paneldb.yml", True), ("paneldb.yaml", True), ("hosts.yml", False)):
        (tmp_path / name).touch()
        assert InventoryModule().verify_file(str(tmp_path / name)) == known
