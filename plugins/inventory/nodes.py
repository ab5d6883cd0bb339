# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory ``nodes``: hosts out of the panel's own table."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nodes
version_added: 1.0.0
short_description: The panel's nodes as hosts
description:
  - Reads the hosts of an inventory out of the panel's table of nodes, on every engine. Tokens are not read.
  - Each node is a host of its name, with its hostname as C(ansible_host), and what the table says of it in
    C(panel_node).
  - Hosts are in groups by their status (C(status_online)) and, where the model has tags, by each of them (C(tag_eu)).
  - Its configuration is a file whose name ends in C(paneldb.yml) or C(paneldb.yaml). The driver of the engine has to be
    on the controller. Options O(url), O(login_host), O(login_user), O(login_password) and O(database) may be templates.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  plugin:
    description: Says that the file is for this plugin.
    type: str
    required: true
    choices: [ctrlaltplay.paneldb.nodes, nodes]
  model:
    description: File with the model, beside the configuration. V(panel) is the one that comes with the collection.
    type: str
    default: panel
  columns:
    description:
      - Further columns of the model to put into C(panel_node), beside C(id), C(hostname), C(port), C(status), C(tags),
        C(createdAt) and C(updatedAt). Columns of tokens are refused.
    type: list
    elements: str
    default: []
  status_groups:
    description: Whether hosts are in groups by status.
    type: bool
    default: true
  tag_groups:
    description: Whether hosts are in groups by tags.
    type: bool
    default: true
extends_documentation_fragment:
  - ctrlaltplay.paneldb.connection
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
seealso:
  - module: ctrlaltplay.paneldb.node
"""

EXAMPLES = r"""
# panel.paneldb.yml: all nodes, those of one data centre in a group of their own
plugin: ctrlaltplay.paneldb.nodes
url: "{{ lookup('ansible.builtin.env', 'DATABASE_URL') }}"
compose:
  ansible_user: "'root'"
groups:
  resting: panel_node.status == 'MAINTENANCE'
keyed_groups:
  - key: panel_node.port | string
    prefix: port
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/paneldb
cache_timeout: 300
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.action import SHIPPED
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils.expressions import attributes_used

#: Columns whose values every host has in ``panel_node``, as far as the model has them.
_COLUMNS = ("id", "hostname", "port", "status", "tags", "createdAt", "updatedAt")
_CONSTRUCTED = ("compose", "groups", "keyed_groups")
_ENDINGS = ("paneldb.yml", "paneldb.yaml")
#: What such an option holds may be a template: where the database is, and as whom.
_TEMPLATES = ("url", "login_host", "login_user", "login_password", "database")

