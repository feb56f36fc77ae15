"""Buying by inventory ids, with replacement and quotes (contract, "Purchase", "Quote")."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pgtrigger
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.errors import InventoryNotFound, Shortage
from inventory.facts.criteria import Criteria
from inventory.models import Exclusion, InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import NoPrice, NotInQuote, QuoteExpired, QuoteNotFound
from pricing.models import PriceRule, Quote
from pricing.quotes import quote_create
from sales.errors import AlreadyOwned, EmptyOrder, OnYourLists, QuantityOutOfRange, QuoteUsed
from sales.models import Order, OrderLine, Sale
from sales.ordering.baskets import NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory, InventoryFactory, stock
from tests.sales.purchases import at, buy, set_prices

pytestmark = pytest.mark.django_db

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def place(
    client: Client,
    ids: list[UUID],
    *,
    as_of: datetime,
    quote: Quote | None = None,
    key: str | None = None,
) -> Order:
    basket = NamedBasket(ids, quote.id if quote else None)
    return at(as_of, order_place, client_id=client.id, user_id=None, basket=basket, key=key or str(uuid4()))


def ids_of(records: list[InventoryRecord]) -> list[UUID]:
    return [record.id for record in records]


def replaced(order: Order) -> int:
    return sum(OrderLine.objects.filter(order=order).values_list("replaced", flat=True))


def set_price_of_gold_6(amount: str, since: datetime) -> None:
    rule = PriceRule.objects.get(classification="Gold", age_bucket="MONTH_6_TO_8")
    with pgtrigger.ignore("pricing.PriceRule:price_history_is_kept"):  # these prices changed in the past
        PriceRule.objects.filter(id=rule.id).update(effective_until_utc=since)
    PriceRule.objects.create(
        classification="Gold", age_bucket="MONTH_6_TO_8", amount=Decimal(amount), effective_from_utc=since
    )


def test_the_named_records_are_sold(client: Client, as_of: datetime) -> None:
    records = stock(5, as_of=as_of) + stock(2, as_of=as_of, age_days=300, state="TX", county="Travis")
    named = ids_of([records[1], records[3], records[5]])
    order = place(client, named, as_of=as_of)
    assert {sale.inventory_id for sale in order.sales.all()} == set(named)
    assert (order.quantity, order.total, replaced(order)) == (3, Decimal("22.00"), 0)


def test_an_id_given_twice_is_one_id(client: Client, as_of: datetime) -> None:
    (record, _) = stock(2, as_of=as_of)
    assert place(client, [record.id, record.id], as_of=as_of).quantity == 1


def test_what_is_gone_is_replaced_one_for_one_by_what_is_alike(client: Client, as_of: datetime) -> None:
    gone, there = stock(2, as_of=as_of, state="LA", county="Caddo")
    lapsed = InventoryFactory(as_of=as_of - timedelta(days=90), lead__age=timedelta(days=200))
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=as_of)
    alike = stock(2, as_of=as_of, state="LA", county="Caddo", age_days=210)
    stock(3, as_of=as_of, state="LA", county="Orleans", age_days=260)
    stock(3, as_of=as_of, state="LA", county="Caddo", classification="Silver")

    order = place(client, [gone.id, there.id, lapsed.id], as_of=as_of)

    assert {sale.inventory_id for sale in order.sales.all()} == {there.id, *ids_of(alike)}
    assert (order.total, replaced(order)) == (Decimal("24.00"), 2)


def test_a_replacement_of_a_lead_without_a_county_has_none_either(client: Client, as_of: datetime) -> None:
    (gone,) = stock(1, as_of=as_of, county=None)
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=as_of)
    stock(3, as_of=as_of, county="Caddo")
    with pytest.raises(Shortage):
        place(client, [gone.id], as_of=as_of)
    (alike,) = stock(1, as_of=as_of, county=None)
    assert place(client, [gone.id], as_of=as_of).sales.get().inventory_id == alike.id


def test_nothing_is_sold_where_one_cannot_be_replaced(client: Client, as_of: datetime) -> None:
    gone, there = stock(2, as_of=as_of)
    buy(ClientFactory(), 1, GOLD_6, as_of=as_of)
    sold = InventoryRecord.objects.get(sold_at_utc__isnull=False).id
    assert sold in (gone.id, there.id)
    with pytest.raises(Shortage) as refusal:
        place(client, [gone.id, there.id], as_of=as_of)
    assert (refusal.value.line.quantity, refusal.value.available) == (2, 1)
    assert Order.objects.filter(client=client).count() == 0


def test_a_lead_that_the_client_owns_from_an_earlier_age_is_named_and_not_replaced(
    client: Client, as_of: datetime
) -> None:
    earlier = as_of - timedelta(days=90)
    record = InventoryFactory(as_of=earlier, lead__age=timedelta(days=110))
    gold_3 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_3_TO_5)
    buy(client, 1, gold_3, as_of=earlier)
    owned = InventoryFactory(as_of=as_of, lead=record.lead)
    other, another = stock(2, as_of=as_of)
    with pytest.raises(AlreadyOwned, match=f"You own these leads already: {owned.id}. Nothing was bought.") as refusal:
        place(client, [other.id, owned.id], as_of=as_of)
    assert refusal.value.inventory_ids == [owned.id]
    assert Sale.objects.count() == 1
    assert place(ClientFactory(), [owned.id], as_of=as_of).sales.get().inventory_id == owned.id
    assert not Sale.objects.filter(inventory__in=[other, another]).exists()


def test_a_lead_on_a_list_of_the_clients_is_named_and_not_replaced(client: Client, as_of: datetime) -> None:
    listed, other, another = stock(3, as_of=as_of)
    Exclusion.objects.create(client=client, lead=listed.lead, listed=True)
    with pytest.raises(OnYourLists, match=f"on your suppression lists: {listed.id}. Nothing was bought.") as refusal:
        place(client, [other.id, listed.id], as_of=as_of)
    assert refusal.value.inventory_ids == [listed.id]
    assert not Sale.objects.exists()
    Exclusion.objects.update(owned=True)
    with pytest.raises(AlreadyOwned):
        place(client, [other.id, listed.id], as_of=as_of)
    assert place(ClientFactory(), [listed.id, another.id], as_of=as_of).quantity == 2


@pytest.mark.parametrize("spare", [0, 1, 5])
def test_what_the_client_bought_itself_is_named_whether_there_is_a_replacement_or_not(
    client: Client, as_of: datetime, spare: int
) -> None:
    one, two = stock(2, as_of=as_of)
    stock(spare, as_of=as_of)
    place(client, [one.id, two.id], as_of=as_of)
    with pytest.raises(AlreadyOwned) as refusal:
        place(client, [two.id, one.id], as_of=as_of)
    assert refusal.value.inventory_ids == [two.id, one.id]
    assert (Order.objects.count(), Sale.objects.count()) == (1, 2)


@pytest.mark.parametrize("number", [0, 1001])
def test_the_number_of_ids_is_1_to_1000(client: Client, as_of: datetime, number: int) -> None:
    with pytest.raises((EmptyOrder, QuantityOutOfRange)):
        place(client, [uuid4() for _ in range(number)], as_of=as_of)


def test_an_unknown_id_is_named(client: Client, as_of: datetime) -> None:
    (record,) = stock(1, as_of=as_of)
    stranger = uuid4()
    with pytest.raises(InventoryNotFound, match=str(stranger)) as refusal:
        place(client, [record.id, stranger], as_of=as_of)
    assert refusal.value.inventory_ids == [stranger]
    assert not Sale.objects.exists()


def test_a_quote_holds_its_prices_for_15_minutes(client: Client, as_of: datetime) -> None:
    records = stock(2, as_of=as_of)
    quoted = quote_create(buyer=Buyer(client.id), inventory_ids=ids_of(records), as_of=as_of)
    assert (quoted.quote.subtotal, quoted.quote.expires_at_utc) == (Decimal("16.00"), as_of + timedelta(minutes=15))
    set_price_of_gold_6("9.99", as_of + timedelta(minutes=1))

    last_moment = as_of + timedelta(minutes=15) - timedelta(microseconds=1)
    with_quote = place(client, [records[0].id], as_of=last_moment, quote=quoted.quote, key="q")
    without = place(client, [records[1].id], as_of=last_moment)

    assert (with_quote.total, without.total) == (Decimal("8.00"), Decimal("9.99"))
    late = as_of + timedelta(hours=1)
    assert place(client, [records[0].id], as_of=late, quote=quoted.quote, key="q").id == with_quote.id


def test_a_quote_buys_once(client: Client, as_of: datetime) -> None:
    """One order, for all or some of its records; whatever the key of a second, and also when its time is over."""
    records = stock(4, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=ids_of(records), as_of=as_of).quote
    first = place(client, [records[0].id], as_of=as_of, quote=quote, key="first")
    for named, when in (
        ([records[1].id], as_of),
        ([records[0].id], as_of),
        (ids_of(records), as_of + timedelta(hours=1)),
    ):
        with pytest.raises(QuoteUsed, match=str(first.id)) as refusal:
            place(client, named, as_of=when, quote=quote)
        assert refusal.value.detail["order_id"] == str(first.id)
    assert place(client, [records[0].id], as_of=as_of + timedelta(hours=1), quote=quote, key="first") == first
    assert (Order.objects.get().quote, Sale.objects.count()) == (quote, 1)


def test_a_used_quote_is_refused_before_records_are_locked(client: Client, as_of: datetime) -> None:
    records = stock(2, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=ids_of(records), as_of=as_of).quote
    place(client, [records[0].id], as_of=as_of, quote=quote)
    with CaptureQueriesContext(connection) as queries, pytest.raises(QuoteUsed):
        place(client, [records[1].id], as_of=as_of, quote=quote)
    assert [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]] == []


def test_an_order_that_was_refused_has_not_used_its_quote(client: Client, as_of: datetime) -> None:
    gone, there = stock(2, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=[gone.id, there.id], as_of=as_of).quote
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=as_of)
    with pytest.raises(Shortage):
        place(client, [gone.id, there.id], as_of=as_of, quote=quote)
    assert place(client, [there.id], as_of=as_of, quote=quote).quote == quote


@pytest.mark.parametrize("fault", ["used twice", "another client's", "expired"])
def test_the_database_holds_an_order_to_its_quote(client: Client, as_of: datetime, fault: str) -> None:
    (record, *_) = stock(2, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=[record.id], as_of=as_of).quote
    if fault == "used twice":
        place(client, [record.id], as_of=as_of, quote=quote)
    order = Order(
        client=ClientFactory() if fault == "another client's" else client,
        placed_at_utc=quote.expires_at_utc if fault == "expired" else as_of,
        quantity=1, total=Decimal("8.00"), quote=quote, idempotency_key="by hand", request_digest="0",
    )  # fmt: skip
    name = "order_once_per_quote" if fault == "used twice" else "names a quote that is not its client's, or has expired"
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        order.save(force_insert=True)


def test_a_replacement_costs_what_was_quoted(client: Client, as_of: datetime) -> None:
    gone, _ = stock(2, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=[gone.id], as_of=as_of).quote
    InventoryRecord.objects.filter(id=gone.id).update(sold_at_utc=as_of)
    set_price_of_gold_6("9.99", as_of + timedelta(minutes=1))
    order = place(client, [gone.id], as_of=as_of + timedelta(minutes=2), quote=quote)
    assert (order.total, replaced(order)) == (Decimal("8.00"), 1)


def test_after_its_time_a_quote_sells_nothing(client: Client, as_of: datetime) -> None:
    (record,) = stock(1, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=[record.id], as_of=as_of).quote
    with pytest.raises(QuoteExpired, match="Ask for a new quote"):
        place(client, [record.id], as_of=quote.expires_at_utc, quote=quote)
    assert not Sale.objects.exists()


def test_a_quote_reserves_nothing(client: Client, as_of: datetime) -> None:
    (record,) = stock(1, as_of=as_of)
    quote_create(buyer=Buyer(client.id), inventory_ids=[record.id], as_of=as_of)
    assert buy(ClientFactory(), 1, GOLD_6, as_of=as_of).quantity == 1


def test_a_quote_names_what_it_cannot_quote(client: Client, as_of: datetime) -> None:
    sold, there = stock(2, as_of=as_of)
    InventoryRecord.objects.filter(id=sold.id).update(sold_at_utc=as_of)
    stranger = uuid4()
    with pytest.raises(InventoryNotFound) as refusal:
        quote_create(buyer=Buyer(client.id), inventory_ids=[sold.id, there.id, stranger], as_of=as_of)
    assert refusal.value.inventory_ids == [sold.id, stranger]
    assert "own" not in refusal.value.message
    place(client, [there.id], as_of=as_of)
    with pytest.raises(InventoryNotFound, match=f"You own these already: {there.id}") as refusal:
        quote_create(buyer=Buyer(client.id), inventory_ids=[sold.id, there.id], as_of=as_of)
    assert refusal.value.inventory_ids == [sold.id, there.id]
    early = as_of - timedelta(days=1500)
    unpriced = ids_of(stock(1, as_of=early))
    with pytest.raises(NoPrice):
        quote_create(buyer=Buyer(client.id), inventory_ids=unpriced, as_of=early)
    assert not Quote.objects.exists()


def test_a_quote_belongs_to_its_client_and_to_its_records(client: Client, as_of: datetime) -> None:
    one, other = stock(2, as_of=as_of)
    quote = quote_create(buyer=Buyer(client.id), inventory_ids=[one.id], as_of=as_of).quote
    with pytest.raises(QuoteNotFound):
        place(ClientFactory(), [one.id], as_of=as_of, quote=quote)
    with pytest.raises(NotInQuote, match=str(other.id)):
        place(client, [one.id, other.id], as_of=as_of, quote=quote)
    assert not Sale.objects.exists()


def test_the_database_keeps_a_quote_as_it_was(client: Client, as_of: datetime) -> None:
    quote_create(buyer=Buyer(client.id), inventory_ids=ids_of(stock(1, as_of=as_of)), as_of=as_of)
    for sql in (
        "UPDATE quotes SET expires_at_utc = expires_at_utc + interval '1 day'",
        "UPDATE quote_items SET unit_price = 0",
    ):
        with pytest.raises(DatabaseError, match="update rows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
