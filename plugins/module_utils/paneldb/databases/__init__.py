# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database itself: there with its settings, or gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..engines import engine_class
from ..engines.target import Target
from ..errors import InputError
from ..model.plan import Statement

PRESENT, ABSENT = "present", "absent"


@dataclass(frozen=True)
class DatabasePlan:
    """What leads from the database as it is to the wanted one: settings before and after, None where it is absent."""

    target: Target
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    statements: tuple[Statement, ...] = ()

    @property
    def changed(self) -> bool:
        return self.before != self.after or bool(self.statements)

    def to_data(self) -> dict[str, Any]:
        """Give ``changed``, ``diff``, ``engine``, ``database`` and ``statements`` as plain values."""
        statements = [statement.text for statement in self.statements]
        after = _lines(self.after) + "".join(f"-- {statement}\n" for statement in statements)
        return {
            "changed": self.changed,
            "engine": self.target.engine,
            "database": self.after,
            "statements": statements,
            "diff": {"before": _lines(self.before), "after": after},
        }


def plan(target: Target, state: str, wanted: Mapping[str, Any], *, confirm: str = "") -> DatabasePlan:
    """Compare the database with the wanted state; nothing is changed.

    :raises InputError: where the database is to go and ``confirm`` is not its name.
    """
    engine = engine_class(target.engine)
    if state == ABSENT:
        _confirmed(target, confirm)
        return DatabasePlan(target, engine.describe_database(target), None)
    before = engine.describe_database(target)
    after, statements = engine.plan_database(target, wanted, before)
    return DatabasePlan(target, before, after, statements)


def apply(database_plan: DatabasePlan) -> None:
    """Do what the plan says."""
    if not database_plan.changed:
        return
    engine = engine_class(database_plan.target.engine)
    if database_plan.after is None:
        engine.drop_database(database_plan.target)
    else:
        engine.apply_database(database_plan.target, database_plan.statements)


def _confirmed(target: Target, confirm: str) -> None:
    if confirm != target.name:
        raise InputError(
            "The database is removed only if its name is said twice.",
            source="option confirm",
            found=confirm,
            expected=repr(target.name),
        )


def _lines(settings: Mapping[str, Any] | None) -> str:
    if settings is None:
        return "absent\n"
    return "".join(f"{name}: {value}\n" for name, value in sorted(settings.items()))
