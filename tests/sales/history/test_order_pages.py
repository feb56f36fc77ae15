"""The order from its first line to the leads in full, as a browser meets it with and without JavaScript."""

import html
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.models import ClientStatus, User
from homeshield.lib.instants import instant_text
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.cart.selectors import draft_summary
from sales.cart.services import draft_line_add, draft_quantities_change
from sales.models import Draft, DraftLine, Order, Sale
from tests.factories import ClientFactory, stock
from tests.sales.purchases import buy

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)
GOLD_CADDO = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8, place=Place("LA", "Caddo"))
LINE = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8", "state": "LA", "county": "Caddo"}
BACK = {"back": urlencode(LINE)}
"""The page from which a line is added."""


def text(response: Any) -> str:
    """What a page says, without its tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def buy_form(response: Any) -> dict[str, str]:
    """The fields that the Buy button sends, as the page holds them."""
    content = response.content.decode()
    form = content[content.index('action="/order/buy/"') :]
    names = ("draft_id", "version", "expected_total", "discount_code")
    found = {name: re.search(f'name="{name}" value="([^"]*)"', form) for name in names}
    shown = dict(re.findall(r'name="(price-[^"]*)" value="([^"]*)"', content))
    return shown | {name: match[1] for name, match in found.items() if match}


def offered(content: str) -> list[tuple[str, str]]:
    """What each "Use this" sends, and where."""
    found = re.findall(r'name="take"\s+value="([^"]*)" formaction="([^"]*)"', content)
    return [(address, html.unescape(take)) for take, address in found]


def landed_on(response: Any, engine: dict[str, str]) -> str:
    """Where the browser is sent: by a redirect, or by htmx."""
    assert response.status_code == (200 if engine else 302)
    return str(response["HX-Redirect"] if engine else response["Location"])


def just_now(now: datetime) -> datetime:
    """A moment before the test's transaction began: its start is the instant at which an order is placed."""
    return now - timedelta(seconds=30)


def lines(buyer: User) -> list[tuple[str, int]]:
    return [(str(line.criteria), line.quantity) for line in DraftLine.objects.filter(draft__user=buyer)]


