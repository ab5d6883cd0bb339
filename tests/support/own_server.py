# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real servers have in common that a run makes for itself: how they begin, end, and are killed.

Such a server lives in a temporary folder, listens on the loopback address only, and never runs as root. Its programs
are the machine's own, or those of another suite (see tests/tools/servers.py).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Optional

from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import kill_tree, wait_until
from ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt import Prebuilt

MACHINE = Path("/")


def system_user(packaged: str) -> pwd.struct_passwd:
    """The account a server runs as: this one, or in root's place the one that the package made."""
    return pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam(packaged)


def as_server_user(argv: Sequence[str], packaged: str, ending: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return ``argv`` so that it runs as the server's user and ends with the process that started it."""
    account = system_user(packaged)
    change = [] if os.geteuid() else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *change, f"--pdeathsig={ending.name[len('SIG') :]}", "--", *argv]


class OwnServer(ABC):
    """A server in a folder: its settings, where its programs are, and its process."""

    product: ClassVar[str]
    #: The account that the distribution's package makes.
    packaged: ClassVar[str]
    #: What an operator's stop sends: sessions are ended, everything is written.
    ending: ClassVar[signal.Signals]
    port: int

    def __init__(self, folder: Path, settings: Mapping[str, str], root: Path) -> None:
        self.folder = folder
        self.settings = dict(settings)
        self.root = root
        self._process: Optional[subprocess.Popen[bytes]] = None

    @property
    def account(self) -> pwd.struct_passwd:
        """Whom its files belong to."""
        return system_user(self.packaged)

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @abstractmethod
    def initialise(self) -> None:
        """Make the data folder, and start for the first time."""

    @abstractmethod
    def command(self) -> list[str]:
        """What runs the server in the foreground."""

    @abstractmethod
    def accepts(self) -> bool:
        """Whether a session can be had."""

    def start(self, *more: str) -> None:
        """Start the server, with more options than its settings, and return when it accepts sessions."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                as_server_user([*self.command(), *more], self.packaged, self.ending),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        wait_until(self._accepts, f"{self.product} on port {self.port}")

    def stop(self) -> None:
        """Stop the server as an operator does."""
        if self._process is not None:
            self._process.send_signal(self.ending)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """SIGKILL the server and all its sessions, as a crash does."""
        kill_tree(self.pid)
        assert self._process is not None
        self._process.wait(60)
        self._process = None

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    def own(self, path: Path) -> None:
        """Give a file to the server's user, who alone may read it."""
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run_program(self, *argv: str, **more: Any) -> None:
        """Run one of the server's programs to its end, as its user."""
        done = subprocess.run(
            as_server_user(argv, self.packaged), cwd=self.folder, capture_output=True, text=True, check=False, **more
        )
        if done.returncode:
            raise RuntimeError(f"{argv[0]} failed:\n{done.stdout}{done.stderr}")

    def _accepts(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.product} ended at its start:\n{self.log.read_text()}")
        return self.accepts()


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """A folder for the duration of the block, with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix=f"paneldb-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(server: OwnServer) -> Iterator[None]:
    """Make the server and run it for the duration of the block."""
    server.own(server.folder)
    server.initialise()
    try:
        yield
    finally:
        server.stop()


def programs_of(prebuilt: Optional[Prebuilt], folder: Path) -> Path:
    """Where the machine's programs are, or those of another suite. Root's user may not enter everybody's checkout."""
    if prebuilt is None:
        return MACHINE
    if os.geteuid():
        return prebuilt.folder()
    return Path(shutil.copytree(prebuilt.folder(), folder / "programs", symlinks=True))
