# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of other makers that the tests run: got once per checkout, and kept in its cache.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.prebuilt [NAME...]
Names are those of stand-ins (see standins.py) and of servers (see servers.py); all of them where none is given.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"


@dataclass(frozen=True)
class Prebuilt:
    """A folder of the cache: its name, what it is made of (another one is made when this changes), and what makes it.

    ``make`` fills an empty folder, which takes ``about`` as long as it says.
    """

    name: str
    sources: Callable[[], Iterable[bytes]]
    make: Callable[[Path], None]
    about: str

    def folder(self) -> Path:
        """Give the folder, made if it is not there yet; who comes while it is being made waits."""
        folder = CACHE / f"{self.name}-{self._digest()}"
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _alone(CACHE / f"{self.name}.lock"):
                if not folder.exists():
                    self._make(folder)
        return folder

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for part in self.sources():
            digest.update(part + b"\0")
        return digest.hexdigest()[:16]

    def _make(self, folder: Path) -> None:
        print(f"Getting {self.name} (once, {self.about})", flush=True)
        begun = time.monotonic()
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
        try:
            self.make(work)
            work.chmod(0o755)
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        print(f"Got {self.name} after {time.monotonic() - begun:.0f} s", flush=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def known() -> dict[str, Prebuilt]:
    """All there are, by the last part of their names."""
    from ansible_collections.ctrlaltplay.paneldb.tests.tools import servers, standins

    return {Path(each.name).name: each for each in (*standins.STANDINS, *servers.SERVERS)}


def main() -> None:
    """Make those named on the command line, or all."""
    everything = known()
    for name in sys.argv[1:] or everything:
        print(everything[name].folder(), flush=True)


if __name__ == "__main__":
    main()
