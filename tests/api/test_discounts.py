"""Prices of a client, discounts and codes, as programs see them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from pricing.models import Quote
from sales.models import Order
from tests.api.conftest import Caller
from tests.factories import stock
from tests.pricing.discounts.offers import discount_make, own_price_make

pytestmark = pytest.mark.django_db

LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def offers(caller: Caller, now: datetime) -> None:
    """Gold of 6 to 8 months costs 8.00; 10 percent less with SPRING10, 25 percent less from 3 leads on."""
    stock(6, as_of=now)
    discount_make("10", since=now - MINUTE, code="SPRING10")
    discount_make("25", since=now - MINUTE, name="By the dozen", least_leads=3)


def buy(caller: Caller, quantity: int, **other: Any) -> Any:
    body = {"client_id": str(caller.client.id), "criteria": [LINE | {"quantity": quantity}]} | other
    return caller.post("purchases/by-criteria", body)


@pytest.mark.usefixtures("offers")
def test_an_order_pays_the_price_and_shows_what_it_was(caller: Caller) -> None:
    answer = buy(caller, 1, discount_code="spring10").json()
    [line] = caller.get(f"purchases/{answer['order_id']}").json()["lines"]
    assert (answer["total_paid"], line["unit_price"], line["list_price"]) == ("7.20", "7.20", "8.00")


@pytest.mark.usefixtures("offers")
def test_a_price_that_is_the_general_one_stands_alone(caller: Caller) -> None:
    [line] = caller.get(f"purchases/{buy(caller, 1).json()['order_id']}").json()["lines"]
    assert (line["unit_price"], "list_price" in line) == ("8.00", False)
    [item, *_] = caller.get("inventory", **LINE).json()["items"]
    assert (item["unit_price"], "list_price" in item) == ("8.00", False)


@pytest.mark.usefixtures("offers")
def test_lists_and_prices_show_what_a_single_lead_costs_the_client(caller: Caller, now: datetime) -> None:
    own_price_make(caller.client, "7.50", since=now - MINUTE)
    [item, *_] = caller.get("inventory", **LINE).json()["items"]
    [price] = [one for one in caller.get("prices").json()["prices"] if one.items() >= LINE.items()]
    for one in (item, price):
        assert (one["unit_price"], one["list_price"]) == ("7.50", "8.00")


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize(
    ("quantity", "code", "line"),
    [
        (2, None, ("8.00", None, "16.00")),
        (2, "SPRING10", ("7.20", "8.00", "14.40")),
        (3, "SPRING10", ("6.00", "8.00", "18.00")),
    ],
)
def test_availability_prices_the_order_that_the_lines_would_make(
    caller: Caller, quantity: int, code: str | None, line: tuple[str, str | None, str]
) -> None:
    asked = {"criteria": [LINE | {"quantity": quantity}]} | ({"discount_code": code} if code else {})
    answer = caller.post("availability", asked).json()
    [found] = answer["criteria"]
    assert (found["unit_price"], found.get("list_price"), found["amount"]) == line
    assert answer["total"] == line[2]


@pytest.mark.usefixtures("offers")
def test_a_quote_shows_both_prices_and_is_bought_with_its_code(caller: Caller) -> None:
    ids = [item["inventory_id"] for item in caller.get("inventory").json()["items"][:2]]
    quote = caller.post("quotes", {"inventory_item_ids": ids, "discount_code": "SPRING10"}).json()
    assert quote["subtotal"] == "14.40"
    assert {(item["unit_price"], item["list_price"]) for item in quote["items"]} == {("7.20", "8.00")}
    body = {"client_id": str(caller.client.id), "inventory_item_ids": ids, "quote_id": quote["quote_id"]}
    assert caller.post("purchases", body | {"discount_code": "SPRING10"}).json()["total_paid"] == "14.40"


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NONESUCH", "discount_code_unknown"),
        ("THEIRS", "discount_code_unknown"),
        ("OVER", "discount_code_ended"),
        ("SOON", "discount_code_ahead"),
        ("x" * 101, None),
        ("", None),
        (7, None),
    ],
)
def test_a_code_that_brings_nothing_is_refused_everywhere_and_nothing_happens(
    caller: Caller, other: Caller, now: datetime, code: Any, error: str | None
) -> None:
    discount_make("10", since=now - MINUTE, code="THEIRS", client=other.client)
    discount_make("10", since=now - 90 * MINUTE, code="OVER", effective_until_utc=now - 60 * MINUTE)
    discount_make("10", since=now + timedelta(days=1), code="SOON")
    ids = [caller.get("inventory").json()["items"][0]["inventory_id"]]
    named = {"client_id": str(caller.client.id), "inventory_item_ids": ids, "discount_code": code}
    for answer in (
        buy(caller, 1, discount_code=code),
        caller.post("purchases", named),
        caller.post("quotes", {"inventory_item_ids": ids, "discount_code": code}),
        caller.post("availability", {"criteria": [LINE], "discount_code": code}),
    ):
        assert answer.status_code == (409 if error else 422)
        detail = answer.json()["detail"]
        if error:
            assert detail["error"] == error
        else:
            assert detail[0]["loc"] == ["body", "discount_code"]
    assert (Order.objects.count(), Quote.objects.count()) == (0, 0)


@pytest.mark.usefixtures("offers")
def test_a_code_beside_the_quote_of_another_is_refused(caller: Caller) -> None:
    ids = [item["inventory_id"] for item in caller.get("inventory").json()["items"][:1]]
    quote = caller.post("quotes", {"inventory_item_ids": ids}).json()
    body = {"client_id": str(caller.client.id), "inventory_item_ids": ids, "quote_id": quote["quote_id"]}
    answer = caller.post("purchases", body | {"discount_code": "SPRING10"})
    assert (answer.status_code, answer.json()["detail"]["error"]) == (409, "discount_code_beside_quote")
    assert not Order.objects.exists()
