# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding: a hazard with the facts that would settle how bad it is, and the weighing of such facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Union

from ..plan import BLOCK, INFO, WARN, Hazard
from ..schema import Check, Column, ForeignKey, Index, Table, Unique

#: What a fact is asked about; None is the table itself.
Subject = Union[Column, Unique, Index, ForeignKey, Check, None]

ROWS, BYTES, NULLS, VALUES, DUPLICATES, ORPHANS, VIOLATIONS = (
    "rows",
    "bytes",
    "nulls",
    "values",
    "duplicates",
    "orphans",
    "violations",
)

_SENTENCES = {
    ROWS: "The table holds {} row(s).",
    NULLS: "{} row(s) hold a null.",
    VALUES: "{} row(s) hold a value.",
    DUPLICATES: "{} value(s) occur more than once.",
    ORPHANS: "{} row(s) refer to nothing.",
    VIOLATIONS: "{} row(s) do not fit.",
}


class Need(NamedTuple):
    """One live fact: which one (``rows``, ``nulls``, ...), of which table as it is before the operation, about what.

    ``nulls`` and ``values`` are about a Column, ``duplicates`` about a Unique or an Index, ``orphans`` about a
    ForeignKey, ``violations`` about a Check; ``rows`` and ``bytes`` about the table.
    """

    fact: str
    table: Table
    subject: Subject = None


@dataclass(frozen=True)
class Finding:
    """A hazard as it looks without a server at hand, and what a server could tell about it.

    ``decides`` is the fact that settles the severity: above nought the hazard blocks, at nought it drops to
    ``otherwise``. Whatever it decides, an empty table (``rows`` is 0) makes the hazard an info. ``refuses`` tells that
    the engine would refuse the operation over such rows; a step in between may well mend them. ``lock`` says
    what nobody else can do meanwhile, unless the engine does the operation beside others. ``position`` is the
    operation's place in the change: the names in ``needs`` are those that hold right before it.
    """

    hazard: Hazard
    needs: tuple[Need, ...] = ()
    decides: str = ""
    otherwise: str = INFO
    refuses: bool = False
    lock: str = ""
    position: int = 0


def weigh(finding: Finding, facts: Mapping[str, Any], *, mended: bool = False, online: bool = False) -> Hazard:
    """Give the hazard with its live facts and the severity that follows from them.

    A hazard that destroys data blocks where the fact that decides is not known. ``mended`` tells that a step of a
    person runs between now and then, so that rows which would be refused now may be right by then: a warning.
    ``online`` tells that the engine does the operation beside readers and writers: what is left is an info.
    """
    hazard = finding.hazard
    severity = _severity(finding, facts)
    if severity == BLOCK and mended and finding.refuses:
        severity = WARN
    elif severity == WARN and online and finding.lock:
        severity = INFO
    known = tuple((name, facts[name]) for name in sorted(facts) if facts[name] is not None)
    told = _told(finding, facts, online=online)
    return replace(hazard, severity=severity, message=told, facts=(*hazard.facts, *known))


def _severity(finding: Finding, facts: Mapping[str, Any]) -> str:
    if facts.get(ROWS) == 0:
        return INFO
    if not finding.decides:
        return finding.hazard.severity
    decisive = facts.get(finding.decides)
    if decisive is None:
        return BLOCK if finding.hazard.destroys else finding.hazard.severity
    return BLOCK if decisive else finding.otherwise


def _told(finding: Finding, facts: Mapping[str, Any], *, online: bool) -> str:
    sentences = [finding.hazard.message, "" if online else finding.lock]
    decisive = facts.get(finding.decides) if finding.decides else None
    if decisive:
        sentences.append(_SENTENCES[finding.decides].format(decisive))
    return " ".join(filter(None, sentences))
