"""Buying by criteria: all or nothing, at one instant (contract, "Purchase", "Sale", "Price")."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from homeshield.accounts.errors import ClientMayNotBuy
from homeshield.accounts.models import Client, ClientStatus
from inventory.buyer import Buyer
from inventory.errors import Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand
from inventory.facts.place import Place
from inventory.models import InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import NoPrice
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.errors import (
    EmptyOrder,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    PricesChanged,
)
from sales.models import Order, OrderLine, Sale
from sales.ordering import terms
from sales.ordering.baskets import CriteriaBasket, NamedBasket
from sales.ordering.services import order_place, order_place_draft
from tests.factories import ClientFactory, InventoryFactory, UserFactory, stock
from tests.sales.purchases import at, buy, demand, place, set_prices

pytestmark = pytest.mark.django_db

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_6_LA = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA"))
GOLD_6_CADDO = Criteria(
    classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA", "Caddo")
)
SILVER_9 = Criteria(classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_9_TO_11)


@pytest.fixture
def client(as_of: datetime) -> Client:
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def assert_nothing_was_sold() -> None:
    """A refusal leaves everything as it was."""
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()
    assert not Sale.objects.exists()
    assert not InventoryRecord.objects.filter(sold_at_utc__isnull=False).exists()


def test_an_order_records_what_was_true_then(client: Client, as_of: datetime) -> None:
    stock(3, as_of=as_of, state="LA", county="Caddo")
    stock(2, as_of=as_of, age_days=300, classification="Silver")

    order = place(client, demand(2, GOLD_6_CADDO), demand(1, SILVER_9), as_of=as_of)

    assert (order.quantity, order.total, order.currency, order.placed_at_utc) == (3, Decimal("20.50"), "USD", as_of)
    lines = OrderLine.objects.filter(order=order).values_list("number", "quantity", "unit_price", "amount", "county")
    assert list(lines) == [
        (1, 2, Decimal("8.00"), Decimal("16.00"), "Caddo"),
        (2, 1, Decimal("4.50"), Decimal("4.50"), None),
    ]
    for sale in Sale.objects.filter(order=order).select_related("inventory"):
        line = (GOLD_6_CADDO, Decimal("8.00")) if sale.line_number == 1 else (SILVER_9, Decimal("4.50"))
        assert (sale.purchase_price, sale.age_bucket, sale.currency) == (line[1], line[0].age_bucket, "USD")
        assert (sale.client_id, sale.sold_at_utc, sale.inventory.sold_at_utc) == (client.id, as_of, as_of)
        assert (sale.lead_id, sale.age_bucket) == (sale.inventory.lead_id, sale.inventory.age_bucket)
    assert InventoryRecord.objects.sellable(as_of).count() == 2


def test_what_lapses_soonest_is_sold_first(client: Client, as_of: datetime) -> None:
    youngest, middle, oldest = (InventoryFactory(as_of=as_of, lead__age=timedelta(days=d)) for d in (181, 220, 260))
    order = buy(client, 2, GOLD_6, as_of=as_of)
    assert {sale.inventory_id for sale in order.sales.all()} == {oldest.id, middle.id}
    youngest.refresh_from_db()
    assert youngest.sold_at_utc is None


def test_all_or_nothing_over_the_whole_list(client: Client, as_of: datetime) -> None:
    stock(5, as_of=as_of)
    stock(1, as_of=as_of, age_days=300, classification="Silver")
    with pytest.raises(Shortage) as refusal:
        place(client, demand(5, GOLD_6), demand(2, SILVER_9), as_of=as_of)
    assert (refusal.value.index, refusal.value.line.quantity, refusal.value.available) == (1, 2, 1)
    assert_nothing_was_sold()


@pytest.mark.parametrize("reverse", [False, True])
def test_overlapping_lines_are_filled_whenever_that_is_possible(client: Client, as_of: datetime, reverse: bool) -> None:
    """10 Gold in LA and 5 Gold in Caddo, LA: the wide line must leave Caddo's to the narrow one."""
    stock(5, as_of=as_of, age_days=260, state="LA", county="Caddo")  # lapses first, so a greedy wide line took it
    stock(10, as_of=as_of, age_days=200, state="LA", county="Orleans")
    lines = [demand(10, GOLD_6_LA), demand(5, GOLD_6_CADDO)]
    order = place(client, *(reversed(lines) if reverse else lines), as_of=as_of)
    assert order.quantity == 15
    caddo = OrderLine.objects.get(order=order, county="Caddo")
    assert set(order.sales.filter(line_number=caddo.number).values_list("lead__county", flat=True)) == {"Caddo"}


