# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operations lie between two schemas, and in which order."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import (
    Unmanaged,
    difference,
    unmanaged,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Alter,
    Operation,
    replay,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.ordering import (
    creation_order,
    removal_order,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.renames import (
    SuspectedRename,
    carry_renames,
    suspected_renames,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike, model, told

EMPTY = Schema()

USERS = model(
    """
    enums: {role: [ADMIN, USER]}
    tables:
      users:
        columns: {id: {type: uuid}, name: {type: string(50)}, role: {type: enum(role), default: USER}}
        primary_key: [id]
        unique: [[name]]
        checks: [{name: role_known, expression: "role <> 'GUEST'"}]
      sessions:
        columns: {id: {type: uuid}, userId: {type: uuid}}
        primary_key: [id]
        foreign_keys: [{columns: [userId], references: users, on_delete: cascade}]
        indexes: [[userId]]
    """
)


def between(before: Schema, after: Schema, *, prune: bool = True) -> list[str]:
    """The operations as text; they are also carried out and taken back."""
    operations = difference(before, after, prune=prune)
    if prune:
        _lead_there_and_back(before, operations, after)
    return told(operations)


def _lead_there_and_back(before: Schema, operations: tuple[Operation, ...], after: Schema) -> None:
    reached = replay(operations, before)
    assert alike(reached) == alike(after)
    assert alike(replay([operation.inverse() for operation in reversed(operations)], reached)) == alike(before)


def test_tables_come_after_what_they_refer_to_and_go_before_it() -> None:
    assert between(EMPTY, USERS) == ["create_enum role", "create_table users", "create_table sessions"]
    assert between(USERS, EMPTY) == ["drop_table sessions", "drop_table users", "drop_enum role"]


def test_a_ring_of_foreign_keys_is_closed_by_the_nullable_one_afterwards() -> None:
    ring = model(
        """
        tables:
          a:
            columns: {id: {type: uuid}, b: {type: uuid}}
            primary_key: [id]
            foreign_keys: [{columns: [b], references: b}]
          b:
            columns: {id: {type: uuid}, a: {type: uuid, null: true}}
            primary_key: [id]
            foreign_keys: [{columns: [a], references: a}]
        """
    )
    assert between(EMPTY, ring) == ["create_table b", "create_table a", "add_foreign_key b.b_a_fkey"]
    assert between(ring, EMPTY) == ["drop_foreign_key b.b_a_fkey", "drop_table a", "drop_table b"]
    ordered, closing = creation_order(ring.tables)
    assert [table.name for table in ordered] == ["b", "a"]
    assert [(name, key.name) for name, key in closing] == [("b", "b_a_fkey")]
    assert removal_order(ring.tables) == (["a", "b"], closing)


def test_a_table_that_refers_to_itself_is_no_ring() -> None:
    tree = model(
        """
        tables:
          nodes:
            columns: {id: {type: uuid}, parent: {type: uuid}}
            primary_key: [id]
            foreign_keys: [{columns: [parent], references: nodes}]
        """
    )
    assert between(EMPTY, tree) == ["create_table nodes"]


def test_renames_come_first_and_whatever_refers_follows() -> None:
    after = model(
        """
        enums: {role: [ADMIN, USER]}
        tables:
          people:
            renamed_from: users
            columns:
              id: {type: uuid}
              login: {type: string(50), renamed_from: name}
              role: {type: enum(role), default: USER}
            primary_key: [id]
            unique: [[login]]
            checks: [{name: role_known, expression: "role <> 'GUEST'"}]
          sessions:
            columns: {id: {type: uuid}, userId: {type: uuid}}
            primary_key: [id]
            foreign_keys: [{columns: [userId], references: people, on_delete: cascade}]
            indexes: [[userId]]
        """
    )
    assert between(USERS, after) == [
        "rename_table users",
        "rename_column people.name",
        "rename_unique people.users_name_key",
    ]
    reached = replay(difference(USERS, after, prune=True), USERS)
    assert difference(reached, after, prune=True) == (), "a rename that is carried out is ignored from then on"


def test_names_move_along_a_chain() -> None:
    before = model("tables: {t: {columns: {a: {type: uuid}, b: {type: text}}}}")
    after = model("tables: {t: {columns: {b: {type: uuid, renamed_from: a}, c: {type: text, renamed_from: b}}}}")
    assert between(before, after) == ["rename_column t.b", "rename_column t.a"]


def test_a_name_that_is_given_up_can_be_taken_by_a_new_column() -> None:
    before = model("tables: {t: {columns: {a: {type: uuid}}}}")
    after = model("tables: {t: {columns: {b: {type: uuid, renamed_from: a}, a: {type: text, null: true}}}}")
    assert between(before, after) == ["rename_column t.a", "add_column t.a"]


def test_two_columns_never_swap_names() -> None:
    before = model("tables: {t: {columns: {a: {type: uuid}, b: {type: text}}}}")
    after = model("tables: {t: {columns: {b: {type: text, renamed_from: a}, a: {type: uuid, renamed_from: b}}}}")
    assert between(before, after) == []


def test_an_enum_of_the_same_values_under_another_name_is_renamed() -> None:
    before = model("{enums: {a: [X, Y]}, tables: {t: {columns: {c: {type: enum(a)}}}}}")
    after = model("{enums: {b: [X, Y]}, tables: {t: {columns: {c: {type: enum(b)}}}}}")
    assert between(before, after) == ["rename_enum a"]


def test_an_enum_that_one_column_keeps_is_not_renamed() -> None:
    before = model("{enums: {a: [X]}, tables: {t: {columns: {c: {type: enum(a)}, d: {type: enum(a)}}}}}")
    after = model("{enums: {a: [X], b: [X]}, tables: {t: {columns: {c: {type: enum(b)}, d: {type: enum(a)}}}}}")
    assert between(before, after) == ["create_enum b", "alter_column t.c"]


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        ("[ADMIN, MODERATOR, USER]", [("ADMIN", "MODERATOR", "USER")]),
        ("[USER]", [("USER",)]),
        ("[USER, ADMIN]", [("USER", "ADMIN")]),
        ("[OWNER, USER]", [("OWNER", "ADMIN", "USER"), ("OWNER", "USER")]),
    ],
)
def test_enums_grow_before_and_shrink_after_everything_else(values: str, steps: list[tuple[str, ...]]) -> None:
    before = model("{enums: {r: [ADMIN, USER]}, tables: {t: {columns: {c: {type: enum(r), default: USER}}}}}")
    after = model(f"{{enums: {{r: {values}}}, tables: {{t: {{columns: {{c: {{type: enum(r)}}}}}}}}}}")
    operations = difference(before, after, prune=True)
    _lead_there_and_back(before, operations, after)
    altered = [each.after for each in operations if isinstance(each, Alter) and each.name == "alter_enum"]
    assert [getattr(enum, "values", None) for enum in altered] == steps
    order = [operation.name for operation in operations]
    if set(steps[-1]) >= {"ADMIN", "USER"} and steps[-1][0] == "ADMIN":
        assert order == ["alter_enum", "alter_column"]
    else:
        assert order[-2:] == ["alter_column", "alter_enum"]


