# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks, servers and accounts that fail: the database stays as it was, and the next run works."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Union

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    InputError,
    StorageFull,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.author import draft
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.folder import write_migration
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.info import DRIFT, status
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.disks import as_root, fill, small_disk
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import MysqlBed, PostgresqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import (
    MysqlFamilyServer,
    mariadb_server,
    mysql_server,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.migrating import Migrating, said
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import FIRST_DAY, chain_to, model
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer, postgresql_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import StandIn, documentdb


@pytest.fixture(scope="module")
def chain() -> Chain:
    tables = {f"t{number}": {"x": {"type": "string(20)"}} for number in range(20)}
    return chain_to(model({"t": {}}), model({"t": {}, **tables}))


def settled(target: Target, chain: Chain) -> bool:
    with connect(target) as engine:
        found = status(engine, chain, gather=[DRIFT])
    return not found.position.pending and found.drift == ((), ())


@contextmanager
def disk(folder: Path, mebibytes: int = 1) -> Iterator[Path]:
    folder.mkdir()
    with small_disk(folder, mebibytes, os.geteuid(), os.getegid()) as mounted:
        yield mounted


def sqlite_file(folder: Path, chain: Chain) -> Target:
    """A database with the first migration in it."""
    path = folder / "panel.db"
    sqlite3.connect(path).close()
    path.touch()
    target = Target("sqlite", path=str(path), lock_timeout=1)
    with connect(target) as engine:
        deploy(engine, chain, target=chain.migrations[0].id)
    return target


def test_a_full_disk_leaves_the_database_as_it_was(tmp_path: Path, chain: Chain) -> None:
    with disk(tmp_path / "disk") as folder:
        target = sqlite_file(folder, chain)
        filler = fill(folder, leave=16384)
        with connect(target) as engine, pytest.raises(StorageFull, match="full"):
            deploy(engine, chain)
        with connect(target, read_only=True) as engine:
            found = status(engine, chain, gather=[DRIFT])
            assert [each.id for each in found.position.pending] == [chain.head]
            assert found.drift == ((), ())
        filler.unlink()
        with connect(target) as engine:
            deploy(engine, chain)
        assert settled(target, chain)


def test_a_read_only_file_is_refused_before_anything(tmp_path: Path, chain: Chain) -> None:
    with disk(tmp_path / "disk") as folder:
        target = sqlite_file(folder, chain)
        before = Path(target.path).read_bytes()
        subprocess.run(as_root(["mount", "-o", "remount,ro", str(folder)]), check=True)
        with pytest.raises(AccessDenied) as caught, connect(target) as engine:
            deploy(engine, chain)
        assert target.path in str(caught.value)
        assert caught.value.hint
        assert Path(target.path).read_bytes() == before
        subprocess.run(as_root(["mount", "-o", "remount,rw", str(folder)]), check=True)
        with connect(target) as engine:
            deploy(engine, chain)
        assert settled(target, chain)


def test_a_folder_of_migrations_that_is_full_keeps_its_files(tmp_path: Path, chain: Chain) -> None:
    with disk(tmp_path / "disk") as folder:
        made = draft(Chain(), model({"t": {}}), "first", FIRST_DAY)
        assert made is not None
        write_migration(made.migration, made.text, made.chain, str(folder))
        before = {each.name: each.read_bytes() for each in folder.iterdir()}
        fill(folder)
        more = draft(made.chain, chain.state(), "more", FIRST_DAY)
        assert more is not None
        with pytest.raises(InputError, match="No space left on device"):
            write_migration(more.migration, more.text, more.chain, str(folder))
        left = {each.name: each.read_bytes() for each in folder.iterdir() if each.name != "filler"}
        assert left == before


def test_missing_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-such"):
        read_migrations(tmp_path / "no-such")
    missing = tmp_path / "none" / "panel.db"
    with pytest.raises(ConnectionFailed, match=r"none/panel\.db"):
        connect(Target("sqlite", path=str(missing)))
    assert not missing.parent.exists()


#: A bed, and the server that a test may kill.
Server = tuple[Bed, Union[PostgresServer, MysqlFamilyServer, StandIn]]


@contextmanager
def postgresql() -> Iterator[Server]:
    with postgresql_server() as server:
        yield PostgresqlBed(server), server


@contextmanager
def mariadb() -> Iterator[Server]:
    with mariadb_server() as server:
        yield MysqlBed(server), server


@contextmanager
def mysql() -> Iterator[Server]:
    with mysql_server() as server:
        yield MysqlBed(server), server


@contextmanager
def mongodb() -> Iterator[Server]:
    with documentdb(accounts=True) as server:
        account: dict[str, Any] = {"user": server.user, "password": server.password, "auth_database": "admin"}
        yield MongodbBed(Target("mongodb", host=server.host, port=server.port, connect_timeout=2, **account)), server


SERVERS: dict[str, Callable[[], AbstractContextManager[Server]]] = {
    "postgresql": postgresql,
    "mysql": mariadb,
    "mysql9": mysql,
    "mongodb": mongodb,
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_killed_in_the_middle(name: str, tmp_path: Path, chain: Chain) -> None:
    with SERVERS[name]() as (bed, server):
        target = bed.empty()
        migrating = Migrating(tmp_path, target)
        migrating.write(chain)
        with migrating.start() as child:
            child.wait_for("15")
            server.kill()
            child.go_on()
            assert child.wait() == 15
            failed = said(child)["failed"]
        assert failed["code"] == "connection-failed"
        assert failed["hint"]
        server.start()
        with connect(target) as engine:
            assert deploy(engine, chain).resumed
        assert settled(target, chain)


@pytest.mark.parametrize("name", SERVERS)
def test_a_wrong_password_is_refused_and_never_shown(name: str, tmp_path: Path) -> None:
    secret = "correct-horse-battery"
    with SERVERS[name]() as (bed, _server):
        migrating = Migrating(tmp_path, replace(bed.empty(), password=secret))
        migrating.write(Chain())
        (tmp_path / "migrations").mkdir(exist_ok=True)
        with migrating.start(points=False) as child:
            assert child.wait() == 15
            failed = said(child)["failed"]
    assert failed["code"] == "access-denied"
    assert secret not in str(failed) + child.errors.read_text()
    assert failed["hint"]
