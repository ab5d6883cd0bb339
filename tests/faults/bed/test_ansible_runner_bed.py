# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed's own promises about plays."""

from __future__ import annotations

from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner


def test_results_come_back_as_objects(ansible_runner: AnsibleRunner) -> None:
    done = ansible_runner.tasks(
        [
            {"name": "Say", "ansible.builtin.debug": {"var": "word"}},
            {"name": "Change", "ansible.builtin.command": {"argv": ["true"]}},
        ],
        variables={"word": "an odd 'word'"},
    ).expect_success()
    assert done.of("ansible.builtin.debug").result["word"] == "an odd 'word'"
    assert [task.task for task in done.changed] == ["Change"]


def test_a_failure_is_named(ansible_runner: AnsibleRunner) -> None:
    failed = ansible_runner.tasks([{"name": "Fail", "ansible.builtin.fail": {"msg": "because"}}]).expect_failure()
    assert (failed.task, failed.message) == ("Fail", "because")


def test_check_mode_changes_nothing(ansible_runner: AnsibleRunner) -> None:
    path = ansible_runner.scratch / "file"
    done = ansible_runner.tasks(
        [{"name": "Copy", "ansible.builtin.copy": {"dest": str(path), "content": "text", "mode": "0600"}}], check=True
    )
    assert [task.task for task in done.expect_success().changed] == ["Copy"]
    assert not path.exists()
