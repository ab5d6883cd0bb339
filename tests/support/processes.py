# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Child processes that can be stopped at a named point, and what the process table shows of them.

A child calls :func:`reach` where a test may want to stop it; the parent waits for that point with
:meth:`Child.wait_for` and then either lets it go on or kills it. Nothing is timed, so that a kill hits the same
statement in every run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Optional

PROC = Path("/proc")
_POINT = "@@point "
_GO_ON = "go on"


def reach(name: str) -> None:
    """Tell the parent that ``name`` is reached and wait until it says what to do. Called in the child."""
    sys.stdout.write(f"{_POINT}{name}\n")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != _GO_ON:
        raise SystemExit(f"the parent left while this process waited at {name}")


class Child:
    """One running process; its standard output is read line by line, its standard error goes to a file of the test."""

    def __init__(self, argv: Sequence[str], errors: Path, env: Optional[Mapping[str, str]] = None) -> None:
        self.errors = errors
        self.lines: list[str] = []
        with errors.open("wb") as sink:
            self._process = subprocess.Popen(
                list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, env=env, text=True
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def wait_for(self, point: str) -> None:
        """Let the child run up to ``point``, past every other point.

        Raises AssertionError, with what the child printed, when it ends before.
        """
        for reached in self._points():
            if reached == point:
                return
            self.go_on()
        raise AssertionError(f"the child ended before {point!r}: {self.lines}\n{self.errors.read_text()}")

    def points(self) -> list[str]:
        """Run to the end without a stop and return every point on the way."""
        seen = []
        for reached in self._points():
            seen.append(reached)
            self.go_on()
        self._process.wait()
        return seen

    def go_on(self) -> None:
        """Release a child that waits at a point."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{_GO_ON}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Send SIGKILL and wait until the process is gone."""
        self._process.kill()
        self._process.wait()

    def wait(self, timeout: float = 60) -> int:
        """Let the child run to its end, past every point, and return its exit code.

        The timeout (seconds) ends a child that hangs with SIGKILL.
        """
        watchdog = threading.Timer(timeout, self._process.kill)
        watchdog.start()
        try:
            self.points()
        finally:
            watchdog.cancel()
        return self._process.returncode

    def _points(self) -> Iterator[str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.rstrip("\n")
            if text.startswith(_POINT):
                yield text[len(_POINT) :]
            else:
                self.lines.append(text)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def python_child(script: Path, *arguments: str, errors: Path, env: Optional[Mapping[str, str]] = None) -> Child:
    """Start ``script`` with this interpreter and the collection importable as in the tests."""
    environment = dict(os.environ if env is None else env)
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return Child([sys.executable, str(script), *arguments], errors, environment)


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
    """Poll ``condition`` every 20 ms; raise TimeoutError naming ``what`` after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:.0f} s for {what}")
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """Process ids of the direct children of ``pid``."""
    found: list[int] = []
    for task in (PROC / str(pid) / "task").glob("*/children"):
        found.extend(int(child) for child in task.read_text().split())
    return found


def alive(pid: int) -> bool:
    """Whether ``pid`` runs (a zombie does not)."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fields[0] != "Z"


def kill_tree(pid: int) -> None:
    """SIGKILL a process that a test started, and its direct children, and wait until all are gone."""
    family = [pid, *children_of(pid)]
    for member in family:
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not any(alive(member) for member in family), f"the end of process {pid} and its children")


class ArgvSampler:
    """Collects the command line of every process of the machine while a block runs."""

    def __init__(self, interval: float = 0.002) -> None:
        self.samples: set[tuple[str, ...]] = set()
        self._interval = interval
        self._over = threading.Event()

    def run(self) -> None:
        """Sample until the block ends."""
        while not self._over.wait(self._interval):
            self.samples.update(_command_lines())

    def stop(self) -> None:
        """End the sampling after a last look."""
        self._over.set()


@contextmanager
def sampled_argv() -> Iterator[ArgvSampler]:
    """Sample the process table in a thread for the duration of the block."""
    sampler = ArgvSampler()
    thread = threading.Thread(target=sampler.run, daemon=True)
    thread.start()
    try:
        yield sampler
    finally:
        sampler.stop()
        thread.join()


def _command_lines() -> Iterator[tuple[str, ...]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                raw = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if raw:
                yield tuple(part.decode(errors="replace") for part in raw.rstrip(b"\0").split(b"\0"))
