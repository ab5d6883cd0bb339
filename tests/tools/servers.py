# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of other suites of Debian than the machine's, unpacked with all they need beside the machine's own programs.

Nothing is installed, and no right is needed: apt keeps its lists and packages in a folder of the checkout's cache, and
what is unpacked brings its own C library. The archive is the one that the machine itself gets its packages from;
PANELDB_DEBIAN_ARCHIVE names another. What is kept in the cache is made anew when a server's entry here changes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import Prebuilt

ARCHIVE_VARIABLE = "PANELDB_DEBIAN_ARCHIVE"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LIBRARIES = "usr/lib/*-linux-gnu/*.so*"
#: A program of another suite does not run with the machine's C library, and the programs that it starts do not either:
#: each is found under its own name, and started by the loader that came with it.
STARTER = """\
#!/bin/sh
root=${{0%/*}}/{up}
exec "$root/{loader}" --argv0 "$0" --library-path "$root/{libraries}" "$0.elf" "$@"
"""
_ELF = b"\x7fELF"


@dataclass(frozen=True)
class Unpacked:
    """Packages of a suite, the folders of them that hold programs, and what else of them is kept, as patterns."""

    suite: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    keep: tuple[str, ...]

    def make(self, work: Path) -> None:
        """Fill a folder."""
        spare = work / ".unpacking"
        try:
            everything = spare / "root"
            everything.mkdir(parents=True)
            for package in _downloaded(spare, self.suite, self.packages):
                _run(["dpkg-deb", "--extract", str(package), str(everything)])
            self._take(everything, work)
        finally:
            shutil.rmtree(spare)
        loader = next(path for path in sorted(work.glob("usr/lib/*-linux-gnu/ld-linux*.so.*")))
        for program in self._programs(work):
            _give_starter(program, work, loader)

    def _take(self, everything: Path, work: Path) -> None:
        for pattern in (LIBRARIES, *self.programs, *self.keep):
            for path in everything.glob(pattern):
                wanted = work / path.relative_to(everything)
                if (path.is_symlink() or path.is_file()) and not os.path.lexists(wanted):
                    wanted.parent.mkdir(parents=True, exist_ok=True)
                    path.rename(wanted)

    def _programs(self, work: Path) -> Iterator[Path]:
        for pattern in self.programs:
            for path in work.glob(pattern):
                if not path.is_symlink() and path.read_bytes()[:4] == _ELF:
                    yield path


def _server(name: str, unpacked: Unpacked) -> Prebuilt:
    return Prebuilt(
        f"servers/{name}",
        lambda: [repr(unpacked).encode(), STARTER.encode()],
        unpacked.make,
        f"from Debian's suite {unpacked.suite}, half a minute",
    )


#: The release moves with the suite, which alone has MySQL.
MYSQL = _server(
    "mysql",
    Unpacked(
        "unstable",
        ("mysql-server-core", "mysql-client-core"),
        ("usr/sbin/mysqld", "usr/bin/mysqldump"),
        ("usr/share/mysql/**/*", "usr/lib/mysql/plugin/auth_socket.so"),
    ),
)
MARIADB_11 = _server(
    "mariadb11",
    Unpacked(
        "trixie",
        ("mariadb-server-core", "mariadb-client"),
        ("usr/sbin/mariadbd", "usr/bin/mariadb-dump", "usr/bin/my_print_defaults", "usr/bin/mariadb-install-db"),
        ("usr/share/mariadb/**/*", "usr/lib/*-linux-gnu/libmariadb3/plugin/*.so"),
    ),
)
POSTGRESQL_18 = _server(
    "postgresql18",
    Unpacked(
        "forky",
        ("postgresql-18",),
        ("usr/lib/postgresql/18/bin/*",),
        ("usr/share/postgresql/18/**/*", "usr/lib/postgresql/18/lib/*.so"),
    ),
)
_POSTGRESQL_18_DOCUMENTDB = Unpacked(
    "forky",
    ("postgresql-18-documentdb",),
    ("usr/lib/postgresql/18/bin/initdb", "usr/lib/postgresql/18/bin/postgres"),
    ("usr/share/postgresql/18/**/*", "usr/lib/postgresql/18/lib/*.so"),
)


