# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option accounts, as it is read, and how rights are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.accounts import AccountsPlan, parse_accounts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.account import (
    AccountPlan,
    differences,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import LONGEST_LIST, InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement

ANN = {"name": "ann", "profile": "app"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"profile": "app"}], "'name' of an account is missing"),
        ([{"name": " ", "profile": "app"}], "needs a name"),
        ([{"name": "a\0b", "profile": "app"}], "without NUL"),
        ([{"name": "ann"}], "not said what the account is for"),
        ([{"name": "ann", "profile": "ap"}], "Did you mean 'app'"),
        ([{**ANN, "state": "gone"}], "no state 'gone'"),
        ([{**ANN, "password": ""}], "The password is empty"),
        ([{**ANN, "password": "x", "password_file": "y"}], "in one way"),
        ([{**ANN, "password": "x", "auth": "socket"}], "in one way"),
        ([{**ANN, "password_file": "/no/such/file"}], "cannot be read"),
        ([{**ANN, "reassign_to": "bob"}], "Only an account that goes"),
        ([{**ANN, "priv": "all"}], "no key 'priv'"),
        ([ANN, {**ANN, "profile": "backup"}], r"option accounts: \[1\]: The account ann is there already, at \[0\]"),
        ([{"name": "a", "profile": "owner"}, {"name": "b", "profile": "owner"}], "one owner, and these are a, b"),
        (["ann"], "not an account"),
    ],
)
def test_what_is_no_account_is_refused_with_its_place(rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_accounts(rows)


def test_options_that_were_left_out_are_not_there() -> None:
    left_out = ("state", "host", "password", "password_file", "auth", "require_tls", "reassign_to")
    (account,) = parse_accounts([{**ANN, **dict.fromkeys(left_out)}])
    assert (account.name, account.profile, account.password, account.host) == ("ann", "app", "", "")
    (gone,) = parse_accounts([{"name": "ann", "state": "absent", "password": "x", "reassign_to": "bob"}])
    assert (gone.profile, gone.password, gone.heir) == ("", "", "bob")


def test_one_name_at_two_hosts_is_two_accounts() -> None:
    assert len(parse_accounts([{**ANN, "host": "10.0.0.1"}, {**ANN, "host": "10.0.0.2"}])) == 2


@pytest.mark.parametrize("content", ["s3cret é", "s3cret é\n", "s3cret é\r\nmore\n"])
def test_the_first_line_of_a_file_is_the_password(tmp_path: Path, content: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content.encode())
    (account,) = parse_accounts([{**ANN, "password_file": str(path)}])
    assert account.password == "s3cret é"
    assert "s3cret" not in repr(account)


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\xff\xfe"])
def test_a_file_without_a_password_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(InputError, match="password_file"):
        parse_accounts([{**ANN, "password_file": str(path)}])


def test_results_show_what_is_shown_and_no_more_than_fits() -> None:
    statements = (Statement("GRANT '********'", "GRANT 's3cret'"),) * (LONGEST_LIST + 1)
    one = AccountPlan("ann", "app", "created", statements, ("mind this",))
    data = AccountsPlan(Target("postgresql", password="s3cret"), (one, AccountPlan("b", "", "absent"))).to_data()
    assert "s3cret" not in str(data)
    assert data["changed"]
    assert len(data["statements"]) == LONGEST_LIST
    assert data["counts"] == {"statements": LONGEST_LIST + 1, "absent": 1, "created": 1}
    assert data["accounts"][0] == {"name": "ann", "profile": "app", "outcome": "created", "notes": ["mind this"]}


_RIGHTS = st.dictionaries(st.sampled_from("abc"), st.frozensets(st.sampled_from(("SELECT", "INSERT", "DELETE"))))


@given(wanted=_RIGHTS, found=_RIGHTS)
def test_granting_and_revoking_the_differences_leads_to_what_is_wanted(
    wanted: dict[str, frozenset[str]], found: dict[str, frozenset[str]]
) -> None:
    granted, revoked = differences(wanted, found)
    reached = {place: set(rights) for place, rights in found.items()}
    for rights, places in granted.items():
        for place in places:
            assert not rights & reached.get(place, set())
            reached.setdefault(place, set()).update(rights)
    for rights, places in revoked.items():
        for place in places:
            assert rights <= reached[place]
            reached[place] -= rights
    assert {place: rights for place, rights in reached.items() if rights} == {
        place: set(rights) for place, rights in wanted.items() if rights
    }
