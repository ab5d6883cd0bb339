# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of the distribution that the tests need."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

SERVERS = ("mariadb-server", "postgresql", "sqlite3")
#: Waits for whoever else installs packages, be it another step.
APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600")
#: Asked by packages before they start their service; see invoke-rc.d(8).
POLICY = Path("/usr/sbin/policy-rc.d")
FORBIDDEN = "#!/bin/sh\nexit 101\n"
HOSTS = (
    "aardvark-dns",
    "conmon",
    "debootstrap",
    "iptables",
    "netavark",
    "openssh-client",
    "podman",
    "runc",
    "uidmap",
)


def ensure(packages: Iterable[str]) -> None:
    """Install what is missing; SystemExit that names it where neither root nor sudo can be had."""
    missing = [package for package in packages if not installed(package)]
    if not missing:
        return
    if not _can_be_root():
        raise SystemExit(f"These packages are missing: sudo apt-get install {' '.join(missing)}")
    print(f"Installing {' '.join(missing)}", flush=True)
    _as_root([*APT, "update"])
    with _services_stay_down():
        _as_root([*APT, "install", "--yes", "--no-install-recommends", *missing])


def installed(package: str) -> bool:
    """Whether the package is installed and configured."""
    try:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise SystemExit("The tests need a Debian-family machine (there is no dpkg here).") from None
    return done.stdout == "installed"


def _can_be_root() -> bool:
    if os.geteuid() == 0:
        return True
    try:
        return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """The tests run servers of their own: what is installed is not to start one for the whole machine."""
    if POLICY.exists():
        yield
        return
    with NamedTemporaryFile("w", suffix=".policy") as policy:
        policy.write(FORBIDDEN)
        policy.flush()
        _as_root(["install", "--mode=755", policy.name, str(POLICY)])
    try:
        yield
    finally:
        _as_root(["rm", "--force", str(POLICY)])


def _as_root(argv: Sequence[str]) -> None:
    prefix = ["env", "DEBIAN_FRONTEND=noninteractive"]
    if os.geteuid():
        prefix = ["sudo", "-n", *prefix]
    subprocess.run([*prefix, *argv], stdin=subprocess.DEVNULL, check=True)
