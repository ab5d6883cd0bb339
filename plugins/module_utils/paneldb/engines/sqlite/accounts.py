# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a file: its owner, and the group that may write or read it. The operating system keeps them.

The folder counts as well: SQLite makes files beside the database while it is written. It is changed where the database
is alone in it; a folder that holds other things is left as it is.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, Unsupported
from ...model.plan import Statement
from ..account import APP, MONITOR, OWNER, AccountPlan, WantedAccount, planned
from ..target import Target
from . import database
from .database import files_of, group_id, group_name, user_id, user_name

_WRITES, _READS = 0o060, 0o040
#: Of a folder: to find and make files in it, or only to find them; new files get its group.
_MAKES, _FINDS = 0o2070, 0o050
_OWNERS, _GROUP = 0o700, 0o070


@dataclass(frozen=True)
class _Facts:
    """A file or folder: numbers of owner and group, and its mode."""

    path: str
    owner: int
    group: int
    mode: int

    @classmethod
    def of(cls, path: Path) -> _Facts:
        facts = path.stat()
        return cls(str(path), facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode))


def plan(target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
    """See ``Engine.plan_accounts``.

    :raises InputError: where there is no file, or a folder that holds other things would have to be opened.
    """
    settings = database.describe(target)
    if settings is None:
        raise InputError(f"There is no file {target.path}.", source="path", hint="Make it by module database first.")
    _refuse(accounts)
    planner = _Planner(Path(target.path).absolute(), str(settings["journal_mode"]), accounts)
    return tuple(map(planner.plan, sorted(accounts, key=lambda account: account.profile != OWNER)))


def apply(target: Target, plans: Sequence[AccountPlan]) -> None:
    """See ``Engine.apply_accounts``."""
    database.apply(target, [statement for each in plans for statement in each.statements])


def _refuse(accounts: Sequence[WantedAccount]) -> None:
    for account in accounts:
        if account.profile == MONITOR:
            raise Unsupported(
                f"{account.name}: whoever may open a file may read all that is in it.",
                hint="Leave profile monitor out on SQLite.",
            )
        if account.password or account.tls or account.host:
            raise Unsupported(
                f"{account.name}: a file knows neither passwords nor hosts nor TLS.",
                hint="Give a name and a profile alone on SQLite.",
            )
    groups = [account.name for account in accounts if account.profile not in ("", OWNER)]
    if len(groups) > 1:
        raise Unsupported(
            f"A file has one group, and these are {', '.join(groups)}.",
            hint="Give one of app, read-only and backup; who backs up can be in the group of who reads.",
        )


class _Planner:
    def __init__(self, path: Path, journal: str, accounts: Sequence[WantedAccount]) -> None:
        self._file, self._folder = _Facts.of(path), _Facts.of(path.parent)
        self._wal = journal == "wal"
        ours = {each.name for each in files_of(str(path))}
        self._alone = all(each.name in ours for each in path.parent.iterdir())
        owner = next((account for account in accounts if account.profile == OWNER), None)
        self._owner = user_id(owner.name) if owner else self._file.owner
        self._has_group = any(account.profile not in ("", OWNER) for account in accounts)

    def plan(self, account: WantedAccount) -> AccountPlan:
        """Compare one account."""
        if not account.profile:
            return self._removal(account)
        if account.profile == OWNER:
            return planned(account, self._file.owner == self._owner, self._owned(account))
        number = group_id(account.name)
        notes: tuple[str, ...] = ()
        if account.profile != APP and self._wal:
            notes = ("With the journal wal it can read while somebody who writes has the database open.",)
        there = self._file.group == number and bool(self._file.mode & _READS)
        return planned(account, there, self._shared(account, number), notes)

    def _owned(self, account: WantedAccount) -> Iterator[Statement]:
        name = user_name(self._owner)
        if self._folder.owner != self._owner and not self._folder.mode & 0o002:
            self._require_own_folder(account)
            yield _chown(self._folder.path, name, "")
        if self._file.owner != self._owner:
            yield _chown(self._file.path, name, "")
        mode = self._file.mode | 0o600 if self._has_group else (self._file.mode | 0o600) & 0o770
        yield from _chmod(self._file, mode)

    def _shared(self, account: WantedAccount, number: int) -> Iterator[Statement]:
        bits, folder_bits = (_WRITES, _MAKES) if account.profile == APP else (_READS, _FINDS)
        open_to_all = self._folder.mode & 0o007
        if open_to_all & (folder_bits >> 3) != (folder_bits >> 3) & 0o007:
            yield from self._folder_of(account, number, folder_bits)
        if self._file.group != number:
            yield _chown(self._file.path, "", group_name(number))
        yield from _chmod(self._file, 0o600 | bits)

    def _folder_of(self, account: WantedAccount, number: int, bits: int) -> Iterator[Statement]:
        mode = (self._folder.mode & (_OWNERS | 0o007)) | bits
        if self._folder.group != number or self._folder.mode != mode:
            self._require_own_folder(account)
        if self._folder.group != number:
            yield _chown(self._folder.path, "", group_name(number))
        yield from _chmod(self._folder, mode)

    def _require_own_folder(self, account: WantedAccount) -> None:
        if not self._alone:
            raise account.error(
                f"It cannot work in the folder {self._folder.path}, and that holds other things than the database.",
                "Put the database in a folder of its own, or open that one by hand.",
            )

    def _removal(self, account: WantedAccount) -> AccountPlan:
        """Take the file from an owner who goes, or from a group."""
        if self._file.owner == _number(account.name, user=True) and self._file.owner == self._owner:
            if not account.heir:
                raise account.error("It owns the file.", "Say in reassign_to who gets it, or give another owner.")
            return planned(account, True, [_chown(self._file.path, user_name(user_id(account.heir)), "")])
        there = self._file.group == _number(account.name, user=False) and bool(self._file.mode & _GROUP)
        keeps = self._has_group or not there
        return planned(account, there, () if keeps else _chmod(self._file, self._file.mode & ~_GROUP))


def _number(name: str, *, user: bool) -> int:
    try:
        return user_id(name) if user else group_id(name)
    except InputError:
        return -1


def _chown(path: str, owner: str, group: str) -> Statement:
    return Statement(f"chown {owner}{':' if group else ''}{group} {path}", ("owner", path, owner, group))


def _chmod(facts: _Facts, mode: int) -> Iterator[Statement]:
    if facts.mode != mode:
        yield Statement(f"chmod {mode:04o} {facts.path}", ("mode", facts.path, mode))
