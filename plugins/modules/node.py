#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: node
short_description: Register, rename, retire and remove the panel's nodes, and issue their tokens
version_added: 1.0.0
description:
  - Brings a whole list of nodes into a known state, in one connection and one transaction. Either all of it is written
    or nothing.
  - Everything is compared before anything is written; a second run writes nothing.
  - A node without a token gets one of 256 bits from the system's random source. No run shows or rewrites a token unless
    it is asked to.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  model:
    description: File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  nodes:
    description:
      - The nodes. C(name) names a node; C(hostname) (a name or address), C(port), C(status), C(tags) and any other
        column that the model has for nodes say what it is. Columns that an entry does not name are left as they are,
        and get their defaults in a new node.
      - C(renamed_from) is the name that the node had until now. C(token) is a token to be taken over as it is. C(state)
        is O(state) for this node.
      - Hostnames are kept in small letters, without a dot at the end, other scripts as C(xn--), IPv6 in its short form.
    type: list
    elements: dict
  src:
    description:
      - File with the same list, read on the controller - YAML, JSON, or CSV with names of columns in its first line.
      - Cells of a CSV file are read by the type of their column. An empty one stands for a value that is not named.
    type: str
  columns:
    description:
      - What the columns of O(src) or O(nodes) are called there, by the names that they have in the model. Columns that
        are not named here are left out, so that an inventory that a provider exports can be used as it is.
    type: dict
    default: {}
  defaults:
    description: Values for nodes of the list that do not name them.
    type: dict
    default: {}
  state:
    description:
      - V(present) registers nodes, V(absent) removes them.
      - V(retired) keeps them, but nobody can sign in with their tokens any more; their status becomes C(RETIRED) where
        the model has it, else C(MAINTENANCE). A retired node that is to be present again gets a new token.
    type: str
    choices: [present, absent, retired]
    default: present
  drain:
    description: Name of the node that servers move to which live on nodes that go.
    type: str
  force:
    description:
      - Let nodes go although servers live on them and O(drain) does not say where to. Servers of a node that is removed
        are deleted with it, those of one that is retired stay.
    type: bool
    default: false
  rotate:
    description:
      - Replace tokens, in nodes of the database, whether they are in the list or not.
    type: dict
    suboptions:
      names:
        description: Names of nodes, or patterns such as C(eu-*).
        type: list
        elements: str
      older_than:
        description:
          - Tokens older than this, such as C(90d); units are C(s), C(m), C(h), C(d), C(w). With O(rotate.names) only
            theirs.
          - Needs a column C(tokenIssuedAt).
        type: str
      overlap:
        description:
          - How long the token before stays valid beside the new one. Needs columns C(previousToken) and
            C(previousTokenExpiresAt).
        type: str
  return_tokens:
    description:
      - Give the tokens that this run made as RV(tokens). The result is then shown by nobody, only registered.
      - Where the model keeps hashes, this is the only time that they can be had.
    type: bool
    default: false
  probe:
    description: See whether the agents of the nodes answer, those of the list or, where there is none, all of them.
    type: dict
    suboptions:
      port:
        description: Port to look at instead of the node's own, such as that of the agent's health page.
        type: int
      path:
        description: Path of a health page, asked for by HTTP. Without it a connection is enough.
        type: str
      timeout:
        description: Seconds that a node has to answer.
        type: float
        default: 3
      parallel:
        description: How many nodes are looked at at once.
        type: int
        default: 32
  update_status:
    description:
      - Write what O(probe) saw as status C(ONLINE) or C(OFFLINE). Nodes with another status, such as C(MAINTENANCE),
        and nodes whose status the list says, are left as they are.
    type: bool
    default: false
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
attributes:
  idempotent:
    support: partial
    details: O(rotate) by names alone makes new tokens each time.
seealso:
  - module: ctrlaltplay.paneldb.node_info
  - plugin: ctrlaltplay.paneldb.nodes
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Two nodes
  ctrlaltplay.paneldb.node:
    url: "{{ panel_database_url }}"
    nodes:
      - {name: alpha, hostname: alpha.example.com, port: 8080, status: ONLINE}
      - {name: beta, hostname: "2001:db8::12", port: 8080}

- name: Whatever the provider exports
  ctrlaltplay.paneldb.node:
    url: "{{ panel_database_url }}"
    src: files/servers.csv
    columns: {name: Label, hostname: Primary IP}
    defaults: {port: 8080}

- name: One node under another name, one out of service
  ctrlaltplay.paneldb.node:
    url: "{{ panel_database_url }}"
    nodes:
      - {name: gamma, renamed_from: alpha}
      - {name: beta, state: retired}
    drain: gamma

