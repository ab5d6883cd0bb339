# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in for the bootstrap script that ansible-test downloads: seeds pip from the interpreter's own copy.

It runs inside the fresh environment with the script's usual arguments, then lets pip install what is asked for.
"""

from __future__ import annotations

import ensurepip
import importlib
import os
import runpy
import sys

#: Options of the downloaded script that pip itself does not know.
_SCRIPT_ONLY = {"--no-setuptools", "--no-wheel"}


def main() -> None:
    """Seed pip, then run it in this process."""
    ensurepip.bootstrap()
    # ensurepip shuts out pip's configuration and leaves it shut for what follows.
    os.environ.pop("PIP_CONFIG_FILE", None)
    importlib.invalidate_caches()
    sys.argv[1:] = ["install", *(argument for argument in sys.argv[1:] if argument not in _SCRIPT_ONLY)]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
