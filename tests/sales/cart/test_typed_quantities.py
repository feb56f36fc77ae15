"""Buy takes over the quantities that its page shows, and never buys at a total that the buyer has not seen."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from homeshield.accounts.models import User
from inventory.facts.place import EVERYWHERE
from sales.cart.services import draft_line_add, draft_quantities_change
from sales.models import DraftLine, Order
from tests.factories import PASSWORD, UserFactory, stock
from tests.sales.history.test_order_pages import GOLD_CADDO, buy_form, text
from tests.sales.purchases import set_prices

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[{}, {"HX-Request": "true"}], ids=["page", "htmx"])
def engine(request: pytest.FixtureRequest) -> dict[str, str]:
    headers: dict[str, str] = request.param
    return headers


@pytest.fixture
def buyer(now: datetime) -> User:
    set_prices(since=now - timedelta(days=1))
    stock(12, as_of=now)
    user: User = UserFactory()
    draft_line_add(user=user, criteria=GOLD_CADDO, quantity=2)
    return user


@pytest.fixture
def shop(client: Client, buyer: User) -> Client:
    assert client.login(username=buyer.email, password=PASSWORD)
    return client


def quantity_now() -> int:
    return DraftLine.objects.get().quantity


def typed(quantity: object) -> dict[str, Any]:
    return {f"quantity-{DraftLine.objects.get().id}": quantity}


def test_what_the_page_shows_is_bought(shop: Client, engine: dict[str, str]) -> None:
    shop.post("/order/buy/", buy_form(shop.get("/order/")) | typed(2), headers=engine)
    assert Order.objects.get().quantity == 2


def test_another_quantity_is_taken_over_and_shown_before_it_is_bought(shop: Client, engine: dict[str, str]) -> None:
    response = shop.post("/order/buy/", buy_form(shop.get("/order/")) | typed(5), headers=engine)
    assert response.status_code == 409
    assert "Your cart is now 5 leads for $40.00. Nothing was bought yet. Buy again to confirm." in text(response)
    assert (quantity_now(), Order.objects.count()) == (5, 0)
    shop.post("/order/buy/", buy_form(response) | typed(5), headers=engine)
    assert Order.objects.get().quantity == 5


def test_a_quantity_that_the_page_itself_changed_meanwhile_is_no_other_window(
    shop: Client, buyer: User, engine: dict[str, str]
) -> None:
    form = buy_form(shop.get("/order/")) | typed(5)
    draft_quantities_change(user=buyer, quantities={DraftLine.objects.get().id: 5})
    response = shop.post("/order/buy/", form, headers=engine)
    assert response.status_code == 409
    assert "Your cart is now 5 leads for $40.00." in text(response)
    assert "another window" not in text(response)
    assert not Order.objects.exists()


@pytest.mark.parametrize("sent", ["2", "7"])
def test_another_window_keeps_what_it_changed(shop: Client, buyer: User, engine: dict[str, str], sent: str) -> None:
    form = buy_form(shop.get("/order/")) | typed(sent)
    draft_quantities_change(user=buyer, quantities={DraftLine.objects.get().id: 5})
    for address in ("/order/buy/", "/order/quantities/"):
        response = shop.post(address, form, headers=engine)
        assert response.status_code == 409
        assert "changed in another window" in text(response)
    assert (quantity_now(), Order.objects.count()) == (5, 0)


@pytest.mark.parametrize("sent", ["0", "1001", "", "many", "2.5", "-1"])
def test_what_is_no_quantity_is_said_at_its_line(shop: Client, engine: dict[str, str], sent: str) -> None:
    line_id = DraftLine.objects.get().id
    response = shop.post("/order/buy/", buy_form(shop.get("/order/")) | typed(sent), headers=engine)
    assert response.status_code == 422
    content = " ".join(response.content.decode().split())
    assert f'value="{sent}" aria-invalid="true" aria-describedby="wrong-{line_id}" autofocus' in content
    assert f'id="wrong-{line_id}"' in content
    assert (quantity_now(), Order.objects.count()) == (2, 0)


def test_one_wrong_line_does_not_keep_the_others_from_changing(
    shop: Client, buyer: User, engine: dict[str, str]
) -> None:
    first = DraftLine.objects.get()
    draft_line_add(user=buyer, criteria=GOLD_CADDO.at(EVERYWHERE), quantity=1)
    second = DraftLine.objects.exclude(id=first.id).get()
    form = {f"quantity-{first.id}": "0", f"quantity-{second.id}": "3"}
    assert shop.post("/order/quantities/", form, headers=engine).status_code == 422
    assert dict(DraftLine.objects.values_list("id", "quantity")) == {first.id: 2, second.id: 3}


def test_a_line_that_is_gone_or_somebody_elses_is_not_found(shop: Client, engine: dict[str, str]) -> None:
    response = shop.post("/order/quantities/", {f"quantity-{uuid4()}": "1"}, headers=engine)
    assert response.status_code == 404
    assert "This line is not in your cart anymore." in response.content.decode()
    assert quantity_now() == 2
