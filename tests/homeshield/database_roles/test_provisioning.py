"""`provision_roles`: makes the web's role once, gives it what the list says, and refuses roles that can do more."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from homeshield.accounts.models import User
from homeshield.database_roles import provisioning
from homeshield.database_roles.provisioning import RoleRefused, TableWithoutRule, roles_provision
from homeshield.database_roles.tables import NOT_EVERYWHERE, web_privileges
from tests.factories import StaffFactory, UserFactory

pytestmark = pytest.mark.django_db


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def test_the_role_gets_exactly_what_the_list_says_and_a_second_run_changes_nothing(role: str) -> None:
    first = roles_provision(role=role, password="not in what is told")
    assert {grant.table: set(grant.privileges) for grant in first.grants} == {
        table: set(privileges) for table, privileges in web_privileges().items() if table not in NOT_EVERYWHERE
    }
    assert first.changes[0] == f'missing: CREATE ROLE "{role}" LOGIN NOINHERIT'
    assert "not in what is told" not in repr(first)
    assert "SCRAM" not in repr(first)
    assert roles_provision(role=role).changes == []


def test_a_dry_run_tells_what_it_would_do_and_does_nothing(role: str) -> None:
    told = roles_provision(role=role, dry_run=True).changes
    assert not exists(role)
    assert told == roles_provision(role=role).changes


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("GRANT DELETE, TRUNCATE ON sales TO {role}", "too wide: REVOKE DELETE, TRUNCATE"),
        ("GRANT UPDATE (expires_at_utc) ON inventory TO {role}", "too wide: REVOKE UPDATE (expires_at_utc)"),
        ("GRANT SELECT ON leads TO PUBLIC", 'too wide: REVOKE SELECT ON "leads" FROM PUBLIC'),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", 'too wide: REVOKE CREATE ON SCHEMA "public" FROM PUBLIC'),
        ("REVOKE INSERT ON sales FROM {role}", "missing: GRANT INSERT"),
    ],
)
def test_what_somebody_has_changed_by_hand_is_put_right(role: str, given: str, taken: str) -> None:
    roles_provision(role=role)
    execute(given.format(role=f'"{role}"'))
    [change] = roles_provision(role=role).changes
    assert change.startswith(taken)
    assert roles_provision(role=role).changes == []


def test_to_take_a_verb_from_a_table_leaves_it_on_the_column_that_is_due(role: str) -> None:
    roles_provision(role=role)
    execute(f'GRANT UPDATE ON inventory TO "{role}"')
    assert roles_provision(role=role).changes == [
        f'too wide: REVOKE UPDATE ON "inventory" FROM "{role}"',
        f'missing: GRANT UPDATE (sold_at_utc) ON "inventory" TO "{role}"',
    ]
    assert roles_provision(role=role).changes == []


@pytest.mark.parametrize(
    ("deed", "fault"),
    [
        ("ALTER ROLE {role} SUPERUSER", "is a superuser"),
        ("ALTER ROLE {role} BYPASSRLS", "is above row-level security"),
        ("ALTER ROLE {role} CREATEDB", "may make roles or databases"),
        ("ALTER ROLE {role} NOLOGIN", "may not log in"),
        ("GRANT pg_read_all_data TO {role}", "is a member of other roles"),
        ("ALTER TABLE drafts OWNER TO {role}", "owns tables"),
    ],
)
def test_a_role_that_could_do_more_is_refused(role: str, deed: str, fault: str) -> None:
    roles_provision(role=role)
    execute(deed.format(role=f'"{role}"'))
    with pytest.raises(RoleRefused, match=fault):
        roles_provision(role=role)


def test_the_owner_itself_is_refused() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [owner] = cursor.fetchone()
    with pytest.raises(RoleRefused, match="Name another in WEB_DATABASE_URL"):
        roles_provision(role=owner)


def test_an_owner_who_may_not_make_roles_is_told_what_an_administrator_has_to_do(role: str) -> None:
    execute(f'CREATE ROLE "{role}_owner"')
    execute(f'GRANT SELECT ON sales TO "{role}_owner"')
    execute(f'SET LOCAL ROLE "{role}_owner"')
    with pytest.raises(RoleRefused, match=f'CREATE ROLE "{role}" LOGIN NOINHERIT.*administrator'):
        roles_provision(role=role)
    execute("RESET ROLE")
    assert not exists(role)


def test_a_table_about_which_nothing_is_said_stops_it(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    declared = {table: may for table, may in web_privileges().items() if table != "exports"}
    monkeypatch.setattr(provisioning, "web_privileges", lambda: declared)
    with pytest.raises(TableWithoutRule, match=r"may do with exports\. Declare `table_rules` on the model"):
        roles_provision(role=role)
    assert not exists(role)


def test_the_command_tells_what_holds_and_fails_a_check_that_finds_something(
    role: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.WEB_DATABASE = {"USER": role, "PASSWORD": "secret"}
    with pytest.raises(CommandError, match=r"run manage\.py provision_roles"):
        call_command("provision_roles", check=True)
    assert not exists(role)
    call_command("provision_roles")
    assert "secret" not in capsys.readouterr().out
    call_command("provision_roles", check=True, json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["to_do"] == []
    assert told["tables"]["sales"] == {"privileges": ["INSERT", "SELECT"], "row_security": True}


FORBIDDEN = (
    "UPDATE sales SET purchase_price = 0",
    "DELETE FROM sales",
    "TRUNCATE sales CASCADE",
    "UPDATE orders SET total = 0",
    "DELETE FROM order_lines",
    "UPDATE leads SET borrower_phone = NULL",
    "DELETE FROM leads",
    "INSERT INTO leads DEFAULT VALUES",
    "UPDATE inventory SET expires_at_utc = now()",
    "DELETE FROM inventory",
    "UPDATE exports SET rows = 0",
    "DELETE FROM export_sanitised_cells",
    "UPDATE audit_events SET action = 'none'",
    "DELETE FROM audit_events",
    "TRUNCATE audit_events CASCADE",
    "INSERT INTO audit_seals DEFAULT VALUES",
    "UPDATE django_admin_log SET change_message = ''",
    "DELETE FROM clients",
    "UPDATE pricing SET amount = 0",
    "UPDATE api_keys SET client_id = created_by_id",
    "UPDATE invitations SET role = 'owner'",
    "ALTER TABLE sales DISABLE TRIGGER ALL",
    "ALTER TABLE sales DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE sales ADD COLUMN note text",
    "DROP TABLE drafts",
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE sales (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
    "COPY drafts TO PROGRAM 'cat'",
    "INSERT INTO users_groups (user_id, group_id) SELECT id, 1 FROM users",
    "INSERT INTO users_user_permissions (user_id, permission_id) SELECT id, 1 FROM users",
    "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 1)",
    "UPDATE auth_group SET name = 'pricing'",
)


def test_the_web_process_is_refused(as_web: Callable[[], AbstractContextManager[Any]]) -> None:
    """One login for all of them: to provision it takes longer than to be refused."""
    refused = "permission denied|must be (owner|superuser)"
    answers = {statement: answer(as_web, statement) for statement in FORBIDDEN}
    assert {statement: said for statement, said in answers.items() if not re.search(refused, said)} == {}


def answer(as_web: Callable[[], AbstractContextManager[Any]], statement: str) -> str:
    """What the database says to the web process, which has changed nothing if it is refused."""
    try:
        with transaction.atomic(), as_web():
            execute(statement)
    except DatabaseError as error:
        return str(error)
    return "done"


MAKE_STAFF = (
    "UPDATE users SET is_staff = true",
    "UPDATE users SET is_superuser = true",
    "UPDATE users SET is_staff = false WHERE is_staff",
    """
        INSERT INTO users (id, email, password, role, is_active, is_staff, is_superuser)
        VALUES (gen_random_uuid(), 'evil@homeshield.example', '', 'viewer', true, true, false)
        """,
    """
        INSERT INTO users (id, email, password, role, is_active, is_staff, is_superuser)
        VALUES (gen_random_uuid(), 'evil@homeshield.example', '', 'viewer', true, false, true)
        """,
)


@pytest.mark.parametrize("looking_away", [False, True])
def test_the_web_process_makes_nobody_staff(
    as_web: Callable[[], AbstractContextManager[Any]], looking_away: bool
) -> None:
    """Also where it tells triggers to look away, which pgtrigger's own would."""
    UserFactory()
    StaffFactory()
    for statement in MAKE_STAFF:
        with pgtrigger.ignore() if looking_away else nullcontext():
            assert "only the owner of the tables makes members of staff" in answer(as_web, statement), statement


def test_the_web_process_keeps_users_as_pages_do(as_web: Callable[[], AbstractContextManager[Any]]) -> None:
    buyer, boss = UserFactory(), StaffFactory()
    with as_web():
        for user in (buyer, boss):
            user.set_password("a-lantern-on-the-porch")
            user.save()  # all columns, as allauth does
        made = User.objects.create_user("new@acme.example", "a-lantern-on-the-porch")
    assert not made.is_staff
    boss.refresh_from_db()
    assert (boss.is_staff, boss.check_password("a-lantern-on-the-porch")) == (True, True)
