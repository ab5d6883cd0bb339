# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the files that people keep: models, folders of migrations, seeds. Used where the files are.

``shipped`` is the folder of what comes with the collection: ``model/panel.yml``, ``migrations`` and ``seeds``. The word
``panel`` means these. ``read`` reads one file into plain values; the controller gives one that opens Ansible's vaults.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Callable, NamedTuple, Union

from .documents import read_document
from .errors import InputError
from .model import reading
from .model.reading import Fields, Place, as_list, as_mapping

Name = Union[str, Path]
Reader = Callable[[str], Any]

#: The word for what comes with the collection.
PANEL = "panel"

LOCK_FILE = "migrations.lock"
_YAML = (".yml", ".yaml")


Document = reading.Document


class MigrationSources(NamedTuple):
    """What is in a folder of migrations; ``lock`` is None where there is no ``migrations.lock``."""

    folder: str
    lock: Document | None
    files: list[Document]


def read_model(path: Name, shipped: Name, *, read: Reader = read_document) -> list[Document]:
    """Read a model and those that it extends, the one that stands alone first.

    ``extends`` names a file beside the one that says it, or ``panel``.

    :raises InputError: a file cannot be read, or models extend each other in a circle.
    """
    return _with_extended(_model_file(path, Path(), shipped), shipped, read, ())


def extend_model(model: Document, folder: Name, shipped: Name, *, read: Reader = read_document) -> list[Document]:
    """Do the same for a model that is at hand already; ``folder`` is where the file it extends is looked for.

    :raises InputError: as ``read_model``.
    """
    return [*_extended(model, Path(folder), shipped, read, ()), model]


def _with_extended(path: Path, shipped: Name, read: Reader, above: tuple[str, ...]) -> list[Document]:
    source = str(path)
    identity = str(path.resolve())
    if identity in above:
        circle = " -> ".join((*above[above.index(identity) :], identity))
        raise Place(above[-1], "extends").error(f"Models extend each other in a circle: {circle}.")
    model = Document(source, read(source))
    return [*_extended(model, path.parent, shipped, read, (*above, identity)), model]


def _extended(model: Document, folder: Path, shipped: Name, read: Reader, above: tuple[str, ...]) -> list[Document]:
    place = Place(model.source)
    data = as_mapping(model.data, place, "a model")
    if "extends" not in data:
        return []
    name = Fields({"extends": data["extends"]}, place, ("extends",), "a model").text("extends")
    path = _model_file(name, folder, shipped)
    if not path.is_file():
        raise place.key("extends").error("There is no such model.", found=name, expected=f"{PANEL}, or a file: {path}")
    return _with_extended(path, shipped, read, above)


def _model_file(name: Name, folder: Path, shipped: Name) -> Path:
    return Path(shipped) / "model" / "panel.yml" if name == PANEL else folder / name


def read_migrations(
    folder: Name, shipped: Name = "", *, may_miss: bool = False, read: Reader = read_document
) -> MigrationSources:
    """Read a folder of migrations, its files in order of name. ``may_miss`` takes a missing folder for an empty one.

    :raises InputError: the folder or a file cannot be read.
    """
    path = Path(shipped) / "migrations" if folder == PANEL else Path(folder)
    if may_miss and not path.exists():
        return MigrationSources(str(path), None, [])
    names = sorted(_listing(path))
    files = [Document(str(path / name), read(str(path / name))) for name in names if _is_file_of(name, _YAML)]
    lock = path / LOCK_FILE
    return MigrationSources(str(path), Document(str(lock), _lock_text(lock)) if LOCK_FILE in names else None, files)


def _lock_text(path: Path) -> str:
    from .documents.text import read_text

    return read_text(str(path))


def read_seeds(
    seeds: Iterable[Any], shipped: Name = "", *, folder: Name = "", read: Reader = read_document
) -> list[Document]:
    """Read seeds: files, folders (their YAML and JSON files in order of name), ``panel``, or seeds themselves.

    A seed's ``src``, a file beside the one that names it, is read too: its rows are put under ``rows``. ``folder`` is
    where names are looked for; for seeds that are no file it is also where ``src`` is.

    :raises InputError: a file cannot be read, or ``src`` does not hold a list of rows.
    """
    documents: list[Document] = []
    for position, seed in enumerate(seeds):
        if isinstance(seed, (dict, list)):
            documents.append(_with_rows(Document(f"seeds[{position}]", seed), Path(folder), read))
            continue
        paths = _seed_files(Path(shipped) / "seeds" if seed == PANEL else Path(folder) / seed)
        documents.extend(_with_rows(Document(str(path), read(str(path))), path.parent, read) for path in paths)
    return documents


def _seed_files(path: Path) -> list[Path]:
    if path.is_dir():
        return [path / name for name in sorted(_listing(path)) if _is_file_of(name, (*_YAML, ".json"))]
    if path.suffix.lower() == ".csv":
        hint = "Write a seed with `table`, `key` and this file as `src`."
        raise InputError("A CSV file alone does not say what table it is for.", source=str(path), hint=hint)
    return [path]


def _with_rows(document: Document, folder: Path, read: Reader) -> Document:
    """Give the document with the rows of every ``src`` put in; what else is wrong with seeds is not for here."""
    filled: Any = [_filled(seed, place, folder, read) for seed, place in _seeds_of(document)]
    if isinstance(document.data, dict):
        filled = {**document.data, "seeds": filled} if "seeds" in document.data else filled[0]
    return Document(document.source, filled)


def _seeds_of(document: Document) -> Iterator[tuple[dict[str, Any], Place]]:
    """Give every seed of the three forms: a mapping with ``seeds``, a list of seeds, one seed."""
    data, place = document.data, Place(document.source)
    if isinstance(data, dict) and "seeds" not in data:
        yield data, place
        return
    if isinstance(data, dict):
        data, place = data["seeds"], place.key("seeds")
    for position, seed in enumerate(as_list(data, place, "a list of seeds")):
        yield as_mapping(seed, place.item(position), "a seed"), place.item(position)


def _filled(seed: dict[str, Any], place: Place, folder: Path, read: Reader) -> dict[str, Any]:
    if "src" not in seed:
        return seed
    for other in ("rows", "columns", "values"):
        if other in seed:
            raise place.error(f"A seed has its rows from `src` or `{other}`, not from both.", expected="one of the two")
    name = Fields({"src": seed["src"]}, place, ("src",), "a seed").text("src")
    rows = read(str(folder / name))
    return {**seed, "rows": as_list(rows, Place(str(folder / name)), "a list of rows")}


def _listing(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError as error:
        from .documents.text import unreadable

        raise unreadable(error, str(folder)) from error


def _is_file_of(name: str, endings: tuple[str, ...]) -> bool:
    """Tell whether a folder's entry counts: hidden ones, such as what editors leave, do not."""
    return not name.startswith(".") and name.lower().endswith(endings)
