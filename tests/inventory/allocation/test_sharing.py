"""How a territory is shared among its places, and what each share does where a place has too little."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from homeshield.accounts.models import Client
from inventory.allocation.preview import territory_shares
from inventory.allocation.services import inventory_allocate
from inventory.allocation.waiting import Patience
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.facts.territory import Share, Territory
from inventory.models import Exclusion
from leads.age import AgeBucket
from leads.classification import Classification
from tests.factories import ClientFactory, stock

CELL = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
COUNTIES = ("Acadia", "Bossier", "Caddo", "De Soto")


def over(quantity: int, share: Share, *counties: str) -> Demand:
    places = tuple(Place("LA", county) for county in counties)
    return Demand(criteria=replace(CELL, territory=Territory(places, share)), quantity=quantity)


def shared(demand: Demand, *there: int) -> list[int]:
    counts = dict(zip(demand.criteria.parts, there, strict=True))
    return [one.quantity or 0 for one in territory_shares(
        demand=demand, counts=counts, buyer=Buyer(), as_of=datetime(2026, 6, 1, tzinfo=UTC)
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "there", "evenly", "by_stock"),
    [
        (100, (100, 100, 100, 100), [25, 25, 25, 25], [25, 25, 25, 25]),
        (10, (100, 200, 300, 400), [2, 2, 3, 3], [1, 2, 3, 4]),
        (100, (3, 0, 500, 500), [3, 0, 48, 49], [0, 0, 50, 50]),
        (7, (1, 1, 1, 100), [1, 1, 1, 4], [0, 0, 0, 7]),
        (10, (1, 2, 3, 4), [1, 2, 3, 4], [1, 2, 3, 4]),
        (11, (1, 2, 3, 4), [1, 2, 3, 4], [1, 2, 3, 4]),
        (5, (0, 0, 0, 0), [0, 0, 0, 0], [0, 0, 0, 0]),
        (1, (9, 9, 9, 9), [0, 0, 0, 1], [1, 0, 0, 0]),
    ],
    ids=str,
)
def test_shares(quantity: int, there: tuple[int, ...], evenly: list[int], by_stock: list[int]) -> None:
    assert shared(over(quantity, Share.EVENLY, *COUNTIES), *there) == evenly
    assert shared(over(quantity, Share.BY_STOCK, *COUNTIES), *there) == by_stock


@pytest.mark.django_db
@pytest.mark.parametrize("waits", [False, True], ids=["first pass", "waiting"])
def test_what_lapses_first_is_the_buyers_own_order_of_sale(as_of: datetime, waits: bool) -> None:
    """Without what it owns, and where it is licensed; what one of its other lines needs stays."""
    client: Client = ClientFactory()
    owned = stock(2, as_of=as_of, county="Caddo", age_days=269 - 1)
    Exclusion.objects.bulk_create([Exclusion(client=client, lead=one.lead, owned=True) for one in owned])
    stock(2, as_of=as_of, county="Caddo", age_days=250)
    stock(3, as_of=as_of, county="Bossier", age_days=240)
    stock(9, as_of=as_of, county="Acadia", age_days=230)
    stock(9, as_of=as_of, state="TX", county="Harris", age_days=260)
    places = (*(Place("LA", county) for county in COUNTIES), Place("TX"))
    demand = Demand(criteria=replace(CELL, territory=Territory(places, Share.LAPSING_FIRST)), quantity=6)
    buyer = Buyer(client.id, frozenset({"LA"}))
    counts = available_counts(criteria=demand.criteria.parts, buyer=buyer, as_of=as_of)
    shares = territory_shares(demand=demand, counts=counts, buyer=buyer, as_of=as_of)
    assert [(one.place.county, one.available, one.quantity) for one in shares] == [
        ("Acadia", 9, 1), ("Bossier", 3, 3), ("Caddo", 2, 2), ("De Soto", 0, 0), (None, 0, 0),
    ]  # fmt: skip

    beside = Demand(criteria=CELL.at(Place("LA", "Bossier")), quantity=2)
    filled = inventory_allocate(demands=[demand, beside], buyer=buyer, as_of=as_of, wait=Patience(5) if waits else None)
    assert [(got.line, got.demand.criteria.place.county, len(got.records)) for got in filled] == [
        (0, "Acadia", 3), (0, "Bossier", 1), (0, "Caddo", 2), (1, "Bossier", 2),
    ]  # fmt: skip
    assert len({record.inventory_id for got in filled for record in got.records}) == 8


def test_a_territory_is_one_value_whatever_the_order_and_the_name_of_it() -> None:
    one = Territory((Place("TX"), Place("LA", "Caddo"), Place("LA", "Bossier")), name="North")
    other = Territory((Place("LA", "Bossier"), Place("TX"), Place("LA", "Caddo")))
    assert one == other
    assert Territory.of_text(one.as_text) == one
    assert (Territory.of_text(one.as_text).name, other.label) == ("North", "3 places in 2 states")
    assert other != replace(other, share=Share.BY_STOCK)
    assert [Territory(tuple(map(Place, codes.split()))).label for codes in ("TX", "TX LA", "TX LA AR OK")] == [
        "TX", "LA and TX", "4 states",
    ]  # fmt: skip
    assert over(1, Share.EVENLY, *COUNTIES[:2]).criteria.label == "Gold, 6 to 8 months, Acadia and Bossier, LA"
    assert over(1, Share.EVENLY, *COUNTIES).criteria.label == "Gold, 6 to 8 months, 4 counties of LA"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"places": [["LA"]], "share": "x", "name": ""}', '{"places": [[1]], "share": "evenly"}',
             '{"places": [], "share": "evenly", "name": ""}', '{"places": [["LA"], ["LA", "A"]], "share": "evenly", '
             '"name": ""}'],
    ids=["empty", "list", "object", "share", "number", "none", "overlap"],
)  # fmt: skip
def test_what_is_no_territorys_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Territory.of_text(text)
