# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``paneldb status`` in the usual case: journal and ``migrations.lock`` tell the same story, and nothing else is asked.

What is imported here is imported at every call that a monitor makes, so it is next to nothing. Whatever is not usual
is left to the whole command, which also says what is wrong.
"""

from __future__ import annotations

import os

from ..engines.journal import read_journal
from ..errors import LONGEST_LIST, PanelDbError
from .settings import read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..engines.journal import Journal

_OPTIONS = {"--env-file": "env_file", "--url": "url", "--migrations": "migrations"}


def status(arguments: Sequence[str]) -> bool:
    """Print the status, if these are the arguments of a usual call and all is as usual; tell whether it was."""
    options = _read(arguments)
    data = _data(options) if options is not None else None
    if data is None or options is None:
        return False
    from .telling import print_status

    print_status(data, as_json=bool(options.get("json")))
    return True


def _read(arguments: Sequence[str]) -> dict[str, str | None] | None:
    """Read the options of a plain status call."""
    if list(arguments[:1]) != ["status"]:
        return None
    options: dict[str, str | None] = {}
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--json":
            options["json"] = "yes"
        elif argument in _OPTIONS:
            options[_OPTIONS[argument]] = next(rest, "")
        else:
            return None
    return options


def _data(options: dict[str, str | None]) -> dict[str, Any] | None:
    """Give what ``commands.status`` would; None where it has to be asked."""
    try:
        settings = read_settings(options, os.environ, options.get("env_file") or "")
        sealed = _sealed(settings.values["PANELDB_MIGRATIONS"])
    except (PanelDbError, OSError, ValueError):
        return None
    journal = read_journal(settings.values.get("DATABASE_URL", "")) if sealed else None
    if journal is None or not _agree(journal, sealed):
        return None
    pending = list(sealed)[len(journal.applied) :]
    applied = [journal.applied[identity] for identity in sealed if identity in journal.applied]
    counts = {"applied": len(applied), "pending": len(pending), "runs": len(journal.runs)}
    return {
        **journal.identity,
        "applied": applied[-LONGEST_LIST:],
        "pending": pending[:LONGEST_LIST],
        "runs": journal.runs[-LONGEST_LIST:],
        "counts": counts,
    }


def _sealed(folder: str) -> dict[str, str]:
    """Give the lines of the lock, id and checksum each; what is none of them agrees with no journal."""
    with open(f"{folder}/migrations.lock", encoding="utf-8") as stream:  # noqa: PTH123 - pathlib costs time here
        lines = [line.split() for line in stream if line.strip() and not line.startswith("#")]
    return {words[0]: " ".join(words[1:]) for words in lines}


def _agree(journal: Journal, sealed: dict[str, str]) -> bool:
    """Tell whether the journal holds the first migrations of the lock, as they were sealed, and no others."""
    first = list(sealed)[: len(journal.applied)]
    return journal.checksums == {identity: sealed[identity] for identity in first}
