# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host command: ``paneldb status | migrate {status,deploy,dev,reset} | seed``, for cron and for people.

It ends with 0, or with the ``exit_code`` of the error (see ``errors``); 70 means a fault of the command itself. Nothing
is imported before it is needed: a status call is little more than its connection.
"""

from __future__ import annotations

import os
import sys

from .errors import PanelDbError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

#: A fault of the command itself (EX_SOFTWARE of sysexits.h).
FAULT = 70
#: Ended by a person (128 + SIGINT).
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give the exit code."""
    from .host.quick import status

    said = sys.argv[1:] if arguments is None else arguments
    if status(said):
        return 0
    from .host.arguments import parser

    options = parser().parse_args(said)
    try:
        return _run(options)
    except PanelDbError as error:
        _tell(options, error)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("paneldb: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left; the interpreter must not complain when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - a traceback may show secrets
        sys.stderr.write(f"paneldb: this is a fault of the command: {type(error).__name__} at {_place(error)}\n")
        return FAULT


def _run(options: argparse.Namespace) -> int:
    from .host import commands
    from .host.settings import read_settings

    settings = read_settings(vars(options), os.environ, options.env_file or "")
    command = getattr(commands, options.command)
    return int(command(options, settings))


def _tell(options: argparse.Namespace, error: PanelDbError) -> None:
    if options.json:
        from .host.output import write_json

        write_json({"error": error.to_data(), "exit_code": error.exit_code})
    else:
        sys.stderr.write(f"paneldb: {error}\n")


def _place(error: BaseException) -> str:
    """Give the line that failed, and no value."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return f"{place.tb_frame.f_code.co_filename.rpartition('/')[2]}:{place.tb_lineno}" if place else "an unknown place"


if __name__ == "__main__":
    raise SystemExit(main())