def _make_documentdb(work: Path) -> None:
    """Put two files where they are looked for, which a link and the server's own folders do where it is installed."""
    _POSTGRESQL_18_DOCUMENTDB.make(work)
    (libraries,) = work.glob("usr/lib/*-linux-gnu")
    (libraries / "pg_documentdb_core.so").symlink_to("../postgresql/18/lib/pg_documentdb_core.so")
    extensions = work / "usr/share/postgresql/18/extension"
    shutil.copy(extensions / "postgis-3.control", extensions / "postgis.control")


#: DocumentDB's extension, with the PostgreSQL that it is for.
DOCUMENTDB = Prebuilt(
    "servers/documentdb",
    lambda: [repr(_POSTGRESQL_18_DOCUMENTDB).encode(), STARTER.encode()],
    _make_documentdb,
    f"from Debian's suite {_POSTGRESQL_18_DOCUMENTDB.suite}, half a minute",
)
SERVERS = (MYSQL, MARIADB_11, POSTGRESQL_18, DOCUMENTDB)


def _downloaded(spare: Path, suite: str, packages: Sequence[str]) -> list[Path]:
    """Have apt fetch packages and all they need, as if nothing were installed."""
    apt = ["apt-get", "-qq", *_options(spare, suite)]
    _run([*apt, "update"])
    try:
        _run([*apt, "install", "--yes", "--no-install-recommends", "--download-only", *packages])
    except SystemExit as error:
        raise SystemExit(f"Debian's suite {suite} has no {' '.join(packages)} to be had:\n{error}") from None
    return sorted((spare / "archives").glob("*.deb"))


def _options(spare: Path, suite: str) -> list[str]:
    for folder in ("lists/partial", "archives/partial", "state"):
        (spare / folder).mkdir(parents=True)
    (spare / "status").touch()
    (spare / "sources.list").write_text(f"deb [signed-by={_keyring()}] {archive()} {suite} main\n")
    settings = {
        "Dir::State": spare / "state",
        "Dir::State::lists": spare / "lists",
        "Dir::State::status": spare / "status",
        "Dir::Cache": spare,
        "Dir::Cache::archives": spare / "archives",
        "Dir::Etc::sourcelist": spare / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        # The folder is this account's; apt's own could not enter it.
        "APT::Sandbox::User": "root",
        "APT::Default-Release": "",
        "APT::Update::Post-Invoke": "",
        "Acquire::Languages": "none",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _keyring() -> Path:
    if not KEYRING.exists():
        raise SystemExit("Debian's keys are missing: sudo apt-get install debian-archive-keyring")
    return KEYRING


def archive() -> str:
    """Where the machine has Debian's packages from.

    :raises SystemExit: on a machine that has them from nowhere.
    """
    said = os.environ.get(ARCHIVE_VARIABLE)
    if said:
        return said
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    for line in _run(["apt-get", "indextargets", "--format", form]).splitlines():
        origin, label, place = line.split("|", 2)
        if (origin, label) == ("Debian", "Debian"):
            return place
    raise SystemExit(
        "The tests run servers of Debian's other suites, and apt knows no archive of Debian here. Name one in"
        f" {ARCHIVE_VARIABLE}, or run apt-get update where there is one."
    )


def _give_starter(program: Path, work: Path, loader: Path) -> None:
    """Put a script in a program's place that starts it."""
    place = program.relative_to(work)
    starter = STARTER.format(
        up="/".join([".."] * (len(place.parts) - 1)),
        loader=loader.relative_to(work),
        libraries=loader.parent.relative_to(work),
    )
    program.rename(program.with_name(f"{program.name}.elf"))
    program.write_text(starter)
    program.chmod(0o755)


def _run(argv: Sequence[str]) -> str:
    done = subprocess.run(list(argv), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