def test_overlapping_lines_never_share_a_record(client: Client, as_of: datetime) -> None:
    stock(6, as_of=as_of, state="LA", county="Caddo")
    with pytest.raises(Shortage) as refusal:
        place(client, demand(4, GOLD_6_CADDO), demand(3, GOLD_6_LA), as_of=as_of)
    assert (refusal.value.index, refusal.value.available) == (1, 2)
    assert_nothing_was_sold()


def test_the_same_line_twice_is_two_lines(client: Client, as_of: datetime) -> None:
    stock(3, as_of=as_of)
    order = place(client, demand(2, GOLD_6), demand(1, GOLD_6), as_of=as_of)
    assert list(order.sales.order_by("line_number").values_list("line_number", flat=True)) == [1, 1, 2]


def test_a_record_that_leaves_its_bucket_before_the_purchase_is_not_sold(client: Client, as_of: datetime) -> None:
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=200))
    with pytest.raises(Shortage):
        buy(client, 1, GOLD_6, as_of=record.expires_at_utc)
    assert_nothing_was_sold()
    assert buy(client, 1, GOLD_6, as_of=record.expires_at_utc - timedelta(microseconds=1)).quantity == 1


def test_a_lead_is_sold_once_in_a_bucket_and_again_in_the_next_to_somebody_else(
    client: Client, as_of: datetime
) -> None:
    other = ClientFactory()
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=200))
    buy(client, 1, GOLD_6, as_of=as_of)
    with pytest.raises(Shortage):
        buy(other, 1, GOLD_6, as_of=as_of)

    later = as_of + timedelta(days=90)
    gold_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)
    InventoryFactory(as_of=later, lead=record.lead)
    with pytest.raises(Shortage) as refusal:
        buy(client, 1, gold_9, as_of=later)
    assert refusal.value.available == 0, "a buyer is never sold a lead that it already owns"
    assert buy(other, 1, gold_9, as_of=later).quantity == 1
    assert Sale.objects.filter(lead=record.lead).count() == 2


def test_without_a_price_nothing_is_sold(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of - timedelta(days=2000))
    before_any_price = as_of - timedelta(days=2000)
    with pytest.raises(NoPrice):
        buy(client, 1, GOLD_6, as_of=before_any_price)
    assert_nothing_was_sold()


def test_another_total_than_the_buyer_saw_is_refused(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of)
    user = UserFactory(client=client)
    draft_line_add(user=user, criteria=GOLD_6, quantity=2)
    shown = draft_summary(user=user, as_of=as_of)
    assert shown.draft_id is not None
    with pytest.raises(PricesChanged) as refusal:
        at(
            as_of, order_place_draft,
            user=user, draft_id=shown.draft_id, version=shown.version, expected_total=Decimal("20.00"),
        )  # fmt: skip
    assert (refusal.value.expected, refusal.value.actual) == (Decimal("20.00"), Decimal("16.00"))
    assert_nothing_was_sold()


@pytest.mark.parametrize("status", [ClientStatus.PENDING, ClientStatus.SUSPENDED, ClientStatus.CLOSED])
def test_only_an_active_client_buys(client: Client, as_of: datetime, status: ClientStatus) -> None:
    stock(1, as_of=as_of)
    Client.objects.filter(id=client.id).update(status=status)
    with pytest.raises(ClientMayNotBuy):
        buy(client, 1, GOLD_6, as_of=as_of)
    assert_nothing_was_sold()


@pytest.mark.parametrize("status", [ClientStatus.PENDING, ClientStatus.SUSPENDED, ClientStatus.CLOSED])
def test_the_database_sells_to_no_client_that_is_not_active(
    client: Client, as_of: datetime, monkeypatch: pytest.MonkeyPatch, status: ClientStatus
) -> None:
    stock(1, as_of=as_of)
    Client.objects.filter(id=client.id).update(status=status)
    monkeypatch.setattr(terms, "_MAY_BUY", ClientStatus.values)
    with pytest.raises(IntegrityError, match="not active"):
        buy(client, 1, GOLD_6, as_of=as_of)
    assert_nothing_was_sold()


