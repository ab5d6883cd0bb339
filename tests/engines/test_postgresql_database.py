# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL database itself: made, described, changed, dropped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, Unsupported
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer


@pytest.fixture
def absent(postgresql_server: PostgresServer) -> Iterator[Target]:
    name = f't "{secrets.token_hex(4)}" %s'
    yield parse_target({"url": postgresql_server.url(name)})
    postgresql_server.drop_database(name)


@pytest.fixture
def owner(postgresql_server: PostgresServer, absent: Target) -> Iterator[str]:
    name = f"owner {secrets.token_hex(4)}"
    postgresql_server.create_role(name, "pw")
    postgresql_server.run(f"ALTER ROLE \"{name}\" SET timezone TO 'Asia/Tokyo'")
    yield name
    postgresql_server.drop_database(absent.database)
    postgresql_server.run(f'DROP ROLE "{name}"')


def made(target: Target, **wanted: Any) -> dict[str, Any]:
    """Bring the database to what is wanted and give what it says of itself; a second plan must find nothing to do."""
    planned, statements = PostgresqlEngine.plan_database(target, wanted, PostgresqlEngine.describe_database(target))
    PostgresqlEngine.apply_database(target, statements)
    found = PostgresqlEngine.describe_database(target)
    assert found is not None
    assert {name: found[name] for name in planned if name != "size_bytes"} == {
        name: value for name, value in planned.items() if name != "size_bytes"
    }
    assert PostgresqlEngine.plan_database(target, wanted, found)[1] == ()
    return found


def test_absent_database_is_none_and_planning_makes_nothing(absent: Target) -> None:
    assert PostgresqlEngine.describe_database(absent) is None
    assert PostgresqlEngine.plan_database(absent, {}, None)[1] != ()
    assert PostgresqlEngine.describe_database(absent) is None


def test_database_is_utf8_and_in_utc_for_everybody(absent: Target, owner: str) -> None:
    found = made(replace(absent, schema="my app"), owner=owner)
    assert (found["owner"], found["encoding"], found["timezone"]) == (owner, "UTF8", "UTC")
    assert found["schema"] == "my app"
    assert found["size_bytes"] > 0
    import psycopg2

    for user, password in ((absent.user, absent.password), (owner, "pw")):
        raw = psycopg2.connect(host=absent.host, port=absent.port, dbname=absent.database, user=user, password=password)
        with closing(raw):
            assert raw.get_parameter_status("TimeZone") == "UTC"
    with PostgresqlEngine.connect(replace(absent, schema="my app", user=owner, password="pw")) as session:
        session.query("CREATE TABLE t (id integer)")


def test_collation_is_given_by_template0(absent: Target) -> None:
    found = made(absent, encoding="utf-8", collation="C", ctype="C")
    assert (found["collation"], found["ctype"]) == ("C", "C")
    with pytest.raises(Unsupported, match="cannot become"):
        PostgresqlEngine.plan_database(absent, {"encoding": "LATIN1"}, found)


def test_owner_and_roles_change_on_an_existing_database(absent: Target, owner: str) -> None:
    made(absent)
    _unused, statements = PostgresqlEngine.plan_database(
        absent, {"owner": owner}, PostgresqlEngine.describe_database(absent)
    )
    assert [each.text.split()[1] for each in statements] == ["DATABASE", "ROLE"]
    assert made(absent, owner=owner)["owner"] == owner
    made(absent, owner=owner, roles=[absent.user])


def test_unknown_setting_is_named(absent: Target) -> None:
    with pytest.raises(Unsupported, match="file_mode"):
        PostgresqlEngine.plan_database(absent, {"file_mode": "0600"}, None)


def test_dropping_ends_other_sessions(absent: Target) -> None:
    made(absent)
    with PostgresqlEngine.connect(absent) as session:
        assert session.query("SELECT 1").rows == ((1,),)
        PostgresqlEngine.drop_database(absent)
    assert PostgresqlEngine.describe_database(absent) is None
    PostgresqlEngine.drop_database(absent)


@pytest.mark.parametrize("name", ["", "postgres", "template1"])
def test_databases_of_the_server_are_not_touched(absent: Target, name: str) -> None:
    with pytest.raises(InputError):
        PostgresqlEngine.drop_database(replace(absent, database=name))


def test_account_that_may_open_only_its_own_database(
    postgresql_server: PostgresServer, absent: Target, owner: str
) -> None:
    made(absent, owner=owner)
    own = replace(absent, user=owner, password="pw")
    for database in ("postgres", "template1"):
        postgresql_server.run(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
    try:
        found = PostgresqlEngine.describe_database(own)
    finally:
        for database in ("postgres", "template1"):
            postgresql_server.run(f"GRANT CONNECT ON DATABASE {database} TO PUBLIC")
    assert found is not None
    assert found["owner"] == owner
