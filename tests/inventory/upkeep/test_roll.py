"""Generating inventory: a record exists once the lead has entered the bucket, and only one (contract, "Inventory")."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.db.models import F

from inventory.counting.compaction import counts_compare
from inventory.errors import RollInFuture
from inventory.models import InventoryRecord, YoungLead
from inventory.upkeep import roll as roll_module
from inventory.upkeep.roll import RollFailure, RollReport, inventory_generate
from leads.age import NEVER, AgeBucket
from leads.models import Lead
from tests.factories import InventoryFactory, LeadFactory
from tests.inventory.upkeep.poison import POISONS, SECRET, cure

pytestmark = pytest.mark.django_db


def roll(as_of: datetime) -> RollReport:
    return inventory_generate(as_of=as_of, now=as_of)


def young_lead(as_of: datetime, age: timedelta) -> Lead:
    lead = LeadFactory(as_of=as_of, age=age)
    YoungLead.objects.create(lead=lead, enters_at_utc=AgeBucket.MONTH_3_TO_5.enters_at(lead.created_at_utc))
    return lead


def records(lead: Lead) -> list[tuple[str, bool]]:
    """The lead's records in the order of its life: bucket, and whether the roll has closed it."""
    rows = InventoryRecord.objects.filter(lead=lead).order_by("expires_at_utc")
    return [(row.age_bucket, row.lapsed_at_utc is not None) for row in rows]


def test_a_young_lead_gets_its_first_record_at_90_days_to_the_second(as_of: datetime) -> None:
    lead = young_lead(as_of, timedelta(days=89, hours=23, minutes=59, seconds=59))
    assert roll(as_of).created == 0
    assert records(lead) == []
    assert roll(as_of + timedelta(seconds=1)).created == 1
    assert records(lead) == [("MONTH_3_TO_5", False)]
    assert not YoungLead.objects.exists()


def test_a_lead_goes_through_all_buckets_with_one_record_in_each(as_of: datetime) -> None:
    lead = young_lead(as_of, timedelta(days=0))
    for day in range(0, 800, 10):
        roll(lead.created_at_utc + timedelta(days=day))
    assert records(lead) == [
        ("MONTH_3_TO_5", True),
        ("MONTH_6_TO_8", True),
        ("MONTH_9_TO_11", True),
        ("MONTH_12_TO_23", True),
        ("MONTH_24_PLUS", False),
    ]
    last = InventoryRecord.objects.get(lead=lead, age_bucket="MONTH_24_PLUS")
    assert last.expires_at_utc == NEVER
    assert not InventoryRecord.objects.exclude(lapsed_at_utc__isnull=True).filter(lapsed_at_utc__lt=F("expires_at_utc"))


def test_the_key_of_a_record_does_not_tell_when_its_lead_entered_the_bucket(as_of: datetime) -> None:
    """It is shown before purchase. Its instant is that of the lead's own key: when the lead was loaded."""
    for age in (timedelta(days=89, hours=23, minutes=59), timedelta(days=89, hours=23)):
        young_lead(as_of, age)
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179, hours=23))
    before = set(InventoryRecord.objects.values_list("id", flat=True))
    time.sleep(0.002)  # so that a key of the roll's own instant would show
    assert roll(as_of + timedelta(hours=2)).created == 3
    made = InventoryRecord.objects.exclude(id__in=before)
    assert [record.id.int >> 80 for record in made] == [record.lead_id.int >> 80 for record in made]


def test_a_second_roll_finds_nothing_to_do(as_of: datetime) -> None:
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179))
    later = as_of + timedelta(days=1)
    assert roll(later) == RollReport(created=1, lapsed=1, sold_before=0, dry_run=False)
    assert roll(later) == RollReport(created=0, lapsed=0, sold_before=0, dry_run=False)


def test_a_sold_record_rolls_too_because_the_next_bucket_is_a_new_right(as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=179), sold_at_utc=as_of)
    assert roll(as_of + timedelta(days=1)) == RollReport(created=1, lapsed=0, sold_before=1, dry_run=False)
    sold = InventoryRecord.objects.get(id=record.id)
    assert sold.sold_at_utc == as_of
    fresh = InventoryRecord.objects.sellable(as_of + timedelta(days=1)).get()
    assert (fresh.lead_id, fresh.age_bucket) == (record.lead_id, "MONTH_6_TO_8")


