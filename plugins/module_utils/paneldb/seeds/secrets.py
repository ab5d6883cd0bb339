# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that nobody but the database may see: variables, encrypted values, passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import PanelDbError
from ..model.reading import Fields, Place

#: What stands for a secret wherever people look.
MASK = "********"

#: ``{"!vault": TEXT}`` is how a value that Ansible Vault kept arrives: open, and known to be a secret.
VAULTED = "!vault"

#: Cost of new hashes: 2 to this power rounds, as the panel itself makes them.
ROUNDS = 12
_FEWEST_ROUNDS, _MOST_ROUNDS = 4, 20

#: bcrypt reads no further than this many bytes; what is longer would be cut unnoticed.
_LONGEST = 72


class BcryptMissing(PanelDbError):
    """Passwords are to be hashed, and this Python has nothing to hash them with."""

    code = "bcrypt-missing"

    def __init__(self) -> None:
        super().__init__(
            "Seeding a password needs bcrypt, which this Python does not have.",
            hint="Install python3-bcrypt on this host (or bcrypt with pip).",
        )


class Password:
    """A password to be. It shows itself to nobody and becomes a hash only when a row is written."""

    __slots__ = ("_rounds", "_text")

    def __init__(self, text: str, rounds: int) -> None:
        self._text = text.encode()
        self._rounds = rounds

    def verifies(self, stored: Any) -> bool:
        """Tell whether the stored hash, of whatever cost, is one of this password."""
        if not isinstance(stored, str) or not stored.startswith("$2"):
            return False
        try:
            return bool(_bcrypt().checkpw(self._text, stored.encode()))
        except ValueError:
            return False

    def hashed(self) -> str:
        """Give a new hash."""
        bcrypt = _bcrypt()
        return str(bcrypt.hashpw(self._text, bcrypt.gensalt(self._rounds)).decode("ascii"))


def _bcrypt() -> Any:
    try:
        import bcrypt
    except ImportError as error:
        raise BcryptMissing from error
    return bcrypt


def is_password(cell: Any) -> bool:
    """Tell whether the cell is ``{password: ..., rounds: ...}``."""
    return isinstance(cell, dict) and "password" in cell


def is_secret(cell: Any) -> bool:
    """Tell whether the cell is ``{env: NAME}``, or a value from Ansible Vault."""
    return isinstance(cell, dict) and ("env" in cell or VAULTED in cell)


def vaulted(text: str) -> dict[str, str]:
    """Mark the text of a decrypted value as a secret."""
    return {VAULTED: text}


def all_secret(data: Any) -> Any:
    """Mark all that stands in a file which was encrypted as a whole: a document of seeds, or the rows of a ``src``."""
    if isinstance(data, dict) and "seeds" in data:
        return {**data, "seeds": all_secret(data["seeds"])}
    if isinstance(data, dict):
        return (
            {**data, "secret": True} if "table" in data else {name: _secret_cell(cell) for name, cell in data.items()}
        )
    return [all_secret(each) for each in data] if isinstance(data, list) else data


def _secret_cell(cell: Any) -> Any:
    return vaulted(cell) if isinstance(cell, str) else cell


def opened(value: Any) -> Any:
    """Put texts in place of the decrypted values in a json cell; the same object comes back where there are none."""
    if isinstance(value, dict):
        if value.keys() == {VAULTED}:
            return value[VAULTED]
        inner = {key: opened(each) for key, each in value.items()}
        return inner if any(inner[key] is not value[key] for key in value) else value
    if isinstance(value, list):
        items = [opened(each) for each in value]
        return items if any(new is not old for new, old in zip(items, value)) else value
    return value


def secret_text(cell: Any, place: Place, variables: Mapping[str, str]) -> str:
    """Give the text of a secret cell.

    :raises InputError: the variable is not set, or the cell has another form.
    """
    if VAULTED in cell:
        return str(Fields(cell, place, (VAULTED,), "a value from Ansible Vault").value(VAULTED))
    name = Fields(cell, place, ("env",), "a reference to a variable").text("env")
    if name not in variables:
        raise place.error(
            f"The variable {name} is not set.", hint=f"Set {name}, or put `when_set: {name}` on the seed."
        )
    return variables[name]


def read_password(cell: Any, place: Place, variables: Mapping[str, str]) -> Password:
    """Read a password cell.

    :raises InputError: it is empty, too long for bcrypt, or not a text.
    """
    from .convert import storable

    fields = Fields(cell, place, ("password", "rounds"), "a password")
    inner = fields.value("password")
    place = fields.at("password")
    text = secret_text(inner, place, variables) if is_secret(inner) else inner
    if not isinstance(text, str):
        raise place.error("A password is a text.", expected="text, or {env: NAME}", hint="Put it between quotes.")
    if not text or not storable(text) or len(text.encode()) > _LONGEST:
        raise place.error("bcrypt cannot take this password.", expected=f"1 to {_LONGEST} bytes of UTF-8 without NUL")
    return Password(text, _rounds(fields))


def _rounds(fields: Fields) -> int:
    rounds = fields.data.get("rounds", ROUNDS)
    if isinstance(rounds, bool) or not isinstance(rounds, int) or not _FEWEST_ROUNDS <= rounds <= _MOST_ROUNDS:
        expected = f"a whole number from {_FEWEST_ROUNDS} to {_MOST_ROUNDS}"
        raise fields.at("rounds").error("The cost of the hash is out of range.", found=rounds, expected=expected)
    return rounds
