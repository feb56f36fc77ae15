"""What every operators' command says where there is no database to work on: one line, exit code 2, and no waiting."""

import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection
from pytest_django import DjangoDbBlocker

from homeshield.database_roles.provisioning import roles_provision
from homeshield.lib import embedded_postgres
from homeshield.lib.commands import DJANGOS_OWN, DatabaseCommand
from tests.leads.ingestion.csv_files import csv_bytes, row

CLIENT = ("create_client", "--company", "Acme", "--email", "joe@acme.example")
COMMANDS: list[tuple[str, ...]] = [
    ("check_inventory_status",),
    ("ingest_csv", "leads.csv"),
    ("demo", "--port", "18765"),
    ("createsuperuser", "--no-input"),
]
"""Of ours, and of Django's own."""
OURS = {
    "homeshield",
    "homeshield.accounts",
    "homeshield.audit",
    "homeshield.billing",
    "leads",
    "inventory",
    "pricing",
    "sales",
    "exports",
}
WITHOUT_DATABASE = {"postgres", "serve", "verify_certificate"}
"""Commands of ours that start what the others need."""

MEND = "See that the server runs and lets us in, and that DATABASE_URL names it rightly."
LOOK = ("shell", "--no-imports", "-c", "from leads.models import Lead; Lead.objects.first()")
WITHOUT_TABLES = "CommandError: The database lacks tables or columns: run manage.py migrate.\n"


def said(*command: str, url: str) -> str:
    """What it says on standard error, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": url, "DEBUG": "1"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def server(dbname: str) -> str:
    """The URL of a database on the tests' own server."""
    if url := os.environ.get("DATABASE_URL"):
        return urllib.parse.urlsplit(url)._replace(path=f"/{dbname}").geturl()
    return embedded_postgres.url(dbname)


@pytest.fixture(scope="module")
def empty_database(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The URL of a database without tables."""
    name = f"{connection.settings_dict['TEST']['NAME']}_empty"
    with django_db_blocker.unblock():
        postgres = psycopg.connect(**connection.get_connection_params() | {"dbname": "postgres"}, autocommit=True)
    with postgres:
        postgres.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        postgres.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        yield server(name)
        postgres.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_server_that_is_not_there_is_told_at_once(command: tuple[str, ...]) -> None:
    """Nothing listens on port 1. A pool would try for ten seconds, and then say that it got no connection."""
    assert said(*command, url="postgres://nobody:secret@127.0.0.1:1/nowhere") == (
        "CommandError: The database 'nowhere' at 127.0.0.1:1 cannot be used: "
        f'connection to server at "127.0.0.1", port 1 failed: Connection refused. {MEND}\n'
    )


def test_every_command_of_ours_stands_on_the_shared_base() -> None:
    ours = {name: load_command_class(app, name) for name, app in get_commands().items() if app in OURS}
    ours = {name: command for name, command in ours.items() if name not in DJANGOS_OWN}
    assert {name for name, command in ours.items() if not isinstance(command, DatabaseCommand)} == WITHOUT_DATABASE
    assert len(ours) > 8


@pytest.mark.parametrize("command", [CLIENT, LOOK], ids=lambda command: command[0])
def test_a_database_without_tables_is_told(command: tuple[str, ...], empty_database: str) -> None:
    assert said(*command, url=empty_database) == WITHOUT_TABLES


def test_a_load_into_a_database_without_tables_is_told(empty_database: str, tmp_path: Path) -> None:
    (file := tmp_path / "leads.csv").write_bytes(csv_bytes(row()))
    assert said("ingest_csv", str(file), url=empty_database) == WITHOUT_TABLES


def test_an_unknown_host_is_told_at_once() -> None:
    told = said(*CLIENT, url="postgres://shop@no-such-host.invalid/shop")
    assert "'shop' at no-such-host.invalid cannot be used: failed to resolve host 'no-such-host.invalid'" in told
    assert told.count("\n") == 1


def test_an_unknown_database_is_told_with_what_to_do() -> None:
    told = said("check_inventory_status", url=server("no_such_database"))
    assert re.fullmatch(
        "CommandError: The database 'no_such_database' .*cannot be used: .*database \"no_such_database\" does not "
        "exist. Create it and run manage.py migrate, or name another in DATABASE_URL.\n",
        told,
    )


def test_a_parameter_that_postgresql_does_not_know_is_told() -> None:
    told = said("check_inventory_status", url=server("postgres") + ("&" if "?" in server("x") else "?") + "sslmod=on")
    assert "sslmod" in told
    assert told.count("\n") == 1


@pytest.mark.django_db
def test_a_database_that_takes_no_writing_is_told() -> None:
    """As a standby server, or an account without the right to write."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    with pytest.raises(CommandError, match=r"cannot be used: .* in a read-only transaction") as refusal:
        call_command("load_starting_prices")
    assert refusal.value.returncode == 2


@pytest.mark.django_db
def test_the_login_of_the_web_is_told_that_commands_want_the_owner() -> None:
    roles_provision(role=(role := f"{connection.settings_dict['NAME']}_web"))
    with connection.cursor() as cursor:
        cursor.execute(f'SET LOCAL ROLE "{role}"')
    with pytest.raises(CommandError, match=r"permission denied.*Commands connect as the owner of the tables"):
        call_command("generate_inventory")


@pytest.mark.django_db
def test_an_error_of_our_own_is_not_blamed_on_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pricing.management.commands.load_starting_prices.starting_prices_load", lambda **_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        call_command("load_starting_prices")
