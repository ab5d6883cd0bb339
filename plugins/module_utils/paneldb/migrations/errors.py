# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a chain of migrations, each under its own code.

All of them are found before anything is touched.
"""

from __future__ import annotations

from ..errors import MigrationError


class TwoHeads(MigrationError):
    """Two migrations follow the same one. ``details``: ``parent``, ``heads``."""

    code = "migration-two-heads"


class MissingParent(MigrationError):
    """A migration follows one that is in no file, or follows itself. ``details``: ``migration``, ``parent``."""

    code = "migration-missing-parent"


class DuplicateMigration(MigrationError):
    """Two files hold the same migration. ``details``: ``migration``, ``files``."""

    code = "migration-duplicate"


class NotSealed(MigrationError):
    """A file and its line in ``migrations.lock`` do not agree, or one is there without the other."""

    code = "migration-not-sealed"


class EditedAfterApplied(MigrationError):
    """A file is no longer what the database got. ``details``: ``migration``."""

    code = "migration-edited-after-applied"


class MissingFile(MigrationError):
    """The database has a migration that no file holds. ``details``: ``migrations``."""

    code = "migration-missing-file"


class OutOfOrder(MigrationError):
    """The database has a migration but lacks one before it. ``details``: ``missing``, ``applied``."""

    code = "migration-out-of-order"


class PartlySquashed(MigrationError):
    """The database has some of the migrations that a squashed one replaces, and lacks the rest."""

    code = "migration-partly-squashed"


class UnknownMigration(MigrationError):
    """The migration that was named is not in the chain, or is not where it would have to be."""

    code = "migration-unknown"


class WrongState(MigrationError):
    """Operations do not fit one another, or lead elsewhere than the file's header says."""

    code = "migration-wrong-state"


class HalfDone(MigrationError):
    """An earlier run stopped inside a migration, and the database fits neither side of the step where it stopped."""

    code = "migration-half-done"


class Drifted(MigrationError):
    """What is to be changed does not look as the applied migrations left it. ``details``: ``differences``."""

    code = "migration-drift"


class RenameNotSaid(MigrationError):
    """Something goes, something alike comes; nobody said whether it is the same. ``details``: ``questions``."""

    code = "migration-rename-not-said"


class ModelNotCurrent(MigrationError):
    """The model says what no migration does. ``details``: ``operations``."""

    code = "migration-model-not-current"


class NotConfirmed(MigrationError):
    """What removes everything was not confirmed by the right name, or is not allowed in this environment."""

    code = "not-confirmed"
    exit_code = 2


class StepsNotSaid(MigrationError):
    """Nobody said what becomes of steps that a person wrote. ``details``: ``steps``, their labels."""

    code = "migration-steps-not-said"
