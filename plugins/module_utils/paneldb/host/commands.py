# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands themselves. Each takes options and settings, prints, and gives the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import output, telling
from .settings import SHARE, Settings

if TYPE_CHECKING:
    import argparse

    from ..engines.base import Engine
    from ..migrations.chain import Chain
    from ..migrations.parts import Outcome
    from ..model.schema import Schema
    from ..planning import Consent, Progress

_DEVELOPMENT = "development"


def status(options: argparse.Namespace, settings: Settings) -> int:
    """Tell which database this is, and what is applied and pending, where ``quick.status`` could not."""
    with _connect(settings, read_only=True) as engine:
        telling.print_status({**_identity(engine), **_full_status(engine, settings)}, as_json=options.json)
    return 0


def migrate_status(options: argparse.Namespace, settings: Settings) -> int:
    """Tell the same and more: every file is read, the catalogue compared, what is pending is planned."""
    with _connect(settings, read_only=True) as engine:
        found = {**_identity(engine), **_full_status(engine, settings, "drift", "hazards")}
        telling.print_status(found, as_json=options.json)
    return 0


def migrate_deploy(options: argparse.Namespace, settings: Settings) -> int:
    """Apply what is pending."""
    from ..migrations.states import LATEST, TARGET, Request

    request = Request(TARGET if options.target else LATEST, options.target, consent=_consent(options))
    telling.print_outcome(options, _carry_out(options, settings, request))
    return 0


def migrate_dev(options: argparse.Namespace, settings: Settings) -> int:
    """Write the next migration from the model and apply it to a development database."""
    from datetime import datetime, timezone

    from ..migrations import writing

    _require_development(settings)
    asked = writing.Authoring(name=options.name, meant=options.allow_destructive)
    files = _migration_sources(settings, may_miss=True)
    written = writing.plan(files, _model(settings), asked, datetime.now(timezone.utc))
    if not options.check:
        writing.write(written)
    data = written.to_data()
    if not options.json:
        output.write(telling.told_file(data) + ("\n" + output.diff(data["diff"]) if options.diff else ""))
    if options.check:
        if options.json:
            output.write_json(data)
        return 0
    from ..migrations.states import Request

    telling.print_outcome(
        options, _carry_out(options, settings, Request(consent=_consent(options))), file=data.get("file")
    )
    return 0


def migrate_reset(options: argparse.Namespace, settings: Settings) -> int:
    """Drop everything that migrations made, apply all of them, seed."""
    from ..migrations.states import RESET, Request

    environment = settings.values["PANELDB_ENVIRONMENT"]
    request = Request(RESET, "", options.confirm, environment, _consent(options))
    outcome = _carry_out(options, settings, request)
    if options.check:
        telling.print_outcome(options, outcome)
        return 0
    rows = _seed(options, settings)
    telling.print_outcome(options, outcome, seed=rows if options.json else None)
    if not options.json:
        output.write(telling.told_rows(rows))
    return 0


def seed(options: argparse.Namespace, settings: Settings) -> int:
    """Bring rows into the state that the seeds say."""
    rows = _seed(options, settings)
    if options.json:
        output.write_json(rows)
    else:
        output.write(telling.told_rows(rows) + (f"\n{output.diff(rows['diff'])}" if options.diff else ""))
    return 0


# --- what commands share ---------------------------------------------------------------------------------------------


def _connect(settings: Settings, *, read_only: bool = False) -> Engine:
    from ..engines import connect
    from ..engines.target import parse_target

    return connect(parse_target({"url": settings.url}), read_only=read_only)


def _identity(engine: Engine) -> dict[str, Any]:
    from ..engines.urls import to_url

    return {
        "engine": engine.name,
        "server_version": engine.version(),
        "database": engine.target.database or engine.target.path,
        "url": to_url(engine.target, mask=True),
    }


def _migration_sources(settings: Settings, *, may_miss: bool = False) -> Any:
    from ..sources import read_migrations

    return read_migrations(settings.values["PANELDB_MIGRATIONS"], SHARE, may_miss=may_miss)


def _chain(settings: Settings) -> Chain:
    from ..migrations.chain import load_chain

    files = _migration_sources(settings)
    return load_chain(files.files, files.lock)


def _model(settings: Settings) -> Schema:
    from ..model.load import load_model
    from ..sources import read_model

    return load_model(read_model(settings.values["PANELDB_MODEL"], SHARE))


def _full_status(engine: Engine, settings: Settings, *gather: str) -> dict[str, Any]:
    from ..migrations.info import status as read_status

    return read_status(engine, _chain(settings), gather=gather).to_data()


def _consent(options: argparse.Namespace) -> Consent:
    from ..planning import Consent

    return Consent(options.accept_hazard, options.allow_destructive, options.expect_fingerprint)


def _require_development(settings: Settings) -> None:
    from ..errors import InputError

    environment = settings.values["PANELDB_ENVIRONMENT"]
    if environment != _DEVELOPMENT:
        raise InputError(
            "Migrations are written where development happens.",
            source="PANELDB_ENVIRONMENT",
            found=environment,
            expected=_DEVELOPMENT,
        )


def _carry_out(options: argparse.Namespace, settings: Settings, request: Any) -> Outcome:
    from ..migrations import states

    chain = _chain(settings)
    with _connect(settings, read_only=options.check) as engine:
        if options.check:
            return states.plan(engine, chain, request)
        return states.carry_out(engine, chain, request, None if options.json else _progress())


def _progress() -> Progress:
    from ..planning import Progress

    class Told(Progress):
        """Says each step before it runs."""

        def before_step(self, stage: Any, position: int) -> None:
            output.note(f"{stage.origin or 'what was there'}: step {position + 1} of {len(stage.steps)}")

    return Told()


def _seed(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from ..seeds.plan import run_seeds
    from ..sources import read_seeds

    model, documents = _model(settings), read_seeds([settings.values["PANELDB_SEEDS"]], SHARE)
    prune = getattr(options, "prune", False)
    with _connect(settings, read_only=options.check) as engine:
        return run_seeds(
            engine, model, documents, check=options.check, variables=settings.values, prune=prune
        ).to_data()
