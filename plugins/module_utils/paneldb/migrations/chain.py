# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of migrations: each names its parent, and ``migrations.lock`` holds what each was when it was written.

The lock has one line per migration, appended: two people who add one at the same time get a conflict in git, and a file
that is edited or lost is noticed before any database is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..model.checksum import schema_checksum
from ..model.schema import Schema
from .errors import (
    DuplicateMigration,
    MissingParent,
    NotSealed,
    TwoHeads,
    UnknownMigration,
    WrongState,
)
from .files import Migration, read_migration, refuse_other_name
from .lock import read_lock

if TYPE_CHECKING:
    from ..model.reading import Document

LOCK_HEAD = (
    "# Checksums of the migrations, oldest first. Written together with them; a conflict here means that two\n"
    "# migrations were added at once: keep both lines, then let one of the two follow the other.\n"
)

SEAL_HINT = (
    "If the edit is meant and no database has the migration yet, seal it (`state: sealed`); else restore the file."
)


class Chain:
    """Migrations from the first to the newest. Immutable."""

    def __init__(self, migrations: Sequence[Migration] = ()) -> None:
        self.migrations = tuple(migrations)
        self._positions = {migration.id: position for position, migration in enumerate(self.migrations)}

    def __len__(self) -> int:
        return len(self.migrations)

    def __contains__(self, identity: str) -> bool:
        return identity in self._positions

    @property
    def head(self) -> str:
        """Id of the newest migration, empty where there is none."""
        return self.migrations[-1].id if self.migrations else ""

    def position(self, identity: str) -> int:
        """Give the place of a migration in the chain, from 0.

        :raises UnknownMigration: there is none of that id.
        """
        if identity in self._positions:
            return self._positions[identity]
        from ..model.reading import nearest

        raise UnknownMigration(
            f"There is no migration {identity}.",
            hint=nearest(identity, self._positions) or f"The newest one is {self.head or 'none at all'}.",
            migration=identity,
        )

    def get(self, identity: str) -> Migration:
        """Give a migration by its id.

        :raises UnknownMigration: there is none of that id.
        """
        return self.migrations[self.position(identity)]

    def state(self, count: int | None = None) -> Schema:
        """Give the schema that the first ``count`` migrations lead to, all of them where it is not given.

        :raises WrongState: where the operations do not fit, or lead elsewhere than the last of these headers says.
        """
        taken = self.migrations[:count]
        state = advanced(Schema(), *taken)
        if taken:
            refuse_other_state(state, taken[-1])
        return state


def advanced(state: Schema, *migrations: Migration) -> Schema:
    """Give the schema behind the migrations.

    :raises WrongState: where one of their operations does not fit.
    """
    from ..model.operations import DoesNotFit

    for migration in migrations:
        for number, operation in enumerate(migration.operations):
            try:
                state = operation.apply(state)
            except DoesNotFit as error:
                raise WrongState(
                    f"{migration.source}: operations[{number}]: {error.message}",
                    hint="The migrations before it lead to another schema; correct the file, then seal it.",
                    migration=migration.id,
                ) from error
    return state


def refuse_other_state(state: Schema, migration: Migration) -> None:
    """Refuse a migration whose header tells of another schema than its operations lead to.

    :raises WrongState: it does.
    """
    if schema_checksum(state) != migration.model:
        raise WrongState(
            f"{migration.source}: the operations lead to another schema than the key `model` says.",
            hint=SEAL_HINT,
            migration=migration.id,
        )


def load_chain(documents: Sequence[Document], lock: Document | None) -> Chain:
    """Make the chain out of migration files and the text of ``migrations.lock``.

    :raises InputError: where a file is no migration.
    :raises MigrationError: where the files do not make one chain, or the lock tells of others (see ``errors``).
    """
    chain = unsealed_chain(documents)
    if lock is not None:
        _compare(chain, read_lock(lock.data, lock.source), lock.source)
    elif len(chain):
        raise NotSealed(
            f"There is no migrations.lock beside {chain.migrations[0].source}.",
            hint="Restore it; where there never was one, seal the files (`state: sealed`).",
        )
    return chain


