"""This client, not this lead (contract, "Exclusion"): whatever the reason, one table says so, and counts follow it."""

from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from homeshield.accounts.models import Client
from inventory.allocation import services
from inventory.buyer import Buyer
from inventory.counting.compaction import counts_compact, counts_compare
from inventory.counting.reading import availability, locations
from inventory.errors import Shortage
from inventory.exclusion.upkeep import PairDifference, exclusions_compare
from inventory.facts.criteria import Criteria
from inventory.listing import records_page
from inventory.models import CountChange, Exclusion, InventoryRecord, SuppressionEntry
from inventory.upkeep.roll import inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from sales.errors import Busy
from tests.factories import ClientFactory, InventoryFactory, LeadFactory, stock
from tests.inventory.brute_force import counted_one_by_one
from tests.inventory.withholding.people import Inquiry, key, load
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def exclude(client: Client, *records: InventoryRecord, owned: bool = False, listed: bool = False) -> None:
    Exclusion.objects.bulk_create(
        Exclusion(lead_id=record.lead_id, client=client, owned=owned, listed=listed) for record in records
    )


def numbers(client: Client | None, as_of: datetime, criteria: Criteria = GOLD_6) -> tuple[int, int, int]:
    """Available, owned and on lists; as the counts say it, and record by record."""
    found = availability(criteria=criteria, buyer=Buyer(client.id if client else None), as_of=as_of)
    assert found == counted_one_by_one(criteria, Buyer(client.id if client else None), as_of)
    assert counts_compare() == []
    return found.total, found.owned, found.suppressed


def test_both_reasons_are_counted_apart_and_a_lead_with_both_as_owned(client: Client, as_of: datetime) -> None:
    records = stock(10, as_of=as_of)
    exclude(client, *records[:3], listed=True)
    exclude(client, *records[3:5], owned=True)
    exclude(client, records[5], owned=True, listed=True)
    assert numbers(client, as_of) == (4, 3, 3)
    assert numbers(ClientFactory(), as_of) == numbers(None, as_of) == (10, 0, 0)
    counts_compact()
    assert numbers(client, as_of) == (4, 3, 3)


def test_what_is_excluded_is_not_sold_listed_or_offered(client: Client, as_of: datetime) -> None:
    records = stock(5, as_of=as_of)
    exclude(client, *records[:2], listed=True)
    exclude(client, records[2], owned=True)
    rows = records_page(criteria=GOLD_6, buyer=Buyer(client.id), as_of=as_of, cursor=None).rows
    assert {row.id for row in rows} == {record.id for record in records[3:]}
    with pytest.raises(Shortage) as refusal:
        buy(client, 3, GOLD_6, as_of=as_of)
    assert refusal.value.available == 2
    assert [offer.available for offer in refusal.value.alternatives] == [2]
    assert numbers(client, as_of) == (2, 1, 2)
    assert buy(client, 2, GOLD_6, as_of=as_of).quantity == 2
    assert locations(buyer=Buyer(client.id), as_of=as_of) == {}
    assert buy(ClientFactory(), 3, GOLD_6, as_of=as_of).quantity == 3


def test_a_pair_that_comes_changes_its_reason_or_goes_changes_the_counts_at_once(
    client: Client, as_of: datetime
) -> None:
    records = stock(3, as_of=as_of)
    exclude(client, *records, listed=True)
    pairs = Exclusion.objects.filter(client=client)
    assert numbers(client, as_of) == (0, 0, 3)
    pairs.filter(lead_id=records[0].lead_id).update(owned=True)
    assert numbers(client, as_of) == (0, 1, 2)
    before = CountChange.objects.count()
    pairs.filter(lead_id=records[0].lead_id).update(listed=False)
    assert CountChange.objects.count() == before, "who owns a lead owns it, on a list or not"
    pairs.filter(lead_id=records[1].lead_id).delete()
    assert numbers(client, as_of) == (1, 1, 1)
    pairs.all().delete()
    assert numbers(client, as_of) == (3, 0, 0)


