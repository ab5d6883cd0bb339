# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: the only source of ``changed``, of the diff and of the statements that run.

Check mode makes the plan and stops; a real run makes the same plan and applies it. Everything here is plain data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .operations import Operation

INFO, WARN, BLOCK = "info", "warn", "block"


@dataclass(frozen=True)
class Hazard:
    """What a person should know before an operation runs (the codes stand in the documentation of hazards).

    ``facts`` are live numbers where a server was at hand, such as ``{"rows": 1200, "nulls": 3}``. ``destroys`` tells
    that data is lost, so that naming the operation in ``allow_destructive`` counts as consent.
    """

    code: str
    severity: str
    operation: str
    message: str
    safer: str = ""
    destroys: bool = False
    facts: tuple[tuple[str, Any], ...] = ()
    origin: str = ""

    def to_data(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "operation": self.operation,
            "message": self.message,
            "safer": self.safer,
            "facts": dict(self.facts),
            "origin": self.origin,
        }


@dataclass(frozen=True)
class Statement:
    """One thing the server is told. ``text`` is what people read and, on SQL engines, exactly what is sent.

    ``command`` is what a document engine sends instead (its ``text`` is then the command as JSON), or what else an
    engine must know to run the text.
    """

    text: str
    command: Any = None


@dataclass(frozen=True)
class Step:
    """What an engine makes of one or more neighbouring operations: statements that belong together.

    ``operations`` are the positions that the step covers in the list of operations that was compiled. A step that is
    not ``transactional`` must run outside any transaction.
    """

    operations: tuple[int, ...]
    statements: tuple[Statement, ...]
    transactional: bool = True


@dataclass(frozen=True)
class Stage:
    """Operations that belong together, with their steps: one migration, or a declarative change of the schema.

    ``origin`` is the migration's id, empty for a declarative change. ``reverse`` marks a migration that is taken back.
    """

    origin: str
    operations: tuple[Operation, ...]
    steps: tuple[Step, ...]
    reverse: bool = False


@dataclass(frozen=True)
class Plan:
    """All that a run will do, in order. ``before`` and ``after`` are the texts of the diff."""

    engine: str
    server_version: str
    stages: tuple[Stage, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.stages)

    @property
    def fingerprint(self) -> str:
        """``sha256-v1:`` and 64 digits over the engine and every origin, operation and statement in order.

        Empty where there is nothing to do. The same database and the same files give the same fingerprint.
        """
        if not self.changed:
            return ""
        said = [self.engine, [[stage.origin, stage.reverse, _told(stage), _statements(stage)] for stage in self.stages]]
        return "sha256-v1:" + hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()

    def diff(self) -> dict[str, str]:
        """Give the diff in Ansible's form; both sides are equal where nothing changes."""
        return {
            "before": self.before,
            "after": self.after,
            "before_header": f"{self.engine} schema",
            "after_header": f"{self.engine} schema",
        }

    def blocking(self, accepted: Sequence[str], allowed: Sequence[str]) -> tuple[Hazard, ...]:
        """Give the hazards that need consent and have none.

        ``accepted`` are hazard codes. ``allowed`` are operations such as ``drop_column servers.motd`` (or ``all``),
        which consents to what these operations destroy.
        """
        return tuple(
            hazard
            for hazard in self.hazards
            if hazard.severity == BLOCK
            and hazard.code not in accepted
            and not (hazard.destroys and (hazard.operation in allowed or "all" in allowed))
        )

    def to_data(self, *, statements: bool = True) -> list[dict[str, Any]]:
        """Give the operations as plain data with their origins; a step's statements stand with its first operation."""
        rows: list[dict[str, Any]] = []
        for stage in self.stages:
            texts = {step.operations[0]: _texts(step) for step in stage.steps if step.operations}
            for position, operation in enumerate(stage.operations):
                row: dict[str, Any] = {"operation": operation.name, "target": operation.target, "origin": stage.origin}
                if statements:
                    row["statements"] = texts.get(position, [])
                rows.append(row)
        return rows


def _texts(step: Step) -> list[str]:
    return [statement.text for statement in step.statements]


def _told(stage: Stage) -> list[str]:
    return [f"{operation.name} {operation.target}" for operation in stage.operations]


def _statements(stage: Stage) -> list[str]:
    return [text for step in stage.steps for text in _texts(step)]
