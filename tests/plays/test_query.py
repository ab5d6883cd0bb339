# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module query as plays use it: what it gives back, what it warns of, and that it shows no value."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner

ROWS = {
    "table": "settings",
    "key": ["key"],
    "rows": [{"key": f"k{number}", "value": {"n": number}} for number in range(3)],
}
#: By kind of engine: keys in order, a change of the first one, and one of all.
LIKE = {"named": {"like": "k%"}}
SQL: dict[str, dict[str, Any]] = {
    "keys": {"statement": "SELECT {key} FROM settings WHERE {key} LIKE %(like)s ORDER BY {key}", **LIKE},
    "rename": {"statement": "UPDATE settings SET {key} = %s WHERE {key} = 'k0'"},
    "clear": {"statement": "DELETE FROM settings"},
}
_BY_NAME = {"sort": {"key": 1}, "projection": {"_id": 0, "key": 1}}
MONGODB: dict[str, dict[str, Any]] = {
    "keys": {
        "statement": {"find": "settings", "filter": {"key": {"$regex": {"$param": "like"}}}, **_BY_NAME},
        "named": {"like": "^k"},
    },
    "rename": {
        "statement": {"update": "settings", "updates": [{"q": {"key": "k0"}, "u": {"$set": {"key": {"$param": 0}}}}]}
    },
    "clear": {"statement": {"delete": "settings", "deletes": [{"q": {}, "limit": 0}]}},
}


@pytest.fixture
def filled(target: Target, runner: AnsibleRunner) -> Target:
    """A database with the panel's tables and three settings."""
    url = to_url(target, mask=False)
    runner.tasks(
        [
            {"name": "Migrate", "ctrlaltplay.paneldb.migrate": {"url": url}},
            {"name": "Seed", "ctrlaltplay.paneldb.seed": {"url": url, "seeds": [ROWS]}},
        ]
    ).expect_success()
    return target


def _options(target: Target, *statements: tuple[str, dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Options of the module: the named statements in the engine's words, with what else is said of each."""
    told = [{**_worded(target, name), **more} for name, more in statements]
    return {"url": to_url(target, mask=False), "statements": told, **options}


def _worded(target: Target, name: str) -> dict[str, Any]:
    """``{key}`` in statements is the column, which is a reserved word on some engines."""
    if target.engine == "mongodb":
        return MONGODB[name]
    quoted = "`key`" if target.engine == "mysql" else '"key"'
    return {**SQL[name], "statement": str(SQL[name]["statement"]).format(key=quoted)}


KEYS: tuple[str, dict[str, Any]] = ("keys", {})


def test_rows_are_capped_with_a_note(filled: Target, runner: AnsibleRunner) -> None:
    done = runner.module("query", _options(filled, KEYS, row_limit=2)).expect_success()
    result = done.of("query").result
    assert result["results"] == [
        {"columns": ["key"], "rows": [{"key": "k0"}, {"key": "k1"}], "affected": 0, "truncated": True, "ran": True}
    ]
    assert "statements[0] has more rows than the 2" in " ".join(done.stderr.split())
    assert not result["changed"]


def test_a_check_run_reads_and_does_not_write(filled: Target, runner: AnsibleRunner) -> None:
    secret = "a s3cret in a value"
    options = _options(filled, KEYS, ("rename", {"positional": [secret]}), KEYS, write=True)
    checked = runner.module("query", options, check=True, options=["-vvv"]).expect_success()
    done = runner.module("query", options, options=["-vvv"]).expect_success()

    before, after = checked.of("query").result, done.of("query").result
    assert [each["ran"] for each in before["results"]] == [True, False, True]
    assert [len(each["rows"]) for each in before["results"]] == [3, 0, 3]
    assert [len(each["rows"]) for each in after["results"]] == [3, 0, 2]
    assert before["changed"] is after["changed"] is True
    assert before["statements"] == after["statements"]
    assert secret not in checked.stdout + done.stdout + str(before) + str(after)


def test_writing_has_to_be_asked_for(filled: Target, runner: AnsibleRunner) -> None:
    failed = runner.module("query", _options(filled, KEYS, ("clear", {}))).expect_failure()
    assert failed.result["code"] == "read-only"
    assert failed.result["position"] == 1


def test_all_statements_together_end_in_time(runner: AnsibleRunner) -> None:
    path = runner.scratch / "panel.db"
    path.touch()
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    statements = [{"statement": "CREATE TABLE made (i INTEGER)"}, {"statement": endless}]
    options = {"engine": "sqlite", "path": str(path), "write": True, "statements": statements, "timeout": 0.5}
    failed = runner.module("query", options).expect_failure()
    assert failed.result["code"] == "time-is-up"
    assert b"made" not in path.read_bytes()


def test_what_was_expected_and_is_not(filled: Target, runner: AnsibleRunner) -> None:
    rows = [{"key": "k0"}, {"key": "s3cret"}, {"key": "k2"}]
    wrong = ("keys", {"expect": {"count": 3, "rows": rows}})
    right = ("keys", {"expect": {"count": "{{ 2 + 1 }}", "columns": ["key"], "types": {"key": "text"}}})
    failed = runner.module("query", _options(filled, right, wrong)).expect_failure()
    assert "statements[1] gave in row 1, column key, another value" in failed.message
    assert "s3cret" not in str(failed.result)
