"""A web server does not start on a login that is not let in, may do less than pages need, or far more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql
from pytest_django import Settings

from homeshield.database_roles import start_check
from homeshield.database_roles.provisioning import RoleRefused, role_lacks, roles_provision
from leads.contact_key_check import contact_key_confirm
from tests.homeshield.gunicorn_command import COMMAND


def url(user: str) -> str:
    given = connection.get_connection_params()
    place = f"{quote(given.get('host') or '', safe='')}:{given.get('port') or 5432}/{given['dbname']}"
    return f"postgres://{user}:{given.get('password') or ''}@{place}"


def started_as(user: str) -> "subprocess.CompletedProcess[str]":
    ours = {"WEB_DATABASE_URL": url(user), "WEB_CONCURRENCY": "1"}
    return subprocess.run(
        [*COMMAND, "--bind", "127.0.0.1:0"], cwd=settings.BASE_DIR, env=os.environ | {"SECRET_KEY": ""} | ours,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def bare_role(db: None) -> Iterator[str]:
    """A committed login without any grant of ours."""
    name = f"{connection.settings_dict['NAME']}_bare"
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as server:
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
        password = sql.Literal(connection.get_connection_params().get("password"))
        server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), password))
        yield name
        server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_login_that_is_not_there_is_told_and_nothing_starts(db: None) -> None:
    done = started_as("nobody_of_that_name")
    assert done.returncode == 1
    assert "Error: The database does not let nobody_of_that_name in, whom WEB_DATABASE_URL names." in done.stderr
    assert "Run manage.py provision_roles" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Booting worker" not in done.stderr


@pytest.mark.direct  # a pooler knows no login that is made behind it
def test_a_login_without_grants_is_told_and_nothing_starts(bare_role: str) -> None:
    done = started_as(bare_role)
    assert done.returncode == 1
    assert (
        f"Error: {bare_role}, of WEB_DATABASE_URL, may not do what pages need with account_emailaddress," in done.stderr
    )
    assert "Warning" not in done.stderr


def test_the_owner_of_the_tables_is_not_taken_for_the_webs_login(db: None) -> None:
    with pytest.raises(RoleRefused, match="so it is not one for the web process"):
        role_lacks(role=connection.get_connection_params()["user"])


def test_a_provisioned_role_lacks_nothing_until_a_grant_is_taken(role: str) -> None:
    roles_provision(role=role)
    assert role_lacks(role=role) == []
    with connection.cursor() as cursor:
        cursor.execute(
            f'REVOKE INSERT ON audit_events FROM "{role}"; GRANT DELETE ON sales TO "{role}"; CREATE TABLE a ()'
        )
    assert role_lacks(role=role) == ["audit_events"]


def test_a_contact_key_that_made_no_key_here_is_told(role: str, settings: Settings) -> None:
    roles_provision(role=role)
    contact_key_confirm()
    assert start_check._refusal(role) == ""
    settings.CONTACT_KEY = "another-contact-key-" * 3
    assert "CONTACT_KEY is not the one that made the keys in this database." in start_check._refusal(role)


@pytest.mark.direct
def test_a_scheduler_whose_login_may_not_do_its_work_ends_and_says_why(bare_role: str) -> None:
    """It outlives a database that is away, but no later round would find another login."""
    command = [sys.executable, "-m", "tests.homeshield.scheduler_process", str(connection.settings_dict["NAME"])]
    ours = {"SECRET_KEY": "", "DATABASE_URL": url(bare_role), "WEB_DATABASE_URL": ""}
    done = subprocess.run(command, env=os.environ | ours, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "permission denied" in done.stderr
    assert "Commands connect as the owner of the tables" in done.stderr
