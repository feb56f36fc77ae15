"""A quote buys once, and nobody is sold a stand-in for what it buys itself, however many ask at once (contract)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import UUID, uuid4

import pytest
from django.db import connection

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.models import InventoryRecord
from pricing.models import Quote
from pricing.quotes import quote_create
from sales.errors import AlreadyOwned, QuoteUsed
from sales.models import Order, Sale
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.concurrency.orders import assert_books_balance
from tests.concurrency.parallel import run_together
from tests.factories import stock
from tests.sales.purchases import at

pytestmark = pytest.mark.django_db(transaction=True)


def named(
    client: Client, ids: list[UUID], *, as_of: datetime, quote: Quote | None = None, key: str | None = None
) -> Callable[[], Order]:
    """A job that buys records by id."""
    return partial(
        at,
        as_of,
        order_place,
        client_id=client.id,
        user_id=None,
        basket=NamedBasket(ids, quote.id if quote else None),
        key=key or str(uuid4()),
    )


def quote_for(client: Client, records: list[InventoryRecord], as_of: datetime) -> Quote:
    return quote_create(buyer=Buyer(client.id), inventory_ids=[one.id for one in records], as_of=as_of).quote


def kinds(results: list[Order | Exception]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


@pytest.mark.parametrize("same_records", [True, False])
def test_orders_at_once_that_name_one_quote_are_one_order_and_refusals(
    clients: list[Client], as_of: datetime, same_records: bool
) -> None:
    records = stock(8, as_of=as_of)
    stock(20, as_of=as_of)  # what could stand in
    quote = quote_for(clients[0], records, as_of)
    results = run_together(
        [named(clients[0], [records[0 if same_records else n].id], as_of=as_of, quote=quote) for n in range(8)]
    )
    assert kinds(results) == ["Order", *[QuoteUsed.__name__] * 7], results
    assert Sale.objects.count() == 1
    assert Order.objects.get().quote == quote
    assert_books_balance()


@pytest.fixture
def without_the_constraint() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'order_once_per_quote'")
        ((definition,),) = cursor.fetchall()
        cursor.execute("DROP INDEX order_once_per_quote")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notices, returns, purchased_leads, sales, order_lines, orders, export_sanitised_cells")
        cursor.execute(definition)


def test_control_without_the_constraint_a_quote_buys_more_than_once(
    without_the_constraint: None, clients: list[Client], as_of: datetime
) -> None:
    """If this fails, the test above proves nothing."""
    for _ in range(10):
        records = stock(8, as_of=as_of)
        quote = quote_for(clients[0], records, as_of)
        run_together([named(clients[0], [record.id], as_of=as_of, quote=quote) for record in records])
        if Order.objects.filter(quote=quote).count() > 1:
            return
    pytest.fail("eight orders at once never used one quote twice")


def test_a_repeat_at_the_same_moment_is_the_first_order(clients: list[Client], as_of: datetime) -> None:
    records = stock(5, as_of=as_of)
    quote = quote_for(clients[0], records, as_of)
    ids = [record.id for record in records[:2]]
    results = run_together([named(clients[0], ids, as_of=as_of, quote=quote, key="once")] * 8)
    orders = [result for result in results if isinstance(result, Order)]
    assert (len(orders), len(set(orders))) == (8, 1), results
    assert sorted(order.replayed for order in orders) == [False, *[True] * 7]
    assert Sale.objects.count() == 2


def test_orders_at_once_by_one_client_for_one_record_sell_it_no_stand_in(
    clients: list[Client], as_of: datetime
) -> None:
    (record, *_) = stock(20, as_of=as_of)
    results = run_together([named(clients[0], [record.id], as_of=as_of) for _ in range(8)])
    assert kinds(results) == [*[AlreadyOwned.__name__] * 7, "Order"], results
    assert Sale.objects.get().inventory_id == record.id
    assert_books_balance()
