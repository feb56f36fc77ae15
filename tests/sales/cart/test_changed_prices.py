"""A line says what it cost when the buyer last knew its price, in later sessions too, until the new one is accepted."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import DiscountRule, PriceRule
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.models import DraftLine, Order
from tests.factories import stock
from tests.sales.history.test_order_pages import GOLD, buy_form, just_now, text

SILVER = Criteria(classification=Classification.SILVER, age_bucket=AgeBucket.MONTH_6_TO_8)


def reprice(classification: str, amount: str, at: datetime) -> None:
    """The price of 6 to 8 months becomes another one."""
    cell = PriceRule.objects.filter(classification=classification, age_bucket="MONTH_6_TO_8", effective_until_utc=None)
    cell.update(effective_until_utc=at)
    PriceRule.objects.create(
        classification=classification, age_bucket="MONTH_6_TO_8", amount=amount, effective_from_utc=at
    )


def changes(user: User) -> list[Decimal | None]:
    return [line.price_before for line in draft_summary(user=user, as_of=timezone.now()).lines]


@pytest.fixture
def cart(shop: Client, buyer: User, now: datetime) -> User:
    """Two Gold leads and one Silver one, added two hours ago for $8.00 and $6.00. Gold has just become $8.50."""
    stock(3, as_of=now)
    stock(1, as_of=now, classification="Silver")
    draft_line_add(user=buyer, criteria=GOLD, quantity=2)
    draft_line_add(user=buyer, criteria=SILVER, quantity=1)
    DraftLine.objects.update(priced_at_utc=now - timedelta(hours=2))
    reprice("Gold", "8.50", just_now(now))
    return buyer


def shown_at(shop: Client) -> str:
    """The instant of the cart's page, as its forms send it."""
    return str(shop.get("/order/").context["as_of"].isoformat())


def test_the_old_price_stays_through_sessions_until_it_is_accepted(
    shop: Client, cart: User, engine: dict[str, str]
) -> None:
    for _ in range(2):
        said = text(shop.get("/order/"))
        assert "$8.50 each now, was $8.00 on " in said
        assert "each now, was $6.00" not in said
        shop.logout()
        shop.force_login(cart)
    assert "$8.50 each now, was $8.00 on " in text(shop.get("/inventory/")), "the cart beside Browse"

    gold = DraftLine.objects.get(classification="Gold")
    shop.post("/order/prices/", {"keep": gold.id, "shown_at": shown_at(shop)}, headers=engine)
    assert changes(cart) == [None, None]
    assert "each now" not in text(shop.get("/order/"))


def test_a_change_accepts_the_price_that_its_page_showed_and_no_later_one(
    shop: Client, cart: User, engine: dict[str, str], now: datetime
) -> None:
    gold = DraftLine.objects.get(classification="Gold")
    before = {"shown_at": (now - timedelta(hours=1)).isoformat()}  # a page from before the change
    shop.post("/order/quantities/", {f"quantity-{gold.id}": "3"} | before, headers=engine)
    assert changes(cart) == [Decimal("8.00"), None]
    shop.post("/order/quantities/", {f"quantity-{gold.id}": "2", "shown_at": shown_at(shop)}, headers=engine)
    assert changes(cart) == [None, None]


@pytest.mark.parametrize("instant", ["", "soon", "2999-01-01T00:00:00+00:00"])
def test_a_page_that_says_no_instant_of_the_past_accepts_nothing(shop: Client, cart: User, instant: str) -> None:
    assert shop.post("/order/prices/", {"keep": "all", "shown_at": instant}).status_code == 409
    assert changes(cart) == [Decimal("8.00"), None]


@pytest.mark.parametrize("keep", ["", "x", "7b5cbb1e-0c0f-4d70-b4d1-9d0f3f7e2d10"])
def test_a_line_that_is_not_in_the_cart_is_not_found(shop: Client, cart: User, keep: str) -> None:
    assert shop.post("/order/prices/", {"keep": keep, "shown_at": shown_at(shop)}).status_code == 404
    assert changes(cart) == [Decimal("8.00"), None]


def test_one_press_accepts_all(shop: Client, cart: User, engine: dict[str, str], now: datetime) -> None:
    reprice("Silver", "5.00", just_now(now))
    assert "Keep all 2 lines at their new prices" in text(shop.get("/order/"))
    shop.post("/order/prices/", {"keep": "all", "shown_at": shown_at(shop)}, headers=engine)
    assert changes(cart) == [None, None]


def test_what_the_cart_itself_makes_cheaper_is_no_change_of_price(cart: User, now: datetime) -> None:
    DiscountRule.objects.create(name="Volume", percentage=10, least_leads=3, effective_from_utc=now - timedelta(days=1))
    assert changes(cart) == [Decimal("7.20"), None], "$8.00 less 10%; Silver costs $5.40 as it did"


def test_a_purchase_is_refused_once_and_then_pays_the_new_price(
    shop: Client, buyer: User, engine: dict[str, str], now: datetime
) -> None:
    stock(3, as_of=just_now(now))
    draft_line_add(user=buyer, criteria=GOLD, quantity=2)
    DraftLine.objects.update(priced_at_utc=now - timedelta(hours=2))
    form = buy_form(shop.get("/order/"))
    reprice("Gold", "8.50", just_now(now))
    response = shop.post("/order/buy/", form, headers=engine)
    assert response.status_code == 409
    assert "$8.50 each now, was $8.00 on " in text(response)
    assert not Order.objects.exists()
    shop.post("/order/buy/", buy_form(response), headers=engine)
    assert Order.objects.get().total == Decimal("17.00")


def test_two_changes_that_leave_the_total_are_refused_too(
    shop: Client, buyer: User, engine: dict[str, str], now: datetime
) -> None:
    stock(1, as_of=just_now(now))
    stock(1, as_of=just_now(now), classification="Silver")
    draft_line_add(user=buyer, criteria=GOLD, quantity=1)
    draft_line_add(user=buyer, criteria=SILVER, quantity=1)
    form = buy_form(shop.get("/order/"))
    reprice("Gold", "9.00", just_now(now))
    reprice("Silver", "5.00", just_now(now))
    response = shop.post("/order/buy/", form, headers=engine)
    assert response.status_code == 409
    assert "the order still costs $14.00" in text(response)
    assert not Order.objects.exists()
    shop.post("/order/buy/", buy_form(response), headers=engine)
    assert Order.objects.get().total == Decimal("14.00")


def test_lines_of_different_ages_are_priced_in_one_statement(
    cart: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queries = 6
    with django_assert_num_queries(queries):
        draft_summary(user=cart, as_of=now)
    DraftLine.objects.filter(classification="Gold").update(priced_at_utc=now - timedelta(hours=3))
    with django_assert_num_queries(queries):
        draft_summary(user=cart, as_of=now)
