"""The cart's discount code, its prices and what more leads would save, on the pages."""

from datetime import datetime, timedelta
from typing import Any

import pgtrigger
import pytest
from django.test import Client as Browser

from homeshield.accounts.models import User
from pricing.models import DiscountRule
from sales.cart.services import draft_line_add
from sales.models import Draft, Order
from tests.factories import ClientFactory, UserFactory, stock
from tests.pricing.discounts.offers import discount_make, own_price_make
from tests.sales.history.test_order_pages import GOLD_CADDO, buy_form, text
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    headers: dict[str, str] = request.param
    return headers


@pytest.fixture
def buyer(now: datetime) -> User:
    """With five leads of 8.00 each in the cart."""
    set_prices(since=now - timedelta(days=1))
    stock(60, as_of=now)
    user: User = UserFactory()
    draft_line_add(user=user, criteria=GOLD_CADDO, quantity=5)
    return user


@pytest.fixture
def shop(client: Browser, buyer: User) -> Browser:
    client.force_login(buyer)
    return client


@pytest.fixture
def spring(buyer: User, now: datetime) -> DiscountRule:
    return discount_make("10", since=now - MINUTE, code="SPRING10")


def code_in_cart() -> str:
    return Draft.objects.get().discount_code


def give(shop: Browser, code: str, **sent: str) -> Any:
    return shop.post("/order/code/", {"discount_code": code} | sent, follow=True)


def test_a_code_lowers_the_prices_and_is_bought_with(
    shop: Browser, spring: DiscountRule, engine: dict[str, str]
) -> None:
    page = shop.post("/order/code/", {"discount_code": " spring10 "}, headers=engine, follow=True)
    assert page.status_code == 200
    assert code_in_cart() == "SPRING10"
    for words in ("$7.20", "instead of $8.00", "10% off: Spring sale", "$36.00", "You save $4.00", "Before: $40.00"):
        assert words in text(page)
    shop.post("/order/buy/", buy_form(page), headers=engine)
    order = Order.objects.get()
    assert str(order.total) == "36.00"
    line = order.lines.get()
    assert (str(line.unit_price), str(line.list_price), line.discount) == ("7.20", "8.00", spring)
    assert "instead of $8.00" in text(shop.get(f"/orders/{order.id}/"))


@pytest.mark.parametrize("typed", ["NONESUCH", "theirs", "x" * 500, "Drop table; --"])
def test_a_wrong_code_is_said_at_the_field_with_what_was_typed(
    shop: Browser, spring: DiscountRule, now: datetime, engine: dict[str, str], typed: str
) -> None:
    discount_make("50", since=now - MINUTE, code="THEIRS", client=ClientFactory())
    give(shop, "SPRING10")
    page = shop.post("/order/code/", {"discount_code": typed}, headers=engine)
    assert page.status_code == 422
    assert "Your company has no such discount code." in text(page)
    assert f'value="{typed}"' in page.content.decode()
    assert (code_in_cart(), Order.objects.count()) == ("SPRING10", 0)
    assert "$36.00" in text(page)


@pytest.mark.parametrize("sent", [{"remove": "1"}, {"discount_code": ""}])
def test_a_code_is_taken_out(shop: Browser, spring: DiscountRule, sent: dict[str, str]) -> None:
    give(shop, "SPRING10")
    page = give(shop, "SPRING10", **sent)
    assert code_in_cart() == ""
    assert "You save" not in text(page)


def test_a_code_that_ended_meanwhile_is_told_and_the_cart_is_bought_without_it(
    shop: Browser, spring: DiscountRule, now: datetime
) -> None:
    give(shop, "SPRING10")
    shown = shop.get("/order/")
    with pgtrigger.ignore("pricing.DiscountRule:discount_history_is_kept"):
        DiscountRule.objects.update(effective_until_utc=now - timedelta(seconds=1))
    refused = shop.post("/order/buy/", buy_form(shown))
    assert refused.status_code == 409
    assert not Order.objects.exists()
    assert "The discount code SPRING10 ended at" in text(refused)
    assert "$40.00" in text(refused)
    shop.post("/order/buy/", buy_form(refused))
    assert str(Order.objects.get().total) == "40.00"


def test_a_code_changed_in_another_window_is_not_bought_at_the_old_total(shop: Browser, spring: DiscountRule) -> None:
    shown = shop.get("/order/")
    give(shop, "SPRING10")
    assert shop.post("/order/buy/", buy_form(shown)).status_code == 409
    assert not Order.objects.exists()


def test_the_cart_says_what_more_leads_would_save(shop: Browser, now: datetime) -> None:
    discount_make("10", since=now - MINUTE, name="By fifties", least_leads=50)
    discount_make("5", since=now - MINUTE, name="Welcome", least_leads=3)
    page = text(shop.get("/order/"))
    assert "45 more: 10% off all leads (By fifties)" in page
    assert "$7.60" in page


def test_browse_shows_what_another_lead_costs_beside_the_cart(shop: Browser, buyer: User, now: datetime) -> None:
    """The cart's leads and its code count."""
    discount_make("10", since=now - MINUTE, name="By fives", least_leads=6)
    discount_make("20", since=now - MINUTE, name="By the dozen", least_leads=16)
    assert buyer.client is not None
    own_price_make(buyer.client, "7.90", since=now - MINUTE)
    asked = {"state": "LA", "county": "Caddo", "classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
    page = text(shop.get("/inventory/", asked))
    assert "instead of $8.00" in page
    assert "$7.20" in page
    assert "$7.90" not in page.split("Gold 6 to 8 months, Caddo, LA")[0], (
        "what another lead costs; the cart has its own"
    )
    quote = text(shop.get("/order/lines/quote/", asked | {"quantity": "11"}))
    assert "instead of $88.00 $70.40 20% off: By the dozen" in quote
    quote = text(shop.get("/order/lines/quote/", asked | {"quantity": "10"}))
    assert "1 more: 20% off all leads (By the dozen)" in quote


def test_a_viewer_sees_what_a_single_lead_costs(client: Browser, buyer: User, now: datetime) -> None:
    assert buyer.client is not None
    own_price_make(buyer.client, "7.90", since=now - MINUTE)
    client.force_login(UserFactory(client=buyer.client, role="viewer"))
    assert "$7.90 instead of $8.00" in text(client.get("/inventory/"))
