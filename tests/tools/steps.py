# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checks of the repository: each with its duration, all of them even if one fails, a summary at the end.

Two steps run side by side where there are two processors; what a step prints is then shown when it ends. The variable
PANELDB_STEPS_AT_ONCE says another number.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.steps PART...
Parts: lint | docs | unit | engines | plays | faults | claims | sanity | molecule | bench | test
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ansible_collections.ctrlaltplay.paneldb.tests.tools import environments, prebuilt, system

CHECKOUT = environments.CHECKOUT
TESTS = "ansible_collections.ctrlaltplay.paneldb.tests"
CORES = ("core-2.19", "core-2.21")
MOST_AT_ONCE = 2
_PREPARING = threading.Lock()


@dataclass(frozen=True)
class Step:
    """A command of one virtual environment, with the packages of the distribution and the programs that it needs.

    Programs are named as prebuilt.py knows them.
    """

    name: str
    environment: str
    argv: tuple[str, ...]
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


def _tests(part: str, names: Sequence[str], *more: str, servers: bool = False) -> tuple[Step, ...]:
    argv = ("pytest", "-q", "--durations=5", f"tests/{part}", *more)
    packages, built = (system.SERVERS, GRID) if servers else ((), ())
    return tuple(Step(f"{part} on {name}", name, argv, packages, built) for name in names)


#: Beds of servers that are there for another release of what the distribution has, as they are named in tests.
RELEASES = ("mysql9", "mariadb11", "postgresql18")
#: What the grid runs on beside the distribution's servers.
GRID = ("documentdb", "ferretdb2", "ferretdb", "mysql8", "mysql", "mariadb11", "postgresql18")
DOCS = (
    Step("documentation", "core-2.19", ("antsibull-docs", "lint-collection-docs", "--plugin-docs", ".")),
    Step("changelog", "core-2.19", ("antsibull-changelog", "lint")),
)
PARTS: dict[str, tuple[Step, ...]] = {
    "lint": (
        Step("ruff check", "core-2.19", ("ruff", "check")),
        Step("ruff format", "core-2.19", ("ruff", "format", "--check")),
        Step("mypy", "core-2.19", ("mypy",)),
        Step("yamllint", "core-2.19", ("yamllint", "--strict", ".")),
        Step("ansible-lint", "core-2.19", ("ansible-lint", "--profile", "production")),
        *DOCS,
    ),
    "docs": DOCS,
    "unit": _tests("unit", ("target", *CORES)),
    "engines": (
        # No test of the grid meets Ansible: the oldest Python and a new one show all there is to see. One of them is
        # enough for servers that differ in their releases alone.
        *_tests("engines", ("target",), "-k", f"not {' and not '.join(RELEASES)}", servers=True),
        *_tests("engines", CORES[-1:], servers=True),
        Step(
            "engines on the second stand-in for MongoDB",
            "pymongo-4.9",
            ("pytest", "-q", "--durations=5", "tests/oldest_pymongo"),
            system.SERVERS,
            ("mongo_java",),
        ),
    ),
    "plays": (
        *_tests("plays", CORES[:1], "-k", "not mysql9", servers=True),
        *_tests("plays", CORES[1:], servers=True),
    ),
    "faults": _tests("faults", ("core-2.19",), servers=True),
    "sanity": tuple(Step(f"sanity on {name}", name, ("python", "-m", f"{TESTS}.tools.sanity")) for name in CORES),
    "molecule": (
        Step("molecule", "core-2.19", ("molecule", "test"), system.HOSTS),
        Step("molecule with agents", "core-2.19", ("molecule", "test", "--scenario-name", "nodes"), system.HOSTS),
    ),
    "claims": (Step("what the README promises", "core-2.19", ("python", "-m", f"{TESTS}.tools.claims")),),
    "bench": (
        Step(
            "benchmarks",
            "core-2.19",
            ("python", "-m", f"{TESTS}.benchmarks"),
            system.SERVERS,
            ("documentdb", "ferretdb2"),
        ),
    ),
}
#: Long ones first, so that none is left to run alone at the end.
WHOLE = ("engines", "molecule", "plays", "faults", "sanity", "unit", "lint", "claims")


def run(step: Step, *, alone: bool = True) -> bool:
    """Prepare what the step needs, run it and tell how long it took; a step without its interpreter is left out.

    What a step prints that is not ``alone`` is shown when it ends.
    """
    with _PREPARING:
        system.ensure(step.packages)
        environment = environments.ensure(step.environment)
    if environment is None:
        return True
    for name in step.programs:
        prebuilt.known()[name].folder()
    print(f"\n=== {step.name}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(
        [str(environment.programs / step.argv[0]), *step.argv[1:]],
        cwd=CHECKOUT,
        env=_variables(environment.programs),
        stdin=subprocess.DEVNULL,
        stdout=None if alone else subprocess.PIPE,
        stderr=None if alone else subprocess.STDOUT,
        check=False,
    )
    verdict = "passed" if done.returncode == 0 else f"FAILED (exit code {done.returncode})"
    said = (done.stdout or b"").decode(errors="replace")
    print(f"{said}=== {step.name}: {verdict} after {time.monotonic() - begun:.1f} s", flush=True)
    return done.returncode == 0


def _variables(programs: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(CHECKOUT / ".collections"),
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
    }


def _building(steps: Iterable[Step]) -> Optional[subprocess.Popen[bytes]]:
    """Begin to get the programs that will be needed; whoever needs one that is not there yet waits for it."""
    names = sorted({name for step in steps for name in step.programs})
    if not names:
        return None
    return subprocess.Popen([sys.executable, "-m", f"{TESTS}.tools.prebuilt", *names], stdin=subprocess.DEVNULL)


def _at_once(steps: Sequence[Step]) -> int:
    said = os.environ.get("PANELDB_STEPS_AT_ONCE")
    most = int(said) if said else min(MOST_AT_ONCE, os.cpu_count() or 1)
    return max(1, min(most, len(steps)))


def main() -> None:
    """Run the parts named on the command line; exit code 1 if a step failed."""
    names = sys.argv[1:] or ["test"]
    parts = [part for name in names for part in (WHOLE if name == "test" else (name,))]
    steps = [step for part in parts for step in PARTS[part]]
    building = _building(steps)
    workers = _at_once(steps)
    with ThreadPoolExecutor(workers) as pool:
        passed = list(pool.map(lambda step: run(step, alone=workers == 1), steps))
    if building is not None:
        building.wait()
    failed = [step.name for step, good in zip(steps, passed) if not good]
    if failed:
        raise SystemExit(f"\nFailed: {', '.join(failed)}")
    print(f"\nAll of {', '.join(parts)} passed.")


if __name__ == "__main__":
    main()
