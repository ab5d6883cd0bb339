# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of files: every way in which it can be broken has a name and says what to do."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import (
    Chain,
    load_chain,
    lock_text,
    unsealed_chain,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import (
    chain_to,
    document,
    documents,
    model,
)

ONE = model({"a": {}})
TWO = model({"a": {}, "b": {}})
THREE = model({"a": {}, "b": {}, "c": {}})


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_to(ONE, TWO, THREE)


def lock(chain: Chain) -> Document:
    return Document("migrations/migrations.lock", lock_text(chain))


def test_files_in_any_order_make_the_chain(chain: Chain) -> None:
    found = load_chain(list(reversed(documents(chain))), lock(chain))
    assert [each.id for each in found.migrations] == [each.id for each in chain.migrations]
    assert found.head == chain.migrations[-1].id
    assert found.state().normalized() == THREE.normalized()
    assert found.state(2).normalized() == TWO.normalized()


def test_an_empty_folder_is_an_empty_chain() -> None:
    found = load_chain([], None)
    assert (len(found), found.head, found.state().tables) == (0, "", ())


def test_two_heads_are_both_named(chain: Chain) -> None:
    first, second, third = chain.migrations
    with pytest.raises(errors.TwoHeads) as caught:
        unsealed_chain([document(first), document(second), document(third, parent=first.id)])
    assert caught.value.details == {"parent": first.id, "heads": [second.id, third.id]}
    assert second.id in str(caught.value)
    assert third.id in str(caught.value)
    assert f"parent: {second.id}" in caught.value.hint


def test_two_first_migrations_are_two_heads(chain: Chain) -> None:
    first, second, _unused = chain.migrations
    with pytest.raises(errors.TwoHeads, match="follow nothing"):
        unsealed_chain([document(first), document(second, parent=None)])


def test_a_gap_names_the_missing_parent(chain: Chain) -> None:
    first, second, third = chain.migrations
    with pytest.raises(errors.MissingParent, match=f"follows {second.id}, which is in no file") as caught:
        unsealed_chain([document(first), document(third)])
    assert caught.value.details == {"migration": third.id, "parent": second.id}
    assert first.id in caught.value.hint


def test_a_circle_is_refused(chain: Chain) -> None:
    first, second, third = chain.migrations
    with pytest.raises(errors.MissingParent, match="in a circle"):
        unsealed_chain([document(first), document(second, parent=third.id), document(third)])


def test_one_id_in_two_files_names_both(chain: Chain) -> None:
    first = chain.migrations[0]
    copy = Document("migrations/copy.yml", dict(first.data))
    with pytest.raises(errors.DuplicateMigration) as caught:
        unsealed_chain([document(first), copy])
    assert caught.value.details["files"] == [f"migrations/{first.id}.yml", "migrations/copy.yml"]


def test_the_id_is_the_name_of_the_file(chain: Chain) -> None:
    first = chain.migrations[0]
    with pytest.raises(InputError, match=f"a file named {first.id}.yml"):
        unsealed_chain([Document("migrations/20260101000000_other.yml", dict(first.data))])


@pytest.mark.parametrize("identity", ["initial", "2026_initial", "20260101000000_Init", "20260101000000_a b", ""])
def test_an_id_has_one_form(chain: Chain, identity: str) -> None:
    with pytest.raises(InputError, match="YYYYMMDDHHMMSS_name"):
        unsealed_chain([document(chain.migrations[0], id=identity)])


def test_an_unknown_key_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'operations'"):
        unsealed_chain([Document("a.yml", {"id": "x", "operation": []})])


def test_a_file_edited_after_it_was_sealed_is_noticed(chain: Chain) -> None:
    first, second, third = chain.migrations
    edited = document(second, accept_hazards=["drop-table"])
    with pytest.raises(errors.NotSealed, match="not what it was") as caught:
        load_chain([document(first), edited, document(third)], lock(chain))
    assert caught.value.details == {"migration": second.id}
    assert "seal it" in caught.value.hint


def test_comments_and_the_order_of_keys_are_no_edit(chain: Chain) -> None:
    first, second, third = chain.migrations
    turned = Document(second.file_name, dict(reversed(list(second.data.items()))))
    assert len(load_chain([document(first), turned, document(third)], lock(chain))) == 3


def test_a_file_without_a_line_is_noticed(chain: Chain) -> None:
    with pytest.raises(errors.NotSealed, match=r"has no line in migrations/migrations\.lock"):
        load_chain(documents(chain), lock(Chain(chain.migrations[:2])))


def test_a_line_without_a_file_is_noticed(chain: Chain) -> None:
    with pytest.raises(errors.NotSealed, match=f"in no file: {chain.head}") as caught:
        load_chain(documents(chain)[:2], lock(chain))
    assert caught.value.details == {"missing": [chain.head]}


def test_files_without_a_lock_are_refused(chain: Chain) -> None:
    with pytest.raises(errors.NotSealed, match=r"no migrations\.lock"):
        load_chain(documents(chain), None)


def test_a_conflict_in_the_lock_is_named_with_its_line(chain: Chain) -> None:
    text = lock_text(chain) + "<<<<<<< ours\n"
    with pytest.raises(InputError, match="merge conflict"):
        load_chain(documents(chain), Document("migrations.lock", text))


def test_a_line_that_is_none_and_a_second_line_are_refused(chain: Chain) -> None:
    with pytest.raises(InputError, match="no line of a lock"):
        load_chain(documents(chain), Document("migrations.lock", lock_text(chain) + "what is this\n"))
    with pytest.raises(errors.DuplicateMigration, match="has two lines"):
        load_chain(documents(chain), Document("migrations.lock", lock_text(chain) * 2))


def test_operations_that_do_not_fit_name_file_and_place(chain: Chain) -> None:
    first, second, _unused = chain.migrations
    broken = unsealed_chain([document(first), document(second, operations=first.data["operations"])])
    with pytest.raises(errors.WrongState, match=rf"{second.id}\.yml: operations\[0\]: create_table a: it is there"):
        broken.state()


def test_operations_that_lead_elsewhere_than_the_header_are_refused(chain: Chain) -> None:
    first, second, _unused = chain.migrations
    with pytest.raises(errors.WrongState, match="lead to another schema"):
        unsealed_chain([document(first), document(second, operations=[])]).state()


def test_an_unknown_id_names_the_nearest(chain: Chain) -> None:
    with pytest.raises(errors.UnknownMigration, match=f"Did you mean '{chain.head}'"):
        chain.get(chain.head[:-1])


def test_a_malformed_operation_names_its_place(chain: Chain) -> None:
    broken = unsealed_chain([document(chain.migrations[0], operations=[{"creat_table": {}}])])
    with pytest.raises(InputError, match=r"operations\[0\].*create_table"):
        broken.state()
