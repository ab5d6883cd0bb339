# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the one file of the host command runs as ``__main__``, put there by ``zipapp_build``.

A Python that imports out of an archive compiles every module at every call. So the first call unpacks the archive,
compiled, into a cache of the account, under the name of the build; later calls start from there, without this module.
Where there can be no cache the archive itself does, more slowly.
"""

from __future__ import annotations

import os
import stat
import sys

#: Seconds after which the cache of another build is taken for one that nothing runs from.
STALE = 7 * 24 * 3600
#: Names this build: digits of the hash of all that is in it. Set by ``zipapp_build``.
BUILD = ""


def cache_folder() -> str:
    """Give the folder of this account's caches; empty where there can be none."""
    if os.geteuid() == 0 and not os.environ.get("XDG_CACHE_HOME"):
        return "/var/cache/paneldb"
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - imports cost time here
    return f"{base}/paneldb" if base.startswith("/") else ""


def is_private(folder: str) -> bool:
    """Tell whether the folder is there, is this account's own, and nobody else can write to it."""
    try:
        facts = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def unpacked(archive: str, caches: str) -> str:
    """Give the folder that this build runs from, made where it is not there yet; empty where it cannot be."""
    folder = f"{caches}/{BUILD}"
    if is_private(caches) and is_private(folder):
        return folder
    try:
        return folder if _unpack(archive, caches, folder) else ""
    except (OSError, ValueError):
        return ""


def _unpack(archive: str, caches: str, folder: str) -> bool:
    """Unpack beside the final name and rename, so that two first calls at once do not meet."""
    import compileall
    import py_compile
    import shutil
    import tempfile
    import zipfile

    os.makedirs(caches, mode=0o700, exist_ok=True)  # noqa: PTH103 - imports cost time here
    if not is_private(caches):
        return False
    with tempfile.TemporaryDirectory(dir=caches) as temporary:
        fresh = f"{temporary}/build"
        with zipfile.ZipFile(archive) as source:
            source.extractall(fresh)
        compileall.compile_dir(fresh, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        os.chmod(fresh, 0o700)  # noqa: PTH101 - imports cost time here
        try:
            os.rename(fresh, folder)  # noqa: PTH104 - imports cost time here
        except OSError:
            if os.path.islink(folder) or not is_private(folder):  # noqa: PTH114 - imports cost time here
                raise
        shutil.rmtree(fresh, ignore_errors=True)
        _remove_stale(caches)
    return True


def _remove_stale(caches: str) -> None:
    """Remove builds that were unpacked long ago; whoever still runs one of them unpacks it again."""
    import shutil
    import time

    for other in os.scandir(caches):
        if other.name != BUILD and other.stat(follow_symlinks=False).st_mtime < time.time() - STALE:
            shutil.rmtree(other.path, ignore_errors=True)


def start() -> int:
    """Run the command from the cache, or from the archive itself."""
    caches = cache_folder()
    folder = unpacked(sys.path[0], caches) if BUILD and caches else ""
    if folder:
        sys.path[0] = folder
    from paneldb.cli import main

    return int(main())


if __name__ == "__main__":
    raise SystemExit(start())
