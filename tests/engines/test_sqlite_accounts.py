# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a file, tried out by processes that run as them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import accounts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, Unsupported
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT
from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import as_root
from ansible_collections.ctrlaltplay.paneldb.tests.support.sqlite_files import ask, new_file

#: Numbers that no account of the machine has: the kernel does not mind, and nobody else is one of them.
OWNER, GROUP, OTHER = 64001, 64002, 64003
BRING = """
import json, sys
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import accounts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
plan = accounts.plan(Target("sqlite", path=sys.argv[1]), accounts.parse_accounts(json.loads(sys.argv[2])))
accounts.apply(plan)
print(json.dumps(plan.to_data()))
"""
TRY = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2]).fetchall())"


@pytest.fixture
def target() -> Iterator[Target]:
    """A database in a folder of its own that every account can get to."""
    with TemporaryDirectory(prefix="paneldb-accounts-") as above:
        Path(above).chmod(0o755)
        folder = Path(above) / "panel"
        folder.mkdir(0o700)
        made = new_file(folder / "panel.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
        Path(made.path).chmod(0o600)
        ask(made, "PRAGMA journal_mode = DELETE")
        yield made
        subprocess.run(as_root(["chown", "-R", str(os.geteuid()), str(folder)]), check=True)


def bring(target: Target, *rows: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the module does, as root."""
    argv = ["env", f"PYTHONPATH={CHECKOUT}/.collections", sys.executable, "-c", BRING, target.path, json.dumps(rows)]
    done = subprocess.run(as_root(argv), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tried(target: Target, user: int, group: int, statement: str) -> bool:
    """Run a statement as somebody; tell whether it was allowed."""
    who = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"]
    argv = [*who, "/usr/bin/python3", "-c", TRY, target.path, statement]
    return subprocess.run(as_root(argv), cwd="/", capture_output=True, check=False).returncode == 0


def owner(**more: Any) -> dict[str, Any]:
    return {"name": str(OWNER), "profile": "owner", **more}


def group(profile: str) -> dict[str, Any]:
    return {"name": str(GROUP), "profile": profile}


READ, WRITE, ALTER, DUMP = "SELECT a FROM t", "INSERT INTO t VALUES (2)", "CREATE TABLE u (a)", "VACUUM INTO '{}'"


@pytest.mark.parametrize("journal", ["WAL", "DELETE"])
def test_owner_and_application_work_and_nobody_else_does(target: Target, journal: str) -> None:
    ask(target, f"PRAGMA journal_mode = {journal}")
    done = bring(target, owner(), group("app"))
    assert [each["outcome"] for each in done["accounts"]] == ["created", "created"]
    for number, statement in enumerate((READ, WRITE, READ)):
        assert tried(target, OWNER, 1, statement), number
        assert tried(target, OTHER, GROUP, statement), number
        assert not tried(target, OTHER, 1, statement), number
    assert tried(target, OWNER, 1, ALTER)
    assert not bring(target, owner(), group("app"))["changed"]


@pytest.mark.parametrize("profile", ["read-only", "backup"])
def test_who_reads_does_not_write(target: Target, profile: str) -> None:
    bring(target, owner(), group(profile))
    assert tried(target, OTHER, GROUP, READ)
    for statement in (WRITE, ALTER):
        assert not tried(target, OTHER, GROUP, statement)
    assert not bring(target, owner(), group(profile))["changed"]


def test_who_backs_up_copies_the_database(target: Target) -> None:
    bring(target, owner(), group("backup"))
    with TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        assert tried(target, OTHER, GROUP, DUMP.format(f"{place}/copy.db"))


def test_less_is_less(target: Target) -> None:
    """What the application could write it can no longer where it is to read alone, and then not even that."""
    bring(target, owner(), group("app"))
    assert bring(target, owner(), group("read-only"))["accounts"][1]["outcome"] == "changed"
    assert not tried(target, OTHER, GROUP, WRITE)
    gone = [owner(), {"name": str(GROUP), "state": "absent"}]
    assert [each["outcome"] for each in bring(target, *gone)["accounts"]] == ["unchanged", "removed"]
    assert not tried(target, OTHER, GROUP, READ)
    assert not bring(target, *gone)["changed"]


def test_a_check_touches_nothing(target: Target) -> None:
    before = Path(target.path).stat()
    plan = accounts.plan(target, accounts.parse_accounts([owner(), group("app")]))
    assert plan.changed
    after = Path(target.path).stat()
    assert (before.st_uid, before.st_gid, before.st_mode) == (after.st_uid, after.st_gid, after.st_mode)
    assert f"chown {OWNER} {target.path}" in plan.to_data()["statements"]


def test_a_folder_with_other_things_is_left_alone(target: Target) -> None:
    (Path(target.path).parent / "other").touch()
    mode = stat.S_IMODE(Path(target.path).parent.stat().st_mode)
    with pytest.raises(InputError, match="holds other things"):
        accounts.plan(target, accounts.parse_accounts([group("app")]))
    assert stat.S_IMODE(Path(target.path).parent.stat().st_mode) == mode


def test_readers_of_a_write_ahead_log_are_told_of_its_limits(target: Target) -> None:
    ask(target, "PRAGMA journal_mode = WAL")
    plan = accounts.plan(target, accounts.parse_accounts([group("read-only")]))
    assert "journal wal" in plan.accounts[0].notes[0]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([{"name": "0", "profile": "monitor"}], Unsupported, "may read all"),
        ([{"name": "0", "profile": "app", "password": "x"}], Unsupported, "neither passwords"),
        ([{"name": "0", "profile": "app", "require_tls": True}], Unsupported, "nor TLS"),
        ([{"name": "0", "profile": "app"}, {"name": "1", "profile": "backup"}], Unsupported, "one group"),
        ([{"name": "no such group", "profile": "app"}], InputError, "no such group"),
        ([{"name": "no such account", "profile": "owner"}], InputError, "no such account"),
    ],
)
def test_what_a_file_cannot_have(
    target: Target, rows: list[dict[str, Any]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        accounts.plan(target, accounts.parse_accounts(rows))


def test_an_owner_that_goes_leaves_the_file_to_somebody(target: Target) -> None:
    bring(target, owner())
    gone = {"name": str(OWNER), "state": "absent"}
    with pytest.raises(InputError, match="owns the file"):
        accounts.plan(target, accounts.parse_accounts([gone]))
    assert bring(target, {**gone, "reassign_to": str(OTHER)})["accounts"][0]["outcome"] == "removed"
    assert Path(target.path).stat().st_uid == OTHER