def unsealed_chain(documents: Iterable[Document]) -> Chain:
    """Make the chain out of migration files alone, as they are.

    :raises InputError: where a file is no migration.
    :raises MigrationError: where the files do not make one chain.
    """
    return Chain(_in_order(_by_id(read_migration(document.data, document.source) for document in documents)))


def _by_id(migrations: Iterable[Migration]) -> dict[str, Migration]:
    found: dict[str, Migration] = {}
    for migration in migrations:
        other = found.setdefault(migration.id, migration)
        if other is not migration:
            raise DuplicateMigration(
                f"{migration.id} is in two files: {other.source} and {migration.source}.",
                hint="Keep one of them, or give the newer one an id of its own.",
                migration=migration.id,
                files=[other.source, migration.source],
            )
    for migration in found.values():
        refuse_other_name(migration)
    return found


def _in_order(found: Mapping[str, Migration]) -> list[Migration]:
    """Follow the parents from the first migration on."""
    children = _children(found)
    ordered: list[Migration] = []
    following = children.pop("", None)
    while following is not None:
        ordered.append(following)
        following = children.pop(following.id, None)
    if children:
        loose = sorted(children.values(), key=lambda each: each.parent in found)
        _refuse_loose(found, ordered, loose[0])
    return ordered


def _children(found: Mapping[str, Migration]) -> dict[str, Migration]:
    """Give the child of each parent; what follows the last migration that was squashed follows the squashed one."""
    stand_ins = {list(each.replaces)[-1]: each.id for each in found.values() if each.replaces}
    children: dict[str, Migration] = {}
    for migration in sorted(found.values(), key=lambda each: each.id):
        parent = migration.parent if migration.parent in found else stand_ins.get(migration.parent, migration.parent)
        other = children.setdefault(parent, migration)
        if other is not migration:
            raise TwoHeads(
                f"Two migrations follow {parent or 'nothing'}: {other.id} and {migration.id}.",
                hint=f"Write `parent: {other.id}` in {migration.source}, see that its operations still fit, seal it.",
                parent=parent,
                heads=[other.id, migration.id],
            )
    return children


def _refuse_loose(found: Mapping[str, Migration], ordered: Sequence[Migration], loose: Migration) -> None:
    parent = loose.parent
    problem = f"follows {parent}, which is in no file" if parent not in found else f"follows {parent} in a circle"
    raise MissingParent(
        f"{loose.source}: {loose.id} {problem}.",
        hint=f"Restore the file of {parent}, or write the parent that it follows"
        + (f" (the newest is {ordered[-1].id})." if ordered else "; the first migration has `parent: null`."),
        migration=loose.id,
        parent=parent,
    )


def lock_text(chain: Chain, head: str = LOCK_HEAD) -> str:
    """Give the text of ``migrations.lock``, with comments above its lines."""
    return head + "".join(f"{migration.id} {migration.checksum}\n" for migration in chain.migrations)


def _compare(chain: Chain, sealed: Mapping[str, str], source: str) -> None:
    lost = [identity for identity in sealed if identity not in chain]
    if lost:
        raise NotSealed(
            f"{source} holds migrations that are in no file: {', '.join(lost[:10])}.",
            hint="Restore the files; databases may have them already.",
            missing=lost,
        )
    for migration in chain.migrations:
        if migration.id not in sealed:
            raise NotSealed(
                f"{migration.source} has no line in {source}.",
                hint="If the file is meant, seal it (`state: sealed`); else remove it.",
                migration=migration.id,
            )
        if sealed[migration.id] != migration.checksum:
            raise NotSealed(
                f"{migration.source} is not what it was when it was sealed in {source}.",
                hint=SEAL_HINT,
                migration=migration.id,
            )
