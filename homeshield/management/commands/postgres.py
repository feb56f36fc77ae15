from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from homeshield.lib import embedded_postgres

ENGINE = "homeshield.lib.embedded_engine"


class Command(BaseCommand):
    """Needs no checks and no database: it must work if the server does not."""

    help = "Controls the embedded PostgreSQL. It starts by itself when it is first needed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action",
            choices=["start", "stop", "status", "url", "replica", "replica-stop"],
            help="start: starts it; stop: stops it until the next connection; status: shows where it is; url: starts "
            "it and prints its URL for psql, pg_dump or DATABASE_URL; replica: makes and starts a streaming copy and "
            "prints its URL for REPLICA_URL; replica-stop: stops the copy",
        )

    def handle(self, *_args: Any, action: str, **_options: Any) -> None:
        in_use = settings.DATABASES["default"]["ENGINE"] == ENGINE
        if not in_use:
            self._say_not_in_use(action)
        try:
            getattr(self, f"_{action.replace('-', '_')}")()
        except embedded_postgres.EmbeddedPostgresError as error:
            raise CommandError(str(error)) from error

    def _say_not_in_use(self, action: str) -> None:
        message = "The embedded PostgreSQL is not in use: DATABASE_URL names another server."
        if action in {"start", "url", "replica"}:
            raise CommandError(f"{message} Remove DATABASE_URL (or .env's line) to use the embedded one.")
        self.stderr.write(message)

    def _start(self) -> None:
        embedded_postgres.ensure_running()
        self._status()

    def _stop(self) -> None:
        stopped = embedded_postgres.stop()
        self.stdout.write("The embedded PostgreSQL is stopped." if stopped else "It was not running.")

    def _status(self) -> None:
        status = embedded_postgres.status()
        state = f"running, process {status.pid}" if status.running else "not running"
        if status.account:
            state += f" (as the account {status.account}: PostgreSQL does not run as root)"
        self.stdout.write(f"state   {state}")
        self.stdout.write(f"data    {status.data}")
        self.stdout.write(f"socket  {status.socket_dir}")
        self.stdout.write(f"log     {status.log}")

    def _url(self) -> None:
        self.stdout.write(embedded_postgres.url())

    def _replica(self) -> None:
        self.stdout.write(embedded_postgres.replica_make())

    def _replica_stop(self) -> None:
        stopped = embedded_postgres.replica_stop()
        self.stdout.write("The streaming copy is stopped." if stopped else "It was not running.")