def test_a_condition_on_an_enum_that_shrinks_steps_aside() -> None:
    after = USERS.put(model("enums: {role: [USER]}").enums[0])
    assert between(USERS, after) == ["drop_check users.role_known", "alter_enum role", "add_check users.role_known"]


def test_a_type_that_a_foreign_key_uses_changes_on_both_sides_with_the_key_away() -> None:
    after = model(
        """
        enums: {role: [ADMIN, USER]}
        tables:
          users:
            columns: {id: {type: string(36)}, name: {type: string(50)}, role: {type: enum(role), default: USER}}
            primary_key: [id]
            unique: [[name]]
            checks: [{name: role_known, expression: "role <> 'GUEST'"}]
          sessions:
            columns: {id: {type: uuid}, userId: {type: string(36)}}
            primary_key: [id]
            foreign_keys: [{columns: [userId], references: users, on_delete: cascade}]
            indexes: [[userId]]
        """
    )
    assert between(USERS, after) == [
        "drop_foreign_key sessions.sessions_userId_fkey",
        "alter_column sessions.userId",
        "alter_column users.id",
        "add_foreign_key sessions.sessions_userId_fkey",
    ]


def test_a_condition_on_a_column_of_another_type_steps_aside() -> None:
    before = model(
        """
        tables:
          t:
            columns: {a: {type: integer}, b: {type: integer}}
            checks: [{name: c, expression: a > 0}, {name: d, expression: b > 0}]
            indexes: [{name: i, columns: [b], where: a > 5}, {name: j, columns: [a]}]
        """
    )
    table = before.tables[0]
    after = before.put(table.put(model("tables: {t: {columns: {a: {type: bigint}}}}").tables[0].columns[0]))
    assert between(before, after) == [
        "drop_index t.i",
        "drop_check t.c",
        "alter_column t.a",
        "add_index t.i",
        "add_check t.c",
    ]


