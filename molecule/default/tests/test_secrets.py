# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted passwords and where they must not be on a host and in what a run shows of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import SETTINGS, Database, Plays
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import sampled_argv
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner

PATTERNS = "/opt/planted"
LOOKED_THROUGH = "/etc /home /opt /root /run /srv /tmp /usr/local /var"


@pytest.fixture
def planted(host: Any, secrets_scanner: SecretsScanner) -> Iterator[SecretsScanner]:
    """Two passwords, and a private file on the host with all their forms to search for."""
    secrets_scanner.plant("admin_password")
    secrets_scanner.plant("login_password")
    lines = b"\n".join(form for value in secrets_scanner.planted.values() for form in secrets_scanner.forms(value))
    host.check_output("umask 077 && echo %s | base64 -d >%s", b64encode(lines).decode(), PATTERNS)
    yield secrets_scanner
    host.check_output("rm -f %s", PATTERNS)


def test_a_run_leaves_passwords_in_their_places_alone(
    host: Any, plays: Plays, database: Database, planted: SecretsScanner
) -> None:
    """The controller sees the command lines of the hosts as well: they run on the same kernel."""
    given: dict[str, Any] = (
        {} if database.engine == "sqlite" else {"paneldb_login_password": planted.planted["login_password"]}
    )
    environment = {"PANEL_ADMIN_PASSWORD": planted.planted["admin_password"]}
    with sampled_argv() as sampler:
        done = plays.run("site.yml", "-vvvv", "--diff", environment=environment, **given).expect_success()

    assert {"ctrlaltplay.paneldb.seed"} <= {task.action for task in done.changed}
    assert planted.in_text(done.stdout + done.stderr, "output") == []
    assert planted.in_value([task.result for task in done.tasks], "results") == []
    assert any("AnsiballZ" in " ".join(argv) or "ssh" in argv[0] for argv in sampler.samples)
    assert planted.in_argv(sampler.samples) == []
    journal = host.check_output("journalctl --no-pager --output=export")
    assert "ansible-ctrlaltplay.paneldb.seed" in journal
    assert planted.in_text(journal, "the journal") == []
    found = host.run(f"grep --recursive --files-with-matches --binary-files=text -F -f {PATTERNS} {LOOKED_THROUGH}")
    assert set(found.stdout.splitlines()) - {PATTERNS} == ({SETTINGS} if given else set())
    assert [value[:4] for value in database.values("users", "passwordHash")] == ["$2b$"]
    database.clear("users")


def test_nobody_else_reads_a_secret(host: Any) -> None:
    """Settings, seeds, keys of the server: what holds a secret is closed to others."""
    kept = "/etc/paneldb* /etc/mongodb /etc/postgresql /usr/local/share/paneldb*/seeds /var/lib/p*"
    names = [r"\.env", r"/seeds/.*", r"\.db.*", "/pg_hba.conf", "/server.key", "/keyfile", "/mongodb-admin"]
    secrets = r"'\(.*{}\)'".format(r"\|.*".join(names))
    listed = host.run(f"find {kept} -type f -regex {secrets} -perm /o=rwx")
    assert listed.stdout == ""
