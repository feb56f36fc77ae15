"""`manage.py ingest_csv`: loads a call-center CSV and opens the inventory records of its leads."""

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils import timezone

from homeshield.lib.commands import DatabaseCommand, database_refusal, first_line, sigterm_interrupts, write_json
from homeshield.lib.errors import DomainError
from homeshield.lib.numbers import Fault, NotANumber, read_number, read_whole
from inventory.counting.compaction import counts_tidy
from inventory.upkeep.opening import FirstRecords
from leads.ingestion import IngestOptions, IngestReport, MaxRejects, fields_named, ingest
from leads.ingestion.columns import COLUMNS, EXPECTED
from leads.ingestion.encodings import UTF_8, WINDOWS
from leads.ingestion.options import HALF
from leads.loads.comparing import Comparison, load_compare
from leads.loads.models import UNKNOWN_SUPPLIER, Load
from leads.loads.reading import comparison_json, same_file_before
from leads.management.commands.loads import supplier_argument
from leads.management.ingest_terminal import prices_json, progress_shown, summary_print, too_many_rejected
from pricing.discounts.prices import GeneralPrices
from pricing.selectors import prices_in_force


class Command(DatabaseCommand):
    help = (
        "Loads leads from a call-center CSV, all of the file or nothing. Rows that are leads already are skipped; rows "
        "that cannot be loaded go to a rejects file with the reasons, to be mended and loaded again. Stock that it "
        "makes without a price in force is named. "
        "Exit code 0 when the file was processed, 2 when it was refused whole, 3 when more rows were rejected than "
        "--max-rejects allows (nothing is loaded then), 130 when interrupted."
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
        parser.add_argument(
            "--raw-rejects",
            action="store_true",
            help="keep rejected cells as they came, also where a spreadsheet would take them for formulas",
        )
        parser.add_argument(
            "--max-rejects",
            type=max_rejects,
            default=HALF,
            metavar="N|N%%",
            help="load nothing where more rows are rejected: a number, or a percentage of all rows (50%%)",
        )
        parser.add_argument(
            "--allow-missing",
            action="append",
            default=[],
            metavar="COLUMN",
            help="load a file without this column; repeatable. Files are refused that lack one of "
            f"{', '.join(COLUMNS[field] for field in EXPECTED)}",
        )
        parser.add_argument(
            "--encoding",
            default=UTF_8,
            metavar="NAME",
            help=f"how the file's text is encoded ({UTF_8}), such as {WINDOWS}",
        )
        parser.add_argument(
            "--supplier",
            type=supplier_argument,
            metavar="CODE",
            help="who sold us these leads: a short code, kept with the load and compared with the code's loads before",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, file: str, dry_run: bool, rejects: Path | None, json: bool, **options: Any) -> None:
        source = _standard_input() if file == "-" else Path(file)
        as_of = timezone.now()
        report = self._ingest(source, rejects, dry_run, as_of, options)
        prices = self._prices(as_of)
        comparison, same = self._earlier_loads(report)
        if json:
            write_json(self, report.as_json() | comparison_json(comparison, same) | prices_json(report, prices))
        else:
            summary_print(
                report,
                name="standard input" if file == "-" else file,
                prices=prices,
                comparison=comparison,
                same=same,
                out=self.stdout,
            )
        self.stdout.flush()
        if not dry_run:
            with suppress(DatabaseError):  # the file is loaded, and told so; autovacuum comes as well
                counts_tidy()
        if report.too_many_rejected:
            raise CommandError(too_many_rejected(report), returncode=3)

    def _earlier_loads(self, report: IngestReport) -> tuple[Comparison, Load | None]:
        """Nothing where the database does not tell: the file is loaded all the same."""
        try:
            same = same_file_before(report.sha256, before=report.load)
            return load_compare(report, before=report.load), same
        except DatabaseError:
            return Comparison(0, ()), None

    def _prices(self, as_of: datetime) -> GeneralPrices | None:
        """None where the database does not tell: the file is loaded all the same."""
        try:
            return prices_in_force(as_of)
        except DatabaseError:
            return None

    def _ingest(
        self, source: Path | BinaryIO, rejects: Path | None, dry_run: bool, as_of: datetime, options: dict[str, Any]
    ) -> IngestReport:
        """Loads, and turns what can go wrong outside this program into one line. No row's data is in it."""
        try:
            with sigterm_interrupts(), progress_shown(self.stderr) as progress:
                return ingest(
                    source=source,
                    as_of=as_of,
                    records=FirstRecords,
                    rejects_path=rejects,
                    dry_run=dry_run,
                    options=IngestOptions(
                        may_lack=fields_named(options["allow_missing"]),
                        encoding=options["encoding"],
                        max_rejects=options["max_rejects"],
                        raw_rejects=options["raw_rejects"],
                        supplier=options["supplier"] or UNKNOWN_SUPPLIER,
                    ),
                    progress=progress,
                )
        except DomainError as refusal:
            raise CommandError(refusal.message, returncode=2) from None
        except DatabaseError as error:
            raise database_refusal(error) or CommandError(
                f"The database refused the leads: {first_line(error)}.", returncode=2
            ) from None


def max_rejects(text: str) -> MaxRejects:
    """An argparse type: `100`, `50%`, `2.5%`."""
    number, percent, behind = text.partition("%")
    try:
        if behind.strip():
            raise NotANumber(Fault.INVALID)
        value = read_number(number) if percent else Decimal(read_whole(number))
    except NotANumber as error:
        raise ArgumentTypeError(f"{text!r} is not a number of rows, nor a percentage such as 50%. {error}") from None
    if percent and value > 100:
        raise ArgumentTypeError(f"{text!r} is more than all rows: a percentage goes up to 100%")
    return MaxRejects(value, is_percentage=bool(percent))


def _standard_input() -> BinaryIO:
    """Standard input without a buffer, whose lock a thread that waits for more would hold against Python's end."""
    return cast("BinaryIO", FileIO(os.dup(sys.stdin.fileno())))
