# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to bring a database to a state of the chain, by the names that people type."""

from __future__ import annotations

from typing import NamedTuple

from ..engines.base import Engine
from ..planning import Consent, Progress
from .chain import Chain
from .parts import Outcome

LATEST, TARGET, ROLLBACK, RESET, BASELINE = "latest", "target", "rollback", "reset", "baseline"


class Request(NamedTuple):
    """What a person asked for. ``target`` is a migration's id; ``confirm`` and ``environment`` are for a reset."""

    state: str = LATEST
    target: str = ""
    confirm: str = ""
    environment: str = "production"
    consent: Consent = Consent()


def plan(engine: Engine, chain: Chain, request: Request) -> Outcome:
    """Plan what the request comes to; nothing is written. Raises what ``carry_out`` would, but for missing consent."""
    if request.state == ROLLBACK:
        from .rollback import plan_rollback

        return plan_rollback(engine, chain, target=request.target)
    if request.state == RESET:
        from .reset import plan_reset, require_confirmation

        require_confirmation(engine.target, request.confirm, request.environment)
        return plan_reset(engine, chain)
    if request.state == BASELINE:
        from .baseline import plan_baseline

        return plan_baseline(engine, chain, target=request.target)
    from .deploy import plan_deploy

    return plan_deploy(engine, chain, target=request.target if request.state == TARGET else "")


def carry_out(engine: Engine, chain: Chain, request: Request, progress: Progress | None = None) -> Outcome:
    """Do what the request says, under the lock; give what was done."""
    consent = request.consent
    if request.state == ROLLBACK:
        from .rollback import rollback

        return rollback(engine, chain, target=request.target, consent=consent, progress=progress)
    if request.state == RESET:
        from .reset import reset

        confirm, environment = request.confirm, request.environment
        return reset(engine, chain, confirm=confirm, environment=environment, consent=consent, progress=progress)
    if request.state == BASELINE:
        from .baseline import baseline

        return baseline(engine, chain, target=request.target, consent=consent)
    from .deploy import deploy

    target = request.target if request.state == TARGET else ""
    return deploy(engine, chain, target=target, consent=consent, progress=progress)
