"""Loading files of fictional leads, for tests."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.db.backends.utils import CursorWrapper

from leads.ingestion import IngestReport, NewLead, ingest
from tests.leads.ingestion.csv_files import row

AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)


def count_only(*, cursor: CursorWrapper, leads: Sequence[NewLead], as_of: datetime) -> int:
    return len(leads)


def load(source: Path | bytes, *, dry_run: bool = False, rejects_path: Path | None = None) -> IngestReport:
    return ingest(
        source=io.BytesIO(source) if isinstance(source, bytes) else source,
        as_of=AS_OF,
        on_loaded=count_only,
        dry_run=dry_run,
        rejects_path=rejects_path,
    )


def outcome(report: IngestReport) -> tuple[int, int, int, int]:
    return report.rows, report.loaded, report.duplicates, report.rejected


def rows(count: int) -> list[list[str]]:
    return [row(mortgage_id=f"{n:06}") for n in range(count)]