def test_a_client_buys_in_its_licensed_states_alone(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of)
    (texan,) = stock(1, as_of=as_of, state="TX", county="Harris")
    Client.objects.filter(id=client.id).update(licensed_states=["TX", "OK"])
    with pytest.raises(Shortage) as refusal:
        buy(client, 2, GOLD_6, as_of=as_of)
    assert refusal.value.available == 1
    assert_nothing_was_sold()
    buy(client, 1, GOLD_6, as_of=as_of)
    assert Sale.objects.get().lead_id == texan.lead_id


def test_an_order_takes_what_lapses_soonest_in_all_licensed_states(client: Client, as_of: datetime) -> None:
    """The line without a state comes after the narrower one."""
    places = [("LA", "Caddo"), ("TX", "Lee"), ("AL", "Lee"), ("TX", "Harris")] * 3
    records = [
        InventoryFactory(as_of=as_of, lead__age=timedelta(days=250 - number), lead__state=state, lead__county=county)
        for number, (state, county) in enumerate(places)
    ]
    numbers = {record.id: number for number, record in enumerate(records)}
    Client.objects.filter(id=client.id).update(licensed_states=["LA", "OK", "TX"])

    def bought(*lines: Demand) -> list[tuple[int, int]]:
        sales = place(client, *lines, as_of=as_of).sales.values_list("line_number", "inventory_id")
        return sorted((line, numbers[key]) for line, key in sales)

    texan = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("TX"))
    assert bought(demand(3, GOLD_6), demand(1, texan)) == [(1, 0), (1, 3), (1, 4), (2, 1)]
    assert bought(demand(4, GOLD_6)) == [(1, 5), (1, 7), (1, 8), (1, 9)]


def test_the_database_sells_nothing_outside_the_licensed_states(
    client: Client, as_of: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(1, as_of=as_of)
    Client.objects.filter(id=client.id).update(licensed_states=["TX"])
    monkeypatch.setattr(terms, "Buyer", lambda client_id, states: Buyer(client_id))
    with pytest.raises(IntegrityError, match="not licensed in its state"):
        buy(client, 1, GOLD_6, as_of=as_of)
    assert_nothing_was_sold()


def test_an_order_without_lines_is_refused(client: Client, as_of: datetime) -> None:
    with pytest.raises(EmptyOrder):
        place(client, as_of=as_of)


@pytest.mark.parametrize("quantity", [0, -1, 1001])
def test_a_line_asks_for_1_to_1000(quantity: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        Demand(criteria=GOLD_6, quantity=quantity)


def test_the_same_key_returns_the_first_order(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of)
    first = buy(client, 2, GOLD_6, as_of=as_of, key="once")
    assert buy(client, 2, GOLD_6, as_of=as_of + timedelta(minutes=1), key="once").id == first.id
    assert Sale.objects.count() == 2


def test_the_same_key_with_another_request_is_refused(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of)
    buy(client, 2, GOLD_6, as_of=as_of, key="once")
    with pytest.raises(IdempotencyKeyReused):
        buy(client, 1, GOLD_6, as_of=as_of, key="once")
    assert Sale.objects.count() == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "a\x00b", "a\nb", "\ud800"], ids=ascii)
def test_a_key_that_cannot_be_kept_is_refused_before_anything_else(client: Client, as_of: datetime, key: str) -> None:
    (record,) = stock(1, as_of=as_of)
    line = demand(1, GOLD_6)
    with pytest.raises(InvalidIdempotencyKey, match="1 to 255 printable characters") as refusal:
        order_place(client_id=client.id, user_id=None, basket=CriteriaBasket([line]), key=key)
    assert (refusal.value.code, refusal.value.status) == ("idempotency_key_invalid", 422)
    with pytest.raises(InvalidIdempotencyKey):
        order_place(client_id=client.id, user_id=None, basket=NamedBasket([record.id]), key=key)
    assert_nothing_was_sold()


@pytest.mark.parametrize("key", ["k", "k" * 255, "Bestellung Nr. 7 für Zoë \N{WHITE HEAVY CHECK MARK}", "𝄞" * 255])
def test_a_key_of_up_to_255_characters_of_any_script_is_kept(client: Client, as_of: datetime, key: str) -> None:
    stock(2, as_of=as_of)
    assert buy(client, 1, GOLD_6, as_of=as_of, key=key) == buy(client, 1, GOLD_6, as_of=as_of, key=key)
    assert Order.objects.get().idempotency_key == key


