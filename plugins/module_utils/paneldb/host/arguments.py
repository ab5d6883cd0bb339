# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of ``paneldb``."""

from __future__ import annotations

import argparse


def parser() -> argparse.ArgumentParser:
    """Give the parser; it sets ``command`` to the name of a function in ``commands``."""
    top = argparse.ArgumentParser(prog="paneldb", description="Looks after the panel's database.")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _status(commands)
    migrate = commands.add_parser("migrate", help="see, apply, write or reset migrations")
    migrations = migrate.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add(migrations, "status", "migrate_status", "where the database stands, with drift and hazards of what is pending")
    _deploy(migrations)
    _dev(migrations)
    _reset(migrations)
    _seed(commands)
    return top


def _add(commands: argparse._SubParsersAction, name: str, function: str, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    """Add a command with the options that all of them have."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(command=function)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--url", metavar="URL", help="database; better in DATABASE_URL, where nobody else sees it")
    command.add_argument("--env-file", metavar="FILE", help="settings (default: /etc/paneldb/paneldb.env)")
    command.add_argument("--model", metavar="FILE", help="model (default: PANELDB_MODEL)")
    command.add_argument("--migrations", metavar="FOLDER", help="migrations (default: PANELDB_MIGRATIONS)")
    command.add_argument("--seeds", metavar="PATH", help="file or folder of seeds (default: PANELDB_SEEDS)")
    return command


def _status(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    _add(commands, "status", "status", "which database this is, and what is applied and pending")


def _seed(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    command = _add(commands, "seed", "seed", "bring rows into the state that the seeds say")
    command.add_argument("--prune", action="store_true", help="delete rows of seeded tables that no seed names")
    _planning(command)


def _planning(command: argparse.ArgumentParser) -> None:
    command.add_argument("--check", action="store_true", help="only tell what would be done")
    command.add_argument("--diff", action="store_true", help="show the difference line by line")


def _consent(command: argparse.ArgumentParser) -> None:
    command.add_argument("--accept-hazard", metavar="CODE", action="append", default=[], help="consent to a hazard")
    command.add_argument(
        "--allow-destructive", metavar="OPERATION", action="append", default=[], help="consent to what it destroys"
    )
    command.add_argument("--expect-fingerprint", metavar="TEXT", default="", help="run this very plan or nothing")


def _deploy(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    command = _add(commands, "deploy", "migrate_deploy", "apply what is pending")
    command.add_argument("--target", metavar="ID", default="", help="go no further than this migration")
    _consent(command)
    _planning(command)


def _dev(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    command = _add(commands, "dev", "migrate_dev", "write what changed in the model as a migration, and apply it")
    command.add_argument("--name", required=True, help="what the change is about")
    _consent(command)
    _planning(command)


def _reset(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    command = _add(commands, "reset", "migrate_reset", "drop everything, apply all migrations, seed")
    command.add_argument("--confirm", metavar="NAME", default="", help="the name of the database, once more")
    _consent(command)
    _planning(command)
