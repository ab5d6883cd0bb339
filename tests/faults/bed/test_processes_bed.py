# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed's own promises about child processes, small disks and the secrets scanner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.packing import pack
from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import fill, small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import alive, python_child, sampled_argv
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner

STEPS = """
from pathlib import Path
import sys
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach
for step in ("one", "two", "three"):
    reach(step)
    with Path(sys.argv[1]).open("a") as log:
        log.write(step + " ")
print("all done")
"""


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    script = tmp_path / "steps.py"
    script.write_text(STEPS)
    return script


def test_a_child_is_killed_at_the_named_point(tmp_path: Path, steps: Path) -> None:
    log = tmp_path / "log"
    with python_child(steps, str(log), errors=tmp_path / "errors") as child:
        child.wait_for("two")
        child.kill()
        assert not alive(child.pid)
    assert log.read_text() == "one "


def test_a_child_runs_to_its_end_past_every_point(tmp_path: Path, steps: Path) -> None:
    with python_child(steps, str(tmp_path / "log"), errors=tmp_path / "errors") as child:
        assert child.wait() == 0
        assert child.lines == ["all done"]
    assert (tmp_path / "log").read_text() == "one two three "


def test_a_point_that_is_never_reached_is_an_error(tmp_path: Path, steps: Path) -> None:
    with (
        python_child(steps, str(tmp_path / "log"), errors=tmp_path / "errors") as child,
        pytest.raises(AssertionError, match="before 'four'"),
    ):
        child.wait_for("four")


def test_argv_of_a_short_process_is_seen() -> None:
    marker = f"marker-{time.monotonic_ns()}"
    with sampled_argv() as sampler:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.1)", marker], check=True)
    assert any(marker in argv for argv in sampler.samples)


def test_a_small_disk_fills_up(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 1, os.geteuid(), os.getegid()):
        filler = fill(folder)
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"x" * 4096)
        filler.unlink()
        (folder / "again").write_bytes(b"x" * 4096)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("encode", [str, repr, json.dumps, lambda value: quote(value, safe="")])
def test_a_planted_secret_is_found_in_its_usual_forms(secrets_scanner: SecretsScanner, encode: object) -> None:
    assert callable(encode)
    text = f"before {encode(secrets_scanner.plant('login_password'))} after"
    found = secrets_scanner.in_text(text, "stdout")
    assert {finding.secret for finding in found} == {"login_password"}


def test_a_planted_secret_is_found_where_it_was_packed_for_a_host(secrets_scanner: SecretsScanner) -> None:
    secret = secrets_scanner.plant("login_password")
    packed = pack({"secrets": {"login_password": secret}, "documents": list(range(100))})
    for text in (packed, packed[:-10]):
        found = secrets_scanner.in_text(f'{{"sealed": "{text}"}}', "stdout")
        assert {finding.secret for finding in found} == {"login_password"}


def test_clean_text_has_no_findings(secrets_scanner: SecretsScanner, tmp_path: Path) -> None:
    secrets_scanner.plant("login_password")
    (tmp_path / "file").write_text("nothing here")
    assert secrets_scanner.in_tree(tmp_path) == []
    assert secrets_scanner.in_argv([("program", "argument")]) == []
