"""Of several inquiries of one person only the latest is on sale, whatever came in which order (contract, "Person")."""

from datetime import datetime, timedelta

import pytest

from inventory.counting.compaction import counts_compare
from inventory.errors import Shortage
from inventory.exclusion.upkeep import exclusions_compare
from inventory.facts.criteria import Criteria
from inventory.models import CommonKey
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from leads.ingestion import Persons
from leads.models import Lead
from tests.factories import ClientFactory
from tests.inventory.withholding.people import (
    Inquiry,
    key,
    links_now,
    load,
    on_sale,
)
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def days(age: int, *, phone: int | None = 1, call_in: int | None = None) -> Inquiry:
    return Inquiry(phone, call_in, timedelta(days=age))


@pytest.mark.parametrize("latest_first", [False, True])
def test_of_two_inquiries_the_latest_is_on_sale_in_whichever_order_they_are_loaded(
    as_of: datetime, latest_first: bool
) -> None:
    ages = (200, 400) if latest_first else (400, 200)
    for age in ages:
        load(days(age), as_of=as_of)
    [lead] = Lead.objects.filter(id__in=on_sale(as_of))
    assert lead.created_at_utc == as_of - timedelta(days=200)


def test_who_called_again_last_week_is_not_sold_as_a_call_of_last_year(as_of: datetime) -> None:
    load(days(400), as_of=as_of)
    load(days(7), as_of=as_of)
    assert on_sale(as_of) == set()
    later = as_of + timedelta(days=83)
    inventory_generate(as_of=later, now=later)
    [lead] = Lead.objects.filter(id__in=on_sale(later))
    assert lead.created_at_utc == as_of - timedelta(days=7)


def test_a_borrowers_number_meets_the_number_that_another_called_from(as_of: datetime) -> None:
    [old], _ = load(days(400, phone=1, call_in=2), as_of=as_of)
    [new], found = load(days(200, phone=2, call_in=3), as_of=as_of)
    assert found == Persons(seen_before=1)
    assert links_now() == {(old.id, new.id), (new.id, old.id)}
    assert on_sale(as_of) == {new.id}


def test_a_chain_of_shared_numbers_makes_no_person_of_its_ends(as_of: datetime) -> None:
    """The oldest shares a number with the middle one alone; that one is superseded, and supersedes all the same."""
    leads, _ = load(days(400, phone=1, call_in=2), days(300, phone=2, call_in=3), days(200, phone=3), as_of=as_of)
    assert on_sale(as_of) == {leads[2].id}
    assert (leads[0].id, leads[2].id) not in links_now()


def test_two_inquiries_of_one_instant_leave_one_on_sale(as_of: datetime) -> None:
    leads, _ = load(days(200), days(200), as_of=as_of)
    assert on_sale(as_of) == {max(lead.id for lead in leads)}


def test_a_number_that_a_sixth_lead_bears_is_nobodys(as_of: datetime) -> None:
    five, found = load(*(days(200 + n) for n in range(5)), as_of=as_of)
    assert (found, on_sale(as_of)) == (Persons(), {five[0].id})
    [sixth], found = load(days(150), as_of=as_of)
    assert found == Persons(common_keys=1)
    assert links_now() == set()
    assert on_sale(as_of) == {lead.id for lead in five} | {sixth.id}
    assert set(CommonKey.objects.values_list("key", flat=True)) == {key(1)}
    _, found = load(*(days(200 + n) for n in range(3)), as_of=as_of)
    assert found == Persons()  # it was known
    assert len(on_sale(as_of)) == 9
    assert counts_compare() == []


def test_leads_that_share_another_number_stay_one_person_when_one_becomes_common(as_of: datetime) -> None:
    pair, _ = load(days(300, phone=1, call_in=2), days(200, phone=2, call_in=1), as_of=as_of)
    load(*(days(500 + n) for n in range(4)), as_of=as_of)
    assert set(CommonKey.objects.values_list("key", flat=True)) == {key(1)}
    assert links_now() == {(pair[0].id, pair[1].id), (pair[1].id, pair[0].id)}
    assert len(on_sale(as_of)) == 5


def test_who_was_superseded_through_a_birthday_comes_back_in_the_bucket_of_then(as_of: datetime) -> None:
    """The key becomes common years later: the lead's old record has lapsed, and the one of its present age opens."""
    [old], _ = load(days(170), as_of=as_of)
    load(days(160), as_of=as_of)
    later = as_of + timedelta(days=30)
    inventory_generate(as_of=later, now=later)
    load(*(days(500 + n) for n in range(4)), as_of=later)
    assert old.id in on_sale(later)
    records = {record.age_bucket: record.lapsed_at_utc for record in old.inventory.all()}
    assert records == {"MONTH_3_TO_5": later, "MONTH_6_TO_8": None}


@pytest.mark.parametrize("rolled_meanwhile", [True, False])
def test_a_lead_that_is_released_is_sold_in_the_bucket_that_the_roll_has_come_to(
    as_of: datetime, rolled_meanwhile: bool
) -> None:
    """A load takes minutes. Meanwhile the window of a sold record may end, and the roll closes it for good."""
    set_prices(as_of - timedelta(days=1))
    [old], _ = load(days(170), as_of=as_of)
    buy(ClientFactory(), 1, GOLD_3, as_of=as_of)
    load(days(160), as_of=as_of)
    later = as_of + timedelta(days=15)
    if rolled_meanwhile:
        inventory_generate(as_of=later, now=later)
    load(*(days(500 + n) for n in range(4)), as_of=as_of + timedelta(days=5))
    inventory_generate(as_of=later, now=later)
    assert old.id in on_sale(later)
    assert {record.age_bucket for record in old.inventory.all()} == {"MONTH_3_TO_5", "MONTH_6_TO_8"}


def test_who_owns_a_person_is_not_sold_the_later_inquiry_and_others_are(as_of: datetime) -> None:
    set_prices(as_of - timedelta(days=1000))
    first, second = ClientFactory(), ClientFactory()
    load(days(200), as_of=as_of)
    buy(first, 1, GOLD_6, as_of=as_of)
    load(days(190), as_of=as_of)
    with pytest.raises(Shortage):
        buy(first, 1, GOLD_6, as_of=as_of)
    assert buy(second, 1, GOLD_6, as_of=as_of).quantity == 1
    assert counts_compare() == []
    assert exclusions_compare() == []
