"""The real programs, started for these tests alone."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import DjangoDbBlocker

from homeshield.lib import embedded_postgres
from homeshield.lib.embedded_postgres import server
from homeshield.lib.embedded_postgres.location import locate, locate_replica
from homeshield.lib.replica import ALIAS, freshness
from homeshield.settings import database_from_environment, replica_from_environment
from tests.scaling.pooler import Pooler, pooler_before
from tests.scaling.rewiring import rewired

LET_TRUNCATE = """
    DO $$ DECLARE guard record; BEGIN
        FOR guard IN SELECT tgrelid::regclass AS place, tgname FROM pg_trigger WHERE tgtype & 32 > 0 LOOP
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', guard.place, guard.tgname);
        END LOOP;
    END $$
"""
"""The tests are tidied up by TRUNCATE, which some tables otherwise refuse."""


@pytest.fixture(scope="module")
def pgbouncer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pooler]:
    """PgBouncer in front of the tests' own server."""
    with django_db_blocker.unblock():
        server = connection.get_connection_params()
    with pooler_before(server) as pooler:
        yield pooler


@pytest.fixture
def pooler(transactional_db: None, pgbouncer: Pooler, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pooler]:
    """The shop behind it, as DATABASE_URL and DATABASE_POOLER would have it; on the test database."""
    monkeypatch.setenv("DATABASE_URL", pgbouncer.url(connection.settings_dict["NAME"]))
    monkeypatch.setenv("DATABASE_POOLER", "true")
    with rewired("default", database_from_environment()):
        yield pgbouncer


@pytest.fixture(scope="module")
def pair(django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A server with the shop's tables, and a streaming copy of it, whose URL this is.

    A server of its own: copying the one that other tests use would copy whatever a developer has in it.
    """
    folder = Path(tempfile.mkdtemp(prefix="homeshield-test-", dir="/var/tmp"))
    folder.chmod(0o755 if os.geteuid() == 0 else 0o700)
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(folder / "pg"))
        patch.setenv("DATABASE_URL", "")
        patch.setitem(embedded_postgres.SERVER_SETTINGS, "fsync", "off")  # no crash is tried here, and it takes seconds
        with rewired("default", database_from_environment()):
            call_command("migrate", verbosity=0)
            yield embedded_postgres.replica_make()
        for location in (locate_replica(), locate()):
            if running := server.find(location):
                server.terminate(location, running, signal.SIGQUIT)  # at once: its data goes as well
            shutil.rmtree(location.socket_dir, ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def replica(pair: str, monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The shop with the copy behind it, as REPLICA_URL would have it, both up and level; emptied afterwards."""
    monkeypatch.setenv("REPLICA_URL", pair)
    database = replica_from_environment()
    assert database is not None
    with django_db_blocker.unblock(), rewired(ALIAS, database):
        embedded_postgres.replica_start()
        freshness.forget()
        yield
        with connection.cursor() as cursor:
            cursor.execute(LET_TRUNCATE)
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
