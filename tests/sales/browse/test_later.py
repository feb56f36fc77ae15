"""What gets cheaper agrees with the roll to the lead, and with the prices of that day."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from homeshield.accounts.models import User
from inventory.buyer import Buyer, buyer_of
from inventory.counting.reading import availability
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.models import Exclusion, InventoryRecord
from inventory.upkeep.roll import inventory_generate
from leads.age import DAY, AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from pricing.selectors import price_book
from sales.browse.later import Later, later_of
from sales.browse.selection import Selection
from sales.browse.window import Shelf
from sales.cart.selectors import DraftContents
from tests.factories import stock
from tests.sales.purchases import set_prices

GOLD_6 = Selection(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def looked_at(selection: Selection, buyer: Buyer, as_of: datetime) -> list[Later]:
    shelf = Shelf(price_book(client_id=buyer.client_id, as_of=as_of), DraftContents({}, ""))
    return later_of(selection, buyer=buyer, shelf=shelf, as_of=as_of).rows


@pytest.fixture
def as_of(now: datetime) -> datetime:
    """Prices change ahead of the database's clock only."""
    return now


@pytest.fixture
def aging(db: None, as_of: datetime) -> list[InventoryRecord]:
    """Gold of 6 to 8 months that ends in 1, 7, 8, 14, 30 and 31 days and half a day less, and one Silver."""
    set_prices(since=as_of - timedelta(days=1))
    records = [
        record
        for days in (1, 7, 8, 14, 30, 31)
        for record in stock(2, as_of=as_of - DAY / 2, age_days=270 - days, county="Caddo" if days < 10 else "Allen")
    ]
    return records + stock(1, as_of=as_of, age_days=265, classification="Silver")


def test_leads_and_prices_of_the_next_age(aging: list[InventoryRecord], as_of: datetime) -> None:
    buyer = Buyer()
    [row] = looked_at(GOLD_6, buyer, as_of)
    assert [(wait.days, wait.leads, wait.price and wait.price.unit_price) for wait in row.waits] == [
        (7, 4, Decimal("6.00")),
        (14, 8, Decimal("6.00")),
        (30, 10, Decimal("6.00")),
    ]
    [row] = looked_at(GOLD_6.at("LA", counties=["Allen"]), buyer, as_of)
    assert [wait.leads for wait in row.waits] == [0, 2, 4]
    assert [sum(row.waits[0].leads for row in looked_at(Selection(), buyer, as_of))] == [5]


def test_what_the_buyer_cannot_have_does_not_count(aging: list[InventoryRecord], buyer: User, as_of: datetime) -> None:
    assert buyer.client is not None
    Exclusion.objects.create(client=buyer.client, lead=aging[0].lead, listed=True)
    [row] = looked_at(GOLD_6, buyer_of(buyer), as_of)
    assert [wait.leads for wait in row.waits] == [3, 7, 9]
    [row] = looked_at(GOLD_6.at("LA"), buyer_of(buyer), as_of)
    assert [wait.leads for wait in row.waits] == [3, 7, 9]
    for licensed, leads in ((("LA", "TX"), [4, 8, 10]), (("TX",), [0, 0, 0])):
        for selection in (GOLD_6, GOLD_6.at("LA"), GOLD_6.at("LA", "TX")):
            [row] = looked_at(selection, Buyer(licensed_states=frozenset(licensed)), as_of)
            assert [wait.leads for wait in row.waits] == leads


@pytest.mark.parametrize("days", [7, 14, 30])
def test_they_are_what_the_roll_of_that_day_moves(aging: list[InventoryRecord], as_of: datetime, days: int) -> None:
    [row] = looked_at(GOLD_6, Buyer(), as_of)
    promised = next(wait.leads for wait in row.waits if wait.days == days)
    then = as_of + days * DAY
    inventory_generate(as_of=then, now=then)
    next_age = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)
    assert availability(criteria=next_age, buyer=Buyer(), as_of=then).total == promised
    assert availability(criteria=next_age.at(Place("LA")), buyer=Buyer(), as_of=then).total == promised


def test_prices_that_lie_ahead_count(aging: list[InventoryRecord], as_of: datetime) -> None:
    change = as_of + 10 * DAY
    PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_9_TO_11").update(effective_until_utc=change)
    PriceRule.objects.create(
        classification="Gold", age_bucket="MONTH_9_TO_11", amount=Decimal("6.50"), effective_from_utc=change
    )
    [row] = looked_at(GOLD_6, Buyer(), as_of)
    assert [wait.price and wait.price.unit_price for wait in row.waits] == [
        Decimal("6.00"),
        Decimal("6.50"),
        Decimal("6.50"),
    ]


def test_the_page_says_how_long_to_wait(shop: Client, engine: dict[str, str], now: datetime) -> None:
    stock(3, as_of=now, age_days=261)
    stock(2, as_of=now, age_days=250)
    query = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "tab": "later"}
    page = " ".join(shop.get("/inventory/", query, headers=engine).content.decode().split())
    assert "Wait 9 days: <strong>3 leads</strong> from $8.00 to <strong>$6.00</strong>" in page
