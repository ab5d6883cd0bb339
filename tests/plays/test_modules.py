# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises: check mode equals the real run and touches nothing, and a second run changes nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import (
    CHECKOUT,
    COLLECTION,
    AnsibleRunner,
    TaskResult,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

MODEL: dict[str, Any] = {
    "enums": {"mood": ["CALM", "BUSY"]},
    "tables": {
        "people": {
            "columns": {
                "id": {"type": "integer", "default": "autoincrement()"},
                "name": {"type": "string(40)"},
                "mood": {"type": "enum(mood)", "default": "CALM"},
            },
            "primary_key": ["id"],
            "unique": [["name"]],
        }
    },
}
#: Keys of a result that tell of the run and not of the plan.
_OF_THE_RUN = {"duration_ms", "invocation", "warnings", "results", "missing_tables"}


@dataclass(frozen=True)
class Case:
    """A module with options; ``first`` are modules with options that make what it needs."""

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    first: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    again_changes: bool = False
    begins_without_database: bool = False


CASES = {
    "database": Case("database", begins_without_database=True),
    "schema": Case("schema", {"model": "model.json"}),
    "schema that changes": Case("schema", {"model": "other.json"}, (("schema", {"model": "model.json"}),)),
    "migrate": Case("migrate"),
    "rollback": Case(
        "migrate", {"state": "rollback", "target": "none", "allow_destructive": ["all"]}, (("migrate", {}),)
    ),
    "baseline": Case("migrate", {"state": "baseline"}, (("schema", {}),)),
    "seed": Case("seed", first=(("migrate", {}),)),
    "node": Case("node", {"nodes": [{"name": "a", "hostname": "a.example", "port": 1}]}, (("migrate", {}),)),
    "query": Case(
        "query",
        {"write": True, "statements": [{"statement": "remove", "expect": {"affected": 1}}]},
        (
            ("schema", {"model": "model.json"}),
            (
                "seed",
                {"model": "model.json", "seeds": [{"table": "people", "key": ["name"], "rows": [{"name": "Ann"}]}]},
            ),
        ),
        again_changes=True,
    ),
}

#: What a person writes to remove everybody, and to add somebody whose name is bound. Documents have no defaults.
_SQL = {"remove": "DELETE FROM people", "add": "INSERT INTO people (name) VALUES (%s)"}
_COMMANDS: dict[str, Any] = {
    "remove": {"delete": "people", "deletes": [{"q": {}, "limit": 0}]},
    "add": {"insert": "people", "documents": [{"id": 2, "name": {"$param": 0}, "mood": "CALM"}]},
}


def _other_model() -> dict[str, Any]:
    """A column more, an enum value more, a longer name."""
    model = copy.deepcopy(MODEL)
    columns = model["tables"]["people"]["columns"]
    columns["motto"] = {"type": "text", "null": True}
    columns["name"]["type"] = "string(80)"
    model["enums"]["mood"].append("LOST")
    return model


def _task(module: str, options: Mapping[str, Any], target: Target, **keywords: Any) -> dict[str, Any]:
    arguments = {"url": to_url(target, mask=False), **options}
    return {"name": f"Run {module}", f"{COLLECTION}.{module}": arguments, **keywords}


@pytest.fixture
def prepared(runner: AnsibleRunner) -> AnsibleRunner:
    """A runner whose plays find the models beside them."""
    import json

    (runner.scratch / "model.json").write_text(json.dumps(MODEL))
    (runner.scratch / "other.json").write_text(json.dumps(_other_model()))
    return runner


def _plan_of(result: TaskResult) -> dict[str, Any]:
    return {key: value for key, value in result.result.items() if key not in _OF_THE_RUN and not key.startswith("_")}


@pytest.mark.parametrize("name", CASES)
def test_check_mode_equals_the_real_run(name: str, bed: Bed, target: Target, prepared: AnsibleRunner) -> None:
    case = CASES[name]
    target = bed.absent() if case.begins_without_database else target
    if case.first:
        prepared.tasks([_task(*first, target) for first in case.first]).expect_success()
    untouched = bed.snapshot(target)

    options, later = (_worded(bed, each) for each in (case.options, {**case.options, **_lenient(case)}))
    checked = prepared.tasks([_task(case.module, options, target)], check=True).expect_success()
    assert bed.snapshot(target) == untouched
    tasks = [_task(case.module, options, target), _task(case.module, later, target)]
    done = prepared.tasks(tasks, options=["--diff"]).expect_success()

    expected, (real, again) = checked.of(case.module), done.tasks
    assert real.changed
    assert _plan_of(expected) == _plan_of(real)
    assert again.changed == case.again_changes
    if "diff" in again.result and not case.again_changes:
        assert again.result["diff"]["before"] == again.result["diff"]["after"]
    assert bed.snapshot(target) != untouched
    bed.drop(target)


def _lenient(case: Case) -> dict[str, Any]:
    """A statement that counts its rows finds none the second time."""
    if case.module != "query":
        return {}
    return {"statements": [{"statement": "add", "positional": ["it's %s"]}]}


def _worded(bed: Bed, options: Mapping[str, Any]) -> dict[str, Any]:
    """Write statements in the engine's language."""
    words = _COMMANDS if bed.engine == "mongodb" else _SQL
    if "statements" not in options:
        return dict(options)
    return {
        **options,
        "statements": [{**each, "statement": words[each["statement"]]} for each in options["statements"]],
    }


def test_information_changes_nothing(bed: Bed, target: Target, prepared: AnsibleRunner) -> None:
    prepared.module("migrate", {"url": to_url(target, mask=False)}).expect_success()
    before = bed.snapshot(target)

    told = prepared.tasks([_task("migrate_info", {"gather": ["drift", "hazards", "orphans"]}, target)]).expect_success()

    result = told.of("migrate_info").result
    assert result["counts"] == {"applied": 1, "pending": 0, "runs": 0}
    assert (result["drift"], result["orphans"], result["hazards"]) == ([], [], [])
    assert result["capabilities"]["transactional_ddl"] is (bed.engine in ("sqlite", "postgresql"))
    assert bed.snapshot(target) == before


def test_the_group_has_every_module() -> None:
    import yaml

    runtime = yaml.safe_load((CHECKOUT / "meta" / "runtime.yml").read_text())
    modules = {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")}
    without_database = {"migration", "host_command"}
    assert set(runtime["action_groups"]["paneldb"]) == modules - without_database
