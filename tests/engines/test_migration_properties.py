# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations and pushes of the same models end in the same catalogue, and migrations lead back again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.author import draft
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import (
    Chain,
    load_chain,
    lock_text,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.info import DRIFT, status
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document
from ansible_collections.ctrlaltplay.paneldb.tests.support.edits import related
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import FIRST_DAY, documents
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike

ANYTHING = Consent(allowed=["all"])


def written(*models: Schema) -> Chain:
    """The chain that leads from model to model, read back from its files."""
    chain = Chain()
    for model in models:
        made = draft(chain, model, "any", FIRST_DAY, allowed=["all"])
        chain = made.chain if made else chain
    return load_chain(documents(chain), Document("migrations.lock", lock_text(chain)))


@settings(max_examples=20)
@given(data=st.data())
def test_both_ways_end_in_the_same_catalogue(bed: Bed, data: st.DataObject) -> None:
    pair = data.draw(related(bed.stems))
    chain = written(pair.before, pair.after)
    with bed.database() as one, bed.database() as other, connect(one) as migrated, connect(other) as pushed:
        deploy(migrated, chain, consent=ANYTHING)
        for model in (pair.before, pair.after):
            push(pushed, model, prune=True, consent=ANYTHING)
        assert alike(migrated.catalogue().schema) == alike(pushed.catalogue().schema)
        assert status(migrated, chain, gather=[DRIFT]).drift == ((), ())
        assert not deploy(migrated, chain).plan.changed


@settings(max_examples=15)
@given(data=st.data())
def test_every_migration_is_taken_back(bed: Bed, data: st.DataObject) -> None:
    pair = data.draw(related(bed.stems))
    chain = written(pair.before, pair.after)
    first = chain.migrations[0].id
    with bed.database() as target, connect(target) as engine:
        deploy(engine, chain, target=first, consent=ANYTHING)
        before = engine.catalogue().schema
        deploy(engine, chain, consent=ANYTHING)
        rollback(engine, chain, target=first, consent=ANYTHING)
        assert alike(engine.catalogue().schema) == alike(before)
        rollback(engine, chain, target=NONE, consent=ANYTHING)
        assert engine.catalogue().schema == Schema()
