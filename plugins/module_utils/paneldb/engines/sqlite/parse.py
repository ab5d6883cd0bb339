# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads CREATE TABLE and CREATE INDEX as SQLite keeps them: what the catalogue's PRAGMAs do not tell stands only here.

SQLite has accepted every text that comes here, so that there is no syntax to check; words that mean nothing to us are
stepped over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .words import TOKEN, Token, quote, tokenize, unquote


class Part(NamedTuple):
    """A column in a key or index: a name, or the text of an expression (``name`` is then empty).

    ``ascending`` tells that ASC was said, which means nothing to SQLite.
    """

    name: str
    descending: bool = False
    collation: str = ""
    expression: str = ""
    ascending: bool = False

    @property
    def text(self) -> str:
        words = [self.expression or quote(self.name), f"COLLATE {quote(self.collation)}" if self.collation else ""]
        return " ".join(word for word in [*words, "DESC" if self.descending else ""] if word)


@dataclass
class Constraint:
    """A constraint of a table, wherever it was written. ``kind``: primary_key, unique, check or foreign_key.

    ``rest`` is the text of what the model has no word for, such as ``ON UPDATE CASCADE``. ``column`` names the column
    beside which it was written.
    """

    kind: str
    name: str = ""
    column: str = ""
    parts: tuple[Part, ...] = ()
    body: str = ""
    ref_table: str = ""
    ref_columns: tuple[str, ...] = ()
    on_delete: str = ""
    rest: str = ""
    autoincrement: bool = False


@dataclass
class ColumnText:
    """A column as written. ``default``, ``generated`` and the checks' bodies are SQL."""

    name: str
    declared: str = ""
    not_null: bool = False
    default: str = ""
    collation: str = ""
    generated: str = ""
    checks: list[tuple[str, str]] = field(default_factory=list)
    rest: str = ""


@dataclass
class TableText:
    columns: list[ColumnText] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    options: str = ""


class IndexText(NamedTuple):
    parts: tuple[Part, ...]
    where: str


#: CREATE, TABLE, the name, and the parenthesis behind which the first column stands.
_BODY_START = 3


def parse_table(sql: str) -> TableText:
    """Read the text that ``sqlite_master`` has of a table."""
    table = TableText()
    position, end = tokenize(sql)[_BODY_START].end, ","
    while end == ",":
        position, end = _element(sql, position, table)
    table.options = sql[position:].strip()
    return table


def parse_index(sql: str) -> IndexText:
    """Read the text that ``sqlite_master`` has of an index."""
    reader = _Reader(sql, tokenize(sql))
    while not reader.accept("ON"):
        reader.take()
    reader.take()
    parts = reader.parts()
    where = sql[reader.next_start() :].strip() if reader.accept("WHERE") else ""
    return IndexText(parts, where)


def _element(sql: str, position: int, table: TableText) -> tuple[int, str]:
    """Read one column or one run of constraints; give where it ended, and with which sign."""
    tokens: list[Token] = []
    depth = 0
    for match in TOKEN.finditer(sql, position):
        text = match.group(1)
        if depth == 0 and text in (",", ")"):
            _Reader(sql, tokens).element(table)
            return match.end(), text
        depth += (text == "(") - (text == ")")
        tokens.append(Token(text, match.start(1), match.end(1)))
    raise ValueError("The text of a table ends too early.")


_COLUMN_WORDS = frozenset(
    ("CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS")
)
_TABLE_WORDS = frozenset(("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"))


