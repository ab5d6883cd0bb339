# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of the database by profile: read, planned and applied as one list.

``parse_accounts`` reads them; ``plan`` compares, and ``apply`` does what the plan says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..engines import engine_class
from ..engines.account import OWNER, PROFILES, AccountPlan, WantedAccount
from ..engines.target import Target
from ..errors import LONGEST_LIST
from ..model.reading import Fields, Place

PRESENT, ABSENT = "present", "absent"
PASSWORD, SOCKET = "password", "socket"
_KEYS = ("name", "profile", "state", "host", "password", "password_file", "auth", "require_tls", "reassign_to")


@dataclass(frozen=True)
class AccountsPlan:
    """What becomes of all accounts, in the order of doing it."""

    target: Target = field(repr=False)
    accounts: tuple[AccountPlan, ...]

    @property
    def changed(self) -> bool:
        return any(account.changed for account in self.accounts)

    def to_data(self) -> dict[str, Any]:
        """Give ``changed``, ``diff``, ``engine``, ``accounts``, ``statements`` and ``counts`` as plain values."""
        statements = [statement.text for account in self.accounts for statement in account.statements]
        lines = "".join(f"-- {statement}\n" for statement in statements[:LONGEST_LIST])
        outcomes = [account.outcome for account in self.accounts]
        return {
            "changed": self.changed,
            "engine": self.target.engine,
            "accounts": [_told(account) for account in self.accounts],
            "statements": statements[:LONGEST_LIST],
            "counts": {"statements": len(statements), **{name: outcomes.count(name) for name in sorted(set(outcomes))}},
            "diff": {"before": "", "after": lines},
        }


def parse_accounts(rows: Sequence[Any]) -> tuple[WantedAccount, ...]:
    """Read option ``accounts``; files with passwords are read here.

    :raises InputError: an account is not one, two have one name, or a file cannot be read.
    """
    place = Place("option accounts")
    accounts = []
    seen: dict[tuple[str, str], Place] = {}
    for position, row in enumerate(rows):
        account, at = _parse(row, place.item(position)), place.item(position)
        other = seen.setdefault((account.name, account.host), at)
        if other is not at:
            raise at.error(f"The account {account.name} is there already, at {other.path}.")
        accounts.append(account)
    owners = [account.name for account in accounts if account.profile == OWNER]
    if len(owners) > 1:
        raise place.error(f"A database has one owner, and these are {', '.join(owners)}.")
    return tuple(accounts)


def plan(target: Target, accounts: Sequence[WantedAccount]) -> AccountsPlan:
    """Compare accounts with those that are there; nothing is changed."""
    return AccountsPlan(target, engine_class(target.engine).plan_accounts(target, accounts))


def apply(accounts: AccountsPlan) -> None:
    """Do what the plan says."""
    if accounts.changed:
        engine_class(accounts.target.engine).apply_accounts(accounts.target, accounts.accounts)


def _parse(row: Any, place: Place) -> WantedAccount:
    # Options that a task leaves out come as None.
    said = {key: value for key, value in row.items() if value is not None} if isinstance(row, dict) else row
    fields = Fields(said, place, _KEYS, "an account")
    name = fields.text("name")
    if not name.strip() or "\0" in name:
        raise fields.at("name").error("An account needs a name.", expected="text without NUL")
    absent = fields.word("state", (PRESENT, ABSENT), PRESENT) == ABSENT
    socket = fields.word("auth", (PASSWORD, SOCKET), PASSWORD) == SOCKET
    return WantedAccount(
        name,
        profile="" if absent else _profile(fields),
        host=fields.text("host", ""),
        password="" if absent else _password(fields, socket),
        socket=socket,
        tls=fields.flag("require_tls"),
        heir=_heir(fields, absent),
    )


def _profile(fields: Fields) -> str:
    if "profile" not in fields:
        raise fields.place.error("It is not said what the account is for.", expected=f"profile: {', '.join(PROFILES)}")
    return fields.word("profile", PROFILES, "")


def _heir(fields: Fields, absent: bool) -> str:
    if "reassign_to" in fields and not absent:
        raise fields.at("reassign_to").error("Only an account that goes leaves something to another one.")
    return fields.text("reassign_to", "")


def _password(fields: Fields, socket: bool) -> str:
    given = [name for name in ("password", "password_file") if name in fields]
    if len(given) > 1 or (given and socket):
        raise fields.place.error("An account logs in in one way.", expected="password, password_file or auth: socket")
    if "password_file" in fields:
        return _from_file(fields)
    password = fields.text("password", "")
    if "password" in fields and not password:
        raise fields.at("password").error("The password is empty.", hint="Leave it out to keep the one that is there.")
    return password


def _from_file(fields: Fields) -> str:
    """Read the first line, as programs do that are given such a file."""
    place, path = fields.at("password_file"), fields.text("password_file")
    try:
        password = Path(path).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise place.error(f"The file cannot be read: {why}.", found=path) from None
    if not password:
        raise place.error("The first line of the file is empty.", found=path)
    return password


def _told(account: AccountPlan) -> dict[str, Any]:
    return {
        "name": account.name,
        "profile": account.profile,
        "outcome": account.outcome,
        "notes": list(account.notes),
    }
