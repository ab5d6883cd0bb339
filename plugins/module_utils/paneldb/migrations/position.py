# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a database stands in the chain: what it has, what it lacks, and whether the two tell the same story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .chain import Chain
from .errors import EditedAfterApplied, MissingFile, OutOfOrder, PartlySquashed
from .files import Migration
from .ledger import Applied

#: Errors name so many migrations at the most.
_MOST_NAMED = 10


@dataclass(frozen=True)
class Position:
    """``count`` migrations at the beginning of the chain are in the database.

    ``squashed`` is set where the database still has the migrations that this one replaces, instead of itself.
    """

    chain: Chain
    rows: Mapping[str, Applied]
    count: int
    squashed: Migration | None = None

    @property
    def applied(self) -> tuple[Migration, ...]:
        return self.chain.migrations[: self.count]

    @property
    def pending(self) -> tuple[Migration, ...]:
        return self.chain.migrations[self.count :]

    @property
    def head(self) -> str:
        """Id of the newest applied migration, empty where there is none."""
        return self.chain.migrations[self.count - 1].id if self.count else ""


def locate(chain: Chain, rows: Mapping[str, Applied]) -> Position:
    """Compare what the database remembers with the files.

    :raises EditedAfterApplied: where a file is not what was applied.
    :raises MissingFile: where the database has a migration that no file holds.
    :raises OutOfOrder: where it lacks one before one that it has.
    :raises PartlySquashed: where it has only some of those that a squashed one replaces.
    """
    squashed, replaced = _squash(chain, rows)
    there = {identity for identity in rows if identity not in replaced}
    if squashed:
        there.add(squashed.id)
    _refuse_missing([identity for identity in there if identity not in chain])
    count = _count(chain, there)
    for migration in chain.migrations[:count]:
        if migration is not squashed:
            _refuse_edited(migration.id, migration.checksum, rows[migration.id], migration.source)
    return Position(chain, rows, count, squashed)


def _count(chain: Chain, there: set[str]) -> int:
    ids = [migration.id for migration in chain.migrations]
    count = next((number for number, identity in enumerate(ids) if identity not in there), len(ids))
    later = [identity for identity in ids[count:] if identity in there]
    if later:
        raise OutOfOrder(
            f"The database has {later[0]} but not {ids[count]}, which comes before it.",
            hint=f"Let {ids[count]} follow the newest applied migration, give {later[0]} back its parent, seal both.",
            missing=ids[count],
            applied=later[:_MOST_NAMED],
        )
    return count


def _squash(chain: Chain, rows: Mapping[str, Applied]) -> tuple[Migration | None, Sequence[str]]:
    """Give the squashed migration that the database has in the form of those it replaces, and these."""
    first = chain.migrations[0] if len(chain) else None
    if first is None or not first.replaces:
        return None, ()
    replaced = [identity for identity in first.replaces if identity in rows]
    if not replaced or first.id in rows:
        # A run may have been killed between writing the one row and removing the others.
        return None, replaced
    if list(first.replaces)[-1] not in rows:
        lacking = [identity for identity in first.replaces if identity not in rows]
        raise PartlySquashed(
            f"{first.id} replaces {len(first.replaces)} migrations, of which the database lacks {lacking[-1]}.",
            hint="Deploy the files from before the squash first, then these.",
            migration=first.id,
            missing=lacking[:_MOST_NAMED],
        )
    for identity in replaced:
        _refuse_edited(identity, first.replaces[identity], rows[identity], first.source)
    return first, replaced


def _refuse_missing(unknown: Sequence[str]) -> None:
    if unknown:
        named = sorted(unknown)[:_MOST_NAMED]
        raise MissingFile(
            f"The database has migrations that are in no file: {', '.join(named)}.",
            hint="Use the files that the database was migrated with; these are older, or some are lost.",
            migrations=named,
        )


def _refuse_edited(identity: str, checksum: str, row: Applied, source: str) -> None:
    if row.checksum != checksum:
        raise EditedAfterApplied(
            f"{source}: {identity} is not what the database got at {row.applied_at:%Y-%m-%d %H:%M:%S} UTC.",
            hint="Restore the file as it was, and write the change as a new migration.",
            migration=identity,
            applied_checksum=row.checksum,
            file_checksum=checksum,
        )
