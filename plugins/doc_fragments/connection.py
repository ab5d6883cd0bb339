# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  url:
    description:
      - The whole connection in one string. V(DATABASE_URL) of the target's environment is used where neither this nor
        any of O(engine), O(path), O(database) is given.
      - Schemes are C(sqlite:///), C(file:), C(postgresql://), C(postgres://), C(mysql://), C(mariadb://), C(mongodb://)
        and C(mongodb+srv://), with the query parameters of their own clients and of Prisma. A parameter that is not
        known is an error.
      - Whatever is given here and in another option must be the same.
    type: str
    aliases: [database_url]
  engine:
    description:
      - Which engine keeps the database. V(mysql) is MySQL and MariaDB; which one it is, is asked of the server.
    type: str
    choices: [sqlite, postgresql, mysql, mongodb]
  path:
    description: The database file, with O(engine=sqlite).
    type: path
  login_host:
    description: Host of the server. Without it PostgreSQL's own environment and defaults apply.
    type: str
    aliases: [host]
  login_port:
    description: Port of the server.
    type: int
    aliases: [port]
  login_unix_socket:
    description: Folder or file of the server's socket, instead of a host.
    type: path
    aliases: [unix_socket]
  login_user:
    description: Account to log in as.
    type: str
    aliases: [login]
  login_password:
    description:
      - Password of the account. It is sent to the target sealed and appears in no result, log or argument list.
      - Without it PostgreSQL's own password file and environment apply.
    type: str
  database:
    description: Name of the database.
    type: str
    aliases: [login_db, db]
  schema:
    description: Schema inside the database, on PostgreSQL. V(public) where it is not given.
    type: str
  auth_database:
    description: Database that holds the account, on MongoDB.
    type: str
    aliases: [login_database]
  replica_set:
    description: Name of the replica set, on MongoDB.
    type: str
  tls_mode:
    description: How much of TLS is insisted on, in the words of the engine's own client, such as V(verify-full).
    type: str
    aliases: [ssl_mode]
  tls_ca:
    description: File with the certificates of authorities to trust.
    type: path
    aliases: [ca_cert, ssl_rootcert]
  tls_cert:
    description: File with the client's certificate.
    type: path
    aliases: [ssl_cert]
  tls_key:
    description: File with the client's key.
    type: path
    aliases: [ssl_key]
  connect_timeout:
    description:
      - Seconds to wait for a connection; V(10) where neither it nor, on PostgreSQL, V(PGCONNECT_TIMEOUT) of the
        target's environment is given.
    type: float
  lock_timeout:
    description:
      - Seconds to wait for locks, of the server and of other runs of this collection; V(30) where it is not given.
      - On MySQL and MariaDB it is C(lock_wait_timeout) and C(innodb_lock_wait_timeout) of the session, in whole
        seconds. A change of the schema waits for a second at a time, so that others go on in between.
    type: float
  statement_timeout:
    description:
      - Seconds that one statement may take; V(0), as where it is not given, is no limit.
      - MariaDB ends any statement by it (C(max_statement_time)), MySQL only those that read (C(max_execution_time)).
        C(read_timeout) and C(write_timeout) in O(url) are the seconds that either may be silent.
    type: float
  sealed:
    description:
      - Files and secrets of the controller in one string. The action plugin fills it; nobody writes it by hand.
    type: str
  core:
    description:
      - The code of the collection itself, as the host runs it. The action plugin fills it; nobody writes it by hand.
    type: dict
attributes:
  action_group:
    description: Options can be set once for all modules of the group with C(module_defaults).
    support: full
    membership: [ctrlaltplay.paneldb.paneldb]
notes:
  - Times that sessions of this collection read and write are in UTC.
"""