def test_pairs_follow_their_lead_into_its_next_bucket(client: Client, as_of: datetime) -> None:
    records = stock(4, as_of=as_of, age_days=179)
    other = ClientFactory()
    exclude(other, *records[:3], listed=True)
    buy(client, 2, GOLD_3, as_of=as_of)
    assert (
        numbers(other, as_of, GOLD_3)[2]
        == Exclusion.objects.filter(client=other, lead__inventory__sold_at_utc=None).count()
    )
    later = as_of + timedelta(days=2)
    inventory_generate(as_of=later, now=later)
    assert numbers(client, later) == (2, 2, 0)
    assert numbers(other, later) == (1, 0, 3)
    buy(ClientFactory(), 4, GOLD_6, as_of=later)
    assert numbers(client, later) == numbers(other, later) == (0, 0, 0)


def test_a_lead_that_its_owner_lists_afterwards_is_listed_too_and_counts_as_owned(
    client: Client, as_of: datetime
) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=179))
    buy(client, 1, GOLD_3, as_of=as_of)
    Exclusion.objects.filter(client=client, lead=record.lead_id).update(listed=True)
    later = as_of + timedelta(days=2)
    inventory_generate(as_of=later, now=later)
    assert numbers(client, later) == (0, 1, 0)


def test_no_pair_is_without_a_reason(client: Client, as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of)
    with pytest.raises(IntegrityError, match="exclusion_has_a_reason"):
        exclude(client, record)


def test_the_database_refuses_a_sale_of_a_lead_that_is_excluded(
    client: Client, as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the picking forgets to ask."""
    records = stock(2, as_of=as_of)
    exclude(client, records[1], listed=True)
    monkeypatch.setattr(services, "open_to", lambda buyer, state=None: [])
    with pytest.raises(Busy):  # and so it was tried again, as where the pair comes in between
        buy(client, 2, GOLD_6, as_of=as_of)
    assert numbers(client, as_of) == (1, 0, 1)
    assert Exclusion.objects.count() == 1


def on_a_list(client: Client, key: UUID) -> None:
    SuppressionEntry.objects.create(list_id=uuid4(), key=key, client=client, generation=0)


def test_pairs_that_nothing_explains_and_missing_ones_are_found_and_mended(client: Client, as_of: datetime) -> None:
    keys = [uuid4() for _ in range(4)]
    leads = [LeadFactory(as_of=as_of, age=timedelta(days=170), phone_key=key) for key in keys]
    records = {lead.id: InventoryFactory(as_of=as_of, lead=lead) for lead in leads}
    buy(client, 1, GOLD_3, as_of=as_of)
    [bought] = Exclusion.objects.all()
    stray, half, missed = [record for lead, record in records.items() if lead != bought.lead_id]
    exclude(client, stray, owned=True)
    exclude(client, half, owned=True, listed=True)
    for record in (half, missed):
        on_a_list(client, record.lead.phone_key)
    Exclusion.objects.filter(lead=bought.lead_id).delete()
    assert sorted(exclusions_compare(), key=str) == sorted(
        [
            PairDifference(bought.lead_id, client.id, owned=True, listed=False),
            PairDifference(stray.lead_id, client.id, owned=False, listed=False),
            PairDifference(half.lead_id, client.id, owned=False, listed=True),
            PairDifference(missed.lead_id, client.id, owned=False, listed=True),
        ],
        key=str,
    )
    with pytest.raises(CommandError, match="4 pairs of client and lead were not what sales, persons and lists say"):
        call_command("check_inventory_status", verify=True, stdout=StringIO())
    assert exclusions_compare() == []
    assert numbers(client, as_of, GOLD_3) == (1, 0, 2)
    assert set(Exclusion.objects.values_list("lead_id", "owned", "listed")) == {
        (bought.lead_id, True, False),
        (half.lead_id, False, True),
        (missed.lead_id, False, True),
    }


def test_a_list_holds_for_later_loads_and_a_number_that_becomes_common_excludes_nothing(
    client: Client, as_of: datetime
) -> None:
    for number in (1, 2, 3):
        on_a_list(client, key(number) or uuid4())
    [one, two], _ = load(Inquiry(1, None, timedelta(days=200)), Inquiry(9, 2, timedelta(days=200)), as_of=as_of)
    assert numbers(client, as_of) == (0, 0, 2)
    assert exclusions_compare() == []
    load(*(Inquiry(1, 3 if n == 0 else None, timedelta(days=201 + n)) for n in range(5)), as_of=as_of)
    listed = set(Exclusion.objects.filter(client=client).values_list("lead_id", flat=True))
    assert one.id not in listed
    assert two.id in listed
    assert len(listed) == 2, "that one has another number, which is on the list"
    assert numbers(client, as_of)[2] == 2
    assert exclusions_compare() == []