class _Reader:
    """Walks over the tokens of one column, one run of constraints, or one index."""

    def __init__(self, sql: str, tokens: list[Token]) -> None:
        self._sql = sql
        self._tokens = tokens
        self._at = 0
        self._name = ""

    def element(self, table: TableText) -> None:
        if self._tokens and self.word() in _TABLE_WORDS:
            while self.word():
                self._constraint(table, "")
            return
        column = ColumnText(unquote(self.take().text), declared=self._declared())
        table.columns.append(column)
        while self.word():
            self._column_clause(table, column)

    # --- tokens --------------------------------------------------------------------------------------------------

    def word(self, ahead: int = 0) -> str:
        place = self._at + ahead
        return self._tokens[place].word if place < len(self._tokens) else ""

    def take(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def accept(self, *words: str) -> bool:
        if all(self.word(ahead) == word for ahead, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def next_start(self) -> int:
        return self._tokens[self._at].start

    def _group(self) -> str:
        """Take a group in parentheses; give the text inside."""
        opening = self.take()
        depth = 1
        while depth:
            token = self.take()
            depth += (token.text == "(") - (token.text == ")")
        return self._sql[opening.end : self._tokens[self._at - 1].start].strip()

    def _text_since(self, place: int) -> str:
        """Give the tokens from that place on as text, one blank between them."""
        return " ".join(token.text for token in self._tokens[place : self._at])

    # --- columns -------------------------------------------------------------------------------------------------

    def _declared(self) -> str:
        """Take the type: everything up to the first word that begins a constraint."""
        start = self._at
        while self.word() and self.word() not in _COLUMN_WORDS:
            if self.word() == "(":
                self._group()
            else:
                self.take()
        if self._at == start:
            return ""
        return self._sql[self._tokens[start].start : self._tokens[self._at - 1].end]

    def _column_clause(self, table: TableText, column: ColumnText) -> None:
        if self.accept("NOT", "NULL"):
            column.not_null = True
            column.rest = self._conflict()
        elif self.accept("DEFAULT"):
            column.default = self._default()
        elif self.accept("COLLATE"):
            column.collation = unquote(self.take().text)
        elif self.word() in ("GENERATED", "AS"):
            column.generated = self._generated()
        elif self.accept("NULL"):
            self._conflict()
        elif self.accept("CHECK"):
            column.checks.append((self._named(), self._group()))
            self._conflict()
        else:
            self._constraint(table, column.name)

    def _default(self) -> str:
        """Take a default: an expression in parentheses (which stay on), or one value with its sign."""
        if self.word() == "(":
            return f"({self._group()})"
        sign = self.take().text if self.word() in ("-", "+") else ""
        return sign + self.take().text

    def _generated(self) -> str:
        self.accept("GENERATED", "ALWAYS")
        self.take()
        body = self._group()
        stored = self.accept("STORED")
        if not stored:
            self.accept("VIRTUAL")
        return f"({body}) {'STORED' if stored else 'VIRTUAL'}"

    # --- constraints ---------------------------------------------------------------------------------------------

    def _constraint(self, table: TableText, column: str) -> None:
        if self.accept("CONSTRAINT"):
            self._name = unquote(self.take().text)
        elif self.accept("PRIMARY", "KEY"):
            table.constraints.append(self._key("primary_key", column))
        elif self.accept("UNIQUE"):
            table.constraints.append(self._key("unique", column))
        elif self.accept("CHECK"):
            check = Constraint("check", self._named(), column, body=self._group())
            self._conflict()
            table.constraints.append(check)
        elif self.accept("FOREIGN", "KEY"):
            parts = self.parts()
            self.accept("REFERENCES")
            table.constraints.append(self._reference(Constraint("foreign_key", self._named(), parts=parts)))
        elif self.accept("REFERENCES"):
            parts = (Part(column),)
            table.constraints.append(self._reference(Constraint("foreign_key", self._named(), column, parts)))
        else:
            self.take()

    def _named(self) -> str:
        name, self._name = self._name, ""
        return name

    def _key(self, kind: str, column: str) -> Constraint:
        key = Constraint(kind, self._named(), column)
        if column:
            descending = self.accept("DESC")
            self.accept("ASC")
            key.parts = (Part(column, descending),)
        else:
            key.autoincrement = "AUTOINCREMENT" in {token.word for token in self._tokens[self._at :]}
            key.parts = self.parts()
        conflict = self._conflict()
        key.autoincrement = self.accept("AUTOINCREMENT") or key.autoincrement
        if conflict or any(part != Part(part.name) for part in key.parts):
            parts = ", ".join(part.text for part in key.parts)
            key.rest = f"{'PRIMARY KEY' if kind == 'primary_key' else 'UNIQUE'} ({parts}) {conflict}".strip()
        return key

    def _conflict(self) -> str:
        if not self.accept("ON", "CONFLICT"):
            return ""
        return f"ON CONFLICT {self.take().word}"

    def parts(self) -> tuple[Part, ...]:
        """Take columns in parentheses, each with its order and collation."""
        self.take()
        found = [self._part()]
        while self.accept(","):
            found.append(self._part())
        self.accept(")")
        return tuple(found)

    def _part(self) -> Part:
        start = self._at
        while self.word() not in (",", ")", "COLLATE", "ASC", "DESC", "AUTOINCREMENT"):
            if self.word() == "(":
                self._group()
            else:
                self.take()
        ends = self._tokens[self._at - 1].end
        text = self._sql[self._tokens[start].start : ends]
        single = self._at - start == 1
        collation = unquote(self.take().text) if self.accept("COLLATE") else ""
        descending, ascending = self.accept("DESC"), self.accept("ASC")
        self.accept("AUTOINCREMENT")
        return Part(unquote(text) if single else "", descending, collation, "" if single else text, ascending)

    def _reference(self, key: Constraint) -> Constraint:
        key.ref_table = unquote(self.take().text)
        if self.word() == "(":
            key.ref_columns = tuple(part.name for part in self.parts())
        rest = []
        while True:
            start = self._at
            if self.accept("ON", "DELETE"):
                key.on_delete = self._action()
            elif self._further_clause():
                rest.append(self._text_since(start))
            else:
                key.rest = " ".join(rest)
                return key

    def _action(self) -> str:
        first = self.take().word
        return f"{first}_{self.take().word}".lower() if first in ("SET", "NO") else first.lower()

    def _further_clause(self) -> bool:
        """Step over what a reference may say besides ON DELETE."""
        if self.accept("ON", "UPDATE"):
            self._action()
        elif self.accept("MATCH"):
            self.take()
        elif self.accept("NOT", "DEFERRABLE") or self.accept("DEFERRABLE"):
            if self.accept("INITIALLY"):
                self.take()
        else:
            return False
        return True
