# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A migration, and the file that holds it.

A file is a mapping with the keys of KEYS. ``parent`` is the id of the migration before it, null for the first;
``model`` the checksum of the schema that the chain leads to with this migration; ``replaces`` maps the ids of the
migrations that a squashed one stands for to their checksums. The operations are in the vocabulary of ``model.data``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..model.checksum import checksum, schema_checksum
from ..model.operations import Execute, Operation
from ..model.reading import Fields, Place, as_text

if TYPE_CHECKING:
    from ..model.schema import Schema

KEYS = ("id", "parent", "model", "replaces", "accept_hazards", "operations")
SUFFIX = ".yml"

#: An id: the second in which the migration was written (UTC), and what it is about.
ID = re.compile(r"[0-9]{14}_[a-z0-9]+(?:_[a-z0-9]+)*\Z")
ID_FORM = "YYYYMMDDHHMMSS_name with a name of small letters, digits and underscores"


@dataclass(frozen=True)
class Migration:
    """One link of the chain. Its operations are read when they are first asked for: most runs never need them."""

    id: str
    parent: str
    model: str
    checksum: str
    accept_hazards: tuple[str, ...] = ()
    replaces: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.id, self.checksum))

    @property
    def file_name(self) -> str:
        return self.id + SUFFIX

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations in order.

        :raises InputError: where one is not well formed, with the file and the place in it.
        """
        from ..model.operation_data import operations_from_data

        return operations_from_data(self.data["operations"], self.source, "operations")

    @property
    def steps_by_hand(self) -> tuple[Execute, ...]:
        """The ``execute`` steps."""
        return tuple(each for each in self.operations if isinstance(each, Execute))


def read_migration(data: Any, source: str = "") -> Migration:
    """Read the header of a migration out of plain values; the operations wait.

    :raises InputError: where this is not a migration.
    """
    fields = Fields(data, Place(source), KEYS, "a migration")
    identity = fields.text("id")
    if not ID.match(identity):
        raise fields.at("id").error("This is no id of a migration.", found=identity, expected=ID_FORM)
    fields.value("operations")
    fields.items("operations")
    return Migration(
        id=identity,
        parent=_parent(fields),
        model=fields.text("model"),
        checksum=checksum(data),
        accept_hazards=fields.texts("accept_hazards") if "accept_hazards" in fields else (),
        replaces=_replaced(fields),
        source=source,
        data=fields.data,
    )


def _parent(fields: Fields) -> str:
    value = fields.value("parent")
    return "" if value is None else as_text(value, fields.at("parent"))


def _replaced(fields: Fields) -> dict[str, str]:
    replaced = fields.mapping("replaces")
    for identity, told in replaced.items():
        as_text(told, fields.at("replaces").key(identity))
    if "replaces" in fields and not replaced:
        raise fields.at("replaces").error("Nothing is replaced.", hint="Remove the key.")
    return replaced


def new_migration(
    identity: str,
    parent: str,
    state: Schema,
    operations: Sequence[Operation],
    replaces: Mapping[str, str] | None = None,
) -> Migration:
    """Make a migration that leads to ``state``. It consents to no hazard yet."""
    from ..model.operation_data import operation_to_data

    data: dict[str, Any] = {"id": identity, "parent": parent or None, "model": schema_checksum(state)}
    if replaces:
        data["replaces"] = dict(replaces)
    data["accept_hazards"] = []
    data["operations"] = [operation_to_data(operation) for operation in operations]
    return read_migration(data, identity + SUFFIX)


def resealed(migration: Migration, state: Schema) -> Migration:
    """Give the migration with the checksum of the state that its operations lead to now."""
    return read_migration({**migration.data, "model": schema_checksum(state)}, migration.source)


def to_text(migration: Migration, notes: Sequence[str] = ()) -> str:
    """Give the text of the file, the same for the same migration; ``notes`` are put above it as comments."""
    from ..documents.yaml_writer import dump_yaml

    comments = "".join(f"# {line}".rstrip() + "\n" for note in notes for line in note.splitlines())
    return f"{comments}---\n{dump_yaml(migration.data)}"


def refuse_other_name(migration: Migration) -> None:
    """Refuse a file whose name is not its id.

    :raises InputError: it is another one.
    """
    name = re.split(r"[\\/]", migration.source)[-1]
    if name != migration.file_name:
        raise InputError(
            "The id of a migration is the name of its file.",
            source=migration.source,
            path="id",
            found=migration.id,
            expected=f"a file named {migration.file_name}",
            hint="Rename the file, or write the id that the name says.",
        )
