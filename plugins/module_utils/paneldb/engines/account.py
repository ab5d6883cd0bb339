# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a database, as they are wanted and as what leads to them: what use case and engines have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import InputError
from ..model.plan import Statement

#: Owns the database: changes the schema, as migrations do.
OWNER = "owner"
#: Reads and writes the rows of the model's tables, those of future migrations included, and changes no table.
APP = "app"
READ_ONLY = "read-only"
#: What the backup programs of the engine need, and no more.
BACKUP = "backup"
#: Statistics of the server and the database, and no row.
MONITOR = "monitor"
PROFILES = (OWNER, APP, READ_ONLY, BACKUP, MONITOR)

CREATED, CHANGED, UNCHANGED, REMOVED, ABSENT = "created", "changed", "unchanged", "removed", "absent"
MASK = "'********'"


@dataclass(frozen=True)
class WantedAccount:
    """One account as wanted; one without a profile is to be gone.

    ``password`` may be empty: one who is there keeps it. ``socket`` accounts have none and are known by the account of
    the operating system. ``host`` is where it may come from, on engines that ask. ``heir`` gets what it owns when it
    goes.
    """

    name: str
    profile: str = ""
    host: str = ""
    password: str = field(default="", repr=False)
    socket: bool = False
    tls: bool = False
    heir: str = ""

    def error(self, message: str, hint: str = "") -> InputError:
        """Make an error about this account."""
        return InputError(message, source=f"account {self.name}", hint=hint)


@dataclass(frozen=True)
class AccountPlan:
    """What becomes of one account. Texts of statements have no secret in them; ``notes`` are for people."""

    name: str
    profile: str
    outcome: str
    statements: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return self.outcome not in (UNCHANGED, ABSENT)


def planned(
    account: WantedAccount, there: bool, statements: Iterable[Statement], notes: Iterable[str] = ()
) -> AccountPlan:
    """Give the plan of an account, whose outcome follows from whether it is there and from what has to be done."""
    run = tuple(statements)
    if account.profile:
        outcome = CREATED if not there else CHANGED if run else UNCHANGED
    else:
        outcome = REMOVED if there else ABSENT
    return AccountPlan(account.name, account.profile, outcome, run, tuple(notes))


def differences(
    wanted: Mapping[str, frozenset[str]], found: Mapping[str, frozenset[str]]
) -> tuple[dict[frozenset[str], list[str]], dict[frozenset[str], list[str]]]:
    """Compare rights by object: give what has to be granted and what revoked, with the objects that lack or have it.

    Objects that are alike stand together, so that a hundred tables take one statement.
    """
    granted: dict[frozenset[str], list[str]] = {}
    revoked: dict[frozenset[str], list[str]] = {}
    for place in sorted({*wanted, *found}):
        has, should = found.get(place, frozenset()), wanted.get(place, frozenset())
        if should - has:
            granted.setdefault(should - has, []).append(place)
        if has - should:
            revoked.setdefault(has - should, []).append(place)
    return granted, revoked
