"""`manage.py issue_statements`: makes the statements of all months that are over."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from homeshield.billing.documents.statements import statements_issue
from homeshield.lib.commands import DatabaseCommand, write_json


class Command(DatabaseCommand):
    help = (
        "Issues a statement for each client and each month (UTC) that is over, with a movement or a balance. The "
        "scheduler does this when a month ends: run it by hand only if no scheduler runs. A second time issues none. "
        "Exit code 0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, json: bool, **options: Any) -> None:
        issued = statements_issue(as_of=timezone.now())
        if json:
            write_json(self, {"issued": issued})
        else:
            self.stdout.write(f"{issued:,} statement{'' if issued == 1 else 's'} issued.")