def test_a_key_that_others_lean_on_changes_with_their_keys_away() -> None:
    before = model(
        """
        tables:
          a:
            columns: {id: {type: integer}, code: {type: integer}}
            primary_key: [id]
            unique: [{columns: [code], name: k}]
          b: {columns: {a: {type: integer}}, foreign_keys: [{columns: [a], references: a, ref_columns: [code]}]}
        """
    )
    after = model(
        """
        tables:
          a: {columns: {id: {type: integer}, code: {type: integer}}, primary_key: [code]}
          b: {columns: {a: {type: integer}}, foreign_keys: [{columns: [a], references: a, ref_columns: [code]}]}
        """
    )
    assert between(before, after) == [
        "drop_foreign_key b.b_a_fkey",
        "drop_unique a.k",
        "drop_primary_key a.primary_key",
        "add_primary_key a.primary_key",
        "add_foreign_key b.b_a_fkey",
    ]


def test_a_column_goes_after_all_that_names_it() -> None:
    before = model(
        """
        tables:
          a: {columns: {id: {type: integer}}, primary_key: [id]}
          t:
            columns: {id: {type: integer}, x: {type: integer, null: true}}
            primary_key: [id]
            unique: [{name: u, columns: [x]}]
            indexes: [{name: i, columns: [x, id]}]
            checks: [{name: c, expression: x > 0}]
            foreign_keys: [{name: f, columns: [x], references: a}]
        """
    )
    after = before.put(model("tables: {t: {columns: {id: {type: integer}}, primary_key: [id]}}").tables[0])
    assert between(before, after) == [
        "drop_foreign_key t.f",
        "drop_index t.i",
        "drop_unique t.u",
        "drop_check t.c",
        "drop_column t.x",
    ]


def test_counting_stops_before_its_key_goes_and_starts_after_its_key_is_there() -> None:
    counting = model(
        """
        tables:
          t: {columns: {a: {type: integer, default: autoincrement()}, b: {type: uuid}}, primary_key: [a]}
        """
    )
    plain = model("tables: {t: {columns: {a: {type: integer}, b: {type: uuid}}, primary_key: [b]}}")
    keys = ["drop_primary_key t.primary_key", "add_primary_key t.primary_key"]
    assert between(counting, plain) == ["alter_column t.a", *keys]
    assert between(plain, counting) == [*keys, "alter_column t.a"]
    without = model("tables: {t: {columns: {b: {type: uuid}}, primary_key: [b]}}")
    assert between(counting, without) == ["alter_column t.a", *keys, "drop_column t.a"]
    assert between(without, counting) == [keys[0], "add_column t.a", keys[1]]


