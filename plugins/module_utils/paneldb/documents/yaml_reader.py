# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML read strictly: the core schema of YAML 1.2.2 (section 10.3.2) on the parser of PyYAML.

The parser's events are turned into values directly. That is about five times as fast as PyYAML's own way over nodes,
and it is here that repeated keys, unknown tags, depth and the expansion of aliases are seen before they cost anything.

YAML 1.1 surprises are gone: ``NO``, ``on`` and ``yes`` are strings, and so are dates and ``22:22``; only ``0o17`` is
octal. One thing of YAML 1.1 is kept because people share columns with it: the merge key ``<<``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Callable

from ..errors import InputError
from .text import DEEPEST_NESTING, dotted, fault, fault_at, refuse_foreign, refuse_nul
from .yaml_scalars import NOT_PLAIN_TEXT, resolve

#: All aliases of a document together may stand for so many values.
MOST_EXPANDED = 1_000_000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_STRING_TAGS = ("tag:yaml.org,2002:str", "!")
_COLLECTION_TAGS = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")

TagConstructors = Mapping[str, Callable[[str], Any]]


def parse_yaml(text: str, source: str, *, tag_constructors: TagConstructors | None = None) -> Any:
    """Read one YAML document into dicts with string keys, lists, strings, integers, floats, booleans and None.

    ``tag_constructors`` maps a tag as it is written, such as ``!vault``, to what makes a value of the text it stands
    before; an error that such a function raises is not caught.

    :raises InputError: the text is not one such document, see the module's description; or PyYAML is missing.
    """
    refuse_nul(text, source)
    refuse_foreign(text, source)
    yaml = _pyyaml(source)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            return _Builder(yaml, loader, text, source, tag_constructors or {}).document()
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _malformed(error, text, source) from error


