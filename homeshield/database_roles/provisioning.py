"""Makes the web's role, grants it what models declare, and revokes the rest.

The role is a login, because whoever can run a statement can undo `SET ROLE`. It owns nothing, so row-level security
binds it, and is in no other role.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg
from django.db import connection, transaction
from psycopg import sql

from homeshield.database_roles.rules import rules_apply
from homeshield.database_roles.tables import NOT_EVERYWHERE, web_privileges
from homeshield.lib.errors import DomainError
from homeshield.lib.table_rules import Privileges

_LOCK = 4_803_110  # roles are server-wide: two runs must not make one twice


class RoleRefused(DomainError):
    """The role is unfit for the web process, or we may not make it."""

    code, status = "role_refused", 409
    sentence = "{reason}"
    reason: str


class TableWithoutRule(DomainError):
    """The declared tables are not the database's."""

    code, status = "table_without_rule", 409
    sentence = "{reason}"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGrant:
    """`row_security`: policies choose the rows."""

    table: str
    privileges: Privileges
    row_security: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """`changes` is what was missing, changed or too wide."""

    role: str
    owner: str
    owner_is_superuser: bool
    grants: list[TableGrant]
    changes: list[str] = field(default_factory=list)


def roles_provision(*, role: str, password: str = "", dry_run: bool = False) -> Provisioned:
    """Applies rules, the web's role and its grants in one transaction; `dry_run` only reports.

    Run it as the tables' owner, who needs CREATEROLE only to make the role. The password is set only then, as a digest.

    Raises TableWithoutRule. Raises RoleRefused for an owner, a superuser, a role above row-level security or in other
    roles, and if we may not make it.
    """
    grants = _privileges_due()
    with transaction.atomic(durable=True):
        _execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        differences = rules_apply(dry_run=dry_run)
        plan = [*_making(role, password), *_database_grants(role), *_table_grants(role, grants)]
        if not dry_run:
            for statement in plan:
                _carry_out(statement)
        return _report(role, grants, [*map(str, differences), *map(_told, plan)])


def role_lacks(*, role: str) -> list[str]:
    """Tables where the role lacks what pages need.

    Ignores unknown tables: after the next version's migration a server of this one must still start. Raises
    RoleRefused, and TableWithoutRule for missing tables.
    """
    list(_making(role, ""))
    granted, due = _granted(role), _privileges_due(unknown_allowed=True)
    return [table for table, may in sorted(due.items()) if not {*may} <= {*granted.get(table, ())}]


def _making(role: str, password: str) -> Iterator[sql.Composed]:
    found = _rows(
        """
        SELECT rolsuper, rolbypassrls, rolcreaterole OR rolcreatedb OR rolreplication, rolcanlogin,
               EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid),
               EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)
        FROM pg_roles WHERE rolname = %s
        """,
        [role],
    )
    if not found:
        login = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(role))
        yield login + sql.SQL(" PASSWORD {}").format(_digest(role, password)) if password else login
        return
    (is_super, bypasses, is_mighty, can_login, is_member, owns) = found[0]
    faults = {
        "is a superuser": is_super,
        "is above row-level security": bypasses,
        "may make roles or databases, or replicate": is_mighty,
        "may not log in": not can_login,
        "is a member of other roles": is_member,
        "owns tables": owns,
    }
    if wrong := [fault for fault, holds in faults.items() if holds]:
        raise RoleRefused(
            reason=f"The role {role} {', '.join(wrong)}, so it is not one for the web process. Name another in "
            "WEB_DATABASE_URL, which is then made, or mend this one with ALTER ROLE."
        )


def _digest(role: str, password: str) -> sql.Literal:
    """Keeps the password out of the server's log."""
    connection.ensure_connection()
    digest: bytes = connection.connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(digest.decode())


def _database_grants(role: str) -> Iterator[sql.Composed]:
    name, web = sql.Identifier(_value("SELECT current_database()")), sql.Identifier(role)
    exists = bool(_rows("SELECT FROM pg_roles WHERE rolname = %s", [role]))
    granted = set(
        _rows(
            """
            SELECT coalesce(rolname, 'PUBLIC'), privilege_type
            FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
                 LEFT JOIN pg_roles ON pg_roles.oid = grantee
            WHERE datname = current_database()
            """
        )
    )
    # A temporary table hides a real one of its name, in functions too.
    for privilege in ("TEMPORARY", "CONNECT"):
        if ("PUBLIC", privilege) in granted:
            yield sql.SQL("REVOKE {} ON DATABASE {} FROM PUBLIC").format(sql.SQL(privilege), name)
    if not exists or (role, "CONNECT") not in granted:
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, web)
    schema = sql.Identifier(_value("SELECT current_schema()"))
    if _value("SELECT has_schema_privilege('public', current_schema(), 'CREATE')"):
        yield sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(schema)
    if not exists or not _value("SELECT has_schema_privilege(%s, current_schema(), 'USAGE')", [role]):
        yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, web)


