"""Django on the embedded server: connections, the pool, test databases, dbshell and the command.

These tests have connections of their own to a server of their own, so that Django's test database is not asked
for; only the guard of pytest-django, which knows no other databases, is lifted.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from homeshield.lib import embedded_postgres
from homeshield.lib.embedded_engine.base import DatabaseWrapper

from .isolation import PROJECT, kill_server, select, server_pid, wait_until

ENGINE = "homeshield.lib.embedded_engine"
ALIAS = "embedded"  # Django keeps its pools by alias: "default" would be that of the test database


@pytest.fixture(params=[None, {"min_size": 0, "max_size": 2, "timeout": 10}], ids=["plain", "pool"])
def connection(
    request: pytest.FixtureRequest,
    stopped: embedded_postgres.ConnectionInfo,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[DatabaseWrapper]:
    """A connection to a server that does not run yet, once without and once with a pool."""
    database = {
        "ENGINE": ENGINE,
        "NAME": "homeshield",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 0 if request.param else None,  # kept between requests, as a pool keeps its own
        "OPTIONS": {"pool": request.param} if request.param else {},
        "TEST": {"NAME": "test_of_its_own"},
    }
    completed = ConnectionHandler({"default": {}, ALIAS: database}).settings[ALIAS]
    # Among Django's own connections, because receivers of connection_created look there by the alias.
    monkeypatch.setitem(connections.settings, ALIAS, completed)
    with django_db_blocker.unblock():
        wrapper = connections[ALIAS]
        assert isinstance(wrapper, DatabaseWrapper)
        yield wrapper
        wrapper.close()
        wrapper.close_pool()
    del connections[ALIAS]


def _query(connection: DatabaseWrapper, sql: str = "SELECT current_database()") -> Any:
    """One request's use of the connection."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    if connection.pool:
        connection.close()  # as at the end of a request: back into the pool
    assert row is not None
    return row[0]


def test_the_first_connection_starts_the_server(connection: DatabaseWrapper) -> None:
    assert not embedded_postgres.status().running

    assert _query(connection) == "homeshield"

    assert embedded_postgres.status().running


def test_a_connection_after_the_server_was_killed_starts_it_again(connection: DatabaseWrapper) -> None:
    _query(connection)
    killed = kill_server()

    assert _query(connection) == "homeshield"

    assert server_pid() != killed


def test_a_connection_after_the_server_was_stopped_starts_it_again(connection: DatabaseWrapper) -> None:
    _query(connection)
    embedded_postgres.stop()

    assert _query(connection) == "homeshield"


@pytest.mark.parametrize("connection", [{"min_size": 2, "max_size": 2, "timeout": 10}], indirect=True)
def test_a_pool_that_reconnects_by_itself_starts_the_server_again(connection: DatabaseWrapper) -> None:
    """Without Django asking for a connection: the pool's own threads replace what died."""
    pool = connection.pool
    assert pool is not None
    pool.open(wait=True)
    killed = kill_server()

    pool.check()  # notices the dead connections and lets the threads replace them
    with pool.connection(timeout=10) as replaced:
        assert replaced.execute("SELECT 1").fetchone() == (1,)

    assert server_pid() != killed


def test_a_server_that_cannot_start_is_explained_at_once(
    connection: DatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg").write_text("a file where the folder should be")
    monkeypatch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(tmp_path / "pg"))

    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="cannot be made"):
        _query(connection)


def test_closing_a_pool_that_was_never_used_starts_nothing(connection: DatabaseWrapper) -> None:
    connection.close()
    connection.close_pool()

    assert not embedded_postgres.status().running


def test_test_databases_are_created_and_destroyed(connection: DatabaseWrapper) -> None:
    names = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate"

    connection.creation._create_test_db(verbosity=0, autoclobber=True)  # type: ignore[attr-defined] # not public
    connection.settings_dict["NAME"] = "test_of_its_own"
    assert _query(connection) == "test_of_its_own"
    assert _query(connection, names) == "homeshield postgres test_of_its_own"
    connection.creation.destroy_test_db("homeshield", verbosity=0)

    assert _query(connection, names) == "homeshield postgres"


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": "", **environment},
        capture_output=True,
        text=True,
    )


def test_dbshell_is_the_psql_of_the_embedded_server(stopped: embedded_postgres.ConnectionInfo) -> None:
    shell = _manage("dbshell", "--", "-Atc", "SELECT current_database(), current_user")

    assert shell.stdout == "homeshield|homeshield\n", shell.stderr


def test_the_url_serves_django_environ(running: embedded_postgres.ConnectionInfo) -> None:
    show = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT current_database()")
    print(connection.settings_dict["ENGINE"], *cursor.fetchone())
connection.close()
connection.close_pool()
"""

    shell = _manage("shell", "--no-imports", "-c", show, DATABASE_URL=embedded_postgres.url())

    assert shell.stdout == "django.db.backends.postgresql homeshield\n", shell.stderr


def _command(action: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("postgres", action, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_starts_shows_and_stops(
    stopped: embedded_postgres.ConnectionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", ENGINE)

    assert _command("status")[0].startswith("state   not running")
    assert _command("stop") == ("It was not running.\n", "")
    assert _command("start")[0].startswith(f"state   running, process {server_pid()}")
    assert f"data    {embedded_postgres.status().data}\n" in _command("status")[0]
    assert select("SELECT 1", _command("url")[0].strip()) == 1
    assert _command("stop") == ("The embedded PostgreSQL is stopped.\n", "")
    assert not embedded_postgres.status().running


def test_the_command_makes_a_streaming_copy_and_stops_it(
    running: embedded_postgres.ConnectionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", ENGINE)
    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="There is no streaming copy"):
        embedded_postgres.replica_start()
    assert _command("replica-stop") == ("It was not running.\n", "")

    url = _command("replica")[0].strip()

    assert select("SELECT pg_is_in_recovery()", url) is True
    wait_until(lambda: select("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1)
    assert _command("replica-stop") == ("The streaming copy is stopped.\n", "")
    assert select("SELECT 1") == 1


def test_the_command_says_when_another_server_is_in_use(
    running: embedded_postgres.ConnectionInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")

    for action in ("start", "url"):
        with pytest.raises(CommandError, match="not in use: DATABASE_URL names another server"):
            _command(action)
    assert "not in use" in _command("status")[1]
    out, err = _command("stop")
    assert (out, "not in use" in err) == ("The embedded PostgreSQL is stopped.\n", True)
    assert not embedded_postgres.status().running
