# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people write (models, migrations, seeds) read strictly, and plain values written back as YAML.

``read_document`` takes a file, ``parse_document`` a text that has come from elsewhere (the controller sends the content
of files to hosts). Each format has its own module, imported only when it is met: ``yaml_reader.parse_yaml``,
``json_reader.parse_json``, ``csv_reader.read_rows`` and ``parse_rows``, ``yaml_writer.dump_yaml``.

Nothing is guessed and nothing is repaired: whatever could be read in two ways is an ``InputError`` that names file,
line, column and, where there is one, the path in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Callable

from ..errors import InputError
from .text import read_text

#: Endings of file names by format.
SUFFIXES = {".yml": "yaml", ".yaml": "yaml", ".json": "json", ".csv": "csv"}


def read_document(path: str, *, tag_constructors: Mapping[str, Callable[[str], Any]] | None = None) -> Any:
    """Read a YAML, JSON or CSV file, told apart by the ending of its name, into plain values.

    A CSV file gives a list of rows, see ``csv_reader``. ``tag_constructors`` is for YAML, see ``parse_yaml``.

    :raises InputError: the file cannot be read, has another ending, or is not well formed.
    """
    format_of(path)
    return parse_document(read_text(path), path, tag_constructors=tag_constructors)


def parse_document(
    text: str, source: str, *, tag_constructors: Mapping[str, Callable[[str], Any]] | None = None
) -> Any:
    """Do the same with the text of a document; the ending of ``source``, its file name, tells the format.

    :raises InputError: as ``read_document``.
    """
    form = format_of(source)
    if form == "yaml":
        from .yaml_reader import parse_yaml

        return parse_yaml(text, source, tag_constructors=tag_constructors)
    if form == "json":
        from .json_reader import parse_json

        return parse_json(text, source)
    from .csv_reader import parse_rows

    return list(parse_rows(text, source))


def format_of(path: str) -> str:
    """Tell the format by the ending of a file's name: ``yaml``, ``json`` or ``csv``.

    :raises InputError: for any other ending.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            "The ending of the file's name does not tell what is in it.",
            source=path,
            found=suffix,
            expected=", ".join(SUFFIXES),
        )
    return SUFFIXES[suffix]
