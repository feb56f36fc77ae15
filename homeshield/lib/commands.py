"""What the operators' commands have in common: one line for a refusal, one JSON object for programs.

A database that cannot be used is told in one line as well, with exit code 2: see DatabaseCommand.
"""

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
"""How long a command waits for the database to answer at all. psycopg gives each address of a host so long."""

DJANGOS_OWN = frozenset(
    {
        *("changepassword", "createsuperuser", "clearsessions", "createcachetable", "remove_stale_contenttypes"),
        *("dumpdata", "loaddata", "flush", "inspectdb", "migrate", "showmigrations", "sqlmigrate"),
        *("runserver", "shell"),
        *("db_worker", "prune_db_task_results"),  # of django-tasks-db
    }
)
"""Commands of Django's that can do nothing without the database."""

_LACKING = (errors.UndefinedTable, errors.UndefinedColumn)
_UNUSABLE = (
    EmbeddedPostgresError,
    OperationalError,
    NotSupportedError,  # an older PostgreSQL
    MigrationSchemaMissing,
    psycopg.OperationalError,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
)


class DatabaseCommand(BaseCommand):
    """A command that works on the database, and says in one line why it cannot.

    What it does is one transaction, or goes on where it ended when run again: so much is promised on Ctrl-C.
    """

    requires_system_checks = ()  # they import every page and the API, for a second of each start; `check` runs them

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
        """By which the command is called: Django names commands by their modules."""
        return type(self).__module__.rpartition(".")[2]

    def before_database(self, **options: Any) -> None:
        """Raises CommandError where the command is refused whatever the database says: it is not asked then."""


@contextmanager
def database_explained(arguments: Sequence[str]) -> Iterator[None]:
    """Around Django's own commands, called with these arguments: raises CommandError where ours would.

    What fails within a migration is left as it is: it is for those who wrote it.
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
    """Raises at once, with the true reason, what a pool would repeat for ten seconds and then not say."""
    if connection.connection is not None:
        return
    parameters = connection.get_connection_params()  # which starts the embedded server
    try:
        psycopg.connect(**{"connect_timeout": CONNECT_SECONDS} | parameters).close()
    except psycopg.ProgrammingError as error:  # DATABASE_URL has parameters that libpq does not know
        raise psycopg.OperationalError(str(error)) from error


def database_refusal(error: Exception) -> CommandError | None:
    """One line about a database that is not there, not ours to use or without tables; None for all other errors.

    Only the first line of what PostgreSQL says is told: it repeats rows of data in the others.
    """
    cause = error.__cause__ or error  # Django wraps what psycopg raises
    if isinstance(cause, _LACKING):
        return CommandError("The database lacks tables or columns: run manage.py migrate.", returncode=2)
    if isinstance(cause, errors.ProgramLimitExceeded):  # psycopg's OperationalError, but about what a row holds
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
        return ""  # it says so itself
    if isinstance(error.__cause__ or error, errors.InsufficientPrivilege):
        return "Commands connect as the owner of the tables: DATABASE_URL must name it, not the login of the web."
    if reason.endswith(f'database "{connection.settings_dict["NAME"]}" does not exist'):
        return "Create it and run manage.py migrate, or name another in DATABASE_URL."
    return "See that the server runs and lets us in, and that DATABASE_URL names it rightly."


def instant(text: str) -> datetime:
    """An instant on the command line, as ISO 8601 with its offset: `2026-06-01T12:00:00Z`.

    An argparse type: refuses a time without an offset, because nobody can tell which instant it means.
    """
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
    """Within it SIGTERM (of `kill`, `timeout`, a service manager) is a KeyboardInterrupt, as Ctrl-C is.

    Otherwise it would end the process at once, and what tidies up would not run. Signals reach the main thread alone.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_json(command: BaseCommand, answer: dict[str, Any]) -> None:
    """Prints one JSON object and nothing else to standard output."""
    command.stdout.write(json.dumps(answer, indent=2, default=str))
