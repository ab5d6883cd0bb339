# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of modules and guides have options that there are, and those about a panel that is there are run."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT, COLLECTION, AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import PostgresqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer

MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("[a-z]*.py"))
GUIDES = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md")])
#: Options that say where the database is, which the tests say themselves.
PLACE = ("url", "engine", "path", "database", "login_user")


def _module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{name}")


def _examples(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(_module(name).EXAMPLES)
    return found


def _tasks(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every task of ours in there, whatever it is in: its module and its options."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            name = str(key).removeprefix(f"{COLLECTION}.")
            if name != key and name in MODULES and isinstance(value, dict):
                yield name, value
            else:
                yield from _tasks(value)
    elif isinstance(data, list):
        for each in data:
            yield from _tasks(each)


def _in_guide(path: Path) -> list[tuple[str, dict[str, Any]]]:
    blocks = re.findall(r"```ya?ml\n(.*?)```", path.read_text(), re.DOTALL)
    return [task for block in blocks for data in yaml.safe_load_all(block) for task in _tasks(data)]


def _refused(name: str, options: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what Ansible finds wrong with options of a module."""
    module = _module(name)
    # One is the controller's alone, and makes no module of its options.
    specs: list[dict[str, Any]] = [] if hasattr(module, "run") else [module.SPEC]
    rules: dict[str, Any] = {}

    def note(_work: object, *given: dict[str, Any], check_mode: bool = True, **more: Any) -> None:
        del check_mode
        specs.extend(given)
        rules.update(more)

    if not specs:
        monkeypatch.setattr(module, "run", note)
        module.main()
    spec = {option: rule for each in specs for option, rule in each.items()}
    messages: list[str] = ArgumentSpecValidator(spec, **rules).validate(dict(options)).error_messages
    return messages


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_examples_have_options_that_there_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = list(_tasks(_examples(name)))
    assert [each for each, _options in tasks].count(name) == len(tasks) > 0
    assert [_refused(name, options, monkeypatch) for _name, options in tasks] == [[]] * len(tasks)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guides_tasks_have_options_that_there_are(guide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = [_refused(name, options, monkeypatch) for name, options in _in_guide(guide)]
    assert refused == [[]] * len(refused)


def test_wrong_options_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _refused("query", {"statements": [{"statment": "SELECT 1"}]}, monkeypatch)
    assert _refused("node", {"state": "gone"}, monkeypatch)


def _here(task: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Give the task with the tests' own database instead of the example's."""
    [(name, options)] = _tasks(task)
    kept = {key: value for key, value in options.items() if key not in PLACE}
    told = {key: value for key, value in task.items() if not key.startswith(COLLECTION)}
    return {**told, f"{COLLECTION}.{name}": {**kept, "url": to_url(target, mask=False)}}


def test_what_the_examples_say_of_nodes_users_and_statements_can_be_done(
    runner: AnsibleRunner, postgresql_server: PostgresServer
) -> None:
    node, info, user, query = map(_examples, ("node", "node_info", "user", "query"))
    admin = {"username": "root", "email": "root@example.org", "role": "ADMIN", "password": "{{ vault_ann_password }}"}
    (runner.scratch / "files").mkdir()
    (runner.scratch / "files" / "servers.csv").write_text("Label,Primary IP,Plan\ndelta,192.0.2.7,small\n")
    (guided,) = _in_guide(CHECKOUT / "docs" / "queries.md")
    node7 = {"name": "node7", "hostname": "node7.example.org", "port": 1, "status": "ONLINE"}
    tasks: list[dict[str, Any]] = [
        {f"{COLLECTION}.migrate": {}},
        node[0],
        *user,
        {f"{COLLECTION}.user": {"users": [admin]}},
        *query[:3],
        *node[1:],
        *info,
        {f"{COLLECTION}.node": {"nodes": [node7]}},
        {f"{COLLECTION}.{guided[0]}": guided[1]},
    ]
    variables = {"vault_ann_password": "a s3cret", "vault_ann_new_password": "another", "node_id": str(UUID(int=0))}
    with PostgresqlBed(postgresql_server).database() as target:
        there = [{"name": "Run", **_here(task, target)} for task in tasks]
        done = runner.tasks(there, variables=variables).expect_success()
        assert len(done.tasks) == len(tasks)
        _list_hosts(runner, target)


def _list_hosts(runner: AnsibleRunner, target: Target) -> None:
    """Have the example of the inventory say which hosts there are."""
    inventory = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.inventory.nodes")
    path = runner.scratch / "panel.paneldb.yml"
    path.write_text(inventory.EXAMPLES)
    environment = {
        **os.environ,
        "HOME": str(runner.scratch),
        "DATABASE_URL": to_url(target, mask=False),
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    }
    argv = [str(runner.programs / "ansible-inventory"), "-i", str(path), "--list"]
    listed = subprocess.run(argv, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True).stdout
    found = json.loads(listed, object_hook=lambda each: each.get("__ansible_unsafe", each))
    assert sorted(found["_meta"]["hostvars"]) == ["beta", "delta", "gamma", "node7"]
    assert found["resting"]["hosts"] == ["beta", "gamma", "node7"]
    assert (runner.scratch / ".cache" / "paneldb").is_dir()