def _table_grants(role: str, grants: Mapping[str, Privileges]) -> Iterator[sql.Composed]:
    """Only differences: a second run locks nothing."""
    web, public = sql.Identifier(role), sql.SQL("PUBLIC")
    of_web, of_public = _granted(role), _granted(None)
    for table, wanted in sorted(grants.items()):
        for grantee, has, due in ((public, of_public, ()), (web, of_web, wanted)):
            have = has.get(table, ())
            if excess := [privilege for privilege in have if privilege not in due]:
                yield _statement("REVOKE {} ON {} FROM {}", excess, table, grantee)
            # Revoking a verb for the table revokes it for columns too.
            if missing := [one for one in due if one not in have or one.partition(" (")[0] in excess]:
                yield _statement("GRANT {} ON {} TO {}", missing, table, grantee)


def _statement(text: LiteralString, privileges: list[str], table: str, grantee: sql.Composable) -> sql.Composed:
    listed = sql.SQL(", ".join(privileges))
    return sql.SQL(text).format(listed, sql.Identifier(table), grantee)


def _granted(role: str | None) -> Mapping[str, Privileges]:
    """What was granted to a role (None: PUBLIC) on tables and columns."""
    found: dict[str, list[str]] = {}
    for table, privilege, column in _rows(
        """
        WITH ours AS (
            SELECT oid, relname, relacl FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
        )
, given AS (
            SELECT relname, privilege_type, NULL AS attname, grantee FROM ours, aclexplode(relacl)
            UNION ALL
            SELECT relname, privilege_type, attname, grantee
            FROM ours JOIN pg_attribute ON attrelid = ours.oid, aclexplode(attacl)
        )
        SELECT relname, privilege_type, attname FROM given
        WHERE grantee = CASE WHEN %(role)s::text IS NULL THEN 0
                             ELSE (SELECT oid FROM pg_roles WHERE rolname = %(role)s) END
        """,
        {"role": role},
    ):
        found.setdefault(table, []).append(f"{privilege} ({column})" if column else privilege)
    return {table: tuple(privileges) for table, privileges in found.items()}


def _privileges_due(*, unknown_allowed: bool = False) -> Mapping[str, Privileges]:
    """Raises TableWithoutRule for missing tables, and for unknown ones unless `unknown_allowed`."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor, include_views=True))
    if not tables:
        raise TableWithoutRule(reason="The database has no tables yet: run manage.py migrate first.")
    due = web_privileges()
    if (unknown := sorted(tables - due.keys())) and not unknown_allowed:
        raise TableWithoutRule(
            reason=f"Nothing says what the web process may do with {', '.join(unknown)}. Declare `table_rules` on the "
            "model, or name a library's table in homeshield/database_roles/tables.py."
        )
    if missing := sorted(due.keys() - NOT_EVERYWHERE - tables):
        raise TableWithoutRule(reason=f"These tables are missing: {', '.join(missing)}. Run manage.py migrate first.")
    return {table: may for table, may in due.items() if table in tables}


def _report(role: str, grants: Mapping[str, Privileges], changes: list[str]) -> Provisioned:
    granted = _granted(role)
    secured = dict(
        _rows(
            "SELECT relname, relrowsecurity FROM pg_class WHERE relname = ANY (%s) AND pg_table_is_visible(oid)",
            [list(grants)],
        )
    )
    owner, is_super = _rows(
        "SELECT rolname, rolsuper FROM pg_class JOIN pg_roles ON relowner = pg_roles.oid "
        "WHERE pg_class.oid = 'sales'::regclass"
    )[0]
    return Provisioned(
        role=role,
        owner=owner,
        owner_is_superuser=is_super,
        grants=[
            TableGrant(table=table, privileges=tuple(sorted(granted.get(table, ()))), row_security=secured[table])
            for table in sorted(grants)
        ],
        changes=changes,
    )


def _carry_out(statement: sql.Composed) -> None:
    try:
        connection.connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RoleRefused(
            reason=f"The owner of the tables may not do this: {_shown(statement)}. "
            "Have an administrator of the server do it, then run this command again."
        ) from error


def _told(statement: sql.Composed) -> str:
    text = _shown(statement)
    return f"too wide: {text}" if text.startswith("REVOKE") else f"missing: {text}"


def _shown(statement: sql.Composed) -> str:
    """Without the password's digest."""
    return statement.as_string(None).partition(" PASSWORD ")[0]


def _execute(statement: str, parameters: Any = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def _rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _value(statement: str, parameters: Any = None) -> Any:
    return _rows(statement, parameters)[0][0]