def test_a_key_belongs_to_its_client(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of)
    buy(client, 2, GOLD_6, as_of=as_of, key="once")
    buy(ClientFactory(), 2, GOLD_6, as_of=as_of, key="once")
    assert Sale.objects.count() == 4


def test_a_shortage_names_the_alternatives_in_the_contracts_order_and_each_can_be_bought(
    client: Client, as_of: datetime
) -> None:
    stock(22, as_of=as_of, state="LA", county="Caddo")
    stock(40, as_of=as_of, state="TX", county="Travis")
    stock(50, as_of=as_of, age_days=300, state="LA", county="Caddo")
    stock(60, as_of=as_of, age_days=100, state="LA", county="Caddo")
    stock(49, as_of=as_of, age_days=400, state="LA", county="Caddo")
    stock(50, as_of=as_of, state="TX", county="Harrison")  # borders Caddo
    stock(50, as_of=as_of, state="LA", county="Bossier")  # borders Caddo, in the same state
    stock(49, as_of=as_of, state="LA", county="De Soto")  # borders Caddo, one lead too few
    stock(50, as_of=as_of, state="LA", county="Orleans")  # far away
    stock(50, as_of=as_of, state="LA", county="Caddo", classification="Silver")

    with pytest.raises(Shortage) as refusal:
        buy(client, 50, GOLD_6_CADDO, as_of=as_of)

    offered = [(o.kind, str(o.criteria), o.quantity, o.available, o.amount) for o in refusal.value.alternatives]
    assert offered == [
        (Suggestion.PARTIAL, "Gold MONTH_6_TO_8 state=LA county=Caddo", 22, 22, Decimal("176.00")),
        (Suggestion.NO_LOCATION_FILTER, "Gold MONTH_6_TO_8", 50, 261, Decimal("400.00")),
        (Suggestion.DIFFERENT_AGE_BUCKET, "Gold MONTH_9_TO_11 state=LA county=Caddo", 50, 50, Decimal("300.00")),
        (Suggestion.DIFFERENT_AGE_BUCKET, "Gold MONTH_3_TO_5 state=LA county=Caddo", 50, 60, Decimal("500.00")),
        (Suggestion.WHOLE_STATE, "Gold MONTH_6_TO_8 state=LA", 50, 171, Decimal("400.00")),
        (Suggestion.ADJACENT_COUNTY, "Gold MONTH_6_TO_8 state=LA county=Bossier", 50, 50, Decimal("400.00")),
        (Suggestion.ADJACENT_COUNTY, "Gold MONTH_6_TO_8 state=TX county=Harrison", 50, 50, Decimal("400.00")),
        (Suggestion.DIFFERENT_CLASSIFICATION, "Silver MONTH_6_TO_8 state=LA county=Caddo", 50, 50, Decimal("300.00")),
    ]
    for offer in refusal.value.alternatives:
        before = transaction.savepoint_create()
        bought = buy(client, offer.quantity, offer.criteria, as_of=as_of)
        assert (bought.quantity, bought.total) == (offer.quantity, offer.amount)
        transaction.savepoint_rollback(before)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE sales SET purchase_price = 1",
        "UPDATE sales SET list_price = 9",
        "UPDATE order_lines SET list_price = 9",
        "DELETE FROM sales",
        "UPDATE orders SET total = 1",
        "DELETE FROM orders",
        "UPDATE order_lines SET quantity = 2",
        "DELETE FROM order_lines",
        "UPDATE inventory SET sold_at_utc = NULL",
        "UPDATE inventory SET sold_at_utc = sold_at_utc + interval '1 second'",
        "UPDATE inventory SET state = 'TX'",
        "DELETE FROM inventory",
        "INSERT INTO sales SELECT gen_random_uuid(), line_number, age_bucket, purchase_price, currency, sold_at_utc, "
        "client_id, inventory_id, lead_id, order_id, list_price FROM sales",
        "INSERT INTO order_lines (id, order_id, number, classification, age_bucket, quantity, unit_price, "
        "list_price, amount, replaced) "
        "SELECT gen_random_uuid(), order_id, 2, classification, age_bucket, 1, 8, 8, 8, 0 FROM order_lines",
    ],
)
def test_the_database_keeps_what_was_sold(client: Client, as_of: datetime, sql: str) -> None:
    """Whatever asks: raw SQL here, so that nothing of ours stands before the table."""
    stock(1, as_of=as_of)
    buy(client, 1, GOLD_6, as_of=as_of)
    refused = pytest.raises(DatabaseError, match=r"update or delete rows|update rows|delete rows|violates|nothing more")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Sale.objects.get().purchase_price == Decimal("8.00")


