"""Whatever a row of a file holds, it is refused by itself, or its lead passes through every bucket and every export."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exports.services import export_start_order, export_stream
from inventory.counting.compaction import counts_compare
from inventory.facts.criteria import Criteria
from inventory.models import InventoryRecord, WithheldLead
from inventory.upkeep.opening import FirstRecords
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import COUNTIES, STATES
from leads.ingestion import IngestOptions, IngestReport, ingest
from leads.models import Lead
from tests.factories import ClientFactory
from tests.leads.ingestion.csv_files import GOLD, HEADER, csv_bytes
from tests.leads.ingestion.loads import ALL_MAY_BE_REJECTED
from tests.sales.purchases import demand, end_of_load, place, set_prices

CALLED = (datetime(2011, 1, 1), datetime(2023, 3, 12, 2, 30), datetime(2024, 2, 29, 23, 59, 59))  # noqa: DTZ001
"""On the clocks of a state; the second is skipped by most."""


def incompressible(length: int, seed: int) -> str:
    """A text that takes as much room in an index as it has characters, four times over."""
    letters = Random(seed)
    return "".join(chr(letters.randrange(0x10000, 0x10FFFF)) for _ in range(length))


letters = st.one_of(
    st.sampled_from("\\|\t\r\n\",; =+-@'\x01\x1c\x7f\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}\ufeff\u2028\uffff"),
    st.characters(codec="utf-8"),
)
long_texts = st.builds(incompressible, st.sampled_from([99, 100, 101, 999, 1000, 1001, 5000]), st.integers(0, 9))
texts = st.one_of(st.text(letters, max_size=12), st.sampled_from(["", "N/A", "#REF!", "Caddo", "=1+1"]), long_texts)
places = st.one_of(texts, st.sampled_from([name for names in COUNTIES.values() for name in names]))
rows = st.fixed_dictionaries(
    dict.fromkeys(HEADER, texts) | {"State": st.sampled_from(sorted(STATES)), "County": places}
)
gold_rows = rows.map(lambda row: GOLD | {name: row[name] for name in ("State", "County", "City", "Zip", "Full Name")})


def load(file: bytes, as_of: datetime, folder: Path, *, dry_run: bool = False) -> IngestReport:
    report = ingest(
        source=io.BytesIO(file),
        as_of=as_of,
        records=FirstRecords,
        rejects_path=folder / "r.csv",
        dry_run=dry_run,
        options=IngestOptions(max_rejects=ALL_MAY_BE_REJECTED),
    )
    end_of_load()
    return report


def foretold(report: IngestReport) -> dict[str, Any]:
    """What a dry run has in common with the load."""
    own = ("dry_run", "load", "seconds", "rejects_file", "old_rejects_file", "seen_before", "common_keys")
    return {name: value for name, value in report.as_json().items() if name not in own}


def buy_everything(as_of: datetime) -> list[dict[str, str]]:
    """All that is for sale, bought by a client who has nothing yet, as it is exported."""
    demands = [
        demand(records, Criteria(classification=Classification(cell[0]), age_bucket=AgeBucket(cell[1])))
        for cell in sorted(set(InventoryRecord.objects.sellable(as_of).values_list("classification", "age_bucket")))
        if (records := InventoryRecord.objects.sellable(as_of).filter(classification=cell[0]).count())
    ]
    if not demands:
        return []
    client = ClientFactory()
    order = place(client, *demands, as_of=as_of)
    export = export_start_order(client_id=client.id, user=None, order_id=order.id, as_of=as_of)
    file = b"".join(export_stream(export)).decode()
    return list(csv.DictReader(io.StringIO(file, newline=""), strict=True))


@pytest.mark.django_db
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(st.one_of(rows, gold_rows), min_size=1, max_size=6),
    called=st.sampled_from(CALLED),
    buckets_passed=st.integers(0, len(AgeBucket)),
)
@example(drawn=[GOLD | {"County": incompressible(5_000, 0)}], called=CALLED[2], buckets_passed=0)
@example(drawn=[GOLD | {"County": incompressible(5_000, 0)}], called=CALLED[2], buckets_passed=1)
def test_any_row_is_refused_by_itself_or_passes_through_every_bucket_and_export(
    tmp_path: Path, drawn: list[dict[str, str]], called: datetime, buckets_passed: int
) -> None:
    """Loaded when it is still too young, or in any bucket; a day is more than zones differ by."""
    neighbour = GOLD | {"Mortage ID": "the neighbour"}
    cells = [{**row, "Call In Date": called.strftime("%m-%d-%Y %H:%M:%S")} for row in (*drawn, neighbour)]
    file = csv_bytes(*([row[name] for name in HEADER] for row in cells))
    everywhere = called.replace(tzinfo=UTC) + timedelta(days=1)
    stages = [everywhere, *(bucket.enters_at(everywhere) for bucket in AgeBucket)]
    begun = transaction.savepoint_create()
    try:
        set_prices(everywhere - timedelta(days=3))
        rehearsed = load(file, stages[buckets_passed], tmp_path, dry_run=True)
        loaded = load(file, stages[buckets_passed], tmp_path)
        assert foretold(loaded) == foretold(rehearsed)
        assert loaded.loaded + loaded.rejected + loaded.duplicates == len(cells)
        assert loaded.loaded
        leads = {str(lead.id): lead for lead in Lead.objects.all()}
        assert len(leads) == loaded.loaded
        assert any(lead.mortgage_id == "the neighbour" for lead in leads.values())

        latest = set(leads) - {str(held.lead_id) for held in WithheldLead.objects.all()}  # of each person
        assert latest

        for as_of in stages[buckets_passed:]:
            assert inventory_generate(as_of=as_of, now=as_of).failures == ()
            sold = buy_everything(as_of)
            assert {row["lead_id"] for row in sold} == (latest if as_of > everywhere else set())
            assert len(sold) == len({row["lead_id"] for row in sold})
            assert all(row["state"] == leads[row["lead_id"]].state for row in sold)
        assert counts_compare() == []
    finally:
        transaction.savepoint_rollback(begun)
