# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the programs that stand in for servers no package registry has: MySQL 8's dialect, and MongoDB twice.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.standins [NAME...]
Names are the keys of STANDINS; all of them where none is given.

What is built stays in the checkout's cache under the digest of its sources; who comes while it is being built waits.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools import system

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = CHECKOUT / "tests" / "standins"
CACHE = CHECKOUT / ".cache" / "standins"
OLDEST_GO = (1, 24)
#: Unpacked modules that carry no version of their own are told theirs.
FERRETDB_VERSION = "vendor/github.com/FerretDB/FerretDB/build/version/version.txt"
FERRETDB_COMMAND = "github.com/FerretDB/FerretDB/cmd/ferretdb"
BUILD = ("go", "build", "-buildvcs=false")


def ferretdb() -> Path:
    """Path of FerretDB, a server that speaks MongoDB's protocol over PostgreSQL."""
    return built("ferretdb") / "ferretdb"


def mysql8() -> Path:
    """Path of a server in memory that speaks MySQL 8's dialect; its only argument is the address to listen on."""
    return built("mysql8") / "mysql8"


def mongo_java() -> Path:
    """Folder of the libraries and of Launcher.java, MongoDB's second stand-in; arguments are address and port."""
    return built("mongo_java")


def _build_ferretdb(work: Path) -> None:
    _ensure_go()
    _run(["go", "mod", "vendor"], work)
    version = re.search(r"^\tgithub\.com/FerretDB/FerretDB (v\S+)", (work / "go.mod").read_text(), re.MULTILINE)
    assert version, "go.mod does not name FerretDB"
    (work / FERRETDB_VERSION).write_text(f"{version[1]}\n")
    _run([*BUILD, "-mod=vendor", "-o", "ferretdb", FERRETDB_COMMAND], work)
    shutil.rmtree(work / "vendor")


def _build_mysql8(work: Path) -> None:
    _ensure_go()
    _run([*BUILD, "-o", "mysql8", "."], work)


def _build_mongo_java(work: Path) -> None:
    _ensure_java()
    _run(["mvn", "-B", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}"], work)


#: What builds each, in a copy of its sources.
STANDINS: dict[str, Callable[[Path], None]] = {
    "ferretdb": _build_ferretdb,
    "mysql8": _build_mysql8,
    "mongo_java": _build_mongo_java,
}


def built(name: str) -> Path:
    """Folder of a stand-in, built if it is not there yet."""
    folder = CACHE / f"{name}-{_digest(SOURCES / name)}"
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with _alone(CACHE / f"{name}.lock"):
        if not folder.exists():
            _build(name, folder)
    return folder


def _build(name: str, folder: Path) -> None:
    print(f"Building {name} (once, one to two minutes)", flush=True)
    begun = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=CACHE))
    try:
        shutil.copytree(SOURCES / name, work, dirs_exist_ok=True)
        STANDINS[name](work)
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"Built {name} after {time.monotonic() - begun:.0f} s", flush=True)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run(argv: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        list(argv),
        cwd=folder,
        env={**os.environ, "GOWORK": "off"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}")


def _ensure_go() -> None:
    if shutil.which("go") is None:
        system.ensure(["golang-go"])
    answer = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"go(\d+)\.(\d+)", answer)
    if version is None or (int(version[1]), int(version[2])) < OLDEST_GO:
        wanted = ".".join(map(str, OLDEST_GO))
        raise SystemExit(f"The tests need Go {wanted} or newer to build servers; this is {answer.strip()}.")


def _ensure_java() -> None:
    if shutil.which("javac") is None:
        system.ensure(["default-jdk-headless"])
    if shutil.which("mvn") is None:
        system.ensure(["maven"])


def main() -> None:
    """Build those named on the command line, or all."""
    for name in sys.argv[1:] or STANDINS:
        print(built(name), flush=True)


if __name__ == "__main__":
    main()
