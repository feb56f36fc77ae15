import argparse
import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import current_thread, main_thread
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import NotSupportedError, OperationalError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing
from psycopg import errors

from homeshield.lib.embedded_postgres import EmbeddedPostgresError
from homeshield.lib.origin import Origin, within

CONNECT_SECONDS = 5
"""psycopg waits this long for each address of a host."""

DJANGOS_OWN = frozenset(
    {
        *("changepassword", "createsuperuser", "clearsessions", "createcachetable", "remove_stale_contenttypes"),
        *("dumpdata", "loaddata", "flush", "inspectdb", "migrate", "showmigrations", "sqlmigrate"),
        *("runserver", "shell"),
        *("db_worker", "prune_db_task_results"),
    }
)
"""Django's commands that need the database."""

_LACKING = (errors.UndefinedTable, errors.UndefinedColumn)
_UNUSABLE = (
    EmbeddedPostgresError,
    OperationalError,
    NotSupportedError,
    MigrationSchemaMissing,
    psycopg.OperationalError,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
)


class DatabaseCommand(BaseCommand):
    """A command that explains an unusable database in one line.

    It must be one transaction or resumable: the message on Ctrl-C promises that.
    """

    requires_system_checks = ()  # they take a second; `check` runs them

    def execute(self, *args: Any, **options: Any) -> str | None:
        self.before_database(**options)
        try:
            _connect_once()
            with within(Origin(channel="command", source=f"manage.py {self.name}")):
                return super().execute(*args, **options)
        except CommandError:
            raise
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing is half done: run it again.", returncode=130) from None
        except Exception as error:
            if refusal := database_refusal(error):
                raise refusal from None
            raise

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def before_database(self, **options: Any) -> None:
        """Override to raise CommandError before connecting."""


@contextmanager
def database_explained(arguments: Sequence[str]) -> Iterator[None]:
    """Gives Django's own commands the same one-line errors.

    Errors inside a migration pass through, for its author.
    """
    command = arguments[1] if len(arguments) > 1 else ""
    connected = False
    try:
        if command in DJANGOS_OWN and not {"-h", "--help"}.intersection(arguments):
            _connect_once()
        connected = True
        yield
    except Exception as error:
        if "--traceback" in arguments or (connected and command == "migrate"):
            raise
        if refusal := database_refusal(error):
            raise refusal from None
        raise


def _connect_once() -> None:
    """Fails at once with the real reason. A pool would retry for ten seconds and hide it."""
    if connection.connection is not None:
        return
    parameters = connection.get_connection_params()  # starts the embedded server
    try:
        psycopg.connect(**{"connect_timeout": CONNECT_SECONDS} | parameters).close()
    except psycopg.ProgrammingError as error:  # libpq does not know a parameter
        raise psycopg.OperationalError(str(error)) from error


def database_refusal(error: Exception) -> CommandError | None:
    """Returns a one-line error if the database is unusable or lacks tables, else None.

    Shows only the first line of PostgreSQL's message: the others repeat row data.
    """
    cause = error.__cause__ or error  # Django wraps psycopg's errors
    if isinstance(cause, _LACKING):
        return CommandError("The database lacks tables or columns: run manage.py migrate.", returncode=2)
    if isinstance(cause, errors.ProgramLimitExceeded):  # about a row's data
        return None
    if not isinstance(error, _UNUSABLE) and not isinstance(cause, _UNUSABLE):
        return None
    reason = first_line(error).removeprefix("connection failed: ")
    return CommandError(f"{_database_name()} cannot be used: {reason}. {_mending(error, reason)}".strip(), returncode=2)


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].strip().rstrip(".")


def _database_name() -> str:
    place = connection.settings_dict
    if not place["USER"] and not place["HOST"]:
        return f"The database {place['NAME']!r}"
    port = f":{place['PORT']}" if place["PORT"] else ""
    return f"The database {place['NAME']!r} at {place['HOST'] or 'the local socket'}{port}"


def _mending(error: Exception, reason: str) -> str:
    if isinstance(error, EmbeddedPostgresError):
        return ""
    if isinstance(error.__cause__ or error, errors.InsufficientPrivilege):
        return "Commands connect as the owner of the tables: DATABASE_URL must name it, not the login of the web."
    if reason.endswith(f'database "{connection.settings_dict["NAME"]}" does not exist'):
        return "Create it and run manage.py migrate, or name another in DATABASE_URL."
    return "See that the server runs and lets us in, and that DATABASE_URL names it rightly."


def instant(text: str) -> datetime:
    """An argparse type: ISO 8601 with its offset, such as `2026-06-01T12:00:00Z`."""
    try:
        at = datetime.fromisoformat(text)
        in_utc = at.astimezone(UTC)
    except (ValueError, OverflowError):  # the ends of the calendar
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an instant. Write it like 2026-06-01T12:00:00Z or 2026-06-01T08:00:00-04:00."
        ) from None
    if at.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no offset. Add Z for UTC: {at.isoformat()}Z")
    return in_utc


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Turns SIGTERM into KeyboardInterrupt, so that cleanup runs; in the main thread only."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_json(command: BaseCommand, answer: dict[str, Any]) -> None:
    command.stdout.write(json.dumps(answer, indent=2, default=str))
