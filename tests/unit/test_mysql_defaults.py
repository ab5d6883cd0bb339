# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults and comments as MySQL and MariaDB show them, and back."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.defaults import (
    canonical_default,
    default_text,
    read_default,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.flavour import Flavour
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.wording import (
    comment_text,
    read_comment,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import NOW, UUID, Default
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS, TEXTS

MARIADB, MYSQL = Flavour(), Flavour("MySQL", (8, 4, 0))
GENERATED = "DEFAULT_GENERATED"

SHOWN: list[tuple[Flavour, str, Optional[str], str, Optional[Default]]] = [
    (MARIADB, "text", None, "", None),
    (MARIADB, "text", "NULL", "", None),
    (MARIADB, "text", "'NULL'", "", Default("NULL")),
    (MARIADB, "text", r"'it\'s \\ \n'", "", Default("it's \\ \n")),
    (MARIADB, "text", "'it''s'", "", Default("it's")),
    (MARIADB, "string(9)", "convert(X'f09f92a9' using utf8mb4)", "", Default("\N{PILE OF POO}")),
    (MARIADB, "uuid", "uuid()", "", Default(function=UUID)),
    (MARIADB, "timestamp", "current_timestamp(3)", "", Default(function=NOW)),
    (MARIADB, "timestamp", "current_timestamp()", "", Default(function="opaque:current_timestamp()")),
    (MARIADB, "timestamp", "'2024-02-29 12:34:56.500'", "", Default("2024-02-29T12:34:56.500+00:00")),
    (MARIADB, "timestamp", "'0000-00-00 00:00:00.000'", "", None),
    (MARIADB, "boolean", "1", "", Default(True)),
    (MARIADB, "boolean", "7", "", Default(function="opaque:7")),
    (MARIADB, "integer", "-5", "", Default(-5)),
    (MARIADB, "decimal(5,2)", "0.50", "", Default("0.50")),
    (MARIADB, "float", "1e300", "", Default(1e300)),
    (MARIADB, "json", "'null'", "", Default(None)),
    (MARIADB, "json", "'{'", "", Default(function="opaque:'{'")),
    (MARIADB, "text", "concat('a')", "", Default(function="opaque:(concat('a'))")),
    (MYSQL, "string(9)", "NULL", "", Default("NULL")),
    (MYSQL, "string(9)", "uuid()", "", Default("uuid()")),
    (MYSQL, "string(9)", "it's", "", Default("it's")),
    (MYSQL, "text", r"_utf8mb4\'it\\\'s\'", GENERATED, Default("it's")),
    (MYSQL, "json", r"_utf8mb4\'null\'", GENERATED, Default(None)),
    (MYSQL, "timestamp", "CURRENT_TIMESTAMP(3)", GENERATED, Default(function=NOW)),
    (MYSQL, "uuid", "uuid()", GENERATED, Default(function=UUID)),
    (MYSQL, "text", r"concat(_utf8mb4\'a\')", GENERATED, Default(function="opaque:(concat(_utf8mb4'a'))")),
]


@pytest.mark.parametrize(("flavour", "kind", "text", "extra", "wanted"), SHOWN)
def test_defaults_are_read(
    flavour: Flavour, kind: str, text: Optional[str], extra: str, wanted: Optional[Default]
) -> None:
    assert read_default(text, extra, parse_type(kind), flavour) == wanted


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_written_so_that_they_are_read_again(text: str) -> None:
    for kind in ("text", "string(99)", "enum(e)"):
        written = default_text(Default(text), parse_type(kind))
        shown = written[1:-1] if written.startswith("(") else written
        assert read_default(shown, GENERATED, parse_type(kind), MARIADB) == Default(text)
        assert max(written) <= "\uffff"


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("boolean", True, "1"),
        ("float", -0.0, "0.0"),
        ("decimal(5,2)", "1.5", "1.50"),
        ("timestamp", "2024-02-29T12:34:56Z", "'2024-02-29 12:34:56.000'"),
        ("json", {"ü": "\N{PILE OF POO}"}, r"""('{"\\u00fc": "\\ud83d\\udca9"}')"""),
        ("json", None, "('null')"),
        ("uuid", "C0FFEE00-0000-4000-8000-000000000000", "'c0ffee00-0000-4000-8000-000000000000'"),
    ],
)
def test_values_are_written_in_their_canonical_form(kind: str, value: Any, wanted: str) -> None:
    default = canonical_default(Default(value), parse_type(kind))
    assert default is not None
    assert default_text(default, parse_type(kind)) == wanted


def test_null_is_no_default() -> None:
    assert canonical_default(Default(None), parse_type("text")) is None


def test_no_definition_holds_a_nul() -> None:
    with pytest.raises(InputError, match="NUL"):
        default_text(Default("a\0"), parse_type("text"))


@pytest.mark.parametrize("comment", [*TEXTS, "", "\\u{1f4a9}", "[enum: x]", "x [enum: y]", "\\u{5c}u{"])
@pytest.mark.parametrize("enum", [*STEMS, "", "a] [enum: b", "\\u{5b}"])
def test_comments_carry_the_enum_and_come_back(comment: str, enum: str) -> None:
    text = comment_text(comment, enum)
    assert not text or max(text) <= "\uffff"
    if enum or not comment.endswith("]"):
        assert read_comment(text, marked=True) == (comment, enum)
    assert enum or read_comment(text, marked=False) == (comment, "")
