# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module account as plays use it, on the servers that have accounts with rights."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def served(request: pytest.FixtureRequest) -> Iterator[Bed]:
    with BEDS[request.param]() as made:
        yield made


def test_a_check_is_the_real_run_the_second_changes_nothing_and_no_password_shows(
    served: Bed, runner: AnsibleRunner
) -> None:
    secret = f"s3cret {secrets.token_hex(8)}"
    (runner.scratch / "password").write_text(f"{secret} of the file\n")
    mark = secrets.token_hex(3)
    rows: list[dict[str, Any]] = [
        {"name": f"panel_{mark}", "profile": "app", "password": "{{ word }}"},
        {"name": f"report_{mark}", "profile": "read-only", "password_file": str(runner.scratch / "password")},
    ]
    with served.database() as target:
        options = {"url": to_url(target, mask=False), "accounts": rows}
        told: dict[str, Any] = {"variables": {"word": secret}, "options": ["-vvv", "--diff"]}
        checked = runner.module("account", options, check=True, **told).expect_success()
        done = runner.module("account", options, **told).expect_success()
        again = runner.module("account", options, **told).expect_success()
        gone = [{"name": row["name"], "state": "absent"} for row in rows]
        removed = runner.module("account", {**options, "accounts": gone}).expect_success()

    before, after = checked.of("account").result, done.of("account").result
    for key in ("changed", "accounts", "statements", "counts", "diff"):
        assert before[key] == after[key]
    assert after["changed"]
    assert not again.changed
    assert removed.of("account").result["counts"]["removed"] == 2
    shown = "".join(each.stdout + each.stderr for each in (checked, done, again)) + str(before) + str(after)
    assert secret not in shown


def test_a_file_in_the_same_words(runner: AnsibleRunner) -> None:
    import grp
    import os

    path = runner.scratch / "folder" / "panel.db"
    connection = {"engine": "sqlite", "path": str(path)}
    group = grp.getgrgid(os.getegid()).gr_name
    rows = [{"name": group, "profile": "read-only"}]
    runner.module("database", connection).expect_success()
    done = runner.module("account", {**connection, "accounts": rows}).expect_success()
    assert done.changed
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o070) == (0o640, 0o050)
    assert "while somebody who writes" in " ".join(done.stderr.split())
    assert not runner.module("account", {**connection, "accounts": rows}).expect_success().changed
    refused = runner.module("account", {**connection, "accounts": [{"name": group, "profile": "monitor"}]})
    assert refused.expect_failure().result["code"] == "unsupported"


def test_site_makes_accounts_beside_the_owner(runner: AnsibleRunner) -> None:
    import grp
    import os

    path = runner.scratch / "folder" / "panel.db"
    accounts = [{"name": grp.getgrgid(os.getegid()).gr_name, "profile": "app"}]
    variables = {"paneldb_path": str(path), "paneldb_accounts": accounts}
    done = runner.playbook("site.yml", variables=variables).expect_success()
    assert done.of("account").changed
    assert path.stat().st_mode & 0o777 == 0o660
    assert not runner.playbook("site.yml", variables=variables).expect_success().changed
