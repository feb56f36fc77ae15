"""Many buyers at once: no double sale, no false refusal, no lost money (contract, "Purchase", "Sale").

All data here is committed, and every buyer has a connection of its own.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.db.models import Count, QuerySet

from homeshield.accounts.models import Client
from inventory.errors import Shortage
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.models import InventoryRecord
from inventory.upkeep.roll import RollReport, inventory_generate
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.errors import IdempotencyKeyReused
from sales.models import Order, Sale
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place, order_place_draft
from tests.concurrency.orders import assert_books_balance, gold_6, order
from tests.concurrency.parallel import run_together
from tests.factories import InventoryFactory, UserFactory, stock
from tests.sales.purchases import at

pytestmark = pytest.mark.django_db(transaction=True)


def test_scarce_stock_is_sold_out_exactly(clients: list[Client], as_of: datetime) -> None:
    """37 records, 8 buyers of 5: seven are served, one is told that 2 are left."""
    stock(37, as_of=as_of)
    results = run_together([order(client, (5, gold_6()), as_of=as_of) for client in clients])
    refused = [result for result in results if not isinstance(result, Order)]
    assert [type(refusal) for refusal in refused] == [Shortage]
    assert isinstance(refused[0], Shortage)
    assert refused[0].available == 2
    assert Sale.objects.count() == 35
    assert_books_balance()


def test_a_storm_of_overlapping_orders(clients: list[Client], as_of: datetime) -> None:
    """Lines in county, state and everywhere, in every order, until the stock is gone: only true shortages."""
    for state, county in (("LA", "Caddo"), ("LA", "Orleans"), ("TX", "Travis")):
        stock(60, as_of=as_of, state=state, county=county)
        stock(20, as_of=as_of, state=state, county=county, age_days=300)
    gold, buckets = Classification.GOLD, [AgeBucket.MONTH_6_TO_8, AgeBucket.MONTH_9_TO_11]
    places = [(None, None), ("LA", None), ("LA", "Caddo"), ("LA", "Orleans"), ("TX", "Travis")]

    def shop(client: Client, seed: int) -> int:
        chance, refusals = random.Random(seed), 0
        for _ in range(12):
            lines = [
                (chance.randint(1, 4), Criteria(classification=gold, age_bucket=bucket, place=Place(state, county)))
                for bucket in chance.sample(buckets, k=chance.randint(1, 2))
                for state, county in chance.sample(places, k=chance.randint(1, 3))
            ]
            chance.shuffle(lines)
            try:
                order(client, *lines, as_of=as_of)()
            except Shortage:
                refusals += 1
        return refusals

    results = run_together([partial(shop, client, seed) for seed, client in enumerate(clients)])
    assert not [result for result in results if isinstance(result, Exception)]
    assert_books_balance()
    refusals = sum(result for result in results if isinstance(result, int))
    assert refusals > 0, "the buyers asked for about three times the stock"
    assert Order.objects.count() + refusals == 8 * 12


REMOVE_ORDERS = "TRUNCATE notices, returns, purchased_leads, sales, order_lines, orders, export_sanitised_cells"


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Locking switched off, and with it what else in the database would catch a double sale."""
    tables = ("inventory", "sales", "orders")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sales DROP CONSTRAINT sales_inventory_id_key")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda records, **options: records)
    yield
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_ORDERS)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE sales ADD CONSTRAINT sales_inventory_id_key UNIQUE (inventory_id)")


def test_control_without_locks_the_same_buyers_oversell(
    without_locks: None, clients: list[Client], as_of: datetime
) -> None:
    """If this fails, test_scarce_stock_is_sold_out_exactly proves nothing."""
    stock(37, as_of=as_of)
    for _ in range(10):
        run_together([order(client, (5, gold_6()), as_of=as_of) for client in clients])
        twice = Sale.objects.values("inventory").annotate(n=Count("id")).filter(n__gt=1)
        if twice.exists():
            return
        InventoryRecord.objects.update(sold_at_utc=None)
        with connection.cursor() as cursor:
            cursor.execute(REMOVE_ORDERS)
    pytest.fail("eight buyers without locks never sold a record twice")


def test_the_same_key_at_the_same_moment_buys_once(clients: list[Client], as_of: datetime) -> None:
    stock(50, as_of=as_of)
    results = run_together([order(clients[0], (5, gold_6()), as_of=as_of, key="once")] * 8)
    assert all(isinstance(result, Order) for result in results), results
    assert len({result.id for result in results if isinstance(result, Order)}) == 1
    assert Sale.objects.count() == 5


def test_the_same_key_at_the_same_moment_for_two_requests_serves_one_and_refuses_the_other(
    clients: list[Client], as_of: datetime
) -> None:
    stock(50, as_of=as_of)
    results = run_together([order(clients[0], (quantity, gold_6()), as_of=as_of, key="once") for quantity in (5, 6)])
    assert sorted(type(result).__name__ for result in results) == ["IdempotencyKeyReused", "Order"]
    assert IdempotencyKeyReused.status == 422
    assert Order.objects.count() == 1


def test_a_double_click_buys_once(clients: list[Client], as_of: datetime) -> None:
    stock(50, as_of=as_of)
    user = UserFactory(client=clients[0])
    draft_line_add(user=user, criteria=gold_6(), quantity=5)
    shown = draft_summary(user=user, as_of=as_of)
    assert shown.draft_id is not None
    click = partial(
        at, as_of, order_place_draft, user=user, draft_id=shown.draft_id, version=shown.version,
        expected_total=Decimal("40.00"),
    )  # fmt: skip
    results = run_together([click] * 4)
    assert all(isinstance(result, Order) for result in results), results
    assert len({result.id for result in results if isinstance(result, Order)}) == 1
    assert Sale.objects.count() == 5


def test_named_records_go_to_one_buyer_and_the_others_get_replacements(clients: list[Client], as_of: datetime) -> None:
    records = stock(24, as_of=as_of)
    named = [record.id for record in records[:3]]
    results = run_together(
        [
            partial(
                at, as_of, order_place, client_id=client.id, user_id=None, basket=NamedBasket(named), key="k",
            )
            for client in clients
        ]
    )  # fmt: skip
    assert all(isinstance(result, Order) for result in results), results
    replaced = sorted(sum(line.replaced for line in placed.lines.all()) for placed in Order.objects.all())
    assert replaced == [0, 3, 3, 3, 3, 3, 3, 3]
    assert_books_balance()


def test_rolls_beside_rolls_and_purchases(clients: list[Client], as_of: datetime) -> None:
    """Every lead that is due gets one record, whoever is rolling, and purchases go on beside it."""
    stock(40, as_of=as_of)
    for _ in range(60):
        InventoryFactory(as_of=as_of - timedelta(days=60), lead__age=timedelta(days=150))  # due since 30 days

    def roll() -> RollReport:
        return inventory_generate(as_of=as_of, now=as_of)

    results = run_together([roll, roll, roll, *(order(client, (5, gold_6()), as_of=as_of) for client in clients[:5])])
    created = sum(result.created for result in results if isinstance(result, RollReport))
    assert created == 60
    assert not [result for result in results if isinstance(result, Exception)]
    assert not InventoryRecord.objects.values("lead", "age_bucket").annotate(n=Count("id")).filter(n__gt=1).exists()
    assert InventoryRecord.objects.sellable(as_of).count() == 40 + 60 - 25
    assert_books_balance()