- name: A new token for one node, handed on without being shown
  ctrlaltplay.paneldb.node:
    url: "{{ panel_database_url }}"
    rotate:
      names: [gamma]
    return_tokens: true
  register: rotated

- name: Who does not answer
  ctrlaltplay.paneldb.node:
    url: "{{ panel_database_url }}"
    probe: {port: 8081, path: /health}
    update_status: true
"""

RETURN = r"""
engine:
  description: The engine that answered.
  returned: success
  type: str
  sample: postgresql
server_version:
  description: Version of the server, as it says it itself.
  returned: success
  type: str
  sample: "15.18"
counts:
  description:
    - How many nodes were created, updated, renamed, given another token (C(rotated)), brought back (C(restored)),
      retired and removed, and how many of the list were left as they were. A node to which several things happen counts
      for each.
    - How many rows that refer to nodes were C(moved) to another one or C(deleted).
  returned: success
  type: dict
  sample:
    created: 2
    updated: 0
    renamed: 0
    rotated: 0
    restored: 0
    retired: 0
    removed: 0
    unchanged: 0
    moved: 0
    deleted: 0
tokens:
  description: Tokens that this run made, by name of node. Empty in check mode.
  returned: success, with O(return_tokens=true)
  type: dict
probe:
  description: What the probe saw.
  returned: success, with O(probe)
  type: dict
  contains:
    reachable:
      description: How many nodes are well.
      type: int
    unreachable:
      description: How many are not.
      type: int
    problems:
      description: Up to 200 of those that are not, each with C(name) and C(problem).
      type: list
      elements: dict
missing_tables:
  description: In check mode, C(nodes) where that table does not exist yet; it counts as empty then.
  returned: success
  type: list
  elements: str
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 33.0
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, PROBE, Call, Spec, run

if TYPE_CHECKING:
    from paneldb.engines.base import Engine
    from paneldb.model.schema import Schema
    from paneldb.nodes.request import Request

SPEC: Spec = {
    "model": {"type": "str", "default": "panel"},
    "nodes": {"type": "list", "elements": "dict"},
    "src": {"type": "str"},
    "columns": {"type": "dict", "default": {}},
    "defaults": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent", "retired"], "default": "present"},
    "drain": {"type": "str"},
    "force": {"type": "bool", "default": False},
    "rotate": {
        "type": "dict",
        "options": {
            "names": {"type": "list", "elements": "str"},
            "older_than": {"type": "str"},
            "overlap": {"type": "str"},
        },
    },
    "return_tokens": {"type": "bool", "default": False, "no_log": False},
    "update_status": {"type": "bool", "default": False},
}


def node(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, write."""
    from paneldb.nodes.plan import run_nodes

    model, request = call.model(), _request(call.params, call.documents("nodes"))
    with call.connect(read_only=call.check_mode) as engine:
        request, seen = _probed(call.params, engine, model, request)
        plan = run_nodes(engine, model, request, _now, check=call.check_mode)
    for warning in plan.warnings:
        call.warn(warning)
    shown = {"tokens": {} if call.check_mode else dict(plan.issued)} if call.params["return_tokens"] else {}
    return {**plan.to_data(), **shown, **seen}


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _request(params: Mapping[str, Any], listed: Mapping[str, Any]) -> Request:
    from paneldb.nodes.listing import listing
    from paneldb.nodes.request import Request, read_rotation

    return Request(
        listing(listed),
        params["state"],
        params["columns"],
        params["defaults"],
        params["drain"] or "",
        params["force"],
        read_rotation(params["rotate"]),
    )


def _probed(
    params: Mapping[str, Any], engine: Engine, model: Schema, request: Request
) -> tuple[Request, Mapping[str, Any]]:
    """Look at the nodes where that is asked for, before the lock is taken: it may take its time."""
    if params["probe"] is None:
        if params["update_status"]:
            from paneldb.errors import InputError

            raise InputError("There is no status to write.", source="option update_status", expected="probe, too")
        return request, {}
    from dataclasses import replace

    from paneldb.nodes.probing import read_probe
    from paneldb.nodes.statuses import require_statuses, see_listed

    if params["update_status"]:
        require_statuses(model)
    seen = see_listed(engine, model, request, read_probe(params["probe"]), _now())
    statuses = seen.statuses() if params["update_status"] else {}
    return replace(request, statuses=statuses), {"probe": seen.to_data()}


def main() -> None:
    run(node, CONNECTION, PROBE, SPEC)


if __name__ == "__main__":
    main()
