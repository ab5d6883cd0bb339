# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing migrations: the difference between the model and the state that replaying the files gives.

No database is asked. What is written stands in two places, the file and its line in ``migrations.lock``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InputError
from ..model.diff import difference
from ..model.operations import Operation, replay
from ..model.plan import BLOCK, Hazard
from .chain import Chain
from .errors import ModelNotCurrent, RenameNotSaid, WrongState
from .files import Migration, new_migration, to_text

if TYPE_CHECKING:
    from ..model.schema import Schema

_STAMP = "%Y%m%d%H%M%S"
_LONGEST_NAME = 80
_MOST_NAMED = 10


class Draft(NamedTuple):
    """A migration that is not written yet, the chain with it in, and what is to be known before it is deployed."""

    migration: Migration
    chain: Chain
    hazards: tuple[Hazard, ...] = ()

    @property
    def text(self) -> str:
        """The text of the file. Blocking hazards stand above, so that consent to them is seen in a review."""
        blocking = [hazard for hazard in self.hazards if hazard.severity == BLOCK]
        notes = ["These need consent, by their codes under accept_hazards:"] if blocking else []
        notes.extend(f"  {hazard.code}: {hazard.operation}: {hazard.message}" for hazard in blocking)
        return to_text(self.migration, notes)


def draft(chain: Chain, model: Schema, name: str, now: datetime, *, allowed: Sequence[str] = ()) -> Draft | None:
    """Make the migration that leads from the chain's state to the model; None where there is nothing to do.

    ``now`` is aware. ``allowed`` names operations such as ``drop_column servers.motd`` (or ``all``) that are meant
    though they look like one half of a forgotten rename.

    :raises InputError: where the name holds nothing that a file's name can be made of.
    :raises RenameNotSaid: where a rename is likely and nobody said whether it is one.
    """
    state = chain.state()
    operations = difference(state, model, prune=True)
    if not operations:
        return None
    identity = _next_id(chain, name, now)
    _refuse_guesses(state, model, operations, allowed)
    after = replay(operations, state)
    _refuse_wrong(after, model)
    migration = new_migration(identity, chain.head, after, operations)
    return Draft(migration, Chain([*chain.migrations, migration]), _hazards(state, migration))


def require_current(chain: Chain, model: Schema) -> None:
    """Refuse a model that says what no migration does, for CI.

    :raises ModelNotCurrent: with the operations that no file has.
    """
    operations = [f"{each.name} {each.target}" for each in difference(chain.state(), model, prune=True)]
    if operations:
        more = f" and {len(operations) - _MOST_NAMED} more" if len(operations) > _MOST_NAMED else ""
        raise ModelNotCurrent(
            f"The model has changes that no migration has: {', '.join(operations[:_MOST_NAMED])}{more}.",
            hint="Write them as a migration and commit its file.",
            operations=operations,
        )


def _hazards(state: Schema, migration: Migration) -> tuple[Hazard, ...]:
    """Weigh without a server: what may lose data counts as if it did."""
    from ..model.hazards import findings
    from ..model.hazards.finding import weigh

    return tuple(weigh(each, {}) for each in findings(migration.operations, state, origin=migration.id))


def _refuse_guesses(state: Schema, model: Schema, operations: Sequence[Operation], allowed: Sequence[str]) -> None:
    from ..model.renames import suspected_renames

    meant = {f"{operation.name} {operation.target}" for operation in operations} & set(allowed)
    questions = [
        suspect.question
        for suspect in suspected_renames(state, model)
        if "all" not in allowed
        and f"drop_{suspect.kind} {'.'.join(filter(None, (suspect.table, suspect.before)))}" not in meant
    ]
    if questions:
        raise RenameNotSaid(
            " ".join(questions),
            hint="Where it is not the same, name the drop in allow_destructive. Nothing was written.",
            questions=questions,
        )


def _refuse_wrong(after: Schema, model: Schema) -> None:
    """A file that leads elsewhere must never be written, whatever the reason."""
    left = difference(after, model, prune=True)
    if left:
        raise WrongState(
            f"The changes cannot be done in one migration; {left[0].name} {left[0].target} would be left.",
            hint="Change the model in two steps, each with a migration of its own.",
        )


def _next_id(chain: Chain, name: str, now: datetime) -> str:
    """Make an id that sorts behind all others, whatever this machine's clock says."""
    stamp = now.astimezone(timezone.utc).replace(microsecond=0)
    for migration in chain.migrations:
        written = datetime.strptime(migration.id[:14], _STAMP).replace(tzinfo=timezone.utc)
        stamp = max(stamp, written + timedelta(seconds=1))
    return f"{stamp:%Y%m%d%H%M%S}_{sanitized(name)}"


def sanitized(name: str) -> str:
    """Give what of a name can stand in a file's name: small letters, digits and underscores.

    :raises InputError: nothing of it can.
    """
    import unicodedata

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain)[:_LONGEST_NAME].strip("_")
    if not words:
        raise InputError(
            "The name of a migration says what it is about.",
            source="name",
            found=name,
            expected="letters or digits, such as 'add motd'",
        )
    return words
