# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the virtual environments of the checkout and keeps them as their requirements say.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.environments NAME...
Names are the keys of ENVIRONMENTS.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ansible_collections.ctrlaltplay.paneldb.tests.tools import interpreters

CHECKOUT = Path(__file__).resolve().parents[2]
CONTROLLER_PYTHONS = ("3.11", "3.12", "3.13", "3.14")


@dataclass(frozen=True)
class Environment:
    """A folder of the checkout, the Python versions that suit it (best first), a requirements file and bounds on it."""

    folder: str
    pythons: tuple[str, ...]
    requirements: str
    bounds: tuple[str, ...] = ()

    @property
    def programs(self) -> Path:
        """Folder of the environment's programs."""
        return CHECKOUT / self.folder / "bin"

    @property
    def _stamp(self) -> Path:
        return CHECKOUT / self.folder / ".requirements"

    def _wanted(self) -> str:
        digest = hashlib.sha256(repr(self.bounds).encode())
        for path in (CHECKOUT / "requirements.txt", *sorted((CHECKOUT / "tests").glob("requirements*.txt"))):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def make(self) -> bool:
        """Make or refresh the environment; False when no suitable interpreter is here.

        SystemExit with what to install when the interpreter cannot make environments.
        """
        if self._stamp.exists() and self._stamp.read_text() == self._wanted():
            return True
        interpreter = interpreters.find(self.pythons)
        if interpreter is None:
            return False
        print(f"Making {self.folder} with {interpreter}", flush=True)
        shutil.rmtree(CHECKOUT / self.folder, ignore_errors=True)
        _create(interpreter, CHECKOUT / self.folder)
        pip = [str(self.programs / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "-r", str(CHECKOUT / self.requirements), *self.bounds], check=True)
        self._stamp.write_text(self._wanted())
        return True


ENVIRONMENTS = {
    "run": Environment(".venv", CONTROLLER_PYTHONS, "requirements.txt"),
    "core-2.19": Environment(
        ".venv-core-2.19", ("3.11", "3.12", "3.13"), "tests/requirements-lint.txt", ("ansible-core>=2.19,<2.20",)
    ),
    "core-2.21": Environment(
        ".venv-core-2.21", ("3.13", "3.12", "3.14"), "tests/requirements.txt", ("ansible-core>=2.21,<2.22",)
    ),
    "target": Environment(".venv-target", ("3.9",), "tests/requirements-target.txt"),
    # The oldest PyMongo, which is also the last but one that speaks with the second stand-in for MongoDB.
    "pymongo-4.9": Environment(
        ".venv-pymongo-4.9", ("3.9", "3.11", "3.12"), "tests/requirements-target.txt", ("pymongo>=4.9,<4.10",)
    ),
}


def ensure(name: str) -> Optional[Environment]:
    """Return the environment, made and fresh; None, after saying so, when its interpreter is missing here.

    In continuous integration a missing interpreter is an error: a part left out there would go unnoticed.
    """
    environment = ENVIRONMENTS[name]
    if environment.make():
        return environment
    missing = f"No Python {' or '.join(environment.pythons)} was found for {environment.folder}"
    if os.environ.get("CI") == "true":
        raise SystemExit(f"{missing}.")
    print(f"{missing}: its part is left out.", flush=True)
    return None


def _create(interpreter: Path, folder: Path) -> None:
    if subprocess.run([str(interpreter), "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
        version = interpreters.version_of(interpreter)
        raise SystemExit(f"{interpreter} cannot make environments: sudo apt-get install python{version}-venv")
    subprocess.run([str(interpreter), "-m", "venv", str(folder)], check=True)


def main() -> None:
    """Make the environments named on the command line."""
    for name in sys.argv[1:]:
        if ensure(name) is None:
            raise SystemExit(f"Install Python {' or '.join(ENVIRONMENTS[name].pythons)} first.")


if __name__ == "__main__":
    main()
