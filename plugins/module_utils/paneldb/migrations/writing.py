# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that writes migration files, by the names that people type. Offline: no database is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..model.plan import Hazard
from ..model.schema import Schema
from ..sources import MigrationSources
from .chain import Chain, load_chain, unsealed_chain
from .files import Migration

PRESENT, CURRENT, SQUASH, SEALED = "present", "current", "squash", "sealed"


@dataclass(frozen=True)
class Authoring:
    """What a person asked for. ``meant``: drops that are no half of a rename; ``keep``, ``drop``: labels of steps."""

    state: str = PRESENT
    name: str = ""
    target: str = ""
    meant: Sequence[str] = ()
    keep: Sequence[str] = ()
    drop: Sequence[str] = ()


@dataclass(frozen=True)
class Written:
    """What was or would be written: the migration with its text and chain, and the migrations whose files go.

    Without ``migration`` there is nothing to write, or only the lock.
    """

    folder: str
    chain: Chain
    migration: Migration | None = None
    text: str = ""
    hazards: tuple[Hazard, ...] = ()
    replaced: tuple[Migration, ...] = ()
    lock_before: str = ""
    lock_after: str = ""

    @property
    def changed(self) -> bool:
        return self.migration is not None or self.lock_before != self.lock_after

    def to_data(self) -> dict[str, Any]:
        """Give ``changed``, ``diff``, ``plan``, ``hazards`` and, of a new file, ``file`` and ``id``."""
        data: dict[str, Any] = {"changed": self.changed, "plan": [], "hazards": [], "diff": self._diff()}
        if self.migration:
            data["id"] = self.migration.id
            data["file"] = str(Path(self.folder) / self.migration.file_name)
            data["plan"] = [f"{each.name} {each.target}" for each in self.migration.operations]
            data["hazards"] = [hazard.to_data() for hazard in self.hazards]
            data["replaced"] = [each.id for each in self.replaced]
        return data

    def _diff(self) -> dict[str, str]:
        name = self.migration.file_name if self.migration else "migrations.lock"
        before, after = ("", self.text) if self.migration else (self.lock_before, self.lock_after)
        return {"before": before, "after": after, "before_header": name, "after_header": name}


def plan(files: MigrationSources, model: Schema, authoring: Authoring, now: datetime) -> Written:
    """Tell what would be written. Nothing is.

    :raises ModelNotCurrent: with CURRENT, where the model has changes that no file has.
    :raises RenameNotSaid: where a rename is likely and nobody said whether it is one.
    :raises MigrationError: where the files do not hold together.
    """
    if authoring.state == SEALED:
        return _resealed(files)
    chain = load_chain(files.files, files.lock)
    if authoring.state == SQUASH:
        return _squashed(files, chain, authoring)
    if authoring.state == CURRENT:
        from .author import require_current

        require_current(chain, model)
        return Written(files.folder, chain)
    return _drafted(files, chain, model, authoring, now)


def write(written: Written) -> None:
    """Write what the plan says: the new file and the lock, each whole or not at all; then files that go are removed."""
    from .folder import remove_migrations, seal, write_migration

    if written.migration:
        write_migration(written.migration, written.text, written.chain, written.folder)
        remove_migrations(written.replaced, written.folder)
    elif written.changed:
        seal(written.chain, written.folder)


def _drafted(files: MigrationSources, chain: Chain, model: Schema, authoring: Authoring, now: datetime) -> Written:
    from .author import draft

    made = draft(chain, model, authoring.name, now, allowed=authoring.meant)
    if made is None:
        return Written(files.folder, chain)
    return Written(files.folder, made.chain, made.migration, made.text, made.hazards)


def _squashed(files: MigrationSources, chain: Chain, authoring: Authoring) -> Written:
    from .squash import squash

    name = authoring.name or "squashed"
    made = squash(chain, name, target=authoring.target, keep=authoring.keep, drop=authoring.drop)
    return Written(files.folder, made.chain, made.migration, made.text, replaced=made.replaced)


def _resealed(files: MigrationSources) -> Written:
    from .folder import lock_after, sealed_migrations

    chain = unsealed_chain(files.files)
    before = str(files.lock.data) if files.lock else ""
    after = lock_after(Chain(list(sealed_migrations(chain))), before)
    return Written(files.folder, chain, lock_before=before, lock_after=after)