def _pyyaml(source: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise InputError(
            "Reading YAML needs PyYAML, which this Python does not have.",
            source=source,
            hint="Install python3-yaml, or write the file as JSON.",
        ) from error
    return yaml


def _malformed(error: Any, text: str, source: str) -> InputError:
    """Say in our words what the parser found. Its own message is left out where it quotes the document."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        found = _UNPRINTABLE.search(text)
        offset = found.start() if found else 0
        return fault_at("A character that YAML does not allow.", text, offset, source, found=text[offset : offset + 1])
    line, column = mark.line + 1, mark.column + 1
    lines = text.splitlines()
    written = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        hint = "Indent with spaces, two for each level."
        return fault("A tab is used as indentation.", source, line, column, found="\t", expected="spaces", hint=hint)
    begun = getattr(error, "context_mark", None)
    begin = f" (what began on line {begun.line + 1})" if begun and begun.line != mark.line else ""
    hint = "Text that holds ': ' or ' #', or begins with a sign, needs quotes."
    return fault(f"This is not YAML: {error.problem}{begin}.", source, line, column, hint=hint)


class _Builder:
    """Makes values out of the parser's events; recursion is bounded by DEEPEST_NESTING."""

    def __init__(self, yaml: Any, loader: Any, text: str, source: str, tag_constructors: TagConstructors) -> None:
        self._events = yaml.events
        self._next = loader.get_event
        self._scalar_event = yaml.events.ScalarEvent
        self._source = source
        self._tags = tag_constructors
        self._path: list[Any] = []
        self._anchors: dict[str, Any] = {}
        self._expandable = MOST_EXPANDED
        #: Only an escape can bring a character into a string that the text itself may not hold.
        self._escapes = "\\" in text

    def document(self) -> Any:
        """Give the value of the only document.

        :raises InputError: there is none, or more than one.
        """
        events = self._events
        self._next()
        event = self._next()
        if event.__class__ is events.StreamEndEvent:
            raise self._empty()
        value = self._value(self._next())
        if value is None:
            raise self._empty()
        self._next()
        event = self._next()
        if event.__class__ is not events.StreamEndEvent:
            raise self._fault("A second document begins.", event, found="---", expected="one document in a file")
        return value

    def _empty(self) -> InputError:
        return InputError("The document is empty.", source=self._source, expected="at least one key or item")

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is self._scalar_event:
            value = self._scalar(event)
        elif kind is self._events.AliasEvent:
            return self._alias(event)
        else:
            value = self._collection(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _collection(self, event: Any) -> Any:
        if event.tag not in _COLLECTION_TAGS:
            raise self._unknown_tag(event)
        if len(self._path) >= DEEPEST_NESTING:
            raise self._fault("The nesting is too deep.", event, expected=f"at most {DEEPEST_NESTING} levels")
        if event.__class__ is self._events.SequenceStartEvent:
            return self._sequence()
        return self._mapping()

    def _sequence(self) -> list[Any]:
        end, path = self._events.SequenceEndEvent, self._path
        result: list[Any] = []
        path.append(0)
        event = self._next()
        while event.__class__ is not end:
            result.append(self._value(event))
            path[-1] += 1
            event = self._next()
        path.pop()
        return result

    def _mapping(self) -> dict[str, Any]:
        end, path, following = self._events.MappingEndEvent, self._path, self._next
        result: dict[str, Any] = {}
        marks: list[Any] = []
        merge: Any = None
        path.append("")
        event = following()
        while event.__class__ is not end:
            path[-1] = key = self._key(event)
            if key in result:
                raise self._repeated(key, event, marks[list(result).index(key)])
            marks.append(event.start_mark)
            result[key] = self._value(following())
            if key == "<<" and event.implicit[0]:
                merge = event
            event = following()
        path.pop()
        return result if merge is None else self._merged(result, merge)

    def _key(self, event: Any) -> str:
        """Give a key, which must be written as a string: ``5:``, ``true:`` and ``*alias:`` are refused.

        ``null:`` is text all the same: it is a word of models, and no mapping has a key that is nothing.
        """
        if event.__class__ is self._scalar_event:
            key = "null" if event.value == "null" and event.tag is None else self._scalar(event)
            if key.__class__ is str:
                if event.anchor is not None:
                    self._anchors[event.anchor] = key
                return key
        found = getattr(event, "value", None)
        hint = "Put the key between quotes." if found else "Write every key as plain text."
        raise self._fault("A key is not a string.", event, found=found, expected="a string", hint=hint)

    def _repeated(self, key: str, event: Any, first: Any) -> InputError:
        return self._fault(
            f"The key {key!r} stands here a second time; the first is on line {first.line + 1}.",
            event,
            expected="each key once",
            hint="Remove one of the two.",
        )

    def _merged(self, own: dict[str, Any], merge: Any) -> dict[str, Any]:
        """Put what ``<<`` names under the mapping's own keys; of several mappings the earlier one wins."""
        value = own.pop("<<")
        result: dict[str, Any] = {}
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, dict):
                raise self._fault("The merge key '<<' names no mapping.", merge, expected="a mapping or a list of them")
            for key, inherited in each.items():
                result.setdefault(key, inherited)
        result.update(own)
        return result

    def _alias(self, event: Any) -> Any:
        """Give a copy of what the anchor holds, so that no two places of the document share a value."""
        if event.anchor not in self._anchors:
            hint = "An anchor must stand before its aliases, and not around them."
            raise self._fault("The alias names no anchor.", event, found=f"*{event.anchor}", hint=hint)
        return self._copy(self._anchors[event.anchor], event, len(self._path))

    def _copy(self, value: Any, event: Any, depth: int) -> Any:
        self._expandable -= 1
        if self._expandable < 0 or depth > DEEPEST_NESTING:
            limit = f"at most {MOST_EXPANDED} values from aliases, {DEEPEST_NESTING} levels deep"
            raise self._fault("The aliases stand for too much.", event, found=f"*{event.anchor}", expected=limit)
        if value.__class__ is dict:
            return {key: self._copy(each, event, depth + 1) for key, each in value.items()}
        if value.__class__ is list:
            return [self._copy(each, event, depth + 1) for each in value]
        return value

    def _scalar(self, event: Any) -> Any:
        value = event.value
        if event.implicit[0]:
            return value if value and value[0] not in NOT_PLAIN_TEXT else self._resolve(value, event)
        if event.implicit[1] or event.tag in _STRING_TAGS:
            if self._escapes:
                self._refuse_unstorable(value, event)
            return value
        if event.tag in self._tags:
            return self._tags[event.tag](value)
        raise self._unknown_tag(event)

    def _refuse_unstorable(self, value: str, event: Any) -> None:
        """Refuse what only an escape can bring in: NUL and half of a surrogate pair."""
        if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
            raise self._fault("A character that no engine can keep in text.", event)

    def _resolve(self, value: str, event: Any) -> Any:
        if event.tag:
            return value
        try:
            return resolve(value)
        except ValueError as error:
            hint = "Put it between quotes if it is meant as text."
            raise self._fault("The number cannot be kept exactly.", event, found=value[:40], hint=hint) from error

    def _unknown_tag(self, event: Any) -> InputError:
        if event.tag in ("!vault", "!vault-encrypted"):
            hint = "Let the collection's modules read the file: Ansible decrypts it on the controller."
            return self._fault("A value is encrypted by Ansible Vault and cannot be read here.", event, hint=hint)
        known = ", ".join(sorted(self._tags)) or "no tags"
        return self._fault("The tag is unknown.", event, found=event.tag, expected=known, hint="Remove it.")

    def _fault(self, problem: str, event: Any, **more: Any) -> InputError:
        mark = event.start_mark
        return fault(problem, self._source, mark.line + 1, mark.column + 1, path=dotted(self._path), **more)