class TestAddingALine:
    def test_adds_what_the_list_shows(self, shop: Client, buyer: User, engine: dict[str, str], now: datetime) -> None:
        stock(30, as_of=now)
        response = shop.post("/order/lines/", LINE | {"quantity": "25"}, headers=engine, follow=not engine)
        assert response.status_code == 200
        assert lines(buyer) == [(str(GOLD_CADDO), 25)]
        if engine:
            assert "25 Gold, 6 to 8 months, Caddo, LA" in text(response)
            again = shop.post("/order/lines/", LINE | {"quantity": "5"}, headers=engine)
            assert "30 Gold, 6 to 8 months, Caddo, LA (5 added)" in text(again)
            return
        assert "25 leads added to your cart: Gold, 6 to 8 months, Caddo, LA." in text(response)
        assert 'order-count">(25<' in response.content.decode()

    def test_a_thousand_may_have_its_comma(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(1, as_of=now)
        shop.post("/order/lines/", LINE | {"quantity": " 1,000 "}, headers=engine)
        assert lines(buyer) == [(str(GOLD_CADDO), 1000)]

    def test_without_javascript_the_list_comes_back_as_it_was(self, shop: Client, now: datetime) -> None:
        response = shop.post("/order/lines/", LINE | BACK | {"quantity": "1"})
        assert response["Location"] == ("/inventory/?classification=Gold&age_bucket=MONTH_6_TO_8&state=LA&county=Caddo")

    @pytest.mark.parametrize(
        ("quantity", "message"),
        [
            ("0", "A line has 1 to 1,000 leads."),
            ("1001", "A line has 1 to 1,000 leads."),
            ("-3", "A line has 1 to 1,000 leads."),
            ("2.5", "Enter a whole number, such as 25."),
            ("ten", "Enter a whole number, such as 25."),
            ("2_5", "Enter a whole number, such as 25."),
            ("1e1", "Enter a whole number, such as 25."),
            ("٢٥", "Enter a whole number, such as 25."),
            ("+5", "A line has 1 to 1,000 leads."),
            ("1,00", "Put commas between thousands only, such as 1,000."),
            ("", "Enter how many. A line has 1 to 1,000 leads."),
        ],
    )
    def test_a_wrong_quantity_is_said_at_the_field_and_adds_nothing(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime, quantity: str, message: str
    ) -> None:
        stock(1, as_of=now)
        response = shop.post("/order/lines/", LINE | BACK | {"quantity": quantity}, headers=engine)
        assert response.status_code == 422
        assert f'id="want-error-1">{message}<' in response.content.decode()
        assert 'aria-describedby="want-error-1"' in response.content.decode()
        assert lines(buyer) == []

    def test_more_of_what_the_order_holds_stops_at_a_thousand(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(1, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=995)
        response = shop.post("/order/lines/", LINE | {"quantity": "10"}, headers=engine)
        assert response.status_code == 422
        assert "1,005 is not possible" in text(response)
        assert lines(buyer) == [(str(GOLD_CADDO), 995)]

    def test_a_line_too_many_is_said_at_the_form(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(30, as_of=now)
        draft = Draft.objects.create(user=buyer)
        DraftLine.objects.bulk_create(
            DraftLine(
                draft=draft, classification="Gold", age_bucket="MONTH_6_TO_8", state="TX", county=f"{n}", quantity=1
            )
            for n in range(50)
        )
        response = shop.post("/order/lines/", LINE | BACK | {"quantity": "25"}, headers=engine)
        assert response.status_code == 422
        content = response.content.decode()
        assert "A cart has 50 lines at most. Buy it, or remove a line," in content
        assert 'name="quantity" value="25"' in content
        assert len(lines(buyer)) == 50

    @pytest.mark.parametrize(
        "wrong",
        [{"state": "ZZZ"}, {"county": "Harris"}, {"classification": ""}, {"age_bucket": "OLD"}, {"state": ""}],
    )
    def test_criteria_that_no_page_offers_add_nothing(
        self, shop: Client, buyer: User, engine: dict[str, str], wrong: dict[str, str]
    ) -> None:
        response = shop.post("/order/lines/", LINE | {"quantity": "1"} | wrong, headers=engine)
        assert response.status_code == 422
        assert lines(buyer) == []

    def test_several_places_are_added_together_or_not_at_all(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(1, as_of=now)
        cell = {"classification": "Gold", "age_bucket": "MONTH_6_TO_8"}
        back = "classification=Gold&age_bucket=MONTH_6_TO_8&state=LA&county=Caddo&county=De+Soto&county=Allen"
        asked = cell | {"back": back, "box": ["LA,Caddo", "LA,De Soto", "LA,Allen"]}
        response = shop.post("/order/lines/", asked | {"quantity": ["50", "0", ""]}, headers=engine)
        assert response.status_code == 422
        assert 'id="want-error-2">A line has 1 to 1,000 leads.<' in response.content.decode()
        assert 'name="quantity" value="50"' in response.content.decode()
        assert lines(buyer) == []
        response = shop.post("/order/lines/", asked | {"quantity": ["50", "7", ""]}, headers=engine, follow=not engine)
        assert lines(buyer) == [(str(GOLD_CADDO), 50), (str(GOLD.at(Place("LA", "De Soto"))), 7)]
        assert "57 leads added to your cart: 2 lines." in text(response) or engine
        response = shop.post("/order/lines/", asked | {"quantity": ["", "", ""]}, headers=engine)
        assert "Enter how many leads, in one box at least." in text(response)
        quote = shop.get("/order/lines/quote/", asked | {"quantity": ["3", "", "2"]})
        assert text(quote) == "5 leads $40.00"

    @pytest.mark.parametrize(
        ("quantity", "answer"),
        [
            ("3", "3 leads $24.00"),
            ("1", "1 lead $8.00"),
            ("5", "5 leads $40.00"),
            ("2000", "A line has 1 to 1,000 leads."),
            ("", "Enter how many. A line has 1 to 1,000 leads."),
        ],
    )
    def test_the_price_of_the_line_follows_the_quantity(
        self, shop: Client, now: datetime, quantity: str, answer: str
    ) -> None:
        stock(3, as_of=now)
        assert text(shop.get("/order/lines/quote/", LINE | {"quantity": quantity})) == answer


class TestTheOrder:
    def test_an_empty_order_says_how_to_fill_it(self, shop: Client, engine: dict[str, str]) -> None:
        response = shop.get("/order/", headers=engine)
        assert "Your cart is empty" in text(response)

    def test_shows_stock_price_and_amount_of_each_line_and_the_total(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(12, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=10)
        said = text(shop.get("/order/", headers=engine))
        assert "Gold 6 to 8 months, Caddo, LA" in said
        assert "× $8.00 $80.00" in said
        assert "12 available" in said
        assert "Total $80.00" in said
        assert "Buy 10 leads · $80.00" in said

    def test_a_line_changes_and_goes(self, shop: Client, buyer: User, engine: dict[str, str], now: datetime) -> None:
        stock(12, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=10)
        line = DraftLine.objects.get()
        response = shop.post("/order/quantities/", {f"quantity-{line.id}": "4"}, headers=engine, follow=not engine)
        assert "Total $32.00" in text(response)
        assert lines(buyer) == [(str(GOLD_CADDO), 4)]
        response = shop.post(f"/order/lines/{line.id}/remove/", headers=engine, follow=not engine)
        assert "Your cart is empty" in text(response)
        assert lines(buyer) == []

    def test_a_wrong_quantity_is_said_at_its_line_and_changes_nothing(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=10)
        line = DraftLine.objects.get()
        response = shop.post("/order/quantities/", {f"quantity-{line.id}": "1001"}, headers=engine)
        assert response.status_code == 422
        content = " ".join(response.content.decode().split())
        assert f'value="1001" aria-invalid="true" aria-describedby="wrong-{line.id}"' in content
        assert f'id="wrong-{line.id}" role="alert">A line has 1 to 1,000 leads.<' in content
        assert lines(buyer) == [(str(GOLD_CADDO), 10)]

    @pytest.mark.parametrize("action", ["remove/", "replace/"])
    def test_a_line_that_is_gone_or_somebody_elses_is_not_found(
        self, shop: Client, engine: dict[str, str], action: str
    ) -> None:
        asked = {"take": urlencode(LINE | {"quantity": "1"})}
        response = shop.post(f"/order/lines/{uuid4()}/{action}", asked, headers=engine)
        assert response.status_code == 404
        content = response.content.decode()
        assert "This line is not in your cart anymore." in content
        assert 'id="main"' in content, "htmx replaces the whole main part with the one of this page"


class TestBuying:
    def test_buys_the_order_and_shows_it(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(3, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
        response = shop.post("/order/buy/", buy_form(shop.get("/order/")), headers=engine)
        order = Order.objects.get()
        assert landed_on(response, engine) == f"/orders/{order.id}/"
        assert (order.quantity, order.total, order.placed_by) == (2, Decimal("16.00"), buyer)
        assert lines(buyer) == []
        assert "You bought 2 leads for $16.00." in text(shop.get(f"/orders/{order.id}/"))

    def test_sent_twice_it_buys_once_and_shows_the_same_order(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(4, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
        form = buy_form(shop.get("/order/"))
        first = shop.post("/order/buy/", form, headers=engine)
        second = shop.post("/order/buy/", form, headers=engine)
        assert landed_on(first, engine) == landed_on(second, engine)
        assert Sale.objects.count() == 2

    def test_a_shortage_says_what_is_short_and_what_is_there_instead(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(2, as_of=now)
        stock(4, as_of=now, state="TX", county="Harris")
        stock(6, as_of=now, age_days=300, county="Caddo")
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=5)
        response = shop.post("/order/buy/", buy_form(shop.get("/order/")), headers=engine)
        assert response.status_code == 409
        said = text(response)
        assert "Gold, 6 to 8 months, Caddo, LA : you asked for 5, and 2 are available. Nothing was bought." in said
        assert [
            (str(offer.kind), offer.quantity, offer.amount) for offer in response.context["refusal"].alternatives
        ] == [
            ("partial", 2, Decimal("16.00")),
            ("no_location_filter", 5, Decimal("40.00")),
            ("different_age_bucket", 5, Decimal("30.00")),
        ]
        assert "Take the 2 available 2 × Gold, 6 to 8 months, Caddo, LA 2 available, $8.00 each. $16.00" in said
        assert "Try all states 5 × Gold, 6 to 8 months, all states 6 available, $8.00 each. $40.00" in said
        assert "Try 9 to 11 months 5 × Gold, 9 to 11 months, Caddo, LA 6 available, $6.00 each. $30.00" in said
        assert Sale.objects.count() == 0
        assert lines(buyer) == [(str(GOLD_CADDO), 5)]

    @pytest.mark.parametrize(("choice", "quantity", "total"), [(0, 2, "16.00"), (1, 5, "40.00"), (2, 5, "30.00")])
    def test_one_press_takes_an_alternative_which_can_then_be_bought(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime, choice: int, quantity: int, total: str
    ) -> None:
        stock(2, as_of=now)
        stock(4, as_of=now, state="TX", county="Harris")
        stock(6, as_of=now, age_days=300, county="Caddo")
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=5)
        refused = shop.post("/order/buy/", buy_form(shop.get("/order/")), headers=engine).content.decode()
        address, take = offered(refused)[choice]
        after = shop.post(address, {"take": take}, headers=engine, follow=not engine)
        assert after.status_code == 200
        shop.post("/order/buy/", buy_form(after), headers=engine)
        order = Order.objects.get()
        assert (order.quantity, order.total) == (quantity, Decimal(total))

    def test_one_press_takes_an_alternative_that_fills_another_line_up(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(2, as_of=now)
        stock(1005, as_of=now, state="TX", county="Harris")
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=10)
        draft_line_add(user=buyer, criteria=GOLD, quantity=997)
        refused = shop.post("/order/buy/", buy_form(shop.get("/order/")), headers=engine)
        assert (
            "Try all states 3 × Gold, 6 to 8 months, all states 10 available, $8.00 each. Joins a line in your cart: "
            "1,000 in all, the most a line can have. $24.00"
        ) in text(refused)
        content = refused.content.decode()
        address, take = offered(content)[1]
        after = shop.post(address, {"take": take}, headers=engine, follow=not engine)
        assert after.status_code == 200
        assert lines(buyer) == [(str(GOLD), 1000)]

    def test_a_window_that_showed_other_lines_is_told_that_the_order_was_bought_without_them(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(4, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
        stale = buy_form(shop.get("/order/"))
        draft_quantities_change(user=buyer, quantities={DraftLine.objects.get().id: 3})
        shop.post("/order/buy/", buy_form(shop.get("/order/")), headers=engine)
        response = shop.post("/order/buy/", stale, headers=engine)
        assert response.status_code == 409
        said = text(response)
        assert "Already bought This cart was already bought, with other lines or prices than this page showed." in said
        assert "idempotency" not in said
        assert '<a href="/orders/">Go to Orders</a>' in response.content.decode()
        assert Sale.objects.count() == 3

    def test_changed_prices_are_shown_before_anything_is_bought(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(2, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
        form = buy_form(shop.get("/order/"))
        PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_6_TO_8").update(
            effective_until_utc=just_now(now)
        )
        PriceRule.objects.create(
            classification="Gold", age_bucket="MONTH_6_TO_8", amount=Decimal("9.00"), effective_from_utc=just_now(now)
        )
        response = shop.post("/order/buy/", form, headers=engine)
        assert response.status_code == 409
        assert "The order now costs $18.00, not $16.00. Nothing was bought." in text(response)
        assert buy_form(response)["expected_total"] == "18.00"
        assert Sale.objects.count() == 0

    def test_an_order_changed_in_another_window_is_shown_as_it_is_now(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(4, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=2)
        form = buy_form(shop.get("/order/"))
        draft_quantities_change(user=buyer, quantities={DraftLine.objects.get().id: 4})
        response = shop.post("/order/buy/", form, headers=engine)
        assert response.status_code == 409
        assert "changed in another window" in text(response)
        assert "Buy 4 leads" in text(response)
        assert Sale.objects.count() == 0

    def test_a_line_without_a_price_cannot_be_bought(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        stock(1, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=1)
        form = buy_form(shop.get("/order/"))
        PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_6_TO_8").update(
            effective_until_utc=just_now(now)
        )
        response = shop.post("/order/buy/", form, headers=engine)
        assert response.status_code == 409
        assert "Not for sale: no price is set." in text(response)
        assert "/order/buy/" not in response.content.decode()
        assert Sale.objects.count() == 0

    def test_a_company_that_is_not_active_is_told_so_and_buys_nothing(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime
    ) -> None:
        assert buyer.client is not None
        stock(1, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=1)
        form = buy_form(shop.get("/order/"))
        buyer.client.status = ClientStatus.SUSPENDED
        buyer.client.save()
        response = shop.post("/order/buy/", form, headers=engine)
        assert response.status_code == 403
        assert "account is suspended" in text(response)
        assert "/order/buy/" not in response.content.decode()
        assert Sale.objects.count() == 0

    @pytest.mark.parametrize("broken", [{"draft_id": "x"}, {"version": ""}, {"expected_total": "free"}])
    def test_a_damaged_form_buys_nothing(
        self, shop: Client, buyer: User, engine: dict[str, str], now: datetime, broken: dict[str, str]
    ) -> None:
        stock(1, as_of=now)
        draft_line_add(user=buyer, criteria=GOLD_CADDO, quantity=1)
        response = shop.post("/order/buy/", buy_form(shop.get("/order/")) | broken, headers=engine)
        assert response.status_code == 409
        assert Sale.objects.count() == 0

    def test_nobody_buys_the_draft_of_another_user(self, shop: Client, now: datetime) -> None:
        rival = Draft.objects.create(user=User.objects.create_user("rival@agency.example", client=ClientFactory()))
        stock(1, as_of=now)
        draft_line_add(user=rival.user, criteria=GOLD_CADDO, quantity=1)
        form = {"draft_id": str(rival.id), "version": "1", "expected_total": "8.00"}
        assert shop.post("/order/buy/", form).status_code == 404
        assert Sale.objects.count() == 0


class TestOrdersPlaced:
    def test_no_orders_yet(self, shop: Client) -> None:
        assert "No orders yet" in text(shop.get("/orders/"))

    def test_lists_date_quantity_and_total_newest_first(self, shop: Client, buyer: User, now: datetime) -> None:
        assert buyer.client is not None
        stock(5, as_of=now)
        buy(buyer.client, 2, GOLD, as_of=datetime.fromisoformat(f"{now:%Y-%m-%d}T00:00:00+00:00"))
        buy(buyer.client, 3, GOLD, as_of=now)
        said = text(shop.get("/orders/"))
        newer = f"{instant_text(now)} – 3 $24.00"
        older = f"{now:%b} {now.day}, {now:%Y}, 12:00 AM UTC – 2 $16.00"
        assert f"{now:%B} {now:%Y} 5 $40.00" in said
        assert said.index(newer) < said.index(older)

    def test_pages_of_fifty_orders(self, shop: Client, buyer: User, now: datetime) -> None:
        assert buyer.client is not None
        stock(51, as_of=now)
        for number in range(51):
            buy(buyer.client, 1, GOLD, as_of=now - timedelta(minutes=number))
        first = shop.get("/orders/")
        assert len(first.context["page"].rows) == 50
        last = shop.get(f"/orders/?cursor={first.context['page'].next_cursor}")
        assert len(last.context["page"].rows) == 1
        assert "Newer orders" in text(last)

    def test_an_order_shows_its_lines_and_its_leads_in_full(self, shop: Client, buyer: User, now: datetime) -> None:
        assert buyer.client is not None
        facts: dict[str, Any] = {
            "full_name": "Opal Quebedeaux", "address": "77 Hidden Ln", "city": "Bayouville", "zip": "71118-2401",
            "borrower_phone": "3181000177", "call_in_phone_number": "3181000178", "co_borrower_name": "Beau Quebedeaux",
            "mortgage_id": "00421337", "mortgage_amount": "$132,550", "lender": "EXAMPLE BANK", "sale_date": "3/6/2023",
            "call_in_date": "05-04-2026 10:11:12", "borrower_age": "51", "borrower_medical_issues": "Yes",
            "borrower_tobacco_use": "No", "source": "CALL", "campaign_id": "WK060225A", "type": "NEW MTG",
            "status": "NEW", "agent_id": "1039",
        }  # fmt: skip
        stock(1, as_of=now, **facts)
        order = buy(buyer.client, 1, GOLD, as_of=now)
        response = shop.get(f"/orders/{order.id}/")
        said = text(response)
        for name in ("full_name", "city", "mortgage_amount", "borrower_age"):
            assert facts[name] in said
        assert "(318) 100-0177" in said
        assert "1 lead is yours" in said
        assert "$8.00 · placed" in said
        assert "Gold, 6 to 8 months, all states 1 $8.00 $8.00" in said
        assert f'href="/orders/{order.id}/leads.csv"' in response.content.decode()
        whole = text(shop.get(f"/leads/{order.sales.get().id}/"))
        for name in facts.keys() - {"borrower_phone", "call_in_phone_number", "call_in_date"}:
            assert facts[name] in whole
        called = order.sales.get().lead.created_at_utc.astimezone(ZoneInfo("America/Chicago"))
        clock = f"{called.hour % 12 or 12}:{called:%M %p}"
        assert f"Called in, local time {called:%b} {called.day}, {called:%Y}, {clock}" in whole
        assert "(318) 100-0178" in whole

    def test_absent_facts_are_dashes(self, shop: Client, buyer: User, now: datetime) -> None:
        assert buyer.client is not None
        stock(1, as_of=now, full_name=None, first_name=None, zip=None, address=None, city=None)
        order = buy(buyer.client, 1, GOLD, as_of=now)
        assert "None" not in text(shop.get(f"/orders/{order.id}/"))
        said = text(shop.get(f"/leads/{order.sales.get().id}/"))
        assert "Name unknown" in said
        assert "None" not in said

    def test_leads_come_in_pages_of_a_hundred_and_a_page_costs_the_same_queries(
        self, shop: Client, buyer: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        assert buyer.client is not None
        stock(101, as_of=now)
        order = buy(buyer.client, 101, GOLD, as_of=now)
        # session, user with company; order, lines; taking in new orders, its leads, their sales, what was returned;
        # that they were seen; its map; the header's numbers and its balance
        with django_assert_num_queries(13):
            first = shop.get(f"/orders/{order.id}/")
        assert first.content.decode().count("data-opens") == 100
        last = shop.get(f"/orders/{order.id}/?cursor={first.context['page'].next_cursor}")
        assert last.content.decode().count("data-opens") == 1

    def test_another_companys_order_is_not_found(self, shop: Client, now: datetime) -> None:
        stock(1, as_of=now)
        order = buy(ClientFactory(), 1, GOLD, as_of=now)
        assert shop.get(f"/orders/{order.id}/").status_code == 404
        assert shop.get(f"/orders/{uuid4()}/").status_code == 404

    @pytest.mark.parametrize("address", ["/orders/", "/orders/{id}/"])
    def test_a_bad_cursor_explains_itself(self, shop: Client, buyer: User, now: datetime, address: str) -> None:
        assert buyer.client is not None
        stock(1, as_of=now)
        order = buy(buyer.client, 1, GOLD, as_of=now)
        response = shop.get(address.format(id=order.id), {"cursor": "nonsense"})
        assert response.status_code == 400
        assert "This place in the list is not known" in text(response)


def test_the_order_page_counts_all_lines_at_once(
    shop: Client, buyer: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stock(1, as_of=now)
    for bucket in AgeBucket:
        draft_line_add(user=buyer, criteria=Criteria(classification=Classification.GOLD, age_bucket=bucket), quantity=1)
    assert len(draft_summary(user=buyer, as_of=now).lines) == 5
    # session, user with company; draft, lines, prices; stock of all five lines, and what would mend the four that are
    # short; balance, budget; the header's notices
    with django_assert_num_queries(10):
        shop.get("/order/")
