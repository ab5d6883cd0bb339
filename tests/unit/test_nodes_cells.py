# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostnames, names, ports, tags, tokens and durations: what is one, in which form, and what is none."""

from __future__ import annotations

import ipaddress
import os
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.reading import Place
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import cells, hostnames, tokens

PLACE = Place("", "nodes")
LABEL = "a" * 63

HOSTS = {
    "localhost": "localhost",
    "alpha.example.com": "alpha.example.com",
    "Alpha.EXAMPLE.com": "alpha.example.com",
    "alpha.example.com.": "alpha.example.com",
    "3com.com": "3com.com",
    "1.2.3.4": "1.2.3.4",
    "255.255.255.255": "255.255.255.255",
    "::1": "::1",
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "::ffff:192.0.2.1": str(ipaddress.IPv6Address("::ffff:192.0.2.1")),
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example": "xn--bcher-kva.example",
    "例え.テスト": "xn--r8jz45g.xn--zckzah",
    "xn--bcher-kva.example": "xn--bcher-kva.example",
    LABEL: LABEL,
    ".".join([LABEL, LABEL, LABEL, "a" * 61]): ".".join([LABEL, LABEL, LABEL, "a" * 61]),
}
NO_HOSTS = [
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a b",
    " a",
    "a\n",
    "-a",
    "a-",
    "a.-b",
    "a_b.example",
    "a@b",
    "http://a",
    "a:80",
    "1.2.3.4:80",
    "1.2.3",
    "256.1.1.1",
    "01.2.3.4",
    "a.1",
    "1234",
    "a\nb",
    "fe80::1%eth0",
    ":::",
    "[::1",
    "a" * 64,
    ".".join([LABEL] * 4),
    "a" * 1_000_000,
    "straße.example",
    "a\u200db.example",
    "\x1b[31mred",
    "a\0b",
    "a'; DROP TABLE nodes; --",
]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_has_one_form(host: str) -> None:
    assert hostnames.canonical(host) == HOSTS[host]
    assert hostnames.canonical(HOSTS[host]) == HOSTS[host]


@pytest.mark.parametrize("host", NO_HOSTS, ids=lambda host: ascii(host)[:20])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        hostnames.canonical(host)
    assert not hostnames.all_canonical(["a", host, "b"])


@given(st.lists(st.sampled_from([*HOSTS, *NO_HOSTS, *HOSTS.values()]), max_size=6))
def test_the_quick_look_says_what_the_thorough_one_says(hosts: list[str]) -> None:
    def is_short_form(host: str) -> bool:
        try:
            return hostnames.canonical(host) == host and ":" not in host
        except ValueError:
            return False

    assert hostnames.all_canonical(hosts) == all(map(is_short_form, hosts))


@given(st.text(max_size=300))
@example("a.b.")
def test_any_text_is_a_host_in_its_form_or_none(text: str) -> None:
    try:
        host = hostnames.canonical(text)
    except ValueError:
        return
    assert hostnames.canonical(host) == host
    assert len(host) <= hostnames.LONGEST
    assert re.fullmatch(r"[a-z0-9.:-]+", host)


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_one(address: ipaddress.IPv6Address) -> None:
    assert hostnames.canonical(address.exploded) == address.compressed


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a", "Node 1", "köln-01", "東京", "it's", 'say "x"', "{{ x }}", "-rf", "\N{PILE OF POO}"]
)
def test_names_that_people_can_read(name: str) -> None:
    cells.require_names(["first", name], PLACE.item)


@pytest.mark.parametrize(
    "name",
    [
        "",
        None,
        5,
        True,
        ["a"],
        " a",
        "a ",
        "\ta",
        "a\x1b[2J",
        "a\nb",
        "a\0",
        "\x9b31m",
        "a\u202eb",
        "a\u200bb",
        "a\u2028b",
        "\ud800",
    ],
    ids=ascii,
)
def test_names_that_nobody_can_read(name: object) -> None:
    with pytest.raises(InputError) as caught:
        cells.require_names(["first", name], PLACE.item)
    assert caught.value.details["path"] == "nodes[1].name"
    assert caught.value.message.isprintable()


