# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings every test shares."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Shared runners stall now and then: a deadline per example would fail for reasons outside the code.
settings.register_profile("paneldb", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paneldb")
