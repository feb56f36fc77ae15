"""Overlapping lines: an order is refused only if no assignment of records to lines exists (contract, "Purchase").

Everything about places is checked against a matcher that knows nothing of them: it tries to give each wanted lead a
record of its own, by augmenting paths, over all pairs that fit.
"""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.accounts.models import Client
from inventory.allocation.alternatives import fillable
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.neighbours import neighbours
from tests.factories import ClientFactory, stock
from tests.sales.purchases import place, set_prices

PLACES = [("LA", "Caddo"), ("LA", "Orleans"), ("LA", None), ("TX", "Travis")]


def criteria(state: str | None, county: str | None) -> Criteria:
    return Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place(state, county))


wanted_places = st.sampled_from([(None, None), ("LA", None), ("TX", None), *(p for p in PLACES if p[1])])
demands = st.lists(
    st.builds(lambda place, n: Demand(criteria=criteria(*place), quantity=n), wanted_places, st.integers(1, 4)),
    min_size=1,
    max_size=5,
)
supplies = st.lists(st.sampled_from(PLACES), max_size=12)


def fits(record: tuple[str, str | None], wanted: Criteria) -> bool:
    state, county = wanted.place.state, wanted.place.county
    return state in (None, record[0]) and county in (None, record[1])


def can_be_assigned(supply: list[tuple[str, str | None]], order: list[Demand]) -> bool:
    """Whether each wanted lead can have a record of its own (bipartite matching by augmenting paths)."""
    slots = [demand.criteria for demand in order for _ in range(demand.quantity)]
    owner: dict[int, int] = {}

    def find(slot: int, seen: set[int]) -> bool:
        for number, record in enumerate(supply):
            if number not in seen and fits(record, slots[slot]):
                seen.add(number)
                if number not in owner or find(owner[number], seen):
                    owner[number] = slot
                    return True
        return False

    return all(find(slot, set()) for slot in range(len(slots)))


@given(supply=supplies, order=demands)
@settings(max_examples=300)
def test_fillable_is_what_a_matcher_finds(supply: list[tuple[str, str | None]], order: list[Demand]) -> None:
    first, *beside = order
    if not can_be_assigned(supply, beside):
        return
    there = Counter(supply)

    def count(asked: Criteria) -> int:
        return sum(number for record, number in there.items() if fits(record, asked))

    most = fillable(first.criteria, beside=beside, supply=count)
    for quantity in range(1, len(supply) + 2):
        line = Demand(criteria=first.criteria, quantity=quantity)
        assert can_be_assigned(supply, [line, *beside]) == (quantity <= most)


@pytest.fixture
def buyer(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


@pytest.mark.django_db
@given(supply=supplies, order=demands)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_order_is_filled_if_and_only_if_a_matcher_can_fill_it(
    buyer: Client, as_of: datetime, supply: list[tuple[str, str | None]], order: list[Demand]
) -> None:
    before = transaction.savepoint_create()
    try:
        for state, county in supply:
            stock(1, as_of=as_of, state=state, county=county)
        expected = can_be_assigned(supply, order)
        try:
            placed = place(buyer, *order, as_of=as_of)
        except Shortage:
            assert not expected
            assert not InventoryRecord.objects.filter(sold_at_utc__isnull=False).exists()
        else:
            assert expected
            for number, line in enumerate(order, 1):
                sold = placed.sales.filter(line_number=number).values_list("lead__state", "lead__county")
                assert len(sold) == line.quantity
                assert all(fits((state, county), line.criteria) for state, county in sold)
    finally:
        transaction.savepoint_rollback(before)


def test_neighbours_are_those_of_the_same_state_first() -> None:
    assert neighbours("LA", "Caddo")[:3] == [("LA", "Bossier"), ("LA", "De Soto"), ("LA", "Red River")]
    assert ("TX", "Harrison") in neighbours("LA", "Caddo")
    assert ("LA", "Caddo") in neighbours("TX", "Harrison")
    assert neighbours("HI", "Kauai") == []
    assert neighbours("LA", "Nowhere") == []
