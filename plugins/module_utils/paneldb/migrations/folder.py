# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written into a folder of migrations: files and ``migrations.lock``, each whole or not at all."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..model.checksum import schema_checksum
from ..sources import LOCK_FILE
from .chain import LOCK_HEAD, Chain, advanced, lock_text
from .files import Migration, resealed

if TYPE_CHECKING:
    from ..model.schema import Schema


def write_migration(migration: Migration, text: str, chain: Chain, folder: str) -> str:
    """Write the file of a migration, then the lock of the chain that it is in; give the path of the file.

    The folder is made where only it is missing.

    :raises InputError: where the folder cannot be made or written to.
    """
    path = Path(folder) / migration.file_name
    if path.parent.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
    _write(path, text)
    _write_lock(chain, Path(folder) / LOCK_FILE)
    return str(path)


def remove_migrations(migrations: Iterable[Migration], folder: str) -> None:
    """Remove the files of migrations.

    :raises InputError: where one cannot be removed.
    """
    for migration in migrations:
        path = Path(folder) / migration.file_name
        try:
            path.unlink()
        except OSError as error:
            raise _refused(path, error, "removed") from error


def seal(chain: Chain, folder: str) -> tuple[str, ...]:
    """Write the lock anew for files that were edited on purpose; give the ids of those whose header changed.

    A header is changed where it tells of another state than the operations lead to; the rest of the file stays as it
    is, comments included.

    :raises WrongState: where operations do not fit.
    :raises InputError: where the folder cannot be written to.
    """
    pairs = list(zip(chain.migrations, sealed_migrations(chain)))
    changed = [(before, after) for before, after in pairs if before is not after]
    for before, after in changed:
        _replace_header(Path(folder) / before.file_name, before, after)
    _write_lock(Chain([after for _unused, after in pairs]), Path(folder) / LOCK_FILE)
    return tuple(after.id for _unused, after in changed)


def sealed_migrations(chain: Chain) -> Iterable[Migration]:
    """Give the migrations with headers that tell of the states that they lead to."""
    from ..model.schema import Schema

    state: Schema = Schema()
    for migration in chain.migrations:
        state = advanced(state, migration)
        yield migration if migration.model == schema_checksum(state) else resealed(migration, state)


def _replace_header(path: Path, before: Migration, after: Migration) -> None:
    from ..documents.text import read_text

    _write(path, read_text(str(path)).replace(before.model, after.model, 1))


def _write_lock(chain: Chain, path: Path) -> None:
    from ..documents.text import read_text

    _write(path, lock_after(chain, read_text(str(path)) if path.exists() else ""))


def lock_after(chain: Chain, former: str) -> str:
    """Give the text of the chain's lock; comments that stand above the lines of the former text stay."""
    head = "".join(itertools.takewhile(lambda line: line.startswith("#"), former.splitlines(keepends=True)))
    return lock_text(chain, head or LOCK_HEAD)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise _refused(path, error, "written") from error


def _refused(path: Path, error: OSError, what: str) -> InputError:
    return InputError(
        f"The file cannot be {what}: {error.strerror}.",
        source=str(path),
        hint="Check that the folder is there, that the account may write in it, and that the disk is not full.",
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds the former or the new one, even after a crash.

    :raises OSError: where it cannot be written; the former file is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
