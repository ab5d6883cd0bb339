# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expression for a host depends on, so that it need not be evaluated for every host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Optional

from jinja2 import Environment, TemplateError, nodes

#: Filters that give another value each time.
_CHANGING = frozenset(("password_hash", "random", "shuffle", "vault"))


def attributes_used(expressions: Iterable[str], variable: str) -> Optional[frozenset[str]]:
    """Give the attributes of the one variable that the expressions depend on.

    None where they depend on anything else: other variables, calls, or chance.
    """
    used: set[str] = set()
    for expression in expressions:
        text = expression if "{{" in expression or "{%" in expression else f"{{{{ {expression} }}}}"
        try:
            tree = Environment(autoescape=True).parse(text)
        except TemplateError:
            return None
        found = _attributes(tree, variable)
        if found is None:
            return None
        used |= found
    return frozenset(used)


def _attributes(tree: nodes.Template, variable: str) -> Optional[set[str]]:
    if next(tree.find_all(nodes.Call), None) or any(each.name in _CHANGING for each in tree.find_all(nodes.Filter)):
        return None
    owners: list[Any] = [*tree.find_all((nodes.Getattr, nodes.Getitem))]
    named = {id(each.node): name for each in owners for name in (_name(each),) if name is not None}
    found = {named.get(id(name)) if name.name == variable else None for name in tree.find_all(nodes.Name)}
    return None if None in found else {name for name in found if name is not None}


def _name(owner: nodes.Expr) -> Optional[str]:
    if isinstance(owner, nodes.Getattr):
        return owner.attr
    argument = owner.arg if isinstance(owner, nodes.Getitem) else None
    return argument.value if isinstance(argument, nodes.Const) and isinstance(argument.value, str) else None
