# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by profile, tried out: each does what it is for, and is refused all else."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import accounts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    InputError,
    PanelDbError,
    StatementFailed,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import run_seeds
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations, read_model
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT
from ansible_collections.ctrlaltplay.paneldb.tests.support.bed import SqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS, MysqlBed, PostgresqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer, programs

SHIPPED = CHECKOUT / "roles" / "panel" / "files"
PROFILES = ("owner", "app", "read-only", "backup", "monitor")
#: What is tried, and the profiles that may do it. Names are quoted as the engine does.
ACTIONS: dict[str, tuple[str, frozenset[str]]] = {
    "read": ("SELECT count(*) FROM nodes", frozenset(("owner", "app", "read-only", "backup"))),
    "read what came later": ("SELECT count(*) FROM later", frozenset(("owner", "app", "read-only", "backup"))),
    "insert": ("INSERT INTO later (id) VALUES (7)", frozenset(("owner", "app"))),
    "update": ("UPDATE later SET id = 8 WHERE id = 7", frozenset(("owner", "app"))),
    "delete": ("DELETE FROM later", frozenset(("owner", "app"))),
    "create": ("CREATE TABLE made (id integer)", frozenset(("owner",))),
    "index": ("CREATE INDEX later_id ON later (id)", frozenset(("owner",))),
    "alter": ("ALTER TABLE later ADD COLUMN more integer", frozenset(("owner",))),
    "truncate": ("TRUNCATE TABLE later", frozenset(("owner",))),
    "drop": ("DROP TABLE later", frozenset(("owner",))),
}


