"""`manage.py ingest_csv`: loads a call-centre CSV and opens the inventory records of its leads."""

import os
import sys
from argparse import ArgumentParser
from contextlib import suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand, database_refusal, first_line, sigterm_interrupts, write_json
from homeshield.management.ingest_terminal import prices_json, progress_shown, summary_print
from inventory.count_upkeep import counts_tidy
from inventory.opening import FirstRecords
from leads.ingestion import IngestRefused, IngestReport, ingest
from pricing.selectors import Prices, prices_in_force


class Command(DatabaseCommand):
    help = (
        "Loads leads from a call-centre CSV, all of the file or nothing. Rows that are leads already are skipped; rows "
        "that cannot be loaded go to a rejects file with the reasons, to be mended and loaded again. Stock that it "
        "makes without a price in force is named. "
        "Exit code 0 when the file was processed, 2 when it was refused whole, 130 when interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the CSV; .gz is unpacked; - reads standard input")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="report what would happen; the database stays as it is, and the rejects file is written",
        )
        parser.add_argument(
            "--rejects",
            type=Path,
            metavar="FILE",
            help="where rejected rows go (FILE.rejects.csv beside the input); replaces a file from before",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, dry_run: bool, rejects: Path | None, json: bool, **options: Any) -> None:
        source = _standard_input() if file == "-" else Path(file)
        as_of = timezone.now()
        report = self._ingest(source, rejects, dry_run, as_of)
        prices = self._prices(as_of)
        if json:
            write_json(self, report.as_json() | prices_json(report, prices))
        else:
            summary_print(report, name="standard input" if file == "-" else file, prices=prices, out=self.stdout)
        self.stdout.flush()
        if not dry_run:
            with suppress(DatabaseError):  # the file is loaded, and told so; autovacuum comes as well
                counts_tidy()

    def _prices(self, as_of: datetime) -> Prices | None:
        """None where the database does not tell: the file is loaded all the same."""
        try:
            return prices_in_force(as_of)
        except DatabaseError:
            return None

    def _ingest(self, source: Path | BinaryIO, rejects: Path | None, dry_run: bool, as_of: datetime) -> IngestReport:
        """Loads, and turns what can go wrong outside this program into one line. No row's data is in it."""
        try:
            with sigterm_interrupts(), progress_shown(self.stderr) as progress:
                return ingest(
                    source=source,
                    as_of=as_of,
                    records=FirstRecords,
                    rejects_path=rejects,
                    dry_run=dry_run,
                    progress=progress,
                )
        except IngestRefused as refusal:
            raise CommandError(refusal.message, returncode=2) from None
        except DatabaseError as error:
            raise database_refusal(error) or CommandError(
                f"The database refused the leads: {first_line(error)}.", returncode=2
            ) from None


def _standard_input() -> BinaryIO:
    """Standard input without a buffer, whose lock a thread that waits for more would hold against Python's end."""
    return cast("BinaryIO", FileIO(os.dup(sys.stdin.fileno())))
