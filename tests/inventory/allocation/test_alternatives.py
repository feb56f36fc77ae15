"""Overlapping lines: an order is refused only if no assignment of records to lines exists (contract, "Purchase").

Everything about places is checked against a matcher that knows nothing of them: it tries to give each wanted lead a
record of its own, by augmenting paths, over all pairs that fit.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from time import process_time

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeshield.accounts.models import Client
from inventory.allocation.alternatives import fillable
from inventory.allocation.matching import Matching
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import EVERYWHERE, Place
from inventory.facts.territory import Share, Territory
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from leads.geography import COUNTIES
from leads.neighbours import neighbours
from sales.models import Order
from tests.factories import ClientFactory, stock
from tests.sales.purchases import place, set_prices

PLACES = [("LA", "Caddo"), ("LA", "Orleans"), ("LA", None), ("TX", "Travis")]
CELL = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
LA, TX = Place("LA"), Place("TX")
CADDO, ORLEANS, TRAVIS = Place("LA", "Caddo"), Place("LA", "Orleans"), Place("TX", "Travis")


def over(share: Share, *places: Place) -> Criteria:
    return replace(CELL, territory=Territory(places, share))


single_places = st.sampled_from([CELL.at(place) for place in (EVERYWHERE, LA, TX, CADDO, ORLEANS, TRAVIS)])
territories = st.builds(
    lambda share, places: over(share, *places),
    st.sampled_from(Share),
    st.sampled_from([
        (CADDO, ORLEANS), (CADDO, TRAVIS), (ORLEANS, TRAVIS), (CADDO, ORLEANS, TRAVIS), (LA, TX), (LA, TRAVIS),
        (CADDO, TX),
    ]),
)  # fmt: skip
demands = st.lists(
    st.builds(
        lambda wanted, n: Demand(criteria=wanted, quantity=n), st.one_of(single_places, territories), st.integers(1, 4)
    ),
    min_size=1,
    max_size=5,
)
supplies = st.lists(st.sampled_from(PLACES), max_size=12)


def fits(record: tuple[str, str | None], wanted: Criteria) -> bool:
    """A line over several places takes any of them."""
    return any(
        part.place.state in (None, record[0]) and part.place.county in (None, record[1]) for part in wanted.parts
    )


def can_be_assigned(supply: list[tuple[str, str | None]], order: list[Demand]) -> bool:
    """Whether each wanted lead can have a record of its own (bipartite matching by augmenting paths)."""
    fitting = [{record for record in set(supply) if fits(record, demand.criteria)} for demand in order]
    slots = [records for records, demand in zip(fitting, order, strict=True) for _ in range(demand.quantity)]
    owner: dict[int, int] = {}

    def find(slot: int, seen: set[int]) -> bool:
        for number, record in enumerate(supply):
            if number not in seen and record in slots[slot]:
                seen.add(number)
                if number not in owner or find(owner[number], seen):
                    owner[number] = slot
                    return True
        return False

    return all(find(slot, set()) for slot in range(len(slots)))


@given(supply=supplies, order=demands)
@settings(max_examples=500)
def test_fillable_is_what_a_matcher_finds(supply: list[tuple[str, str | None]], order: list[Demand]) -> None:
    first, *beside = order
    if not can_be_assigned(supply, beside):
        return
    there = Counter(supply)

    def count(asked: Criteria) -> int:
        return sum(number for record, number in there.items() if fits(record, asked))

    matching = Matching({part for one in order for part in one.criteria.parts}, count)
    for number, other in enumerate(beside):
        assert matching.give(number, other.criteria.parts, other.quantity) == other.quantity
    most = fillable(first.criteria, beside=matching)
    for quantity in range(1, len(supply) + 2):
        line = Demand(criteria=first.criteria, quantity=quantity)
        assert can_be_assigned(supply, [line, *beside]) == (quantity <= most)


def test_fifty_lines_over_fifty_scarce_places_are_matched_at_once() -> None:
    """As the matcher of pairs finds it, in hundredths of a second. With a search for each lead it took seconds."""
    chance = Random(15)
    counties = COUNTIES["TX"][:99]
    there: Counter[tuple[str, str | None]] = Counter({("TX", county): chance.randint(0, 3) for county in counties})
    order = [
        Demand(
            criteria=over(Share.EVENLY, *(Place("TX", county) for county in counties[first : first + 50])),
            quantity=4 + first % 2,
        )
        for first in chance.sample(range(50), 50)
    ]
    began = process_time()
    matching = Matching(
        {part for one in order for part in one.criteria.parts}, lambda asked: there["TX", asked.place.county]
    )
    given = [matching.give(number, one.criteria.parts, one.quantity) for number, one in enumerate(order)]
    assert process_time() - began < 0.5
    records = list(there.elements())
    short = next(number for number, one in enumerate(order) if given[number] < one.quantity)
    assert sum(given) == len(records)
    assert can_be_assigned(records, order[:short])
    assert not can_be_assigned(records, order[: short + 1])


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
            assert_filled(placed, order)
    finally:
        transaction.savepoint_rollback(before)


def assert_filled(placed: Order, order: list[Demand]) -> None:
    """A line over several places became lines for one place each, which say so."""
    lines = list(placed.lines.all())
    own = iter([line for line in lines if line.territory is None])
    for number, wanted in enumerate(order):
        parts = [line for line in lines if line.territory_index == number] if wanted.criteria.territory else [next(own)]
        assert sum(line.quantity for line in parts) == wanted.quantity
        assert {line.criteria for line in parts} <= set(wanted.criteria.parts)
        for line in parts:
            sold = placed.sales.filter(line_number=line.number).values_list("lead__state", "lead__county")
            assert len(sold) == line.quantity
            assert all(fits((state, county), line.criteria) for state, county in sold)


def test_neighbours_are_those_of_the_same_state_first() -> None:
    assert neighbours("LA", "Caddo")[:3] == [("LA", "Bossier"), ("LA", "De Soto"), ("LA", "Red River")]
    assert ("TX", "Harrison") in neighbours("LA", "Caddo")
    assert ("LA", "Caddo") in neighbours("TX", "Harrison")
    assert neighbours("HI", "Kauai") == []
    assert neighbours("LA", "Nowhere") == []
