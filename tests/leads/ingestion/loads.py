"""Loading files of fictional leads, for tests."""

import io
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from django.db.backends.utils import CursorWrapper

from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import IngestOptions, IngestReport, MaxRejects, NewLead, Persons, ingest
from tests.leads.ingestion.csv_files import row

type Cell = tuple[Classification, AgeBucket]

AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)


class CountOnly:
    """Stores nothing for new leads."""

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of

    def row(self, lead: NewLead) -> Cell | None:
        bucket = AgeBucket.at(lead.created_at_utc, self._as_of)
        return (lead.classification, bucket) if bucket else None

    def count(self, rows: Sequence[Cell | None]) -> Counter[Cell]:
        return Counter(filter(None, rows))

    def store(self, *, cursor: CursorWrapper, rows: Sequence[Cell | None]) -> None:
        pass

    def complete(self, *, load_id: int, began_at_utc: datetime) -> Persons:
        return Persons()


ALL_MAY_BE_REJECTED = MaxRejects(Decimal(100), is_percentage=True)


def load(
    source: Path | bytes,
    *,
    dry_run: bool = False,
    rejects_path: Path | None = None,
    options: IngestOptions | None = None,
) -> IngestReport:
    return ingest(
        source=io.BytesIO(source) if isinstance(source, bytes) else source,
        as_of=AS_OF,
        records=CountOnly,
        dry_run=dry_run,
        rejects_path=rejects_path,
        options=options or IngestOptions(max_rejects=ALL_MAY_BE_REJECTED),
    )


def outcome(report: IngestReport) -> tuple[int, int, int, int]:
    return report.rows, report.loaded, report.duplicates, report.rejected


def rows(count: int) -> list[list[str]]:
    return [row(mortgage_id=f"{n:06}") for n in range(count)]
