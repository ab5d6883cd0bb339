# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what the README promises, as a user does it: in a fresh clone, then with the built and installed collection.

With root's rights it does so as an account without any, on the distribution's own Python, as on a fresh machine.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.claims
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools import system

CHECKOUT = Path(__file__).resolve().parents[2]
PLAIN_USER = "nobody"
PLAIN_PATH = "/usr/local/bin:/usr/bin:/bin"
RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.MULTILINE)
#: Seconds for bringing up the database of this machine, downloads apart.
LONGEST_SITE = 60.0


def main() -> None:
    """Run all promises; SystemExit names the first one that is not kept."""
    with tempfile.TemporaryDirectory(prefix="paneldb-claims-") as scratch:
        clone, installed = Path(scratch) / "clone", Path(scratch) / "installed"
        _clone(clone)
        installed.mkdir()
        if os.geteuid() == 0:
            system.ensure(["make", "python3", "python3-venv"])
            subprocess.run(["chown", "--recursive", "--no-dereference", PLAIN_USER, scratch], check=True)
        _from_clone(clone)
        _from_collection(clone, installed)


def _from_clone(clone: Path) -> None:
    _run(["make", "--silent", "site", "ARGS=--version"], clone)
    begun = time.monotonic()
    first = _run(["make", "--silent", "site"], clone)
    took = time.monotonic() - begun
    _expect(_changes(first) > 0, "the first run changes something")
    _expect(took < LONGEST_SITE, f"make site took {took:.0f} s, promised are {LONGEST_SITE:.0f}")
    database = clone / "var" / "panel.db"
    _expect(database.is_file(), "var/panel.db is there")
    _expect(str(database) in first, "the first run says where the file is")
    _expect("DATABASE_URL" in first, "the first run says the DATABASE_URL")
    with closing(sqlite3.connect(database)) as connection:
        nodes = connection.execute("SELECT name, hostname FROM nodes").fetchall()
    _expect(nodes == [("local", "localhost")], f"this machine is the only node, not {nodes}")
    _expect(_changes(_run(["make", "--silent", "site"], clone)) == 0, "the second run says changed=0")


def _from_collection(clone: Path, folder: Path) -> None:
    programs = clone / ".venv" / "bin"
    galaxy = [str(programs / "ansible-galaxy"), "collection"]
    _run([*galaxy, "build", "--output-path", str(folder)], clone)
    (artefact,) = folder.glob("*.tar.gz")
    _run([*galaxy, "install", "--offline", "--collections-path", str(folder), str(artefact)], folder)
    _run(["cp", "--recursive", str(clone / "inventories"), str(folder)], folder)
    play = [str(programs / "ansible-playbook"), "-i", "inventories/local/hosts.yml", "ctrlaltplay.paneldb.site"]
    _expect(_changes(_run(play, folder)) > 0, "the installed collection's site brings up a database")
    _expect(_changes(_run(play, folder)) == 0, "the installed collection's second run says changed=0")


def _clone(folder: Path) -> None:
    """Copy what git would hand to a user if all that lies here were committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = CHECKOUT / name, folder / name
        if source.is_symlink() or source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)


def _run(argv: Sequence[str], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
    prefix: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(PLAIN_USER)
        prefix = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]
        environment.update(HOME=str(folder.parent), PATH=PLAIN_PATH, USER=PLAIN_USER, LOGNAME=PLAIN_USER)
        # The account's own home does not exist, and Ansible goes by the account, not by HOME.
        environment["ANSIBLE_REMOTE_TMP"] = str(folder.parent / "remote")
    if not (folder / "ansible.cfg").exists():
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(folder)
    print(f"$ {' '.join(Path(part).name if part.startswith('/') else part for part in argv)}", flush=True)
    done = subprocess.run(
        [*prefix, *argv],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    _expect(done.returncode == 0, f"exit code 0, not {done.returncode}:\n{done.stdout}")
    return done.stdout


def _changes(output: str) -> int:
    recaps = RECAP.findall(output)
    _expect(bool(recaps), f"a recap:\n{output}")
    return sum(int(changed) for changed, _unreachable, _failed in recaps)


def _expect(kept: bool, promise: str) -> None:
    if not kept:
        raise SystemExit(f"Not kept: {promise}")


if __name__ == "__main__":
    main()
