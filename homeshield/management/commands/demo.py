from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from homeshield.demo import contents
from homeshield.demo.companions import companions
from homeshield.demo.server import HOST, serve
from homeshield.lib.commands import DatabaseCommand
from homeshield.lib.money import dollars
from homeshield.lib.numbers import whole_number
from homeshield.lib.ports import PortInUse, port_check
from pricing.starting_prices import starting_prices_load

ROWS, PORT = 20_000, 8000
MAX_ROWS = 10_000_000


class Command(DatabaseCommand):
    help = (
        "Development only: makes fictional leads, a member of staff and a buyer whose passwords everybody knows, and "
        "serves the shop on this machine, with the scheduler and the background worker beside it. What is there from "
        "the last time stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rows",
            type=whole_number(0, MAX_ROWS),
            default=ROWS,
            metavar="N",
            help=f"how many fictional leads there shall be at least ({ROWS:,}); none is ever removed",
        )
        parser.add_argument("--port", type=whole_number(1, 65_535), default=PORT, help=f"where to serve ({PORT})")

    def handle(self, *args: Any, rows: int, port: int, **options: Any) -> None:
        as_of = timezone.now()
        self.console = Console(highlight=False, soft_wrap=True)
        self._database_check()
        self._prepare(rows, as_of)
        self._serve(port)

    def before_database(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Refused: DEBUG is off, and the demo's passwords are known to everybody.", returncode=2)
        try:
            port_check(options["port"])
        except PortInUse as error:
            raise CommandError(
                f"{error} Choose another one, for example: --port {_another(options['port'])}", returncode=2
            ) from None

    def _database_check(self) -> None:
        try:
            contents.database_check()
        except contents.NotTheDemos as error:
            raise CommandError(f"Refused: {error.message}", returncode=2) from None

    def _prepare(self, rows: int, as_of: datetime) -> None:
        self._done("Database", connection.settings_dict["NAME"] + f", PostgreSQL {_version()}")
        call_command("migrate", verbosity=0, interactive=False)
        if contents.web_role_make():
            self._done("Web role", "pages may do no more than they need")
        priced = starting_prices_load(as_of=as_of)
        self._done("Prices", f"{priced} starting prices are in force" if priced else "as they were")
        self._done("Leads", self._make_leads(rows, as_of))
        created = contents.inventory_bring_up_to_date(as_of=as_of)
        self._done("Inventory", f"{created:,} leads entered a bucket" if created else "up to date")
        self.staff, self.buyer = contents.staff_make(), contents.buyer_make()
        paid = contents.money_make(buyer_email=self.buyer.email, as_of=as_of)
        self._done("Money", f"the buyer has {dollars(contents.MONEY + contents.CREDIT)}" if paid else "as it was")
        discounts = contents.discounts_make(as_of=as_of)
        self._done("Discounts", "one for 25 leads, one by the code WELCOME" if discounts else "as they were")
        order = contents.order_make(buyer_email=self.buyer.email)
        if contents.lead_withdraw(as_of=as_of):
            self._done("Withdrawals", "one lead was taken off sale")
        self._done("Orders", f"the buyer has an order of {order.quantity} leads to look at" if order else "none")

    def _make_leads(self, rows: int, as_of: datetime) -> str:
        there = contents.leads_there(rows)
        if there == rows:
            return f"{there:,} or more fictional ones are there already" if rows else "none asked for"
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        ) as progress:
            task = progress.add_task("Loading fictional leads", total=rows - there)
            made = contents.leads_make(range(there, rows), as_of=as_of, on_row=lambda: progress.advance(task))
        return f"{made:,} fictional ones loaded" + (f" beside {there:,} from before" if there else "")

    def _serve(self, port: int) -> None:
        settings.BANK_TRANSFER_DETAILS = settings.BANK_TRANSFER_DETAILS or contents.BANK
        # Forked workers must not share connections.
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL only

        with companions():
            serve(port=port, when_ready=lambda: self._welcome(port))
        still = " The database keeps running: uv run manage.py postgres stop ends it." if contents.embedded() else ""
        self.console.print(f"\nStopped.{still}")

    def _welcome(self, port: int) -> None:
        address = f"http://{HOST}:{port}"
        self.console.print()
        self.console.print(f"  The shop      {address}/")
        self.console.print(f"  Buyer         {_credentials(self.buyer)}")
        self.console.print(f"  API           {address}/docs")
        self.console.print(f"  Staff pages   {address}/admin/")
        self.console.print(f"  Staff         {_credentials(self.staff)}")
        self.console.print("\nAll people are fictional. Ctrl-C stops the server.")

    def _done(self, what: str, how: str) -> None:
        self.console.print(f"{what:<13}{how}")


def _another(port: int) -> int:
    return port + 1 if port < 65_535 else port - 1


def _version() -> str:
    major, minor = divmod(connection.pg_version, 10_000)  # type: ignore[attr-defined]  # PostgreSQL only
    return f"{major}.{minor}"


def _credentials(account: contents.Account) -> str:
    return f"{account.email} / " + ("the password that you have set" if account.changed else contents.PASSWORD)