def test_many_names_and_hosts_are_looked_at_within_a_little_memory() -> None:
    """One match through all of them would remember a kilobyte of its way back for each."""
    names = [f"node-{number:05d}.example.com" for number in range(20_000)]
    tracemalloc.start()
    try:
        cells.require_names(names, PLACE.item)
        assert hostnames.all_canonical(names)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_name_of_a_megabyte_is_not_repeated_in_the_error() -> None:
    with pytest.raises(InputError) as caught:
        cells.require_names(["\x07" * 1_000_000], PLACE.item)
    assert len(str(caught.value)) < 500


# --- ports, tags -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", [1, 80, 65535, "1", "8080", "65535"])
def test_ports(port: object) -> None:
    assert cells.with_ports([{"port": port}], PLACE.item, text=False) == [{"port": int(str(port))}]


@pytest.mark.parametrize(
    "port", [0, -1, 65536, 10**30, "0", "65536", "", "http", "80 ", "+80", "٣", 80.0, True, None, [80]]
)
def test_no_ports(port: object) -> None:
    with pytest.raises(InputError, match="This is no port") as caught:
        cells.with_ports([{"port": 1}, {"port": port}], PLACE.item, text=isinstance(port, str))
    assert caught.value.details["path"] == "nodes[1].port"


@given(st.integers(-10, 70000))
def test_ports_as_text_are_judged_as_numbers_are(port: int) -> None:
    rows = [{"port": str(port)}]
    if 1 <= port <= 65535:
        assert cells.with_ports(rows, PLACE.item, text=True) == rows
    else:
        with pytest.raises(InputError):
            cells.with_ports(rows, PLACE.item, text=True)


def test_tags_are_sorted_and_once() -> None:
    rows: list[dict[str, Any]] = [
        {"tags": "ssd; eu,eu"},
        {"tags": ["b", "a", "b"]},
        {"tags": None},
        {"tags": ""},
        {"tags": [""]},
        {},
    ]
    found = cells.with_tags(rows, PLACE.item)
    assert found == [{"tags": ["eu", "ssd"]}, {"tags": ["a", "b"]}, {"tags": None}, {"tags": []}, {"tags": []}, {}]


@pytest.mark.parametrize("tags", [["a b"], [1], ["x" * 64], {"a": 1}, 5, ["a\x1b"], ["{{ x }}"]])
def test_no_tags(tags: object) -> None:
    with pytest.raises(InputError) as caught:
        cells.with_tags([{"tags": tags}], PLACE.item)
    assert caught.value.details["path"] == "nodes[0].tags"


# --- tokens, durations -----------------------------------------------------------------------------------------------


def test_tokens_are_256_bits_that_every_url_takes_from_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    source = os.urandom

    def counting(size: int) -> bytes:
        asked.append(size)
        return source(size)

    monkeypatch.setattr(os, "urandom", counting)
    made = list(tokens.new_tokens(1000))
    assert asked == [32_000]
    assert len(set(made)) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in made)


@pytest.mark.parametrize(
    "token",
    [
        "a" * 15,
        "a" * 256,
        "with a blank inside",
        "ünïcode-ünïcode-ü",
        "line\nbreak-line-break",
        5,
        "retired:" + "a" * 43,
    ],
)
def test_what_is_no_token_is_refused_without_being_shown(token: object) -> None:
    with pytest.raises(InputError) as caught:
        tokens.require_token(token, PLACE)
    assert str(token) not in str(caught.value) or token == 5


@pytest.mark.parametrize(
    ("text", "seconds"), [("45s", 45), ("30m", 1800), ("12h", 43200), ("90d", 7776000), ("2w", 1209600)]
)
def test_durations(text: str, seconds: int) -> None:
    assert tokens.duration(text, PLACE).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5h", "1 d", "1y", "9999999999d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(InputError, match="This is no duration"):
        tokens.duration(text, PLACE)