def test_a_bucket_that_passed_unseen_gets_no_record(as_of: datetime) -> None:
    """A year without a roll: what could never be sold again is not made up afterwards."""
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=100))
    roll(as_of + timedelta(days=365))
    assert records(record.lead) == [("MONTH_3_TO_5", True), ("MONTH_12_TO_23", False)]


def test_a_dry_run_says_what_is_due_and_changes_nothing(as_of: datetime) -> None:
    young_lead(as_of, timedelta(days=89))
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179))
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179), sold_at_utc=as_of)
    tomorrow = as_of + timedelta(days=1)
    forecast = inventory_generate(as_of=tomorrow, now=as_of, dry_run=True)
    assert forecast == RollReport(created=3, lapsed=1, sold_before=1, dry_run=True)
    assert InventoryRecord.objects.filter(lapsed_at_utc__isnull=True).count() == 2
    done = roll(tomorrow)
    assert (done.created, done.lapsed, done.sold_before) == (3, 1, 1)


def test_a_roll_for_an_instant_to_come_is_refused(as_of: datetime) -> None:
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179))
    with pytest.raises(RollInFuture):
        inventory_generate(as_of=as_of + timedelta(days=1), now=as_of)
    assert InventoryRecord.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "TX"},
        {"county": ""},
        {"classification": "Silver"},
        {"expires_at_utc": NEVER},
        {"enters_at_utc": datetime(2020, 1, 1, tzinfo=UTC)},
        {"age_bucket": "MONTH_24_PLUS", "enters_at_utc": datetime(2020, 1, 1, tzinfo=UTC), "expires_at_utc": NEVER},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_database_refuses_a_record_that_does_not_agree_with_its_lead(
    as_of: datetime, wrong: dict[str, object]
) -> None:
    lead = LeadFactory(as_of=as_of)
    with pytest.raises(IntegrityError, match="does not agree with its lead"), transaction.atomic():
        InventoryFactory(as_of=as_of, lead=lead, **wrong)
    assert not InventoryRecord.objects.exists()


def test_the_database_refuses_a_record_that_is_sold_from_the_beginning(as_of: datetime) -> None:
    record = InventoryFactory.build(as_of=as_of, lead=LeadFactory(as_of=as_of), sold_at_utc=as_of)
    with pytest.raises(IntegrityError, match="does not agree"), transaction.atomic():
        record.save(force_insert=True)


@pytest.mark.parametrize("change", [{"lapsed_at_utc": None}, {"sold_at_utc": None}, {"state": "TX"}])
def test_the_database_keeps_what_became_of_a_record(as_of: datetime, change: dict[str, object]) -> None:
    record = InventoryFactory(as_of=as_of, sold_at_utc=as_of)
    roll(record.expires_at_utc)
    with pytest.raises(DatabaseError, match="update rows"), transaction.atomic():
        InventoryRecord.objects.filter(id=record.id).update(**change)


def test_the_database_refuses_a_second_record_for_a_lead_and_bucket(as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of)
    with pytest.raises(IntegrityError, match="inventory_once_per_lead_and_bucket"), transaction.atomic():
        InventoryFactory(as_of=as_of, lead=record.lead)


def test_the_database_refuses_a_sale_outside_the_window(as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of)
    with pytest.raises(IntegrityError, match="inventory_sold_within_its_window"), transaction.atomic():
        InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=record.expires_at_utc)
    early = record.enters_at_utc - timedelta(seconds=1)
    with pytest.raises(IntegrityError, match="inventory_sold_within_its_window"), transaction.atomic():
        InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=early)


# --- Leads that the database refuses ---


