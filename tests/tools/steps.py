# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the checks of the repository: each with its duration, all of them even if one fails, a summary at the end.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.steps PART...
Parts: lint | docs | unit | engines | plays | faults | claims | sanity | molecule | bench | test
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.tools import environments, system

CHECKOUT = environments.CHECKOUT
TESTS = "ansible_collections.ctrlaltplay.paneldb.tests"
CORES = ("core-2.19", "core-2.21")


@dataclass(frozen=True)
class Step:
    """A command of one virtual environment, with the packages of the distribution that it needs."""

    name: str
    environment: str
    argv: tuple[str, ...]
    packages: tuple[str, ...] = ()


def _tests(part: str, names: Sequence[str], packages: tuple[str, ...] = ()) -> tuple[Step, ...]:
    return tuple(
        Step(f"{part} on {name}", name, ("pytest", "-q", "--durations=5", f"tests/{part}"), packages) for name in names
    )


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
    # No test of the grid meets Ansible: the oldest Python and a new one show all there is to see.
    "engines": _tests("engines", ("target", CORES[-1]), system.SERVERS),
    "plays": _tests("plays", CORES, system.SERVERS),
    "faults": _tests("faults", ("core-2.19",), system.SERVERS),
    "sanity": tuple(Step(f"sanity on {name}", name, ("python", "-m", f"{TESTS}.tools.sanity")) for name in CORES),
    "molecule": (Step("molecule", "core-2.19", ("molecule", "test"), system.HOSTS),),
    "claims": (Step("what the README promises", "core-2.19", ("python", "-m", f"{TESTS}.tools.claims")),),
    "bench": (
        Step(
            "benchmarks",
            "core-2.19",
            ("python", "-m", f"{TESTS}.benchmarks"),
            system.SERVERS,
        ),
    ),
}
WHOLE = ("lint", "unit", "engines", "plays", "faults", "claims", "sanity", "molecule")


def run(step: Step) -> bool:
    """Prepare what the step needs, run it and tell how long it took; a step without its interpreter is left out."""
    system.ensure(step.packages)
    environment = environments.ensure(step.environment)
    if environment is None:
        return True
    print(f"\n=== {step.name}", flush=True)
    begun = time.monotonic()
    done = subprocess.run(
        [str(environment.programs / step.argv[0]), *step.argv[1:]],
        cwd=CHECKOUT,
        env=_variables(environment.programs),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    verdict = "passed" if done.returncode == 0 else f"FAILED (exit code {done.returncode})"
    print(f"=== {step.name}: {verdict} after {time.monotonic() - begun:.1f} s", flush=True)
    return done.returncode == 0


def _variables(programs: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(CHECKOUT / ".collections"),
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
    }


def main() -> None:
    """Run the parts named on the command line; exit code 1 if a step failed."""
    names = sys.argv[1:] or ["test"]
    parts = [part for name in names for part in (WHOLE if name == "test" else (name,))]
    failed = [step.name for part in parts for step in PARTS[part] if not run(step)]
    if failed:
        raise SystemExit(f"\nFailed: {', '.join(failed)}")
    print(f"\nAll of {', '.join(parts)} passed.")


if __name__ == "__main__":
    main()
