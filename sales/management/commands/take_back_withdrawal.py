"""`manage.py take_back_withdrawal`: puts the leads of a withdrawal on sale again."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand
from homeshield.lib.errors import DomainError
from inventory.withholding.services import withdrawal_take_back
from sales.management.withdrawal_terminal import refused


class Command(DatabaseCommand):
    help = (
        "Takes a withdrawal back: its leads are on sale again, unless something else withholds them. Opt-outs and "
        "erasures are for ever. Exit code 0, or 2 where it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("withdrawal", metavar="ID", type=UUID, help="the withdrawal's id")
        parser.add_argument("--note", metavar="TEXT", default="", help="why; kept for ever, so name no person")

    def handle(self, *args: Any, withdrawal: UUID, note: str, **options: Any) -> None:
        try:
            withdrawal_take_back(withdrawal_id=withdrawal, note=note, by_id=None, as_of=timezone.now())
        except DomainError as refusal:
            raise refused(refusal) from None
        self.stdout.write(f"Withdrawal {withdrawal} is taken back.")
