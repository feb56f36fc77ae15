"""`manage.py withdraw_leads`: takes single leads out of sale."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand
from homeshield.lib.errors import DomainError
from inventory.withholding.models import BY_HAND
from inventory.withholding.services import leads_withdraw
from sales.management.withdrawal_terminal import refused, withdrawal_tell
from sales.withdrawing.selectors import leads_withdrawal_effect


class Command(DatabaseCommand):
    help = (
        "Takes leads out of sale, at once and in every age bucket. Sales that were made stay. dead_number and "
        "wrong_person take all leads of the same number with them. With --dry-run it says what is on sale, and what "
        "was sold to whom, and changes nothing. Exit code 0, or 2 where it is refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("leads", metavar="ID", nargs="*", help="ids of leads")
        parser.add_argument("--file", metavar="FILE", help="a file with an id in each line; - reads standard input")
        parser.add_argument(
            "--reason", required=True, choices=[reason.value for reason in BY_HAND], help="why, in one word"
        )
        parser.add_argument("--note", metavar="TEXT", help="why; kept for ever, so name no person")
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self,
        *args: Any,
        leads: list[str],
        file: str | None,
        reason: str,
        note: str | None,
        dry_run: bool,
        json: bool,
        **options: Any,
    ) -> None:
        as_of = timezone.now()
        ids = [_id(text) for text in [*leads, *(_lines(file) if file else [])]]
        effect = leads_withdrawal_effect(lead_ids=ids, reason=reason, as_of=as_of)
        done = None
        if not dry_run:
            try:
                done = leads_withdraw(lead_ids=ids, reason=reason, note=note or "", by_id=None, as_of=as_of)
            except DomainError as refusal:
                raise refused(refusal) from None
        withdrawal_tell(self, effect, done, json=json)


def _lines(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The file cannot be read: {type(error).__name__}.", returncode=2) from None
    return text.split()


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:  # the text may be anything, so it is not repeated
        raise CommandError("Name leads by their ids, such as 01935f3e-…, and nothing else.", returncode=2) from None
