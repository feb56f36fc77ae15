"""The cart says before Buy what is short, of all lines together."""

from datetime import datetime

import pytest
from django.test import Client

from homeshield.accounts.models import User
from inventory.facts.place import Place
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add
from sales.models import DraftLine
from tests.factories import stock
from tests.sales.history.test_order_pages import GOLD, GOLD_CADDO, buy_form, lines, text

GOLD_ALLEN = GOLD.at(Place("LA", "Allen"))


@pytest.fixture
def short(shop: Client, buyer: User, now: datetime) -> User:
    """3 in Caddo, 1 in Allen and 2 in Texas; asked for: 5, 1, 4 anywhere, and 2 in a county that has none."""
    stock(3, as_of=now)
    stock(1, as_of=now, county="Allen")
    stock(2, as_of=now, state="TX", county="Harris")
    for criteria, quantity in ((GOLD_CADDO, 5), (GOLD_ALLEN, 1), (GOLD, 6), (GOLD.at(Place("LA", "Acadia")), 2)):
        draft_line_add(user=buyer, criteria=criteria, quantity=quantity)
    return buyer


def test_all_short_lines_at_once_each_beside_the_others(shop: Client, short: User, now: datetime) -> None:
    summary = draft_summary(user=short, as_of=now)
    found = [(line.available, line.shortage and line.shortage.available) for line in summary.lines]
    assert found == [(3, 3), (1, None), (6, 5), (0, 0)]
    said = text(shop.get("/order/"))
    assert "Only 3 left." in said
    assert "Only 5 left beside your other lines." in said
    assert "None left." in said
    assert "Take the 3 available 3 × Gold, 6 to 8 months, Caddo, LA" in said


def test_three_alternatives_stand_open_and_the_rest_is_folded(shop: Client, buyer: User, now: datetime) -> None:
    """Caddo's neighbors Bossier and De Soto have two each, so that there are six."""
    stock(1, as_of=now)
    for county in ("Bossier", "De Soto"):
        stock(2, as_of=now, county=county)
    stock(2, as_of=now, classification="Silver")
    draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
    folded = shop.get("/order/").content.decode().partition('<details class="more-alternatives">')
    said = [part.count("Use this") for part in (folded[0], folded[2])]
    assert said == [3, 3]
    assert "3 more alternatives" in folded[2]


def test_one_press_takes_what_is_there_for_all(
    shop: Client, short: User, engine: dict[str, str], now: datetime
) -> None:
    version = buy_form(shop.get("/order/"))["version"]
    assert shop.post("/order/take/", {"version": "1"}, headers=engine).status_code == 409
    shop.post("/order/take/", {"version": version}, headers=engine)
    assert lines(short) == [(str(GOLD_CADDO), 3), (str(GOLD_ALLEN), 1), (str(GOLD), 2)], "six are there in all"
    assert not draft_summary(user=short, as_of=now).short_lines


def test_a_step_changes_one_line(shop: Client, buyer: User, engine: dict[str, str]) -> None:
    draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=5)
    line = DraftLine.objects.get()
    for step, quantity in (("1", 6), ("-1", 4), ("7", 5), ("x", 5)):
        DraftLine.objects.update(quantity=5)
        sent = {f"quantity-{line.id}": "5", "step": f"{line.id} {step}"}
        assert shop.post("/order/quantities/", sent, headers=engine, follow=True).status_code == 200
        assert lines(buyer) == [(str(GOLD_CADDO), quantity)]
