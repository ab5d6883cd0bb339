# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the panel on every engine: made once, given another password on demand, signed out then."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import bcrypt
import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.secrets import ROUNDS
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.users import (
    UsersPlan,
    parse_users,
    run_users,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_model
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT

ANN = {"username": "ann", "email": "ann@example.org", "role": "MODERATOR", "password": "first"}
OTHER = {**ANN, "username": "bob", "email": "bob@example.org"}
NEW = {"username": "ann", "password": "second", "update_password": "always", "must_exist": True, "end_sessions": True}


@pytest.fixture(scope="module")
def model() -> Schema:
    """The panel's own model."""
    return load_model(read_model("panel", CHECKOUT / "roles" / "panel" / "files"))


@pytest.fixture
def panel(engine: Engine, model: Schema) -> Engine:
    """A session with the panel's tables."""
    push(engine, model)
    return engine


def bring(engine: Engine, model: Schema, *users: dict[str, Any], check: bool = False) -> UsersPlan:
    """Do what the module does."""
    return run_users(engine, model, parse_users(users), check=check)


def stored(engine: Engine, model: Schema, table: str, *names: str) -> list[tuple[Any, ...]]:
    """Logical values of all rows."""
    found = model.table(table)
    assert found is not None
    decoders = engine.decoders([found.column(name) for name in names])
    rows = engine.fetch(found, names)
    return sorted(tuple(f(v) if f and v is not None else v for f, v in zip(decoders, row)) for row in rows)


def sign_in(engine: Engine, model: Schema, *tokens: str, name: str = "ann") -> None:
    """Give a user sessions, as the panel does."""
    table = model.table("sessions")
    assert table is not None
    ids = dict(stored(engine, model, "users", "username", "id"))
    names = ("id", "userId", "token", "createdAt", "expiresAt")
    encoders = engine.encoders([table.column(each) for each in names])
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number, token in enumerate(tokens):
        made = f"00000000-0000-4000-8000-{abs(hash(token)) % 10**10:010}{number:02}"
        row = (made, ids[name], token, now, now)
        engine.insert(table, names, [tuple(f(v) if f else v for f, v in zip(encoders, row))])


def test_a_user_is_made_once_with_a_hash_at_the_panels_cost(panel: Engine, model: Schema) -> None:
    assert bring(panel, model, ANN, check=True).changed
    assert stored(panel, model, "users", "username") == []
    assert bring(panel, model, ANN).rows.counts["created"] == 1
    [(name, role, digest)] = stored(panel, model, "users", "username", "role", "passwordHash")
    assert (name, role) == ("ann", "MODERATOR")
    assert digest.startswith(f"$2b${ROUNDS:02}$")
    assert bcrypt.checkpw(b"first", digest.encode())
    assert not bring(panel, model, ANN).changed


def test_a_password_that_was_chosen_in_the_panel_stays(panel: Engine, model: Schema) -> None:
    bring(panel, model, ANN)
    changed = bring(panel, model, {**ANN, "password": "another", "role": "ADMIN"})
    assert changed.rows.counts["updated"] == 1
    [(role, digest)] = stored(panel, model, "users", "role", "passwordHash")
    assert role == "ADMIN"
    assert bcrypt.checkpw(b"first", digest.encode())


def test_a_new_password_signs_out_this_user_and_no_other(panel: Engine, model: Schema) -> None:
    bring(panel, model, ANN, OTHER)
    sign_in(panel, model, "a1", "a2")
    sign_in(panel, model, "b1", name="bob")

    checked = bring(panel, model, NEW, check=True).to_data()
    assert len(stored(panel, model, "sessions", "token")) == 3
    done = bring(panel, model, NEW).to_data()

    assert checked == done
    assert (done["changed"], done["sessions_ended"]) == (True, 2)
    assert "sessions of ann: 2" in done["diff"]["before"]
    assert "second" not in str(done)
    assert stored(panel, model, "sessions", "token") == [("b1",)]
    digests = dict(stored(panel, model, "users", "username", "passwordHash"))
    assert bcrypt.checkpw(b"second", digests["ann"].encode())
    assert bcrypt.checkpw(b"first", digests["bob"].encode())
    assert not bring(panel, model, NEW).changed


def test_sessions_end_though_the_password_stays(panel: Engine, model: Schema) -> None:
    bring(panel, model, ANN)
    sign_in(panel, model, "a1")
    plan = bring(panel, model, {"username": "ann", "end_sessions": True})
    assert (plan.rows.changed, plan.sessions) == (False, {"ann": 1})


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ({**OTHER, "role": "GOD"}, r"option users: \[1\].*role.*GOD"),
        ({**NEW, "username": "anne"}, "There is no user anne"),
        ({"username": "new", "password": "x"}, "needs a value for 'email'"),
        ({"username": "new", "email": "x@example.org"}, "needs a value for 'passwordHash'"),
        ({**OTHER, "password": "x" * 73}, "bcrypt cannot take"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    panel: Engine, model: Schema, user: dict[str, Any], message: str
) -> None:
    bring(panel, model, ANN)
    sign_in(panel, model, "a1")
    with pytest.raises(InputError, match=message):
        bring(panel, model, {**NEW, "password": "third"}, user)
    assert len(stored(panel, model, "sessions", "token")) == 1


def test_in_a_database_without_tables_a_check_counts_them_as_empty(engine: Engine, model: Schema) -> None:
    plan = bring(engine, model, ANN, check=True)
    assert plan.rows.missing == ("users",)
    with pytest.raises(InputError, match="no user ann"):
        bring(engine, model, NEW, check=True)


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ([{"username": " "}], "needs a name"),
        ([{"username": "a"}, {"username": "a"}], r"\[1\]: The user a is there already, at \[0\]"),
        ([{"name": "a"}], "no key 'name'"),
        ([{"username": "a", "update_password": "never"}], "no update_password 'never'"),
    ],
)
def test_options_that_are_none(users: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_users(users)
