# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the programs that stand in for servers: for MySQL 8's dialect, and for MongoDB, which no registry has, twice.

What builds them, and keeps what is built, is prebuilt.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools import system
from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import CHECKOUT, Prebuilt

SOURCES = CHECKOUT / "tests" / "standins"
OLDEST_GO = (1, 25)
#: Unpacked modules that carry no version of their own are told theirs.
FERRETDB_VERSION = "vendor/github.com/FerretDB/FerretDB/build/version/version.txt"
FERRETDB_COMMAND = "github.com/FerretDB/FerretDB/cmd/ferretdb"
FERRETDB2_COMMAND = "github.com/FerretDB/FerretDB/v2/cmd/ferretdb"
BUILD = ("go", "build", "-buildvcs=false")


def _build_ferretdb(work: Path) -> None:
    _ensure_go()
    _run(["go", "mod", "vendor"], work)
    version = re.search(r"^\tgithub\.com/FerretDB/FerretDB (v\S+)", (work / "go.mod").read_text(), re.MULTILINE)
    assert version, "go.mod does not name FerretDB"
    (work / FERRETDB_VERSION).write_text(f"{version[1]}\n")
    _run([*BUILD, "-mod=vendor", "-o", "ferretdb", FERRETDB_COMMAND], work)
    shutil.rmtree(work / "vendor")


def _build_ferretdb2(work: Path) -> None:
    _ensure_go()
    _run([*BUILD, "-o", "ferretdb", FERRETDB2_COMMAND], work)


def _build_mysql8(work: Path) -> None:
    _ensure_go()
    _run([*BUILD, "-o", "mysql8", "."], work)


def _build_mongo_java(work: Path) -> None:
    _ensure_java()
    _run(["mvn", "-B", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}"], work)


def _standin(name: str, build: Callable[[Path], None]) -> Prebuilt:
    """Build in a copy of the sources; another digest of them is another program."""

    def sources() -> Iterator[bytes]:
        for path in sorted((SOURCES / name).iterdir()):
            yield path.name.encode()
            yield path.read_bytes()

    def make(work: Path) -> None:
        shutil.copytree(SOURCES / name, work, dirs_exist_ok=True)
        build(work)

    return Prebuilt(f"standins/{name}", sources, make, "one to two minutes")


#: ``ferretdb/ferretdb`` speaks MongoDB's protocol over PostgreSQL.
FERRETDB = _standin("ferretdb", _build_ferretdb)
#: ``ferretdb2/ferretdb`` does so over PostgreSQL with DocumentDB's extension.
FERRETDB2 = _standin("ferretdb2", _build_ferretdb2)
#: ``mysql8/mysql8`` is a server in memory that speaks MySQL 8's dialect; its only argument is where it listens.
MYSQL8 = _standin("mysql8", _build_mysql8)
#: Libraries and Launcher.java of MongoDB's second stand-in; arguments are address and port.
MONGO_JAVA = _standin("mongo_java", _build_mongo_java)
STANDINS = (FERRETDB, FERRETDB2, MYSQL8, MONGO_JAVA)


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
