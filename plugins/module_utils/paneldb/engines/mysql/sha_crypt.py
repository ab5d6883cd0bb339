# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SHA-256 crypt, in which MySQL keeps passwords (``caching_sha2_password``), though with a longer salt than others.

See "Unix crypt using SHA-256 and SHA-512", Ulrich Drepper, 2007 (public domain): the numbers are those of its steps.
"""

from __future__ import annotations

from hashlib import sha256

_LETTERS = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIZE = 32
#: Step 22: which bytes of the digest make four letters.
_TRIPLES = ((0, 10, 20), (21, 1, 11), (12, 22, 2), (3, 13, 23), (24, 4, 14), (15, 25, 5), (6, 16, 26), (27, 7, 17))
_REST = ((18, 28, 8), (9, 19, 29))


def sha256_crypt(password: bytes, salt: bytes, rounds: int) -> bytes:
    """Give the 43 letters of the digest."""
    digest = _begun(password, salt)
    # Steps 13 to 20: as long as password and salt.
    key = _stretched(sha256(password * len(password)).digest(), len(password))
    salted = _stretched(sha256(salt * (16 + digest[0])).digest(), len(salt))
    for number in range(rounds):
        parts = [key if number % 2 else digest]
        parts += [salted] if number % 3 else []
        parts += [key] if number % 7 else []
        digest = sha256(b"".join([*parts, digest if number % 2 else key])).digest()
    return _letters(digest)


def _begun(password: bytes, salt: bytes) -> bytes:
    """Steps 1 to 12."""
    other = sha256(password + salt + password).digest()
    parts = [password, salt, _stretched(other, len(password))]
    length = len(password)
    while length:
        parts.append(other if length & 1 else password)
        length >>= 1
    return sha256(b"".join(parts)).digest()


def _stretched(block: bytes, length: int) -> bytes:
    return (block * (length // _SIZE + 1))[:length]


def _letters(digest: bytes) -> bytes:
    found = bytearray()
    for first, second, third in (*_TRIPLES, *_REST):
        found += _four(digest[first] << 16 | digest[second] << 8 | digest[third], 4)
    return bytes(found + _four(digest[31] << 8 | digest[30], 3))


def _four(number: int, letters: int) -> bytes:
    return bytes(_LETTERS[number >> 6 * position & 63] for position in range(letters))
