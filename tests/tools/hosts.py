# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole systemd hosts in containers, for the plays that install and run servers.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.hosts COMMAND
Commands: up FOLDER NAME[=SUITE]... | down FOLDER NAME... | image [SUITE]

A suite is a release of Debian by its name, bookworm where none is given. ``up`` prints one JSON list with the address,
port, user and key file of every host. Keys are made in FOLDER; the hosts of another folder are others, so that two
checkouts on one machine do not meet. The base image of a suite is made once for a machine and kept in podman's own
storage.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import as_root
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import wait_until
from ansible_collections.ctrlaltplay.paneldb.tests.tools import system

SUITE = "bookworm"
PACKAGES = (
    "ca-certificates",
    "cron",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
#: How this machine reaches its packages; a host on the same machine must go the same way.
PACKAGE_SETTINGS = (
    "/etc/apt/sources.list",
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
)
PROXY_SETTINGS = Path("/etc/apt/apt.conf.d")
# The control groups of older machines are a mix that crun refuses; runc takes all of them.
PODMAN = ("podman", "--runtime", "runc")
LIMITS = ("--ulimit", "nofile=10000:10000", "--ulimit", "nproc=20000:20000")


def podman(*arguments: str) -> str:
    """Run podman as root and return what it prints; RuntimeError with its own words when it fails."""
    done = _run([*PODMAN, *arguments])
    if done.returncode:
        raise RuntimeError(f"podman {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def image(suite: str = SUITE) -> str:
    """Return the name of the suite's base image, made now if this machine has none of these packages yet."""
    system.ensure(system.HOSTS)
    digest = hashlib.sha256(" ".join((suite, *PACKAGES)).encode()).hexdigest()[:12]
    name = f"localhost/paneldb-host:{suite}-{digest}"
    if _run([*PODMAN, "image", "exists", name]).returncode:
        print(f"Making {name}, once for this machine (about a minute)", file=sys.stderr, flush=True)
        _make_image(name, suite)
    return name


def up(folder: Path, suites: Mapping[str, str]) -> list[dict[str, str]]:
    """Start each name's host of its suite, anew if there is one, and return how it is reached once its systemd runs."""
    bases = {suite: image(suite) for suite in dict.fromkeys(suites.values())}
    key = _key(folder)
    down(folder, tuple(suites))
    for name, suite in suites.items():
        options = ["--detach", "--systemd=always", "--hostname", name, "--publish", "127.0.0.1::22"]
        podman("run", "--name", _container(folder, name), *options, *LIMITS, bases[suite], "/sbin/init")
    return [{"instance": name, **_reached(_container(folder, name), suite, key)} for name, suite in suites.items()]


def down(folder: Path, names: Sequence[str]) -> None:
    """Remove the hosts of these names; nothing happens for those that are not there."""
    for name in names:
        podman("rm", "--force", "--ignore", "--time", "0", _container(folder, name))


def _container(folder: Path, name: str) -> str:
    return f"{name}-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}"


def _reached(name: str, suite: str, key: Path) -> dict[str, str]:
    wait_until(lambda: _is_up(name), f"systemd on {name}", timeout=120)
    for path in (*map(Path, PACKAGE_SETTINGS), *_proxy_files()):
        if path.is_file():
            podman("exec", name, "mkdir", "--parents", str(path.parent))
            podman("cp", str(path), f"{name}:{path}")
    _turn_to(name, suite)
    home = podman("exec", name, "getent", "passwd", "root").split(":")[5]
    podman("exec", name, "install", "--directory", "--mode=0700", f"{home}/.ssh")
    podman("cp", str(key.with_suffix(".pub")), f"{name}:{home}/.ssh/authorized_keys")
    podman("exec", name, "chown", "root:root", f"{home}/.ssh/authorized_keys")
    address, port = podman("port", name, "22/tcp").rsplit(":", 1)
    return {"address": address, "port": port, "user": "root", "identity_file": str(key)}


def _turn_to(name: str, suite: str) -> None:
    """Let the host's settings, which are those of this machine, name the packages of its own suite."""
    here = platform.freedesktop_os_release().get("VERSION_CODENAME", suite)
    sources = [path for path in PACKAGE_SETTINGS if "/sources" in path and Path(path).is_file()]
    if here != suite and sources:
        podman("exec", name, "sed", "--in-place", f"s/{re.escape(here)}/{suite}/g", *sources)


def _is_up(name: str) -> bool:
    state = _run([*PODMAN, "exec", name, "systemctl", "is-system-running"]).stdout.strip()
    return state in {"running", "degraded"}


def _proxy_files() -> list[Path]:
    if not PROXY_SETTINGS.is_dir():
        return []
    return [path for path in sorted(PROXY_SETTINGS.iterdir()) if path.is_file() and "Acquire::" in path.read_text()]


def _key(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "host-key"
    if not key.exists():
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "paneldb test hosts", "-f", str(key)], check=True
        )
    return key


def _make_image(name: str, suite: str) -> None:
    with tempfile.TemporaryDirectory(prefix="paneldb-host-") as scratch:
        root = Path(scratch) / "root"
        try:
            _must(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(root), *_mirror()])
            archive = Path(scratch) / "root.tar"
            _must(["tar", "--directory", str(root), "--create", "--file", str(archive), "."])
            podman("import", str(archive), name)
        finally:
            _run(["rm", "--recursive", "--force", str(root)])


def _mirror() -> list[str]:
    """The mirror this machine itself uses, when it is a Debian; else debootstrap's own choice."""
    if platform.freedesktop_os_release().get("ID") != "debian":
        return []
    policy = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, check=True
    )
    addresses = [line for line in policy.stdout.splitlines() if line.rstrip("/").endswith("/debian")]
    return addresses[:1]


def _must(argv: Sequence[str]) -> None:
    done = _run(argv)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _run(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(as_root(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def main() -> None:
    """Do what the command line says."""
    what, *arguments = sys.argv[1:] or ["image"]
    if what == "up":
        parted = (argument.partition("=") for argument in arguments[1:])
        suites = {name: suite or SUITE for name, _unused, suite in parted}
        print(json.dumps(up(Path(arguments[0]), suites)))
    elif what == "down":
        down(Path(arguments[0]), arguments[1:])
    else:
        print(image(*arguments))


if __name__ == "__main__":
    main()
