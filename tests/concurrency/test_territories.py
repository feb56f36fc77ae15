"""Lines over several counties, bought by many at once (contract, "Purchase")."""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from homeshield.accounts.models import Client
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.facts.territory import Share, Territory
from inventory.models import InventoryRecord
from sales.models import Order, OrderLine, Sale
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import rival, run_beside, run_together
from tests.factories import stock

pytestmark = pytest.mark.django_db(transaction=True)

NINE = ("Caddo", "Bossier", "Orleans", "Acadia", "Allen", "Ascension", "Avoyelles", "Beauregard", "Bienville")


def over(*counties: str, share: Share = Share.EVENLY) -> Criteria:
    return replace(gold_6(), territory=Territory(tuple(Place("LA", county) for county in counties), share))


def test_nine_counties_under_contention_are_sold_out_to_the_last_lead(clients: list[Client], as_of: datetime) -> None:
    """Eight buyers of 20 over nine counties with 157 leads, most of them in one: seven are served, one learns that 17
    are left. Each place's shortage is made good from the others."""
    for number, county in enumerate(NINE):
        stock(77 if county == "Caddo" else 10, as_of=as_of, county=county, age_days=200 + number)
    jobs = [
        order(client, (20, over(*NINE, share=share)), as_of=as_of)
        for client, share in zip(clients, list(Share) * 3, strict=False)
    ]
    results = run_together(jobs)
    (refused,) = [result for result in results if not isinstance(result, Order)]
    assert isinstance(refused, Shortage), refused
    assert (refused.available, refused.line.quantity) == (17, 20)
    sold = Counter(Sale.objects.values_list("lead__county", flat=True))
    assert sold.total() == 140
    assert (
        OrderLine.objects.filter(territory=1, territory_label="9 counties of LA").count() == OrderLine.objects.count()
    )
    assert_books_balance()


def test_a_place_that_another_order_holds_is_made_good_without_waiting(clients: list[Client], as_of: datetime) -> None:
    stock(5, as_of=as_of)
    stock(20, as_of=as_of, county="Bossier")
    stock(20, as_of=as_of, county="Orleans")
    held = InventoryRecord.objects.select_for_update().filter(county="Caddo")
    with rival(lambda: list(held)):
        placed = order(clients[0], (16, over("Caddo", "Bossier", "Orleans")), as_of=as_of)()
    assert list(placed.lines.values_list("county", "quantity")) == [("Bossier", 8), ("Orleans", 8)]


def test_a_territory_waits_for_what_another_order_holds_and_may_give_back(
    clients: list[Client], as_of: datetime
) -> None:
    stock(5, as_of=as_of)
    stock(5, as_of=as_of, county="Bossier")
    held = InventoryRecord.objects.select_for_update().filter(county="Caddo")
    buying = order(clients[0], (8, over("Caddo", "Bossier")), as_of=as_of)
    with rival(lambda: list(held)) as other:
        placed = run_beside(buying, then=partial(other.end, commit=False))
    assert isinstance(placed, Order), placed
    assert sorted(placed.lines.values_list("county", "quantity")) == [("Bossier", 4), ("Caddo", 4)]


def test_a_storm_of_orders_that_lie_crosswise(clients: list[Client], as_of: datetime) -> None:
    """Territories, counties and states in one order, until the stock is gone: only true shortages."""
    for county in NINE[:4]:
        stock(40, as_of=as_of, county=county)
    lines = [
        over("Caddo", "Bossier"), over("Bossier", "Orleans"), over("Orleans", "Acadia", share=Share.BY_STOCK),
        over("Acadia", "Caddo", share=Share.LAPSING_FIRST), gold_6("LA"), gold_6("LA", "Caddo"),
    ]  # fmt: skip

    def shop(client: Client, seed: int) -> int:
        chance, refusals = random.Random(seed), 0
        for _ in range(6):
            wanted = [(chance.randint(1, 4), one) for one in chance.sample(lines, k=chance.randint(1, 4))]
            try:
                order(client, *wanted, as_of=as_of)()
            except Shortage:
                refusals += 1
        return refusals

    results = run_together([partial(shop, client, seed) for seed, client in enumerate(clients)])
    assert not [result for result in results if isinstance(result, Exception)], results
    assert_books_balance()
    refusals = sum(result for result in results if isinstance(result, int))
    assert Order.objects.count() + refusals == 8 * 6
    assert refusals > 0, "the buyers asked for about twice the stock"