def test_a_name_of_an_index_moves_from_table_to_table() -> None:
    bare, indexed = (
        "{columns: {x: {type: integer}}}",
        "{columns: {x: {type: integer}}, indexes: [{name: i, columns: [x]}]}",
    )
    before = model(f"tables: {{a: {bare}, b: {indexed}}}")
    after = model(f"tables: {{a: {indexed}, b: {bare}}}")
    assert between(before, after) == ["drop_index b.i", "add_index a.i"]
    there, back = after, before
    assert between(there, back) == ["drop_index a.i", "add_index b.i"]
    gone = model(f"tables: {{c: {indexed}}}")
    assert between(before, gone) == ["drop_index b.i", "create_table c", "drop_table b", "drop_table a"]


def test_comments_and_rules_of_deletion() -> None:
    before = model(
        """
        tables:
          a: {columns: {i: {type: integer}}, primary_key: [i]}
          b: {columns: {x: {type: integer}}, foreign_keys: [{columns: [x], references: a}]}
        """
    )
    after = model(
        """
        tables:
          a: {comment: new, columns: {i: {type: integer, comment: too}}, primary_key: [i]}
          b: {columns: {x: {type: integer}}, foreign_keys: [{columns: [x], references: a, on_delete: cascade}]}
        """
    )
    assert between(before, after) == [
        "alter_table a",
        "alter_column a.i",
        "drop_foreign_key b.b_x_fkey",
        "add_foreign_key b.b_x_fkey",
    ]


def test_what_is_not_named_stays_and_is_told() -> None:
    target = model("tables: {users: {columns: {id: {type: uuid}, motd: {type: text, null: true}}}}")
    assert between(USERS, target, prune=False) == ["add_column users.motd"]
    assert unmanaged(USERS, target) == (
        Unmanaged("", "enum", "role"),
        Unmanaged("", "table", "sessions"),
        Unmanaged("users", "check", "role_known"),
        Unmanaged("users", "column", "name"),
        Unmanaged("users", "column", "role"),
        Unmanaged("users", "primary_key", "primary_key"),
        Unmanaged("users", "unique", "users_name_key"),
    )


def test_a_rule_of_another_kind_under_a_name_of_the_target_is_replaced() -> None:
    before = model("tables: {t: {columns: {x: {type: integer}}, unique: [{name: k, columns: [x]}]}}")
    target = model("tables: {t: {columns: {x: {type: integer}}, indexes: [{name: k, columns: [x]}]}}")
    assert between(before, target, prune=False) == ["drop_unique t.k", "add_index t.k"]
    assert unmanaged(before, target) == ()


def test_likely_renames_are_asked_about() -> None:
    before = model(
        "tables: {t: {columns: {a: {type: string(20)}, b: {type: text}}}, old: {columns: {x: {type: uuid}}}}"
    )
    after = model("tables: {t: {columns: {z: {type: string(20)}, b: {type: text}}}, new: {columns: {x: {type: uuid}}}}")
    table, column = suspected_renames(before, after)
    assert (table, column) == (SuspectedRename("", "table", "old", "new"), SuspectedRename("t", "column", "a", "z"))
    assert "renamed_from: a" in column.question
    other = model("tables: {t: {columns: {z: {type: integer}, b: {type: text}}}, new: {columns: {x: {type: text}}}}")
    assert suspected_renames(before, other) == ()
    assert suspected_renames(after, after) == ()


def test_a_rename_onto_a_column_that_goes_is_asked_about() -> None:
    before = model("tables: {t: {columns: {a: {type: text}, b: {type: integer}}}}")
    after = model("tables: {t: {columns: {a: {type: integer, renamed_from: b}}}}")
    (asked,) = suspected_renames(before, after)
    assert asked == SuspectedRename("t", "column", "b", "a", blocked=True)
    assert "in a migration of its own first" in asked.question


def test_renames_survive_the_canonical_form() -> None:
    said = model("tables: {t: {renamed_from: s, columns: {a: {type: text, renamed_from: b}, c: {type: text}}}}")
    assert carry_renames(said, said.normalized()) == said
