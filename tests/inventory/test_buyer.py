"""A buyer that is licensed in some states: the inventory of all others does not exist for it."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from inventory.allocation.alternatives import explained
from inventory.allocation.services import (
    inventory_allocate,
    named_demands,
)
from inventory.buyer import Buyer
from inventory.counting.reading import Facet, availability, available_count, available_counts, locations
from inventory.errors import InventoryNotFound, Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.listing import records_page
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.quotes import quote_create
from tests.factories import ClientFactory, stock
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db

EVERYWHERE = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
CADDO = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA", "Caddo"))
HARRISON = Criteria(
    classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("TX", "Harrison")
)


@pytest.fixture
def louisianan() -> Buyer:
    return Buyer(ClientFactory().id, frozenset({"LA"}))


@pytest.fixture
def louisiana(as_of: datetime) -> list[InventoryRecord]:
    return stock(3, as_of=as_of, state="LA", county="Caddo")


@pytest.fixture(autouse=True)
def texas(as_of: datetime) -> list[InventoryRecord]:
    """More, and what lapses first: without the licence it would be taken before all else."""
    return stock(5, as_of=as_of, state="TX", county="Harrison", age_days=260)


@pytest.mark.usefixtures("louisiana")
def test_it_sees_and_counts_the_states_of_its_licences_alone(louisianan: Buyer, as_of: datetime) -> None:
    found = availability(criteria=EVERYWHERE, buyer=louisianan, as_of=as_of)
    assert (found.total, found.states) == (3, [Facet("LA", 3)])
    assert sum(found.cells.values()) == 3
    in_texas = availability(criteria=HARRISON, buyer=louisianan, as_of=as_of)
    assert (in_texas.total, in_texas.counties) == (0, [])
    assert available_count(criteria=Criteria(), buyer=louisianan, as_of=as_of) == 3
    asked = {EVERYWHERE: 3, CADDO: 3, HARRISON: 0}
    assert available_counts(criteria=asked, buyer=louisianan, as_of=as_of) == asked
    assert locations(buyer=louisianan, as_of=as_of) == {"LA": ["Caddo"]}
    listed = records_page(criteria=Criteria(), buyer=louisianan, as_of=as_of, cursor=None)
    assert [row.state for row in listed.rows] == ["LA"] * 3


@pytest.mark.usefixtures("louisiana")
def test_without_a_list_of_licences_it_sees_all_states(as_of: datetime) -> None:
    assert available_count(criteria=EVERYWHERE, buyer=Buyer(), as_of=as_of) == 8


@pytest.mark.parametrize("licences", [{"LA"}, {"AL", "LA"}])
def test_it_is_sold_nothing_of_other_states(
    licences: set[str], louisiana: list[InventoryRecord], as_of: datetime
) -> None:
    louisianan = Buyer(ClientFactory().id, frozenset(licences))
    wanted = Demand(criteria=EVERYWHERE, quantity=3)
    (filled,) = inventory_allocate(demands=[wanted], buyer=louisianan, as_of=as_of, wait=None)
    assert {record.inventory_id for record in filled.records} == {record.id for record in louisiana}
    for beyond, available in ((EVERYWHERE, 3), (HARRISON, 0)):
        with pytest.raises(Shortage) as shortage:
            inventory_allocate(demands=[Demand(criteria=beyond, quantity=4)], buyer=louisianan, as_of=as_of, wait=None)
        assert shortage.value.available == available


@pytest.mark.usefixtures("louisiana")
def test_an_order_in_one_state_names_no_other_license(
    as_of: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """With both, PostgreSQL read and sorted all of the state for an order of 1000."""
    buyer, wanted = Buyer(ClientFactory().id, frozenset({"AL", "LA"})), Demand(criteria=CADDO, quantity=3)
    with django_assert_num_queries(1) as statements:
        inventory_allocate(demands=[wanted], buyer=buyer, as_of=as_of, wait=None)
    assert "'LA'" in statements[0]["sql"]
    assert "'AL'" not in statements[0]["sql"]


def test_it_is_neither_sold_nor_quoted_them_by_id(
    louisianan: Buyer, louisiana: list[InventoryRecord], texas: list[InventoryRecord], as_of: datetime
) -> None:
    set_prices(as_of - timedelta(days=1))
    demands = named_demands([louisiana[0].id, texas[0].id])
    with pytest.raises(Shortage) as shortage:
        inventory_allocate(demands=demands, buyer=louisianan, as_of=as_of, wait=None)
    assert (shortage.value.line.criteria.place.state, shortage.value.available) == ("TX", 0)
    with pytest.raises(InventoryNotFound) as refusal:
        quote_create(buyer=louisianan, inventory_ids=[louisiana[0].id, texas[0].id], as_of=as_of)
    assert refusal.value.inventory_ids == [texas[0].id]


@pytest.mark.usefixtures("louisiana")
def test_it_is_offered_none_of_them_instead(louisianan: Buyer, as_of: datetime) -> None:
    """Harrison, Texas, lies beside Caddo; and all states together would have eight."""
    set_prices(as_of - timedelta(days=1))
    short = [Demand(criteria=CADDO, quantity=5)]
    everybody, found = (
        explained(
            Shortage(demands=short, index=0, available=0, buyer=buyer, as_of=as_of),
            lambda _criteria, _leads: (Decimal(8), Decimal(8)),
        )
        for buyer in (Buyer(), louisianan)
    )
    assert [offer.kind for offer in everybody.alternatives] == [
        Suggestion.PARTIAL, Suggestion.NO_LOCATION_FILTER, Suggestion.ADJACENT_COUNTY,
    ]  # fmt: skip
    assert (found.available, [offer.kind for offer in found.alternatives]) == (3, [Suggestion.PARTIAL])
