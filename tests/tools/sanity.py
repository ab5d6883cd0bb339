# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-test sanity, without containers, on the built collection with its tests beside it.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.sanity [OPTION OF ansible-test sanity...]
The ansible-core is that of the interpreter that runs this. Its environments stay in .cache, so that only the first run
of a machine makes them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools import interpreters, system

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
OLDEST_TARGET = "3.9"
#: What the target code's own interpreter decides; all else is about the files.
TARGET_TESTS = ("compile", "import")
#: ansible-test ends well when it finds no file to test; here that is a failure.
NOTHING_TESTED = "All targets skipped"
#: What pip says while ansible-test makes its environments.
INSTALLING = re.compile(
    r"\s*(Attempting|Collecting|Downloading|Found existing|Installing|Looking in|Processing|Successfully|Uninstalling"
    r"|Using cached|━|$)"
)


class Sandbox:
    """A folder of the cache with a home of its own, the installed collection and the interpreters by their names."""

    def __init__(self, core: str) -> None:
        self.root = CHECKOUT / ".cache" / "sanity" / core
        self.home = self.root / "home"
        self.interpreters = self.root / "interpreters"
        self.collection = self.root / "ansible_collections" / "ctrlaltplay" / "paneldb"

    def prepare(self) -> None:
        """Install the present state of the checkout and what ansible-test would download."""
        for folder in (self.home, self.interpreters):
            folder.mkdir(parents=True, exist_ok=True)
        self._install_collection()
        self._place_bootstrap()
        self._keep_pip_settings()

    def run(self, options: Sequence[str]) -> bool:
        """Run ansible-test sanity with ``options``; True when it found nothing."""
        command = [str(PROGRAMS / "ansible-test"), "sanity", "--local", "--color", "no", *options]
        environment = {**_clean_environment(), "HOME": str(self.home), "PATH": self._path()}
        skipped = False
        with subprocess.Popen(
            command,
            cwd=self.collection,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if not INSTALLING.match(line):
                    print(line, end="", flush=True)
                skipped = skipped or NOTHING_TESTED in line
        return process.returncode == 0 and not skipped

    def offer(self, python: str) -> bool:
        """Make an interpreter known by its name; False when this machine has none."""
        found = interpreters.find([python])
        if found is not None:
            link = self.interpreters / f"python{python}"
            link.unlink(missing_ok=True)
            link.symlink_to(found.resolve())
        return found is not None

    def _path(self) -> str:
        return os.pathsep.join([str(self.interpreters), str(PROGRAMS), os.environ.get("PATH", os.defpath)])

    def _install_collection(self) -> None:
        shutil.rmtree(self.root / "ansible_collections", ignore_errors=True)
        galaxy = [str(PROGRAMS / "ansible-galaxy"), "collection"]
        build = self.root / "build"
        shutil.rmtree(build, ignore_errors=True)
        subprocess.run([*galaxy, "build", "--output-path", str(build), str(CHECKOUT)], check=True)
        (artefact,) = build.glob("*.tar.gz")
        subprocess.run(
            [
                *galaxy,
                "install",
                "--no-deps",
                "--offline",
                "--force",
                "--collections-path",
                str(self.root),
                str(artefact),
            ],
            check=True,
        )
        shutil.copytree(CHECKOUT / "tests", self.collection / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        # A repository of its own: the checkout's one ignores this folder, and ansible-test goes by what git ignores.
        subprocess.run(["git", "init", "--quiet", str(self.collection)], check=True)

    def _place_bootstrap(self) -> None:
        cache = self.home / ".ansible" / "test" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        for pip in _bootstrap_versions():
            shutil.copy(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{pip.replace('.', '_')}.py")

    def _keep_pip_settings(self) -> None:
        for name in (".config/pip", ".pip"):
            link, settings = self.home / name, Path.home() / name
            if settings.exists() and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(settings)


def _bootstrap_versions() -> set[str]:
    """Versions of pip that this ansible-test seeds its environments with."""
    spec = find_spec("ansible_test")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    return set(re.findall(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8")))


def _clean_environment() -> dict[str, str]:
    """The environment without what points into the checkout: the tests must see the installed copy alone."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}


def main() -> None:
    """Run all tests on the controller's Python and the target's own tests on the oldest one."""
    system.ensure(["shellcheck"])
    core = ".".join(version("ansible-core").split(".")[:2])
    sandbox = Sandbox(core)
    sandbox.prepare()
    controller = "{}.{}".format(*sys.version_info[:2])
    print(f"ansible-core {core} on Python {controller}", flush=True)
    passed = sandbox.run(["--python", controller, *sys.argv[1:]])
    if sandbox.offer(OLDEST_TARGET):
        print(f"Target code on Python {OLDEST_TARGET}", flush=True)
        chosen = [option for test in TARGET_TESTS for option in ("--test", test)]
        passed = sandbox.run(["--python", OLDEST_TARGET, *chosen]) and passed
    elif os.environ.get("CI") == "true":
        raise SystemExit(f"No Python {OLDEST_TARGET} was found.")
    if not passed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