def due_leads(kind: str, count: int, as_of: datetime) -> list[Lead]:
    """Leads that are due a day after `as_of`, in one order of sale."""
    if kind == "young":
        return [young_lead(as_of, timedelta(days=89, seconds=n)) for n in range(count)]
    sold = {"sold_at_utc": as_of} if kind == "sold" else {}
    return [InventoryFactory(as_of=as_of, lead__age=timedelta(days=179, seconds=n), **sold).lead for n in range(count)]


def state_of_things() -> tuple[list[Any], list[Any]]:
    return list(InventoryRecord.objects.order_by("id").values()), list(YoungLead.objects.order_by("lead").values())


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("kind", ["unsold", "sold", "young"])
def test_a_lead_that_the_database_refuses_holds_up_no_other(
    as_of: datetime, kind: str, poison: Callable[[Lead], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll_module, "BATCH", 8)
    leads = due_leads(kind, 20, as_of)
    poisoned = [leads[0], leads[9], leads[10], leads[19]]
    for lead in poisoned:
        poison(lead)
    as_they_were = {lead.id: records(lead) for lead in poisoned}
    tomorrow = as_of + timedelta(days=1)

    report = roll(tomorrow)

    assert report.created == 16
    assert (report.lapsed, report.sold_before) == {"unsold": (16, 0), "sold": (0, 16), "young": (0, 0)}[kind]
    assert {failure.lead_id for failure in report.failures} == {lead.id for lead in poisoned}
    assert len(report.failures) == 4
    assert SECRET not in str(report)
    assert {lead.id: records(lead) for lead in poisoned} == as_they_were
    assert YoungLead.objects.count() == (4 if kind == "young" else 0)
    assert InventoryRecord.objects.sellable(tomorrow).count() == 16
    assert counts_compare() == []

    before = state_of_things()
    again = roll(tomorrow)
    assert (again.created, len(again.failures)) == (0, 4)
    left_alone = inventory_generate(as_of=tomorrow, now=tomorrow, leave_out={lead.id for lead in poisoned})
    assert (left_alone.created, left_alone.failures) == (0, ())
    assert state_of_things() == before

    for lead in poisoned:
        cure(lead.id)
    assert roll(tomorrow).created == 4
    assert InventoryRecord.objects.sellable(tomorrow).count() == 20


def test_a_county_from_before_its_limit_holds_up_no_roll(as_of: datetime) -> None:
    """An index cannot hold it, so the lead never enters a bucket."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads DROP CONSTRAINT lead_places_are_short")
    tomorrow = as_of + timedelta(days=1)
    county = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(80))  # nothing that can be compressed
    endless = LeadFactory(as_of=as_of, age=timedelta(days=89), county=county)
    YoungLead.objects.create(lead=endless, enters_at_utc=AgeBucket.MONTH_3_TO_5.enters_at(endless.created_at_utc))
    other = young_lead(as_of, timedelta(days=89))
    report = roll(tomorrow)
    assert report.failures == (RollFailure(endless.id, "ProgramLimitExceeded (inventory_open_by_county)"),)
    assert (report.created, records(other), records(endless)) == (1, [("MONTH_3_TO_5", False)], [])


def test_what_ails_the_database_and_no_lead_ends_the_roll(as_of: datetime) -> None:
    InventoryFactory(as_of=as_of, lead__age=timedelta(days=179))
    before = state_of_things()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE inventory_count_changes RENAME TO elsewhere")
    with pytest.raises(ProgrammingError, match="inventory_count_changes"), transaction.atomic():
        roll(as_of + timedelta(days=1))
    assert state_of_things() == before


@pytest.mark.parametrize(("sold", "index"), [(False, "inventory_open"), (True, "inventory_sold_due")])
def test_the_roll_finds_what_is_due_by_index(as_of: datetime, sold: bool, index: str) -> None:
    """Its cost must follow what is due: there is an index in the very order of the roll."""
    due = InventoryRecord.objects.filter(
        sold_at_utc__isnull=not sold, lapsed_at_utc__isnull=True, withheld=False, expires_at_utc__lte=as_of
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # the table is too small to care
        plan = due.order_by("expires_at_utc", "id")[:5000].explain()
    assert index in plan
    assert "Sort" not in plan
