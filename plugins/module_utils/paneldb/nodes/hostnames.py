# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node is: names of hosts and addresses, each in one form, so that equal ones are equal texts.

Rules: RFC 952 and RFC 1123 section 2.1 (labels of letters, digits and hyphens; the last one is no number), RFC 1035
section 2.3.4 (63 octets a label, 253 characters in all without the dot at the end), RFC 5952 (IPv6 in its short form),
RFC 3490 (names of other scripts as ``xn--``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 253

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LAST = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_CANONICAL = rf"(?:(?:{_LABEL}\.)*{_LAST}|{_OCTET}(?:\.{_OCTET}){{3}})"
_ONE = re.compile(_CANONICAL)
_MANY = re.compile(rf"(?:{_CANONICAL}\n)*")
#: Names that one match goes through: it remembers a kilobyte or so of the way back for each.
_AT_ONCE = 1_000
#: Written alike, these are different names in the two standards for names of other scripts (RFC 5894 section 7.2).
_AMBIGUOUS = re.compile("[\u00df\u03c2\u200c\u200d]")

EXPECTED = "a name of letters, digits, hyphens and dots, an IPv4 address or an IPv6 address"


def all_canonical(hosts: Sequence[str]) -> bool:
    """Tell quickly whether all of them are names or IPv4 addresses in their one form already."""
    if max(map(len, hosts), default=0) > LONGEST:
        return False
    return all(_are_canonical(hosts[start : start + _AT_ONCE]) for start in range(0, len(hosts), _AT_ONCE))


def _are_canonical(hosts: Sequence[str]) -> bool:
    lines = "\n".join((*hosts, ""))
    return lines.count("\n") == len(hosts) and _MANY.fullmatch(lines) is not None


def canonical(host: str) -> str:
    """Give the one form: small letters, no dot at the end, ``xn--`` for other scripts, IPv6 short and without brackets.

    :raises ValueError: it is neither a host's name nor an address; the message says why.
    """
    if _ONE.fullmatch(host) and len(host) <= LONGEST:
        return host
    if len(host) > 4 * LONGEST:
        raise ValueError(f"A host's name has {LONGEST} characters at the most.")
    if ":" in host:
        return _ipv6(host)
    name = host.removesuffix(".")
    name = (name if name.isascii() else _ascii(name)).lower()
    if len(name) > LONGEST:
        raise ValueError(f"A host's name has {LONGEST} characters at the most.")
    if not _ONE.fullmatch(name):
        raise ValueError("This is neither a host's name nor an address.")
    return name


def _ipv6(host: str) -> str:
    import ipaddress

    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if "%" in bare:
        raise ValueError("An address with a zone means something on one host only.")
    try:
        return ipaddress.IPv6Address(bare).compressed
    except ValueError:
        raise ValueError("This is no IPv6 address, and the port has a column of its own.") from None


def _ascii(name: str) -> str:
    if _AMBIGUOUS.search(name):
        raise ValueError("The name means two different hosts by two standards; write it in its xn-- form.")
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("The name has characters that no host's name has.") from None
