"""Whoever bought a lead owns the person, under whichever lead it comes (contract, "Exclusion")."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from homeshield.accounts.models import Client
from inventory.allocation import services
from inventory.counting.compaction import counts_compare
from inventory.exclusion.loads import exclusions_for_load, exclusions_sold_meanwhile
from inventory.exclusion.upkeep import exclusions_compare, exclusions_rebuild
from inventory.models import Exclusion, InventoryRecord, PersonLink
from inventory.withholding import statements_of_loads
from sales.errors import Busy
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.inventory.exclusion.test_pairs import GOLD_6, exclude, numbers
from tests.sales.purchases import buy, set_prices

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def link(one: InventoryRecord, other: InventoryRecord) -> None:
    PersonLink.objects.bulk_create(
        PersonLink(lead_id=own, other_id=theirs)
        for own, theirs in ((one.lead_id, other.lead_id), (other.lead_id, one.lead_id))
    )


def end_of_load(*touched: InventoryRecord, began: datetime) -> None:
    """The pairs of a load that has touched these leads."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE persons_touched (lead_id uuid NOT NULL) ON COMMIT DROP")
        cursor.execute("CREATE TEMPORARY TABLE key_bearers (key uuid, lead_id uuid) ON COMMIT DROP")
        cursor.execute(statements_of_loads.UNLINKED)
        cursor.execute("INSERT INTO persons_touched SELECT unnest(%s::uuid[])", [[each.lead_id for each in touched]])
        exclusions_for_load(cursor, load_id=0)
        exclusions_sold_meanwhile(cursor, began_at_utc=began)
        cursor.execute("DROP TABLE persons_touched, persons_unlinked, key_bearers")


def pairs(client: Client) -> dict[UUID, tuple[bool, bool]]:
    return {
        lead: (owned, listed)
        for lead, owned, listed in Exclusion.objects.filter(client=client).values_list("lead_id", "owned", "listed")
    }


def owned_otherwise() -> set[UUID]:
    """Leads that are owned where they should not be, or the other way round. Lists have no entries here."""
    owned = set(Exclusion.objects.filter(owned=True).values_list("lead_id", "client_id"))
    due = exclusions_compare()
    return {each.lead_id for each in due if each.owned != ((each.lead_id, each.client_id) in owned)}


def test_a_sale_makes_the_buyer_the_owner_of_all_leads_of_the_person(client: Client, as_of: datetime) -> None:
    old, new = InventoryFactory(as_of=as_of, lead__age=timedelta(days=300)), InventoryFactory(as_of=as_of)
    link(old, new)
    exclude(client, old, listed=True)
    buy(client, 1, GOLD_6, as_of=as_of)
    assert pairs(client) == {old.lead_id: (True, True), new.lead_id: (True, False)}
    assert counts_compare() == []
    assert owned_otherwise() == set()


def test_two_leads_of_one_person_are_not_sold_to_one_client_in_one_order(client: Client, as_of: datetime) -> None:
    """Only one of them is on sale. Were it not so, the database would refuse."""
    link(*stock(2, as_of=as_of))
    with pytest.raises(Busy):
        buy(client, 2, GOLD_6, as_of=as_of)
    assert not Exclusion.objects.exists()
    assert numbers(client, as_of) == (2, 0, 0)
    buy(client, 1, GOLD_6, as_of=as_of)
    assert numbers(client, as_of) == (0, 1, 0)


def test_a_load_excludes_its_leads_for_whoever_bought_one_of_the_person(client: Client, as_of: datetime) -> None:
    bought = InventoryFactory(as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    new, chained = stock(2, as_of=as_of)
    link(new, bought)
    link(chained, new)
    exclude(client, new, listed=True)
    end_of_load(bought, new, chained, began=as_of)
    assert pairs(client) == {bought.lead_id: (True, False), new.lead_id: (True, True)}, "the end of a chain is nobody's"
    assert numbers(client, as_of) == (1, 1, 0)
    assert owned_otherwise() == set()


def test_a_load_excludes_what_was_bought_while_it_ran(client: Client, as_of: datetime) -> None:
    """The order's sale saw no link yet, and the load's first look no sale."""
    old = InventoryFactory(as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    new = InventoryFactory(as_of=as_of)
    link(old, new)
    end_of_load(began=as_of)
    assert pairs(client) == {old.lead_id: (True, False), new.lead_id: (True, False)}
    Exclusion.objects.filter(lead=new.lead_id).delete()
    end_of_load(began=as_of + timedelta(minutes=3))
    assert new.lead_id not in pairs(client), "only what the load may have missed is looked at"


def test_pairs_go_with_the_link_that_made_them(client: Client, as_of: datetime) -> None:
    """As where a number becomes common: it joins nobody any more."""
    bought = InventoryFactory(as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    one, other = stock(2, as_of=as_of)
    for record in (one, other):
        link(bought, record)
    exclude(client, other, listed=True)
    end_of_load(bought, one, other, began=as_of)
    assert numbers(client, as_of) == (0, 2, 0)
    PersonLink.objects.all().delete()
    end_of_load(bought, one, other, began=as_of)
    assert pairs(client) == {bought.lead_id: (True, False), other.lead_id: (False, True)}
    assert numbers(client, as_of) == (1, 0, 1)
    assert owned_otherwise() == set()


def test_pairs_of_linked_leads_are_compared_and_mended(client: Client, as_of: datetime) -> None:
    bought = InventoryFactory(as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    [other] = stock(1, as_of=as_of)
    link(bought, other)
    assert [(each.lead_id, each.owned) for each in exclusions_compare()] == [(other.lead_id, True)]
    exclusions_rebuild()
    assert exclusions_compare() == []
    assert numbers(client, as_of) == (0, 1, 0)


def test_others_buy_what_is_excluded_for_one(client: Client, as_of: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    bought = InventoryFactory(as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    [other] = stock(1, as_of=as_of)
    link(bought, other)
    end_of_load(bought, other, began=as_of)
    with monkeypatch.context() as forgetful:
        forgetful.setattr(services, "open_to", lambda buyer, state=None: [])
        with pytest.raises(Busy):
            buy(client, 1, GOLD_6, as_of=as_of)
    assert buy(ClientFactory(), 1, GOLD_6, as_of=as_of).quantity == 1