Node = dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Hosts out of a table."""

    NAME = "ctrlaltplay.paneldb.nodes"

    def verify_file(self, path: str) -> bool:
        """Tell by its name whether the file is for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(_ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory, from the cache where that may be and holds it."""
        super().parse(inventory, loader, path, cache)
        self._hosts: Any = inventory
        self._read_config_data(path)
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        used = bool(self.get_option("cache"))
        nodes = self._cached(key) if used and cache else None
        if nodes is None:
            nodes = self._read(Path(path).parent)
            if used:
                self._cache[key] = nodes
        self._fill(nodes)

    def _cached(self, key: str) -> list[Node] | None:
        try:
            found: list[Node] = self._cache[key]
        except KeyError:
            return None
        return found

    # --- reading -------------------------------------------------------------------------------------------------

    def _read(self, folder: Path) -> list[Node]:
        """Ask the database.

        :raises AnsibleParserError: it cannot be asked, or the model has no such nodes or columns.
        """
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import sources
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.hosts import read_hosts

        model = self.get_option("model")
        try:
            schema = load_model(sources.read_model(model if model == sources.PANEL else folder / model, SHIPPED))
            with connect(parse_target(self._connection()), read_only=True) as engine:
                return read_hosts(engine, schema, [*_COLUMNS, *self.get_option("columns")], _COLUMNS)
        except PanelDbError as error:
            raise AnsibleParserError(str(error)) from error

    def _connection(self) -> dict[str, Any]:
        """Give the options that say where the database is; without any the environment says it."""
        import os

        from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import PARTS

        told = {name: self._templated(name, self.get_option(name)) for name in ("url", *PARTS)}
        named = any(told.get(name) for name in ("url", "engine", "path", "database"))
        return told if named else {**told, "url": os.environ.get("DATABASE_URL")}

    def _templated(self, name: str, value: Any) -> Any:
        return self.templar.template(value) if name in _TEMPLATES and isinstance(value, str) else value

    # --- filling -------------------------------------------------------------------------------------------------

    def _fill(self, nodes: Iterable[Node]) -> None:
        shown = [node for node in nodes if self._is_shown(node["name"])]
        for node in shown:
            name, told = node["name"], node["panel_node"]
            self._hosts.add_host(name)
            self._hosts.set_variable(name, "ansible_host", told["hostname"])
            self._hosts.set_variable(name, "panel_node", told)
        self._group(shown)
        if any(self.get_option(name) for name in _CONSTRUCTED):
            self._construct(shown)

    def _is_shown(self, name: str) -> bool:
        if name.isprintable():
            return True
        self.display.warning(f"A node whose name holds characters that are not seen is left out: {name!r}")
        return False

    def _construct(self, nodes: Iterable[Node]) -> None:
        """Compose variables and groups. An expression takes a millisecond, so hosts that give the same share it."""
        used = attributes_used(self._expressions(), "panel_node")
        first: dict[str, tuple[set[str], dict[str, Any]]] = {}
        for node in nodes:
            name, told = node["name"], node["panel_node"]
            alike = name if used is None else repr([told.get(each) for each in sorted(used)])
            if alike in first:
                self._give(name, *first[alike])
            else:
                first[alike] = self._evaluate(name)

    def _expressions(self) -> Iterator[str]:
        """Give all texts of the options in which expressions stand."""
        yield from map(str, (self.get_option("compose") or {}).values())
        yield from map(str, (self.get_option("groups") or {}).values())
        for keyed in self.get_option("keyed_groups") or ():
            yield str(keyed.get("key", ""))
            yield from (text for name, text in keyed.items() if name != "key" and "{" in str(text))

    def _evaluate(self, name: str) -> tuple[set[str], dict[str, Any]]:
        """Evaluate the expressions for a host; give the groups that it comes into, and the variables that it gets."""
        host, strict = self._hosts.get_host(name), self.get_option("strict")
        groups, before = {group.name for group in host.get_groups()}, dict(host.vars)
        self._set_composite_vars(self.get_option("compose"), host.get_vars(), name, strict=strict)
        options = {"strict": strict, "fetch_hostvars": False}
        self._add_host_to_composed_groups(self.get_option("groups"), host.get_vars(), name, **options)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), host.get_vars(), name, **options)
        composed = {key: value for key, value in host.vars.items() if key not in before or before[key] is not value}
        return {group.name for group in host.groups} - groups, composed

    def _give(self, name: str, groups: Iterable[str], variables: Mapping[str, Any]) -> None:
        for group in groups:
            self._hosts.add_child(group, name)
        for key, value in variables.items():
            self._hosts.set_variable(name, key, value)

    def _group(self, nodes: Iterable[Node]) -> None:
        """Put hosts into groups by status and tags; the names of groups are made fit once for each."""
        by_status, by_tags = self.get_option("status_groups"), self.get_option("tag_groups")
        members: dict[str, list[str]] = {}
        for node in nodes:
            told = node["panel_node"]
            status = [told["status"].lower()] if by_status and told.get("status") else []
            tags = (told.get("tags") or ()) if by_tags else ()
            for name in (*(f"status_{each}" for each in status), *(f"tag_{each}" for each in tags)):
                members.setdefault(name, []).append(node["name"])
        for name, hosts in members.items():
            group = self._hosts.add_group(self._sanitize_group_name(name))
            for host in hosts:
                self._hosts.add_child(group, host)
