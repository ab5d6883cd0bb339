# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full after a few mebibytes, for the tests of a full disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def as_root(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` so that root runs it: as it is, or through sudo without a question."""
    return list(argv) if os.geteuid() == 0 else ["sudo", "-n", "--", *argv]


@contextmanager
def small_disk(mount_point: Path, mebibytes: int, owner: int, group: int) -> Iterator[Path]:
    """Mount a file system of ``mebibytes`` at ``mount_point`` (an existing folder) for the duration of the block."""
    options = f"size={mebibytes}m,mode=0700,uid={owner},gid={group}"
    subprocess.run(as_root(["mount", "-t", "tmpfs", "-o", options, "paneldb-test", str(mount_point)]), check=True)
    try:
        yield mount_point
    finally:
        subprocess.run(as_root(["umount", "--lazy", str(mount_point)]), check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Write one file that takes all the free space of ``folder`` but ``leave`` bytes; delete it to free the space."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as sink:
        free = os.statvfs(folder)
        remaining = free.f_bavail * free.f_frsize - leave
        while remaining > 0:
            try:
                remaining -= sink.write(b"\0" * min(remaining, 65536))
            except OSError:
                break
    return filler
