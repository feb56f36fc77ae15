"""`manage.py generate_inventory`: creates the records of leads that have entered a bucket."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand, instant, write_json
from homeshield.lib.errors import DomainError
from inventory.upkeep.roll import RollReport, failures_told, inventory_generate


class Command(DatabaseCommand):
    help = (
        "Opens records for leads that entered an age bucket, and closes records whose window is over. Safe to run at "
        "any time, twice, and beside purchases. Exit code 0, or 1 if the database refused some leads: they are named "
        "and stay due, and all others are done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=instant, metavar="INSTANT", help="look at ages at this instant (now)")
        parser.add_argument("--dry-run", action="store_true", help="say what is due and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, as_of: datetime | None, dry_run: bool, json: bool, **options: Any) -> None:
        now = timezone.now()
        as_of = as_of or now
        try:
            report = inventory_generate(as_of=as_of, now=now, dry_run=dry_run)
        except DomainError as refusal:
            raise CommandError(refusal.message, returncode=2) from None
        if json:
            write_json(self, {"as_of": as_of.isoformat(), **asdict(report)})
        else:
            self.stdout.write(_sentence(report, as_of))
        if report.failures:
            self.stdout.flush()
            raise CommandError(failures_told(report.failures), returncode=1)


def _sentence(report: RollReport, as_of: datetime) -> str:
    done = "would be created" if report.dry_run else "created"
    records = "inventory record" if report.created == 1 else "inventory records"
    closed = "would lapse" if report.dry_run else "lapsed"
    return (
        f"{report.created:,} {records} {done}, {report.lapsed:,} {closed} unsold, "
        f"{report.sold_before:,} had been sold in the bucket that their lead left "
        f"(as of {as_of:%Y-%m-%d %H:%M:%S} UTC)."
    )
