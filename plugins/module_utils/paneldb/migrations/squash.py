# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Squashing: one migration in the place of many, with the proof that it leads to the same schema.

A database that has the many keeps them until the next deploy, which records the one instead. Migrations behind the
squashed ones stay as they are: their parent is the last one that was squashed, and the new one stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import MigrationError
from ..model.checksum import schema_checksum
from ..model.diff import difference
from ..model.operations import Execute
from ..model.schema import Schema
from .author import sanitized
from .chain import Chain, advanced
from .errors import StepsNotSaid, WrongState
from .files import Migration, new_migration, to_text

#: Fewer than two migrations are one already.
_FEWEST = 2


class Squash(NamedTuple):
    """A squashed migration that is not written yet, the chain with it, and the migrations that it replaces."""

    migration: Migration
    chain: Chain
    replaced: tuple[Migration, ...]

    @property
    def text(self) -> str:
        """The text of the file."""
        return to_text(self.migration)


def squash(chain: Chain, name: str, *, target: str = "", keep: Sequence[str] = (), drop: Sequence[str] = ()) -> Squash:
    """Make one migration of all up to and with ``target`` (all of them where it is not given).

    Steps that a person wrote cannot be proved: each is named by its label, to be kept (``keep``, they then run behind
    everything else, in their order) or dropped (``drop``, as what only moved rows of old databases).

    :raises MigrationError: where fewer than two migrations would be squashed.
    :raises StepsNotSaid: where nobody said what becomes of a step.
    :raises WrongState: where the new migration would lead to another schema.
    """
    count = chain.position(target) + 1 if target else len(chain)
    replaced = chain.migrations[:count]
    if count < _FEWEST:
        raise MigrationError("There is nothing to squash.", hint="Name a later target, or leave the files as they are.")
    state = chain.state(count)
    operations = [*difference(Schema(), state, prune=True), *_kept_steps(replaced, keep, drop)]
    identity = f"{replaced[-1].id[:14]}_{sanitized(name)}"
    made = new_migration(identity, "", state, operations, _replaces(replaced))
    _prove(made, state)
    return Squash(made, Chain([made, *chain.migrations[count:]]), replaced)


def _replaces(replaced: Sequence[Migration]) -> dict[str, str]:
    """Checksums by id, with what squashed ones among them stood for; the newest comes last."""
    found: dict[str, str] = {}
    for migration in replaced:
        found.update(migration.replaces)
        found[migration.id] = migration.checksum
    return found


def _kept_steps(replaced: Sequence[Migration], keep: Sequence[str], drop: Sequence[str]) -> list[Execute]:
    steps = [step for migration in replaced for step in migration.steps_by_hand]
    open_labels = [step.label for step in steps if step.label not in (*keep, *drop)]
    if open_labels:
        raise StepsNotSaid(
            f"Steps that a person wrote stand in the way: {', '.join(open_labels)}.",
            hint="Say for each whether it is kept (a new database needs it) or dropped (it only moved rows).",
            steps=open_labels,
        )
    return [step for step in steps if step.label in keep]


def _prove(made: Migration, state: Schema) -> None:
    if schema_checksum(advanced(Schema(), made)) != schema_checksum(state):
        raise WrongState(
            f"{made.id} would lead to another schema than the migrations that it replaces; nothing was written.",
            hint="Please report this together with the migration files.",
            migration=made.id,
        )
