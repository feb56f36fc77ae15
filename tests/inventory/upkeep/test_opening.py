"""Contract, "Inventory": the records that new leads are given."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from inventory.models import InventoryRecord, YoungLead
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.ingestion import IngestReport, Progress, ingest, loading
from leads.ingestion.cleaning import Cleaner
from leads.ingestion.columns import Header
from leads.models import Lead
from tests.leads.ingestion.csv_files import HEADER, csv_bytes, row

pytestmark = pytest.mark.django_db

CALLED = datetime(2026, 1, 15, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def load(*rows: list[str], as_of: datetime) -> IngestReport:
    return ingest(source=io.BytesIO(csv_bytes(*rows)), as_of=as_of, records=FirstRecords)


@pytest.mark.parametrize(
    ("age", "bucket"),
    [
        (timedelta(days=90), AgeBucket.MONTH_3_TO_5),
        (timedelta(days=180) - SECOND, AgeBucket.MONTH_3_TO_5),
        (timedelta(days=180), AgeBucket.MONTH_6_TO_8),
        (timedelta(days=270), AgeBucket.MONTH_9_TO_11),
        (timedelta(days=360), AgeBucket.MONTH_12_TO_23),
        (timedelta(days=720) - SECOND, AgeBucket.MONTH_12_TO_23),
        (timedelta(days=720), AgeBucket.MONTH_24_PLUS),
    ],
)
def test_a_lead_gets_the_record_of_the_bucket_that_it_is_in_and_no_other(age: timedelta, bucket: AgeBucket) -> None:
    report = load(row(county="caddo parish"), as_of=CALLED + age)
    record = InventoryRecord.objects.get()
    assert report.inventory_created == 1
    assert (record.age_bucket, record.expires_at_utc) == (bucket, bucket.expires_at(CALLED))
    assert (record.lead, record.state, record.county, record.classification) == (
        Lead.objects.get(), "LA", "Caddo", "Gold",
    )  # fmt: skip
    assert (record.sold_at_utc, record.lapsed_at_utc) == (None, None)
    assert InventoryRecord.objects.sellable(CALLED + age).get() == record
    assert not YoungLead.objects.exists()


def test_a_lead_that_is_too_young_is_noted_and_the_roll_finds_it_on_its_day() -> None:
    old_enough = CALLED + timedelta(days=90)
    report = load(row(), as_of=old_enough - SECOND)
    assert report.inventory_created == 0
    assert not InventoryRecord.objects.exists()
    assert YoungLead.objects.get().enters_at_utc == old_enough
    inventory_generate(as_of=old_enough, now=old_enough)
    assert InventoryRecord.objects.get().age_bucket == AgeBucket.MONTH_3_TO_5


def test_each_lead_of_a_file_has_its_own_place_in_time() -> None:
    called = [f"{day}-15-2024 12:00:00" for day in ("01", "06", "09", "11")] + [
        "03-15-2023 12:00:00",
        "01-01-2025 12:00:00",
    ]
    as_of = datetime(2025, 3, 1, tzinfo=UTC)
    report = load(*(row(mortgage_id=str(n), call_in_date=text) for n, text in enumerate(called)), as_of=as_of)
    assert (report.loaded, report.inventory_created) == (6, 5)
    for record in InventoryRecord.objects.select_related("lead"):
        assert record.age_bucket == AgeBucket.at(record.lead.created_at_utc, as_of)


def test_a_dry_run_foretells_the_records() -> None:
    as_of = CALLED + timedelta(days=90)
    rows = [row(), row(call_in_date="01-15-2026 12:00:01")]
    rehearsal = ingest(source=io.BytesIO(csv_bytes(*rows)), as_of=as_of, records=FirstRecords, dry_run=True)
    assert (rehearsal.inventory_created, InventoryRecord.objects.count(), YoungLead.objects.count()) == (1, 0, 0)
    assert load(*rows, as_of=as_of).inventory_created == 1


def test_records_that_do_not_agree_with_the_leads_are_refused_by_the_database() -> None:
    as_of = CALLED + timedelta(days=100)
    load(row(), as_of=as_of - timedelta(days=50))
    lead = Cleaner(Header(tuple(HEADER)), as_of=as_of).clean(row())
    other = lead._replace(id=str(Lead.objects.get().id), place=lead.place._replace(cells="LA|Bossier"))
    records = FirstRecords(as_of)
    rows = [records.row(other)]
    with pytest.raises(IntegrityError, match="does not agree"), transaction.atomic(), connection.cursor() as cursor:
        records.store(cursor=cursor, rows=rows)
    assert not InventoryRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_autovacuum_does_not_take_a_table_that_is_being_filled_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planner would then read whole indexes for each row of the load. Autovacuum skips what is locked, too."""
    monkeypatch.setattr(loading, "BATCH", 2)
    other = connection.copy()

    def analyse(progress: Progress) -> None:
        with other.cursor() as cursor:
            cursor.execute("ANALYZE (SKIP_LOCKED) leads, inventory")

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE leads, inventory CASCADE")
    rows = [row(mortgage_id=str(number)) for number in range(6)]
    ingest(
        source=io.BytesIO(csv_bytes(*rows)),
        as_of=CALLED + timedelta(days=90),
        records=FirstRecords,
        rejects_path=tmp_path / "r.csv",
        progress=analyse,
    )
    other.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(reltuples) FROM pg_class WHERE relname IN ('leads', 'inventory')")
        assert cursor.fetchone()[0] > 0
