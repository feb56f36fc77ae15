"""`manage.py retention`: shows or removes what is no longer needed (docs/privacy.md)."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.utils import timezone
from rich.console import Console
from rich.table import Table

import homeshield.accounts.retention
import homeshield.audit.retention
import homeshield.billing.documents.retention
import pricing.retention
import sales.cart.retention
import sales.privacy.retention
import sales.saved.retention
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.lib.commands import DatabaseCommand, write_json
from homeshield.lib.retention import Kept


class Command(DatabaseCommand):
    help = (
        "Removes what is no longer needed, such as sign-ups that were never confirmed, expired quotes and old network "
        "addresses in the audit record. docs/privacy.md says what is kept for how long, and why. Run it every day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        one_of = parser.add_mutually_exclusive_group(required=True)
        one_of.add_argument("--dry-run", action="store_true", help="only show what would go")
        one_of.add_argument("--apply", action="store_true", help="remove it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, apply: bool, json: bool, **options: Any) -> None:
        as_of = timezone.now()
        numbers = {kept.what: _done(kept, as_of, apply=apply) for kept in _all_kept()}
        if apply and any(numbers.values()):
            audit_record(action=AuditAction.RETENTION, details=numbers, as_of=as_of)
        if json:
            write_json(self, {"applied": apply, "rows": numbers})
            return
        table = Table("What", "Kept, in days", "Removed" if apply else "Would go")
        table.columns[1].justify = table.columns[2].justify = "right"
        for kept in _all_kept():
            table.add_row(kept.what, str(kept.days), f"{numbers[kept.what]:,}")
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]


def _all_kept() -> list[Kept]:
    return [
        *homeshield.accounts.retention.KEPT,
        *homeshield.billing.documents.retention.KEPT,
        *sales.cart.retention.KEPT,
        *pricing.retention.KEPT,
        *sales.privacy.retention.KEPT,
        *sales.saved.retention.KEPT,
        *homeshield.audit.retention.kept(),
    ]


def _done(kept: Kept, as_of: datetime, *, apply: bool) -> int:
    before = kept.before(as_of)
    return kept.remove(before) if apply else kept.count(before)