def bare_order(client: Client, as_of: datetime) -> Order:
    return Order.objects.create(
        client=client, placed_at_utc=as_of, quantity=1, total="8.00", idempotency_key="k", request_digest=""
    )


def order_without_sales(client: Client, as_of: datetime) -> None:
    bare_order(client, as_of)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would


def sale_of_unsold_record(client: Client, as_of: datetime) -> None:
    (record,) = stock(1, as_of=as_of)
    Sale.objects.create(
        order=bare_order(client, as_of), line_number=1, inventory=record, lead=record.lead, client=client,
        age_bucket=record.age_bucket, purchase_price="8.00", list_price="8.00", sold_at_utc=as_of,
    )  # fmt: skip


def test_the_database_refuses_an_order_that_does_not_add_up(client: Client, as_of: datetime) -> None:
    with pytest.raises(IntegrityError, match="does not add up"), transaction.atomic():
        order_without_sales(client, as_of)
    assert_nothing_was_sold()


def test_the_database_refuses_a_sale_of_a_record_that_is_not_marked_sold(client: Client, as_of: datetime) -> None:
    with pytest.raises(IntegrityError, match="does not agree"), transaction.atomic():
        sale_of_unsold_record(client, as_of)
    assert_nothing_was_sold()


def sale_of(order: Order, as_of: datetime, **facts: object) -> Sale:
    """A sale of a record that is marked as sold at its instant, at 8.00, unless `facts` say otherwise."""
    (record,) = stock(1, as_of=as_of)
    InventoryRecord.objects.filter(id=record.id).update(sold_at_utc=as_of)
    said: dict[str, Any] = {"line_number": 1, "purchase_price": "8.00", "list_price": "10.00"} | facts
    return Sale(
        order=order, inventory=record, lead=record.lead, client=order.client, age_bucket=record.age_bucket,
        sold_at_utc=as_of, **said,
    )  # fmt: skip


def test_the_database_refuses_to_let_a_placed_order_grow(client: Client, as_of: datetime) -> None:
    stock(1, as_of=as_of)
    sale = sale_of(buy(client, 1, GOLD_6, as_of=as_of), as_of)
    with pytest.raises(IntegrityError, match="gets nothing more"), transaction.atomic():
        sale.save(force_insert=True)
    assert Sale.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "sale"),
    [
        ({}, {"line_number": 42}),
        ({}, {"purchase_price": "0.01"}),
        ({}, {"list_price": "9.99"}),
        ({"state": "TX"}, {}),
        ({"state": "LA", "county": "Orleans"}, {}),
        ({"classification": "Silver"}, {}),
        ({"age_bucket": "MONTH_3_TO_5"}, {}),
    ],
    ids=["no such line", "price", "general price", "state", "county", "class", "bucket"],
)
def test_the_database_refuses_a_sale_that_is_not_what_its_line_says(
    client: Client, as_of: datetime, line: dict[str, Any], sale: dict[str, Any]
) -> None:
    def write() -> None:
        order = bare_order(client, as_of)
        said = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"} | line
        OrderLine.objects.create(
            order=order, number=1, quantity=1, unit_price="8.00", list_price="10.00", amount="8.00", **said
        )
        sale_of(order, as_of, **sale).save(force_insert=True)

    with pytest.raises(IntegrityError, match=r"does not agree with its .* order and line"), transaction.atomic():
        write()
    assert_nothing_was_sold()


def test_a_record_of_a_bucket_that_begins_after_the_orders_instant_is_not_sold(client: Client, as_of: datetime) -> None:
    """An order that waited may come upon what a later roll made."""
    record = InventoryFactory(as_of=as_of, lead__age=timedelta(days=180))
    with pytest.raises(Shortage):
        buy(client, 1, GOLD_6, as_of=record.enters_at_utc - timedelta(microseconds=1))
    assert_nothing_was_sold()
    assert buy(client, 1, GOLD_6, as_of=record.enters_at_utc).quantity == 1
