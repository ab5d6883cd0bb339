# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the catalogue is read with: five or six, however many tables there are.

All name the database as a constant, so that the server looks at no other.
"""

from __future__ import annotations

from .flavour import Flavour

#: Where enums are kept, which are no thing of their own here.
ENUMS_TABLE = "_paneldb_enums"

#: name, kind, comment.
TABLES = "SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = %s"

#: table, name, default, may be null, type, collation, more, what it is computed from, comment.
COLUMNS = """
    SELECT table_name, column_name, column_default, is_nullable, column_type, collation_name, extra,
        generation_expression, column_comment
    FROM information_schema.columns WHERE table_schema = %s ORDER BY table_name, ordinal_position
"""

#: table, index, not unique, column (null for an expression), direction, length of the prefix, kind, comment, plain.
_INDEXES = """
    SELECT table_name, index_name, non_unique, column_name, collation, sub_part, index_type, index_comment, {visible}
    FROM information_schema.statistics WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index
"""

#: table, name, column, database, table and column that it refers to, what happens when that goes.
FOREIGN_KEYS = """
    SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, k.referenced_table_name,
        k.referenced_column_name, r.delete_rule
    FROM information_schema.key_column_usage AS k
        JOIN information_schema.referential_constraints AS r
        ON r.constraint_schema = %s AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
    WHERE k.table_schema = %s AND k.referenced_table_name IS NOT NULL
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""

#: table, name, rule, whether it belongs to a column's definition.
_CHECKS_OF_MARIADB = """
    SELECT table_name, constraint_name, check_clause, level = 'Column'
    FROM information_schema.check_constraints WHERE constraint_schema = %s
"""
_CHECKS_OF_MYSQL = """
    SELECT t.table_name, c.constraint_name, c.check_clause, 0
    FROM information_schema.check_constraints AS c
        JOIN information_schema.table_constraints AS t
        ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
    WHERE c.constraint_schema = %s AND t.constraint_type = 'CHECK'
"""

#: name, values as JSON.
ENUMS = f"SELECT name, members FROM {ENUMS_TABLE}"


def indexes(flavour: Flavour) -> str:
    """Ask for indexes; MariaDB ignores some, MySQL hides some."""
    return _INDEXES.replace("{visible}", "ignored = 'NO'" if flavour.mariadb else "is_visible = 'YES'")


def checks(flavour: Flavour) -> str:
    """Ask for checks."""
    return _CHECKS_OF_MARIADB if flavour.mariadb else _CHECKS_OF_MYSQL
