"""What the database itself keeps of withdrawals and persons, whoever writes."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compare
from inventory.counting.reading import available_count
from inventory.facts.criteria import Criteria
from inventory.listing import records_page
from inventory.models import (
    InventoryRecord,
    PersonLink,
    Withdrawal,
    WithdrawalTakenBack,
    WithdrawnLead,
    WithheldLead,
    YoungLead,
)
from inventory.upkeep.roll import inventory_generate
from inventory.withholding.models import Reason
from leads.models import Lead
from tests.factories import InventoryFactory, LeadFactory, stock

pytestmark = pytest.mark.django_db


def withdrawn(*leads: Lead, as_of: datetime, reason: Reason = Reason.OTHER) -> Withdrawal:
    withdrawal = Withdrawal.objects.create(reason=reason, withdrawn_at_utc=as_of)
    WithdrawnLead.objects.bulk_create([WithdrawnLead(lead=lead, withdrawal=withdrawal) for lead in leads])
    return withdrawal


def take_back(withdrawal: Withdrawal, as_of: datetime) -> None:
    WithdrawalTakenBack.objects.create(withdrawal=withdrawal, taken_back_at_utc=as_of)


def link(one: Lead, other: Lead) -> None:
    PersonLink.objects.bulk_create([PersonLink(lead=one, other=other), PersonLink(lead=other, other=one)])


def held() -> dict[object, tuple[bool, bool]]:
    return {lead: (own, theirs) for lead, own, theirs in WithheldLead.objects.values_list()}


def on_sale(as_of: datetime) -> int:
    """By the counts, which the list must confirm."""
    counted = available_count(criteria=Criteria(), buyer=Buyer(), as_of=as_of)
    listed = records_page(criteria=Criteria(), buyer=Buyer(), as_of=as_of, cursor=None).rows
    assert len(listed) == counted
    assert counts_compare() == []
    return counted


def test_a_withdrawn_lead_is_neither_counted_nor_listed_until_the_withdrawal_is_taken_back(as_of: datetime) -> None:
    first, second, _ = stock(3, as_of=as_of)
    withdrawal = withdrawn(first.lead, second.lead, as_of=as_of)
    assert on_sale(as_of) == 1
    assert held() == {first.lead_id: (True, False), second.lead_id: (True, False)}
    take_back(withdrawal, as_of)
    assert on_sale(as_of) == 3
    assert held() == {}


def test_a_lead_is_withdrawn_as_long_as_one_of_its_withdrawals_holds(as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of)
    first, second = withdrawn(record.lead, as_of=as_of), withdrawn(record.lead, as_of=as_of)
    take_back(first, as_of)
    assert on_sale(as_of) == 0
    take_back(second, as_of)
    assert on_sale(as_of) == 1


def test_of_linked_leads_the_latest_that_is_not_withdrawn_is_on_sale(as_of: datetime) -> None:
    """stock() makes each lead a second older than the one before."""
    latest, middle, oldest = (record.lead for record in stock(3, as_of=as_of))
    for one, other in ((latest, middle), (middle, oldest), (latest, oldest)):
        link(one, other)
    withdrawal = withdrawn(latest, as_of=as_of)
    assert held() == {latest.id: (True, False), oldest.id: (False, True)}
    take_back(withdrawal, as_of)
    assert held() == {middle.id: (False, True), oldest.id: (False, True)}
    assert on_sale(as_of) == 1


def test_a_lead_that_aged_while_it_was_withheld_comes_back_in_the_bucket_of_then(as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=170))
    withdrawal = withdrawn(record.lead, as_of=as_of)
    later = as_of + timedelta(days=20)
    assert inventory_generate(as_of=later, now=later).created == 0
    take_back(withdrawal, later)
    record.refresh_from_db()
    assert (record.withheld, record.lapsed_at_utc) == (False, later)
    [opened] = InventoryRecord.objects.exclude(id=record.id)
    assert (opened.age_bucket, opened.id.version, opened.id.int >> 80) == (
        "MONTH_6_TO_8",
        7,
        record.lead_id.int >> 80,  # it tells as little of when it was made as one of the roll's
    )
    assert on_sale(later) == 1


def test_the_roll_closes_a_sold_record_of_a_withheld_lead_and_opens_none(as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=170), sold_at_utc=as_of)
    withdrawal = withdrawn(record.lead, as_of=as_of)
    record.refresh_from_db()
    assert record.withheld is False  # what was sold stays so
    later = as_of + timedelta(days=20)
    assert inventory_generate(as_of=later, now=later, dry_run=True).created == 0
    report = inventory_generate(as_of=later, now=later)
    assert (report.created, report.sold_before) == (0, 1)
    assert on_sale(later) == 0
    take_back(withdrawal, later)
    assert on_sale(later) == 1


@pytest.mark.parametrize(("days", "sellable"), [(1, 0), (40, 1)])
def test_a_young_lead_that_is_withheld_is_forgotten_by_the_roll_and_noted_again(
    as_of: datetime, days: int, sellable: int
) -> None:
    lead = LeadFactory(as_of=as_of, age=timedelta(days=60))
    YoungLead.objects.create(lead=lead, enters_at_utc=as_of + timedelta(days=30))
    withdrawal = withdrawn(lead, as_of=as_of)
    later = as_of + timedelta(days=days)
    inventory_generate(as_of=later, now=later)
    assert on_sale(later) == 0
    take_back(withdrawal, later)
    assert on_sale(later) == sellable
    assert YoungLead.objects.filter(enters_at_utc=as_of + timedelta(days=30)).exists() is not bool(sellable)


@pytest.mark.parametrize("reason", [Reason.OPT_OUT, Reason.ERASED])
def test_what_a_person_asked_for_is_not_taken_back(as_of: datetime, reason: Reason) -> None:
    [record] = stock(1, as_of=as_of)
    withdrawal = withdrawn(record.lead, as_of=as_of, reason=reason)
    with pytest.raises(IntegrityError, match="what a person asked for"), transaction.atomic():
        take_back(withdrawal, as_of)
    assert on_sale(as_of) == 0


def test_a_withheld_record_cannot_be_sold(as_of: datetime) -> None:
    [record] = stock(1, as_of=as_of)
    withdrawn(record.lead, as_of=as_of)
    with pytest.raises(IntegrityError, match="inventory_withheld_is_not_sold"), transaction.atomic():
        InventoryRecord.objects.update(sold_at_utc=as_of)
    assert InventoryRecord.objects.get().sold_at_utc is None


def test_no_record_of_a_withheld_lead_is_opened(as_of: datetime) -> None:
    lead = LeadFactory(as_of=as_of)
    withdrawn(lead, as_of=as_of)
    with pytest.raises(IntegrityError, match="does not agree with its lead"), transaction.atomic():
        InventoryFactory(as_of=as_of, lead=lead)
    assert not InventoryRecord.objects.exists()


@pytest.mark.parametrize("table", ["withdrawals", "withdrawn_leads", "withdrawals_taken_back"])
def test_withdrawals_are_rows_that_stay(as_of: datetime, table: str) -> None:
    [record] = stock(1, as_of=as_of)
    take_back(withdrawn(record.lead, as_of=as_of), as_of)
    refused = pytest.raises(ProgrammingError, match="Cannot update or delete")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert WithdrawnLead.objects.count() == Withdrawal.objects.count() == WithdrawalTakenBack.objects.count() == 1
