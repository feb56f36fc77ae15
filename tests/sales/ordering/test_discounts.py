"""Orders, quotes and shortages at a client's prices (contract, "Money")."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from homeshield.accounts.models import Client
from inventory.buyer import Buyer
from inventory.errors import Shortage, Suggestion
from inventory.facts.criteria import Criteria, Demand
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import CodeBesideQuote, DiscountCodeAhead, DiscountCodeEnded, DiscountCodeRefused
from pricing.models import DiscountRule, Quote, QuoteItem
from pricing.quotes import quote_create
from sales.errors import IdempotencyKeyReused
from sales.models import Order, OrderLine, Sale
from sales.ordering.baskets import CriteriaBasket, NamedBasket
from sales.ordering.services import order_place
from tests.factories import ClientFactory, stock
from tests.pricing.discounts.offers import discount_make, own_price_make
from tests.sales.purchases import at, set_prices

pytestmark = pytest.mark.django_db

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_9 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_9_TO_11)
SECOND = timedelta(seconds=1)


@pytest.fixture
def client(as_of: datetime) -> Client:
    """In a shop where Gold of 6 to 8 months costs 8.00, and of 9 to 11 months 6.00."""
    set_prices(as_of - timedelta(days=1000))
    return ClientFactory()


def place(client: Client, *lines: tuple[int, Criteria], as_of: datetime, code: str = "", key: str = "") -> Order:
    basket = CriteriaBasket([Demand(criteria=criteria, quantity=quantity) for quantity, criteria in lines], code)
    return at(as_of, order_place, client_id=client.id, user_id=None, basket=basket, key=key or str(uuid4()))


def paid(order: Order) -> list[tuple[str, str, UUID | None]]:
    lines = OrderLine.objects.filter(order=order).order_by("number")
    return [(str(line.unit_price), str(line.list_price), line.discount_id) for line in lines]


def assert_nothing_was_sold() -> None:
    assert (Order.objects.count(), Sale.objects.count(), OrderLine.objects.count()) == (0, 0, 0)


def test_the_best_single_discount_counts_and_the_sale_records_both_prices(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of)
    for percentage in ("10", "25", "20"):
        discount_make(percentage, since=as_of - SECOND)
    order = place(client, (3, GOLD_6), as_of=as_of)
    assert paid(order) == [("6.00", "8.00", DiscountRule.objects.get(percentage=25).id)]
    assert order.total == Decimal("18.00")
    assert set(order.sales.values_list("purchase_price", "list_price")) == {(Decimal("6.00"), Decimal("8.00"))}


def test_an_own_price_counts_where_it_is_lower_and_only_for_its_client(client: Client, as_of: datetime) -> None:
    stock(4, as_of=as_of)
    stock(4, as_of=as_of, age_days=300)
    discount_make("10", since=as_of - SECOND)
    own_price_make(client, "7.00", since=as_of - SECOND)
    own_price_make(client, "5.90", since=as_of - SECOND, age_bucket=AgeBucket.MONTH_9_TO_11)
    order = place(client, (1, GOLD_6), (1, GOLD_9), as_of=as_of)
    rule = DiscountRule.objects.get()
    assert paid(order) == [("7.00", "8.00", None), ("5.40", "6.00", rule.id)]
    assert paid(place(ClientFactory(), (1, GOLD_6), as_of=as_of)) == [("7.20", "8.00", rule.id)]


def test_a_discount_holds_from_its_first_instant_until_just_before_its_end(client: Client, as_of: datetime) -> None:
    stock(6, as_of=as_of)
    discount_make("50", since=as_of, effective_until_utc=as_of + 10 * SECOND)
    own_price_make(client, "1.00", since=as_of + 20 * SECOND, effective_until_utc=as_of + 30 * SECOND)
    for moment, price in [(-1, "8.00"), (0, "4.00"), (9, "4.00"), (10, "8.00"), (20, "1.00"), (30, "8.00")]:
        order = place(client, (1, GOLD_6), as_of=as_of + moment * SECOND)
        assert str(order.total) == price, moment


def test_the_least_number_counts_the_leads_of_all_lines(client: Client, as_of: datetime) -> None:
    stock(20, as_of=as_of)
    stock(20, as_of=as_of, age_days=300)
    discount_make("10", since=as_of - SECOND, least_leads=10)
    assert place(client, (5, GOLD_6), (4, GOLD_9), as_of=as_of).total == Decimal("64.00")
    assert place(client, (5, GOLD_6), (5, GOLD_9), as_of=as_of).total == Decimal("63.00")


def test_a_discount_of_one_client_is_nobody_elses(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of)
    discount_make("10", since=as_of - SECOND, client=client)
    assert place(client, (1, GOLD_6), as_of=as_of).total == Decimal("7.20")
    assert place(ClientFactory(), (1, GOLD_6), as_of=as_of).total == Decimal("8.00")


def test_a_code_counts_for_who_names_it(client: Client, as_of: datetime) -> None:
    stock(3, as_of=as_of)
    discount_make("10", since=as_of - SECOND, code="SPRING10")
    assert place(client, (1, GOLD_6), as_of=as_of).total == Decimal("8.00")
    assert place(client, (1, GOLD_6), as_of=as_of, code="SPRING10").total == Decimal("7.20")


@pytest.mark.parametrize(
    ("code", "refusal", "words"),
    [
        ("NONESUCH", DiscountCodeRefused, "no such discount code"),
        ("a code of ours", DiscountCodeRefused, "no such discount code"),
        ("THEIRS", DiscountCodeRefused, "no such discount code"),
        ("ENDED", DiscountCodeEnded, r"ENDED ended at 2026-06-01 12:00:00 UTC\. Leave it out"),
        ("LATER", DiscountCodeAhead, r"LATER starts at 2026-06-01 12:00:01 UTC\."),
    ],
)
def test_a_code_that_brings_nothing_is_refused_and_nothing_is_sold(
    client: Client, as_of: datetime, code: str, refusal: type[DiscountCodeRefused], words: str
) -> None:
    stock(1, as_of=as_of)
    discount_make("10", since=as_of - SECOND, code="THEIRS", client=ClientFactory())
    discount_make("10", since=as_of - SECOND, code="ENDED", effective_until_utc=as_of)
    discount_make("10", since=as_of + SECOND, code="LATER")
    with pytest.raises(refusal, match=words):
        place(client, (1, GOLD_6), as_of=as_of, code=code)
    assert_nothing_was_sold()


def test_a_repeat_is_the_first_order_even_where_its_code_has_ended(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of)
    discount_make("10", since=as_of - SECOND, code="SPRING10", effective_until_utc=as_of + SECOND)
    order = place(client, (1, GOLD_6), as_of=as_of, code="SPRING10", key="once")
    again = place(client, (1, GOLD_6), as_of=as_of + SECOND, code="SPRING10", key="once")
    assert (again.id, again.replayed, Order.objects.count()) == (order.id, True, 1)
    with pytest.raises(IdempotencyKeyReused):
        place(client, (1, GOLD_6), as_of=as_of, key="once")
    assert Order.objects.count() == 1


class TestQuotes:
    """Prices that hold, whatever becomes of the rules."""

    def quote(self, client: Client, as_of: datetime, code: str = "") -> tuple[Quote, list[UUID]]:
        ids = [record.id for record in stock(3, as_of=as_of)]
        return quote_create(buyer=Buyer(client.id), inventory_ids=ids, as_of=as_of, code=code).quote, ids

    def buy(self, client: Client, ids: list[UUID], quote: Quote, as_of: datetime, code: str = "") -> Order:
        basket = NamedBasket(ids, quote.id, code)
        return at(as_of, order_place, client_id=client.id, user_id=None, basket=basket, key=str(uuid4()))

    def test_hold_both_prices_after_the_discount_has_ended(self, client: Client, as_of: datetime) -> None:
        ends = as_of + timedelta(minutes=1)
        rule = discount_make("10", since=as_of - SECOND, code="SPRING10", least_leads=3, effective_until_utc=ends)
        quote, ids = self.quote(client, as_of, "SPRING10")
        assert (quote.subtotal, quote.discount_code) == (Decimal("21.60"), "SPRING10")
        order = self.buy(client, ids[:1], quote, ends, "SPRING10")
        assert paid(order) == [("7.20", "8.00", rule.id)]

    def test_hold_the_general_price_where_a_discount_comes_later(self, client: Client, as_of: datetime) -> None:
        quote, ids = self.quote(client, as_of)
        discount_make("50", since=as_of + SECOND)
        assert paid(self.buy(client, ids, quote, as_of + SECOND)) == [("8.00", "8.00", None)]

    def test_count_the_records_named(self, client: Client, as_of: datetime) -> None:
        discount_make("10", since=as_of - SECOND, least_leads=4)
        assert self.quote(client, as_of)[0].subtotal == Decimal("24.00")

    def test_take_no_other_code(self, client: Client, as_of: datetime) -> None:
        discount_make("10", since=as_of - SECOND, code="SPRING10")
        quote, ids = self.quote(client, as_of)
        with pytest.raises(CodeBesideQuote):
            self.buy(client, ids, quote, as_of, "SPRING10")
        assert_nothing_was_sold()

    def test_are_not_made_with_a_code_that_brings_nothing(self, client: Client, as_of: datetime) -> None:
        with pytest.raises(DiscountCodeRefused):
            self.quote(client, as_of, "NONESUCH")
        assert not Quote.objects.exists()


def test_alternatives_cost_what_the_order_that_they_make_would_cost(client: Client, as_of: datetime) -> None:
    """Half of the leads make too small an order for the discount; another age fills it, at ten percent off."""
    stock(5, as_of=as_of)
    stock(10, as_of=as_of, age_days=300)
    discount_make("10", since=as_of - SECOND, least_leads=10)
    with pytest.raises(Shortage) as refused:
        place(client, (10, GOLD_6), as_of=as_of)
    offers = {offer.kind: (str(offer.unit_price), str(offer.list_price)) for offer in refused.value.alternatives}
    assert offers[Suggestion.PARTIAL] == ("8.00", "8.00")
    assert offers[Suggestion.DIFFERENT_AGE_BUCKET] == ("5.40", "6.00")
    assert "($40.00)" in str(refused.value.detail["alternatives"])


def test_an_order_reads_its_prices_in_the_statement_that_reads_its_terms(client: Client, as_of: datetime) -> None:
    stock(2, as_of=as_of)
    with CaptureQueriesContext(connection) as before:
        place(client, (1, GOLD_6), as_of=as_of)
    discount_make("10", since=as_of - SECOND, code="SPRING10")
    own_price_make(client, "7.90", since=as_of - SECOND)
    with CaptureQueriesContext(connection) as after:
        place(client, (1, GOLD_6), as_of=as_of, code="SPRING10")
    assert len(after) == len(before)


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        (Sale, {"purchase_price": "8.01"}),
        (OrderLine, {"unit_price": "8.01", "amount": "8.01", "quantity": 1}),
        (QuoteItem, {"unit_price": "8.01"}),
    ],
)
def test_the_database_knows_no_price_above_the_general_one(
    client: Client, as_of: datetime, model: type[Model], facts: dict[str, object]
) -> None:
    """A check comes before foreign keys and triggers, so that the row needs nothing around it."""
    known = {"classification": "Gold"} if model is OrderLine else {}
    numbered = {"number": 1} if model is OrderLine else {"line_number": 1} if model is Sale else {}
    aged = {"age_bucket": "MONTH_6_TO_8"} if model is not QuoteItem else {}
    keys = {field.attname: uuid4() for field in model._meta.concrete_fields if field.is_relation and not field.null}
    instant = {"sold_at_utc": as_of} if model is Sale else {}
    with pytest.raises(IntegrityError, match="never_above_the_general_price"), transaction.atomic():
        model._default_manager.create(list_price="8.00", **facts, **keys, **known, **numbered, **aged, **instant)
    assert not model._default_manager.exists()
