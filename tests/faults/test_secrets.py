# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planted secrets and where they must not be: output at -vvvv, results, command lines, files, database, server's log.

Secrets go in as a careful user hands them over: through a private file of variables, or the environment.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import COLLECTION, AnsibleRunner, PlayResult
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import (
    BEDS,
    Bed,
    MysqlBed,
    PostgresqlBed,
    SqlBed,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import sampled_argv
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import Finding, SecretsScanner
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import ferretdb

WATCHED = ["--diff", "-vvvv"]
#: Files that the runner itself hands secrets over in.
OURS = "variables*.json"


class Watch:
    """Runs plays and looks for the secrets in all that they leave."""

    def __init__(self, runner: AnsibleRunner, scanner: SecretsScanner) -> None:
        self.runner, self.scanner = runner, scanner
        self.remote = runner.scratch / "remote"

    def tasks(self, tasks: Sequence[Mapping[str, Any]], *, pipelining: bool = True) -> PlayResult:
        """Run tasks that take their secrets from variables of the secrets' names."""
        return self.play(lambda **options: self.runner.tasks(tasks, **options), pipelining=pipelining)

    def play(self, run: Any, *, pipelining: bool = True, environment: Mapping[str, str] | None = None) -> PlayResult:
        """Run, and find nothing."""
        settings = {"ANSIBLE_PIPELINING": str(pipelining), "ANSIBLE_REMOTE_TMP": str(self.remote)}
        with sampled_argv() as sampler:
            done: PlayResult = run(
                options=WATCHED, variables=self.scanner.planted, environment={**settings, **(environment or {})}
            )
        scanner = self.scanner
        assert "ESTABLISH LOCAL CONNECTION" in done.stdout, "this was no verbose run"
        assert scanner.in_text(done.stdout, "output") == []
        assert scanner.in_text(done.stderr, "errors") == []
        assert scanner.in_value([task.result for task in done.tasks], "results") == []
        assert sampler.samples
        assert scanner.in_argv(sampler.samples) == []
        assert self._in_files() == []
        return done

    def _in_files(self) -> list[Finding]:
        for path in self.runner.scratch.glob(OURS):
            path.unlink()
        return self.scanner.in_tree(self.runner.scratch)


@pytest.fixture
def watch(ansible_runner: AnsibleRunner, secrets_scanner: SecretsScanner) -> Watch:
    return Watch(ansible_runner, secrets_scanner)


@pytest.fixture(scope="module")
def bed(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """The engine's databases; those of MongoDB's stand-in on a server that has accounts."""
    if request.param != "mongodb":
        with BEDS[request.param]() as made:
            yield made
        return
    with ferretdb(accounts=True) as server:
        place = Target("mongodb", host=server.host, port=server.port, auth_database="admin")
        yield MongodbBed(replace(place, user=server.user, password=server.password))


def _connection(bed: Bed, target: Target, scanner: SecretsScanner) -> dict[str, Any]:
    """Options that name the database, with a planted password where the engine has one."""
    if bed.engine == "sqlite":
        return {"engine": "sqlite", "path": target.path}
    role = f"boss_{target.database}"
    parts = {"login_host": target.host, "login_port": target.port, "database": target.database}
    parts.update(_account(bed, target, role, scanner.plant("login_password")))
    return {"engine": bed.engine, **parts, "login_user": role, "login_password": "{{ login_password }}"}


def _account(bed: Bed, target: Target, name: str, password: str) -> dict[str, Any]:
    """Make an account that may do everything; give the options that it needs beyond its name and password."""
    if isinstance(bed, PostgresqlBed):
        bed.server.create_role(name, password, "LOGIN SUPERUSER")
    elif isinstance(bed, MysqlBed):
        bed.server.create_user(name, password, "ALL ON *.*")
        bed.server.run(f"GRANT GRANT OPTION ON *.* TO `{name}`@`%`")
    elif isinstance(bed, MongodbBed):
        with bed.database_of(target) as database:
            database.client["admin"].command("createUser", name, pwd=password, roles=[])
        return {"auth_database": "admin"}
    return {}


def _owner(bed: Bed, target: Target, scanner: SecretsScanner) -> dict[str, Any]:
    """Options of an owner, where databases have one and the server can say what it may do."""
    if not isinstance(bed, (PostgresqlBed, MysqlBed)):
        return {}
    scanner.plant("owner_password")
    return {"owner": f"owner_{target.database}", "owner_password": "{{ owner_password }}"}


def _broken(bed: Bed) -> list[list[dict[str, Any]]]:
    """Statements that the server refuses, with a secret among their values."""
    secret = "{{ token }}"
    if not isinstance(bed, SqlBed):
        row = {"hostname": "h", "port": 1, "token": {"$param": 0}, "id": "same"}
        twice = {"statement": {"insert": "nodes", "documents": [row, row]}, "positional": [secret]}
        unknown = {"statement": {"noSuchCommand": {"$param": 0}}, "positional": [secret]}
        return [[twice], [unknown]]
    insert = "INSERT INTO nodes (name, hostname, port, token) VALUES (%s, 'h', %s, %s)"
    rows: list[list[list[Any]]] = [
        [["a", 0, secret]],
        [["a", 1, secret], ["b", 2, secret]],
        [["a", secret, "t"]],
        [["a", 1, None], ["b", 1, secret]],
    ]
    statements = [[{"statement": insert, "positional": values} for values in each] for each in rows]
    statements.append([{"statement": "SELECT * FROM nowhere WHERE token = %s", "positional": [secret]}])
    return statements


def _task(module: str, options: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": f"Run {module}", f"{COLLECTION}.{module}": dict(options), **more}


def _logged(bed: Bed) -> bytes:
    """The server's log, where there is a server. It says every statement that makes or changes something."""
    return bed.server.log.read_bytes() if isinstance(bed, (PostgresqlBed, MysqlBed)) else b""


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_life_of_a_database_shows_no_password(bed: Bed, target: Target, watch: Watch, pipelining: bool) -> None:
    connection = _connection(bed, target, watch.scanner)
    watch.scanner.plant("admin_password")
    owner = _owner(bed, target, watch.scanner)
    seed = {**connection, "variables": {"PANEL_ADMIN_PASSWORD": "{{ admin_password }}"}}
    tasks = [
        _task("database", {**connection, **owner}),
        _task("migrate", connection),
        _task("migrate_info", {**connection, "gather": ["drift", "hazards", "orphans"]}),
        _task("schema", {**connection, "plan_only": True}),
        _task("seed", seed, check_mode=True),
        _task("seed", seed),
        _task("seed", seed),
    ]

    before = len(_logged(bed))

    done = watch.tasks(tasks, pipelining=pipelining).expect_success()

    assert [task.changed for task in done.tasks[-3:]] == [True, True, False]
    assert bed.count(target, "users") == 1
    assert watch.scanner.in_text(bed.snapshot(target), "the database") == []
    logged = _logged(bed)[before:]
    assert isinstance(bed, PostgresqlBed) == (b"CREATE ROLE" in logged)
    assert watch.scanner.in_bytes(logged, "the server's log") == []


def test_nodes_users_and_accounts_show_no_secret(bed: Bed, target: Target, watch: Watch) -> None:
    """Tokens that are given and tokens that are made, passwords of people and of accounts, kept and refused."""
    connection, scanner = _connection(bed, target, watch.scanner), watch.scanner
    for name in ("user_password", "new_password", "account_password"):
        scanner.plant(name)
    given = scanner.planted["node_token"] = f"S3cret-{secrets.token_urlsafe(24)}"
    ann = {"username": "ann", "email": "ann@example.org", "password": "{{ user_password }}"}
    other = {**ann, "password": "{{ new_password }}", "update_password": "always", "end_sessions": True}
    account = {"name": f"report_{target.database}", "profile": "read-only", "password": "{{ account_password }}"}
    tasks = [
        _task("migrate", connection),
        _task("node", {**connection, "nodes": [_node("a", token="{{ node_token }}"), _node("b")]}),
        _task("node", {**connection, "nodes": [_node("c", token="{{ node_token }}")]}, ignore_errors=True),
        _task("node", {**connection, "rotate": {"names": ["b"]}, "return_tokens": True}),
        _task("node_info", {**connection, "with_tokens": True}),
        _task("user", {**connection, "users": [ann]}),
        _task("user", {**connection, "users": [other]}),
        _task("user", {**connection, "users": [{**other, "role": "GOD"}]}, ignore_errors=True),
        _task("account", {**connection, "accounts": [account]}, ignore_errors=True),
        _task("account", {**connection, "accounts": [{**account, "auth": "socket"}]}, ignore_errors=True),
    ]
    before = len(_logged(bed))

    done = watch.tasks(tasks, pipelining=False)

    served = isinstance(bed, (PostgresqlBed, MysqlBed))
    assert [task.status for task in done.tasks][:9] == [
        *["ok"] * 2,
        "ignored",
        *["ok"] * 4,
        "ignored",
        "ok" if served else "ignored",
    ]
    made: dict[str, str] = dict(bed.read(target, "nodes", ("name", "token")))
    assert (made["a"], len(made["b"])) == (given, 43)
    snapshot = bed.snapshot(target)
    assert snapshot.count(given) == 1
    scanner.planted["made_token"] = made["b"]
    for text in (done.stdout, done.stderr, repr(done.tasks), _logged(bed)[before:].decode(errors="replace")):
        assert scanner.in_text(text, "output or log") == []
    assert scanner.in_tree(watch.runner.scratch) == []
    del scanner.planted["node_token"], scanner.planted["made_token"]
    assert scanner.in_text(snapshot, "the database") == []


def _node(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "hostname": f"{name}.example.org", "port": 8080, **more}


def test_a_refused_login_shows_no_password(bed: Bed, target: Target, watch: Watch) -> None:
    """The server says no, or nobody answers; in parts and in a URL."""
    if bed.engine == "sqlite":
        watch.scanner.plant("login_password")
        refused = [{"engine": "sqlite", "path": f"{target.path}/no/such", "login_password": "{{ login_password }}"}]
    else:
        known = _connection(bed, target, watch.scanner)
        watch.scanner.planted["login_password"] += "?"
        url = to_url(target, mask=True).replace("***", "{{ login_password | urlencode | replace('/', '%2F') }}")
        nobody = {**known, "login_port": 1}
        more = "&" if "?" in url else "?"
        refused = [known, {"url": url}, {"url": f"{url}{more}nonsense=1"}, nobody, {"url": "{{ login_password }}"}]
    tasks = [_task("migrate", options, ignore_errors=True) for options in refused]

    done = watch.tasks(tasks)

    assert [task.status for task in done.tasks] == ["ignored"] * len(refused)


def test_a_statement_that_fails_shows_none_of_its_values(bed: Bed, target: Target, watch: Watch) -> None:
    """Servers put values into their messages: the row that broke a rule, the key that is there twice, a wrong text."""
    connection = _connection(bed, target, watch.scanner)
    watch.scanner.plant("token")
    statements = _broken(bed)
    tasks = [
        _task("query", {**connection, "write": True, "statements": each}, ignore_errors=True) for each in statements
    ]

    done = watch.tasks([_task("migrate", connection), *tasks])

    assert [task.status for task in done.tasks[1:]] == ["ignored"] * len(tasks)
    # Without transactions the first of two documents stays.
    assert bed.count(target, "nodes") == (0 if isinstance(bed, SqlBed) else 1)


def test_a_seed_that_fails_shows_none_of_its_secrets(bed: Bed, target: Target, watch: Watch) -> None:
    connection = _connection(bed, target, watch.scanner)
    watch.scanner.plant("token")
    token = {"env": "TOKEN"}
    row = {"hostname": "h", "port": 1, "token": token}
    broken = [
        [{**row, "name": "a"}, {**row, "name": "b"}],
        [{**row, "name": "a", "port": 0}],
        [{**row, "name": "a", "port": token}],
        [{**row, "name": "a", "status": token}],
        [{**row, "name": token}, {**row, "name": token}],
    ]
    tasks = [
        _task(
            "seed",
            {
                **connection,
                "variables": {"TOKEN": "{{ token }}"},
                "seeds": [{"table": "nodes", "key": ["name"], "rows": rows}],
            },
            ignore_errors=True,
        )
        for rows in broken
    ]

    done = watch.tasks([_task("migrate", connection), *tasks])

    assert [task.status for task in done.tasks[1:]] == ["ignored"] * len(tasks)
    assert bed.count(target, "nodes") == 0


def test_site_on_this_machine_shows_no_password(watch: Watch, tmp_path: Path) -> None:
    """The whole play of the clone, with the password of the first administrator in the environment."""
    database = tmp_path / "panel.db"
    secret = watch.scanner.plant("admin_password")

    def site(variables: Mapping[str, str], **options: Any) -> PlayResult:
        del variables
        return watch.runner.playbook("site.yml", variables={"paneldb_path": str(database)}, **options)

    first = watch.play(site, environment={"PANEL_ADMIN_PASSWORD": secret}).expect_success()
    second = watch.play(site, environment={"PANEL_ADMIN_PASSWORD": secret}).expect_success()
    assert first.changed
    assert second.changed == ()
    content = database.read_bytes()
    assert b"$2b$" in content
    assert watch.scanner.in_bytes(content, "the database") == []


def test_a_watch_sees_what_is_shown(watch: Watch) -> None:
    """The tests above would see a leak."""
    watch.scanner.plant("token")
    with pytest.raises(AssertionError, match="output"):
        watch.tasks(
            [
                {"name": "Connect", "ansible.builtin.ping": {}},
                {"name": "Leak", "ansible.builtin.debug": {"msg": "{{ token }}"}},
            ]
        )
