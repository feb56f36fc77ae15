"""The row of a load, written by the load's own transaction (contract, "Load")."""

import os
from datetime import datetime
from pathlib import Path

from django.db import connection

from homeshield.lib.origin import origin
from leads.ingestion.report import IngestReport
from leads.loads.models import Load, LoadOutcome

COLUMNS_KEPT = 200
"""Names of unknown columns that a load keeps, and counties that matched nothing: a file may hold any number of them."""


def load_begin(*, named: Path | None, supplier: str, as_of: datetime) -> Load:
    """A load that is under way: its leads refer to it from the first batch on. `named` is None for standard input."""
    name = os.fsencode(named.name).decode(errors="replace") if named else ""
    return Load.objects.create(file_name=name, supplier=supplier, loaded_at_utc=as_of, loaded_by=origin().actor.name)


def load_finish(load: Load, report: IngestReport) -> None:
    """Writes what became of the file into its load, and the load's number into the report. The database refuses a
    second time."""
    report.load = load.id
    load.sha256 = report.sha256
    load.outcome = LoadOutcome.LOADED if report.loaded else LoadOutcome.NOTHING_NEW
    for count in ("rows", "loaded", "duplicates", "rejected", "opted_out", "gold", "silver", "without_phone"):
        setattr(load, count, getattr(report, count))
    load.seen_before, load.common_keys, _ = report.persons
    load.reject_reasons = dict(report.reject_reasons.most_common())
    load.missing_columns = list(report.missing_columns)
    load.unknown_columns = [_storable(name) for name in report.unknown_columns[:COLUMNS_KEPT]]
    load.unmatched_leads = report.unmatched_leads
    load.unmatched_counties = [
        {"state": state, "county": county, "leads": leads}
        for (state, county), leads in report.unmatched_counties.most_common(COLUMNS_KEPT)
    ]
    load.save()


def load_summarize() -> None:
    """Brings the new leads into the index of loads. Without it, each search for a load's leads reads all that came
    since the last vacuum."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT brin_summarize_new_values('leads_by_load')")


def _storable(text: str) -> str:
    """Without what no text of the database can hold: NUL, and lone surrogates."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