@dataclass
class Place:
    """A database with an administrator, and accounts with passwords of their own."""

    served: SqlBed
    admin: Target
    names: dict[str, str]
    passwords: dict[str, str]

    def wanted(self, *profiles: str, **more: Any) -> list[dict[str, Any]]:
        """Entries of the option."""
        return [
            {"name": self.names[profile], "profile": profile, "password": self.passwords[profile], **more}
            for profile in profiles
        ]

    def plan(self, *rows: Mapping[str, Any]) -> accounts.AccountsPlan:
        """Compare."""
        return accounts.plan(self.admin, accounts.parse_accounts(rows))

    def bring(self, *rows: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the module does."""
        plan = self.plan(*rows)
        accounts.apply(plan)
        return plan.to_data()

    def as_account(self, profile: str, password: str = "") -> Target:
        """The database as an account opens it."""
        return replace(self.admin, user=self.names[profile], password=password or self.passwords[profile])

    def migrate(self, target: Target) -> None:
        """Deploy what is shipped."""
        documents = read_migrations("panel", SHIPPED)
        with connect(target) as engine:
            deploy(engine, load_chain(documents.files, documents.lock))


@pytest.fixture(scope="module", params=["postgresql", "mysql", "mysql9"])
def served(request: pytest.FixtureRequest) -> Iterator[SqlBed]:
    """A server of this file alone: accounts belong to all of it."""
    with BEDS[request.param]() as made:
        assert isinstance(made, SqlBed)
        yield made


@pytest.fixture
def place(served: SqlBed) -> Iterator[Place]:
    """An empty database, and names for accounts that are not there yet."""
    mark = secrets.token_hex(4)
    with served.database() as admin:
        names = {profile: f"{profile} '{mark}" for profile in PROFILES}
        made = Place(served, admin, names, {profile: f"{secrets.token_hex(8)} é'\"\\%" for profile in PROFILES})
        yield made
        gone = [{"name": name, "state": "absent"} for name in names.values()]
        heir = {} if served.engine == "mysql" else {"reassign_to": admin.user}
        made.bring(*({**each, **heir} for each in gone))


def _tried(target: Target, statement: str, excused: str = "") -> bool:
    """Tell whether it is allowed; anything but a refusal is an error of the test, unless its words are excused."""
    try:
        with connect(target) as engine:
            engine.query(statement)
    except AccessDenied:
        return False
    except StatementFailed as error:
        if not excused or excused not in error.message:
            raise
    return True


def test_each_profile_does_what_it_is_for_and_nothing_else(place: Place) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    made = place.bring(*place.wanted(*PROFILES))
    assert made["counts"]["created"] == 4
    with connect(place.as_account("owner")) as engine:
        engine.query("CREATE TABLE later (id integer)")

    for action, (statement, allowed) in ACTIONS.items():
        found = {profile for profile in PROFILES[1:] if _tried(place.as_account(profile), statement)}
        assert found == allowed - {"owner"}, action
    for action, (statement, _unused) in ACTIONS.items():
        assert _tried(place.as_account("owner"), statement), action


def test_the_journal_is_not_the_applications(place: Place) -> None:
    """Even where the account was there before the journal. MySQL cannot leave out a table, and the result says so."""
    made = place.bring(*place.wanted("owner", "app"))
    place.migrate(place.as_account("owner"))
    assert _tried(place.as_account("app"), "SELECT count(*) FROM _paneldb_migrations")
    notes = [note for account in made["accounts"] for note in account["notes"]]
    assert bool(notes) is _tried(place.as_account("app"), "DELETE FROM _paneldb_operations WHERE 1 = 0")
    assert not place.plan(*place.wanted("owner", "app")).changed


def test_no_account_makes_accounts_or_looks_at_passwords(place: Place) -> None:
    place.bring(*place.wanted(*PROFILES))
    looking = {
        "postgresql": "SELECT rolpassword FROM pg_authid",
        "mysql": "SELECT authentication_string FROM mysql.user",
    }
    making = {"postgresql": "CREATE ROLE intruder", "mysql": "CREATE USER intruder"}
    for statement in (looking[place.served.engine], making[place.served.engine]):
        assert not any(_tried(place.as_account(profile), statement) for profile in PROFILES), statement


def test_a_second_run_changes_nothing_and_a_check_is_the_real_run(place: Place) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    rows = place.wanted(*PROFILES)
    planned = place.plan(*rows).to_data()
    done = place.bring(*rows)
    shown = str(planned) + str(done)

    assert [each["outcome"] for each in planned["accounts"]] == ["unchanged", *["created"] * 4]
    assert [each["outcome"] for each in done["accounts"]] == ["unchanged", *["created"] * 4]
    again = place.bring(*rows)
    assert (again["changed"], again["statements"]) == (False, [])
    assert not any(password in shown for password in place.passwords.values())


def test_the_least_accounts_suffice_for_migrations_and_seeds(place: Place) -> None:
    """Migrations run as the owner, seeds (new rows, changed ones, pruned ones) as the application."""
    place.bring(*place.wanted("owner", "app"))
    place.migrate(place.as_account("owner"))
    model = load_model(read_model("panel", SHIPPED))
    rows = [{"key": f"k{number}", "value": number} for number in range(200)]
    seed = {"table": "settings", "key": ["key"], "prune": True, "rows": rows}
    with connect(place.as_account("app")) as engine:
        assert run_seeds(engine, model, [("s", seed)]).counts["created"] == 200
        changed = {**seed, "rows": [{**row, "value": -1} for row in rows[:150]]}
        assert run_seeds(engine, model, [("s", changed)]).counts["updated"] == 150
    with connect(place.as_account("app"), read_only=True) as engine:
        assert not run_seeds(engine, model, [("s", changed)], check=True).changed


def test_rights_beyond_the_profile_are_taken_away(place: Place) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    place.bring(*place.wanted("owner", "app"))
    rows = [*place.wanted("owner"), {**place.wanted("app")[0], "profile": "read-only"}]
    assert _tried(place.as_account("app"), "DELETE FROM settings")
    assert [each["outcome"] for each in place.bring(*rows)["accounts"]] == ["unchanged", "changed"]
    assert not _tried(place.as_account("app"), "DELETE FROM settings")
    assert _tried(place.as_account("app"), "SELECT count(*) FROM settings")
    assert not place.plan(*rows).changed


#: Statements that give an account (``{0}``) a role that may do all, and have it taken at login where that is said.
BY_ROLE = {
    "postgresql": ["CREATE ROLE {1}", "GRANT ALL ON ALL TABLES IN SCHEMA public TO {1}", "GRANT {1} TO {0}"],
    "mysql": [
        "CREATE ROLE {1}",
        "CREATE ROLE {2}",
        "GRANT ALL ON {3}.* TO {1}",
        "GRANT {1} TO {2}",
        "GRANT {2} TO {0}",
        "SET DEFAULT ROLE {2} {4} {0}",
    ],
}


def test_rights_that_come_by_a_role_are_taken_away_as_well(place: Place) -> None:
    bed, admin = place.served, place.admin
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    reader = place.wanted("read-only")
    place.bring(*place.wanted("owner"), *reader)
    account = bed.quoted(place.names["read-only"])
    roles = [bed.quoted(f"{name} {admin.database}") for name in ("boss", "chief")]
    link = "FOR" if "MariaDB" in str(bed.run(admin, "SELECT version()")) else "TO"
    # An underscore would stand for any character, and MySQL adds up rights on exact names alone.
    database = bed.quoted(admin.database.replace("_", r"\_"))
    with connect(admin) as engine:
        # MariaDB lets nobody but its maker give a role away, or take it back.
        for statement in BY_ROLE[bed.engine]:
            engine.query(statement.format(account, *roles, database, link))

    assert _tried(place.as_account("read-only"), "DELETE FROM settings")
    done = place.bring(*place.wanted("owner"), *reader)
    assert [each["outcome"] for each in done["accounts"]] == ["unchanged", "changed"]
    assert not _tried(place.as_account("read-only"), "DELETE FROM settings")
    assert _tried(place.as_account("read-only"), "SELECT count(*) FROM settings")
    assert not place.plan(*place.wanted("owner"), *reader).changed


def test_a_password_is_compared_and_mended(place: Place) -> None:
    place.bring(*place.wanted("app"))
    assert _opens(place.as_account("app"))
    kept = [{"name": place.names["app"], "profile": "app"}]
    assert not place.plan(*kept).changed
    other = {**place.wanted("app")[0], "password": "another"}
    statements = place.bring(other)["statements"]
    assert len(statements) == 1
    assert "another" not in statements[0]
    assert _opens(place.as_account("app", "another"))
    assert not _opens(place.as_account("app"))


def _opens(target: Target) -> bool:
    try:
        connect(target).close()
    except AccessDenied:
        return False
    return True


def test_a_removed_account_is_gone_with_its_rights(place: Place) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    place.bring(*place.wanted("owner", "app", "monitor"))
    gone = [{"name": place.names[profile], "state": "absent"} for profile in ("app", "monitor")]
    with connect(place.as_account("app")) as engine:
        assert [each["outcome"] for each in place.bring(*gone)["accounts"]] == ["removed", "removed"]
        with pytest.raises(PanelDbError):
            engine.query("SELECT count(*) FROM settings")
    assert not _opens(place.as_account("app"))
    assert [each["outcome"] for each in place.bring(*gone)["accounts"]] == ["absent", "absent"]


def test_a_new_account_needs_a_way_in(place: Place) -> None:
    with pytest.raises(InputError, match="no password yet"):
        place.plan({"name": place.names["app"], "profile": "app"})


def test_the_administrator_itself_is_left_alone(place: Place) -> None:
    for row in ({"profile": "app", "password": "x"}, {"state": "absent"}):
        with pytest.raises(InputError, match="server's"):
            place.plan({"name": place.admin.user, **row})


# --- what backup programs ask ----------------------------------------------------------------------------------------


def test_the_backup_account_suffices_for_the_dump_programs(place: Place, tmp_path: Path) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    place.bring(*place.wanted("owner", "backup"))
    target = place.as_account("backup")
    if place.served.engine == "postgresql":
        argv = [str(programs() / "pg_dump"), "--format=directory", f"--file={tmp_path}/dump"]
        environment = {"PGPASSWORD": target.password}
        where = [f"--host={target.host}", f"--port={target.port}", f"--username={target.user}", target.database]
    else:
        assert isinstance(place.served, MysqlBed)
        dumper = str(place.served.server.root / place.served.server.dumper)
        argv = [dumper, "--no-defaults", "--single-transaction", "--routines", "--triggers", "--events"]
        environment = {"MYSQL_PWD": target.password}
        where = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", target.database]
    done = subprocess.run(
        [*argv, *where], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dump" / "toc.dat").exists() or "CREATE TABLE `users`" in done.stdout


#: What pgBackRest sends, and what mariadb-backup and the reading of the binary log from elsewhere do; each with whether
#: the account of the application may.
PHYSICAL = {
    "postgresql": [
        "SELECT pg_backup_start('test', true)",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_restore_point('test')",
        "SELECT setting FROM pg_settings WHERE name = 'data_directory' AND setting <> ''",
    ],
    "mysql": [
        "FLUSH TABLES",
        "SHOW BINARY LOGS",
        "SHOW ENGINE INNODB STATUS",
        "LOCK TABLES users READ",
    ],
}
#: Refused for a reason that is not the account's: the tests' server has no binary log.
_NO_LOG = "binary log"


def test_the_backup_account_suffices_for_physical_backups(place: Place) -> None:
    place.bring(*place.wanted("owner"))
    place.migrate(place.as_account("owner"))
    place.bring(*place.wanted("owner", "backup", "read-only"))
    for statement in PHYSICAL[place.served.engine]:
        assert _tried(place.as_account("backup"), statement, _NO_LOG), statement
    reader = place.as_account("read-only")
    assert [_tried(reader, each, _NO_LOG) for each in PHYSICAL[place.served.engine]].count(False) >= 3


#: What exporters of statistics read.
STATISTICS = {
    "postgresql": [
        "SELECT count(*) FROM pg_stat_activity WHERE query <> '<insufficient privilege>'",
        "SELECT pg_database_size(current_database())",
        "SELECT count(*) FROM pg_ls_waldir()",
    ],
    "mysql": [
        "SHOW GLOBAL STATUS",
        "SHOW ENGINE INNODB STATUS",
        "SELECT count(*) FROM performance_schema.events_statements_summary_by_digest",
        "SELECT sum(n_rows) FROM mysql.innodb_table_stats",
        "SELECT sum(data_length) FROM information_schema.tables WHERE table_schema = database()",
    ],
}


def test_the_monitor_account_suffices_for_exporters(place: Place) -> None:
    place.bring(*place.wanted("monitor"))
    for statement in STATISTICS[place.served.engine]:
        assert _tried(place.as_account("monitor"), statement), statement


# --- what one of the engines alone has -------------------------------------------------------------------------------


def test_an_owner_that_goes_leaves_what_it_has_to_somebody_on_postgresql(postgresql_server: PostgresServer) -> None:
    bed, mark = PostgresqlBed(postgresql_server), secrets.token_hex(4)
    with bed.database() as admin:
        names = {"owner": f"first {mark}", "app": f"next {mark}"}
        place = Place(bed, admin, names, dict.fromkeys(names, "pw"))
        place.bring(*place.wanted("owner", "app"))
        place.migrate(place.as_account("owner"))
        gone = {"name": names["owner"], "state": "absent"}
        with pytest.raises(InputError, match="It owns"):
            place.plan(gone)
        with bed.database() as other:
            bed.run(other, f'GRANT CREATE ON SCHEMA public TO "{names["owner"]}"')
            with pytest.raises(InputError, match=f"databases {other.database}, too"):
                place.plan({**gone, "reassign_to": names["app"]})
        heir = {**place.wanted("app")[0], "profile": "owner"}
        assert place.bring({**gone, "reassign_to": names["app"]}, heir)["counts"]["removed"] == 1
        assert _tried(place.as_account("app"), "ALTER TABLE settings ADD COLUMN more integer")
        place.bring({"name": names["app"], "state": "absent", "reassign_to": admin.user})


def test_tls_is_said_elsewhere_on_postgresql(postgresql_server: PostgresServer) -> None:
    bed = PostgresqlBed(postgresql_server)
    with bed.database() as admin, pytest.raises(Unsupported, match=r"pg_hba\.conf"):
        accounts.plan(admin, accounts.parse_accounts([{"name": "x", "profile": "app", "require_tls": True}]))


def test_accounts_by_socket_and_with_tls_alone_on_mysql() -> None:
    with BEDS["mysql"]() as bed:
        assert isinstance(bed, MysqlBed)
        with bed.database() as admin:
            ways: dict[str, dict[str, Any]] = {
                "by socket": {"auth": "socket"},
                "with tls": {"password": "pw", "require_tls": True},
                "from there": {"password": "pw", "host": "10.0.0.1"},
            }
            rows = [{"name": name, "profile": "app", **way} for name, way in ways.items()]
            place = Place(bed, admin, {}, {})
            assert place.bring(*rows)["counts"]["created"] == 3
            assert not place.plan(*rows).changed
            found = bed.run(admin, "SELECT user, host, plugin, ssl_type FROM mysql.user WHERE user LIKE '% %'")
            assert sorted(found) == [
                ("by socket", "localhost", "unix_socket", ""),
                ("from there", "10.0.0.1", "mysql_native_password", ""),
                ("with tls", "%", "mysql_native_password", "ANY"),
            ]
            assert not _opens(replace(admin, user="with tls", password="pw", tls_mode="disable"))
            without = [{**rows[1], "require_tls": False}]
            assert place.bring(*without)["accounts"][0]["outcome"] == "changed"
            assert _opens(replace(admin, user="with tls", password="pw", tls_mode="disable"))


def test_what_everybody_may_do_is_told_on_mariadb(mariadb_target: Target) -> None:
    wanted = [{"name": "watcher", "profile": profile, "password": "pw"} for profile in ("monitor", "read-only")]
    place = f"{MysqlBed.quoted(mariadb_target.database)}.*"
    with connect(mariadb_target) as engine:
        engine.query(f"GRANT SELECT ON {place} TO PUBLIC")
        told = [accounts.plan(mariadb_target, accounts.parse_accounts([each])).accounts[0].notes for each in wanted]
        engine.query(f"REVOKE SELECT ON {place} FROM PUBLIC")
    assert told == [("It may do SELECT on the database as everybody may (PUBLIC).",), ()]


def test_an_account_that_views_run_as_stays_on_mysql() -> None:
    with BEDS["mysql"]() as bed:
        assert isinstance(bed, MysqlBed)
        with bed.database() as admin:
            place = Place(bed, admin, {"owner": "maker"}, {"owner": "pw"})
            place.bring(*place.wanted("owner"))
            bed.run(admin, "CREATE DEFINER = 'maker'@'%' VIEW v AS SELECT 1 AS a")
            with pytest.raises(InputError, match=r"1 in all, such as the view .*\.v"):
                place.plan({"name": "maker", "state": "absent"})
            with pytest.raises(Unsupported, match="own nothing"):
                place.plan({"name": "maker", "state": "absent", "reassign_to": "root"})
