# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The owner of a PostgreSQL database: made with a password, mended where that is another, else left alone."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.roles import (
    verifier,
    verifies,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import AccessDenied, InputError
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer, quoted

PASSWORDS = {
    "plain": "correct horse",
    "signs of shells and SQL": "a'b\"c\\d%s$1`;--{}",
    "letters with accents": "pässwörd é",
    "the same, taken apart": unicodedata.normalize("NFD", "pässwörd é"),
    "compatibility forms": "\u2168 ﬁ \u00a0\u3000",
    "what is mapped to nothing": "soft\u00adhyphen\u200d",
    "other scripts": "пароль 密码 パスワード",
    "newer than Unicode 3.2": "e\u0301 \U0001f600",
    "mixed directions": "e\u0301 \u05d0bc",
    "one direction": "\u05d0\ufb2a\u05d1",
    "a control character": "e\u0301\u0001",
}


class Owner:
    """A role that is not there yet, and a database for it."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.name = f"owner {secrets.token_hex(4)} é"
        self.target: Target = parse_target({"url": server.url(f"t {secrets.token_hex(4)}")})

    def plan(self, password: str, **wanted: Any) -> tuple[Any, ...]:
        """Plan the database with the password."""
        current = PostgresqlEngine.describe_database(self.target)
        wanted = {"owner": self.name, "owner_password": password, **wanted}
        return PostgresqlEngine.plan_database(self.target, wanted, current)[1]

    def bring(self, password: str) -> list[str]:
        """Carry out such a plan; give what it shows, but for what is of the database itself."""
        planned = self.plan(password)
        PostgresqlEngine.apply_database(self.target, planned)
        return [each.text for each in planned if "PASSWORD" in each.text]

    def logs_in(self, password: str) -> bool:
        """Try it, over TCP."""
        try:
            self.server.connect("template1", self.name, password).close()
        except psycopg2.OperationalError:
            return False
        return True

    def exists(self, attributes: str) -> None:
        """Make the role beforehand."""
        self.server.run(f"CREATE ROLE {quoted(self.name)} {attributes}")


@pytest.fixture
def owner(postgresql_server: PostgresServer) -> Iterator[Owner]:
    made = Owner(postgresql_server)
    yield made
    postgresql_server.drop_database(made.target.database)
    postgresql_server.run(f"DROP ROLE IF EXISTS {quoted(made.name)}")


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_a_missing_role_is_made_and_logs_in(owner: Owner, password: str) -> None:
    assert owner.bring(password) == [f"CREATE ROLE {quoted(owner.name)} LOGIN PASSWORD '********'"]
    assert owner.logs_in(password)
    assert not owner.logs_in(f"{password}!")
    assert owner.plan(password) == ()


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_a_role_that_the_server_made_with_the_right_password_is_left_alone(owner: Owner, password: str) -> None:
    """What another program set is known again: the verifier is the server's own."""
    owner.server.create_role(owner.name, password)
    before = owner.server.run("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [owner.name])
    assert owner.bring(password) == []
    assert owner.server.run("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [owner.name]) == before


MENDED = {
    "another password": "LOGIN PASSWORD 'another'",
    "no password": "LOGIN",
    "no login": "NOLOGIN PASSWORD 'right'",
}


@pytest.mark.parametrize("attributes", MENDED.values(), ids=MENDED)
def test_a_role_that_cannot_log_in_with_it_is_mended(owner: Owner, attributes: str) -> None:
    owner.exists(attributes)
    assert not owner.logs_in("right")
    assert owner.bring("right") == [f"ALTER ROLE {quoted(owner.name)} LOGIN PASSWORD '********'"]
    assert owner.logs_in("right")
    assert not owner.logs_in("another")
    assert owner.plan("right") == ()


def test_the_right_password_of_an_older_kind_becomes_a_verifier(owner: Owner) -> None:
    with closing(owner.server.connect()) as session, session.cursor() as cursor:
        cursor.execute("SET password_encryption = md5")
        cursor.execute(f"CREATE ROLE {quoted(owner.name)} LOGIN PASSWORD 'right'")
    assert len(owner.bring("right")) == 1
    [(stored,)] = owner.server.run("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [owner.name])
    assert stored.startswith("SCRAM-SHA-256$")
    assert owner.plan("right") == ()


def test_attributes_that_the_role_has_stay(owner: Owner) -> None:
    owner.exists("NOLOGIN CREATEDB CONNECTION LIMIT 3")
    owner.bring("right")
    found = owner.server.run("SELECT rolcreatedb, rolconnlimit FROM pg_roles WHERE rolname = %s", [owner.name])
    assert found == [(True, 3)]


def test_the_password_is_neither_sent_nor_shown(owner: Owner) -> None:
    password = f"secret {secrets.token_hex(8)}"
    before = owner.server.log.stat().st_size
    shown = repr(owner.plan(password))
    owner.bring(password)
    logged = owner.server.log.read_bytes()[before:]
    assert owner.name.encode() in logged
    assert password.encode() not in logged
    assert password not in shown


def test_planning_makes_no_role(owner: Owner) -> None:
    assert owner.plan("right")
    assert owner.server.run("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner.name]) == []


def test_a_password_of_nobody_is_refused(owner: Owner) -> None:
    with pytest.raises(InputError, match="whose password"):
        owner.plan("right", owner="")


def test_an_account_that_may_not_look_is_told_so(owner: Owner) -> None:
    name = f"maker_{secrets.token_hex(4)}"
    owner.server.create_role(name, "pw", "LOGIN CREATEDB CREATEROLE")
    owner.target = replace(owner.target, user=name, password="pw")
    try:
        with pytest.raises(AccessDenied, match="Reading the passwords of roles"):
            owner.plan("right")
    finally:
        owner.server.run(f"DROP ROLE {name}")


@settings(max_examples=60)
@given(password=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8))
@example(password="\u00ad")
@example(password="\u06dd\u0627")
def test_a_verifier_of_libpq_is_known_whatever_the_password(postgresql_server: PostgresServer, password: str) -> None:
    with closing(postgresql_server.connect()) as session:
        stored = verifier(session, "anybody", password)
    assert verifies(stored, password)
    assert not verifies(stored, f"{password}!")


@pytest.mark.parametrize("stored", [None, "", "md5" + "0" * 32, "SCRAM-SHA-256$4096:!$a:b", "right"])
def test_what_is_no_verifier_verifies_nothing(stored: str | None) -> None:
    assert not verifies(stored, "right")
