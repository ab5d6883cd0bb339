# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users of the panel: rows of its table ``users`` with a password, and the end of their sessions.

Rows are planned and written as those of any seed; what is added here is what an operator means by them: a password that
a new user starts with, another one that replaces a forgotten one, and signing out whoever was signed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engines.base import Engine
from ..errors import InputError
from ..model.reading import Fields, Place
from ..model.schema import ForeignKey, Schema, Table
from .plan import SeedPlan, apply_seeds, plan_seeds

ON_CREATE, ALWAYS = "on_create", "always"
_KEYS = ("username", "email", "role", "password", "update_password", "must_exist", "end_sessions")
_TABLE, _SESSIONS, _NAME, _HASH = "users", "sessions", "username", "passwordHash"


@dataclass(frozen=True)
class User:
    """One user as wanted. ``cells`` are the columns that were said, with the password as a cell of seeds."""

    cells: dict[str, Any] = field(repr=False)
    place: Place
    protected: tuple[str, ...] = ()
    must_exist: bool = False
    end_sessions: bool = False

    @property
    def name(self) -> str:
        """The name that the user signs in with."""
        return str(self.cells[_NAME])


@dataclass(frozen=True)
class UsersPlan:
    """What a run will write: rows of users, and the sessions that end, by the names of their users."""

    rows: SeedPlan
    sessions: dict[str, int]
    owners: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def changed(self) -> bool:
        return self.rows.changed or bool(self.sessions)

    def to_data(self) -> dict[str, Any]:
        """Give the result of a seed, with ``sessions_ended`` beside it; the diff tells them, too."""
        data = self.rows.to_data()
        lines = "".join(f"sessions of {name}: {number}\n" for name, number in self.sessions.items())
        ended = "".join(f"sessions of {name}: none\n" for name in self.sessions)
        diff = {**data["diff"], "before": data["diff"]["before"] + lines, "after": data["diff"]["after"] + ended}
        return {**data, "changed": self.changed, "diff": diff, "sessions_ended": sum(self.sessions.values())}


def parse_users(rows: Sequence[Any]) -> tuple[User, ...]:
    """Read option ``users``.

    :raises InputError: a user has no name, or one that another one has, or an empty password.
    """
    place = Place("option users")
    users = tuple(_parse(row, place.item(position)) for position, row in enumerate(rows))
    seen: dict[str, Place] = {}
    for user in users:
        if user.name in seen:
            raise user.place.error(f"The user {user.name} is there already, at {seen[user.name].path}.")
        seen[user.name] = user.place
    return users


def run_users(engine: Engine, schema: Schema, users: Sequence[User], *, check: bool = False) -> UsersPlan:
    """Plan and, unless ``check``, write: under the engine's lock, in one transaction.

    :raises InputError: a value does not fit, a new user lacks one, or one that must be there is not.
    :raises LockHeld: somebody else works on this database.
    """
    if check:
        return plan_users(engine, schema, users)
    with engine.lock(engine.target.lock_timeout):
        plan = plan_users(engine, schema, users)
        with engine.transaction():
            apply_seeds(engine, plan.rows)
            if plan.owners:
                _end_sessions(engine, schema, plan.owners)
    return plan


def plan_users(engine: Engine, schema: Schema, users: Sequence[User]) -> UsersPlan:
    """Compare users with the database. Nothing is written."""
    table = _table(schema, _TABLE)
    there = _existing(engine, table, users)
    for user in users:
        if user.must_exist and user.name not in there:
            raise user.place.error(f"There is no user {user.name}; nothing was changed.", hint="Look at the spelling.")
    rows = plan_seeds(engine, schema, [(f"{user.place.source}: {user.place.path}", _seed(user)) for user in users])
    owners = {there[user.name]: user.name for user in users if user.end_sessions and user.name in there}
    return UsersPlan(rows, *_sessions(engine, schema, owners))


def _parse(row: Any, place: Place) -> User:
    said = {key: value for key, value in row.items() if value is not None} if isinstance(row, dict) else row
    fields = Fields(said, place, _KEYS, "a user")
    said_too = (name for name in ("email", "role") if name in fields)
    cells: dict[str, Any] = {name: fields.text(name) for name in (_NAME, *said_too)}
    if not cells[_NAME].strip():
        raise fields.at(_NAME).error("A user needs a name.", expected="text")
    if "password" in fields:
        cells[_HASH] = {"password": fields.text("password")}
    kept = fields.word("update_password", (ON_CREATE, ALWAYS), ON_CREATE) == ON_CREATE
    protected = (_HASH,) if kept and _HASH in cells else ()
    return User(cells, place, protected, fields.flag("must_exist"), fields.flag("end_sessions"))


def _seed(user: User) -> dict[str, Any]:
    return {"table": _TABLE, "key": [_NAME], "protect": list(user.protected), "rows": [user.cells]}


def _table(schema: Schema, name: str) -> Table:
    table = schema.table(name)
    if table is None:
        raise InputError(f"The model has no table {name}.", source="option model", hint="Extend the panel's model.")
    return table


def _existing(engine: Engine, table: Table, users: Sequence[User]) -> dict[str, Any]:
    """Give the stored keys that sessions refer with, by name."""
    if not users or not engine.existing_tables([table.name]):
        return {}
    column = table.column(_NAME)
    (encoder,), (decoder,) = engine.encoders([column]), engine.decoders([column])
    names = [encoder(user.name) if encoder else user.name for user in users]
    key = table.primary_key.columns[0] if table.primary_key else _NAME
    rows = engine.fetch(table, (_NAME, key), where=(_NAME, names))
    return {decoder(name) if decoder else name: number for name, number in rows}


def _owner_key(schema: Schema) -> tuple[Table, ForeignKey]:
    table = _table(schema, _SESSIONS)
    for key in table.foreign_keys:
        if key.ref_table == _TABLE:
            return table, key
    raise InputError("Sessions of the model refer to no user.", source="option model", hint="Leave out end_sessions.")


def _sessions(engine: Engine, schema: Schema, owners: dict[Any, str]) -> tuple[dict[str, int], tuple[Any, ...]]:
    """Count the sessions of these users; also give the keys of those who have any."""
    if not owners or not engine.existing_tables([_SESSIONS]):
        return {}, ()
    table, key = _owner_key(schema)
    counts = dict.fromkeys(owners, 0)
    for (owner,) in engine.fetch(table, (key.columns[0],), where=(key.columns[0], list(owners))):
        counts[owner] += 1
    found = {owner: number for owner, number in counts.items() if number}
    return {owners[owner]: number for owner, number in found.items()}, tuple(found)


def _end_sessions(engine: Engine, schema: Schema, owners: Sequence[Any]) -> None:
    table, key = _owner_key(schema)
    engine.delete(table, (key.columns[0],), ((owner,) for owner in owners))
