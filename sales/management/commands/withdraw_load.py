"""`manage.py withdraw_load`: takes all leads of a bad load out of sale."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand
from homeshield.lib.errors import DomainError
from inventory.withholding.services import load_withdraw
from leads.management.load_terminal import load_number
from sales.management.withdrawal_terminal import refused, withdrawal_tell
from sales.withdrawing.selectors import load_withdrawal_effect


class Command(DatabaseCommand):
    help = (
        "Takes all leads of a load out of sale, at once and in every age bucket. Sales that were made stay. With "
        "--dry-run it says what is on sale, and what was sold to whom, and changes nothing. Exit code 0, or 2 where it "
        "is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "load", metavar="ID", type=load_number, help="the load's number: manage.py loads lists them"
        )
        parser.add_argument("--note", metavar="TEXT", help="why; kept for ever, so name no person")
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, load: int, note: str | None, dry_run: bool, json: bool, **options: Any) -> None:
        as_of = timezone.now()
        effect = load_withdrawal_effect(load_id=load, as_of=as_of)
        if not effect.leads:
            raise CommandError(f"There is no load {load}, or it has no leads.", returncode=2)
        done = None
        if not dry_run:
            try:
                done = load_withdraw(load_id=load, note=note or "", by_id=None, as_of=as_of)
            except DomainError as refusal:
                raise refused(refusal) from None
        withdrawal_tell(self, effect, done, json=json)
