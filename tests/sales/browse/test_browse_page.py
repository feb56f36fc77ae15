"""Browsing: filters, exact counts, prices, and nothing that a buyer has not paid for yet."""

import gzip
import re
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from homeshield.accounts.allowance_models import PreviewAllowance
from homeshield.accounts.models import Client as Company
from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from inventory.models import Exclusion, InventoryRecord
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.models import PriceRule
from sales.cart.services import draft_line_add
from sales.shades import shade
from tests.factories import StaffFactory, UserFactory, stock
from tests.sales.purchases import buy

GOLD_6 = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_6_TO_8)


def browse(**query: str | list[str]) -> str:
    return f"/inventory/?{urlencode(query, doseq=True)}" if query else "/inventory/"


def shown(content: str) -> str:
    """The count that the page shows, as text."""
    found = re.search(r'id="count">([\d,]+)<', content)
    assert found
    return found[1]


def own_from_the_bucket_before(company: Company, records: list[InventoryRecord], now: datetime) -> None:
    """Has the company buy these leads, of 6 to 8 months now, two months ago: when they were of 3 to 5 months."""
    young, then = AgeBucket.MONTH_3_TO_5, now - timedelta(days=60)
    for record in records:
        InventoryRecord.objects.create(
            lead=record.lead,
            age_bucket=young,
            classification=record.classification,
            state=record.state,
            county=record.county,
            enters_at_utc=young.enters_at(record.lead.created_at_utc),
            expires_at_utc=young.expires_at(record.lead.created_at_utc),
        )
    PriceRule.objects.create(
        classification="Gold",
        age_bucket=young,
        amount="10.00",
        effective_from_utc=then,
        effective_until_utc=now - timedelta(days=2),
    )
    buy(company, len(records), Criteria(classification=Classification.GOLD, age_bucket=young), as_of=then)


@pytest.fixture
def shelves(db: None, now: datetime) -> None:
    """Caddo, LA: 3 Gold of 6 to 8 months. Allen, LA: 2 Silver of 3 to 5. Harris, TX: 4 Gold of 24 months."""
    stock(3, as_of=now)
    stock(2, as_of=now, age_days=100, classification="Silver", county="Allen")
    stock(4, as_of=now, age_days=800, state="TX", county="Harris")


class TestWhoMayLook:
    def test_a_visitor_signs_in_first_and_comes_back(self, client: Client) -> None:
        response = client.get("/inventory/?state=LA")
        assert response.status_code == 302
        assert response["Location"] == "/accounts/login/?next=/inventory/%3Fstate%3DLA"

    def test_a_visitor_whose_session_ended_leaves_the_page_for_the_sign_in(self, client: Client, db: None) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/inventory/?state=LA"}
        response = client.get("/inventory/?state=TX", headers=headers)
        assert response["HX-Redirect"] == "/accounts/login/?next=/inventory/%3Fstate%3DLA"

    @pytest.mark.parametrize("path", ["/inventory/", "/order/", "/orders/"])
    def test_staff_without_a_company_meet_an_explanation(self, client: Client, db: None, path: str) -> None:
        client.force_login(StaffFactory())
        response = client.get(path)
        assert response.status_code == 403
        assert "This page is for buyers" in response.content.decode()

    def test_the_browser_keeps_no_copy(self, shop: Client) -> None:
        response = shop.get("/inventory/")
        assert "no-store" in response["Cache-Control"]
        assert "HX-Request" in response["Vary"]


@pytest.mark.usefixtures("shelves")
class TestFilters:
    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ({}, "9"),
            ({"state": "LA"}, "5"),
            ({"state": "LA", "county": "Caddo"}, "3"),
            ({"classification": "Silver"}, "2"),
            ({"age_bucket": "MONTH_24_PLUS"}, "4"),
            ({"state": "LA", "classification": "Gold", "age_bucket": "MONTH_6_TO_8"}, "3"),
            ({"state": "TX", "classification": "Silver"}, "0"),
            ({"state": "la"}, "5"),
            ({"state": "LA", "county": "caddo parish"}, "3"),
            ({"state": "LA", "county": ["Caddo", "Allen"]}, "5"),
            ({"state": ["LA", "TX"]}, "9"),
        ],
    )
    def test_list_and_count_follow_the_filter_in_both_engines(
        self, shop: Client, engine: dict[str, str], query: dict[str, str | list[str]], count: str
    ) -> None:
        response = shop.get(browse(**query, tab="preview"), headers=engine)
        assert response.status_code == 200
        content = response.content.decode()
        assert shown(content) == count
        assert content.count('<th scope="row">Ada</th>') == int(count)
        assert content.lstrip().startswith("<title>" if engine else "<!doctype html>")

    def test_a_county_and_a_state_offer_only_what_is_in_stock_and_what_is_chosen(self, shop: Client) -> None:
        window = shop.get(browse(state="LA", county=["Caddo", "Acadia"])).context["window"]
        assert [(choice.name, choice.count, choice.chosen) for choice in window.states] == [
            ("Louisiana", 5, True),
            ("Texas", 4, False),
        ]
        assert [(choice.name, choice.count, choice.chosen) for choice in window.counties] == [
            ("Acadia", 0, True),
            ("Allen", 2, False),
            ("Caddo", 3, True),
        ]

    def test_each_place_has_a_row_with_its_own_numbers(self, shop: Client, buyer: User, now: datetime) -> None:
        stock(2, as_of=now, age_days=183)
        draft_line_add(user=buyer, criteria=replace(GOLD_6, place=Place("LA", "Caddo")), quantity=4)
        address = browse(classification="Gold", age_bucket="MONTH_6_TO_8", state="LA", county=["Caddo", "Allen"])
        rows = shop.get(address).context["lines_of_places"]
        assert [(row.place, row.stock.available, str(row.new), row.in_cart) for row in rows] == [
            ("LA,Caddo", 5, "2", 4),
            ("LA,Allen", 0, "0", 0),
        ]
        cells = {head.name: row for head, row in shop.get(address).context["window"].matrix}
        assert [(cell.count, cell.in_cart) for cell in cells[Classification.GOLD]][:2] == [(0, 0), (5, 4)]
        assert [row.place for row in shop.get(browse(state=["LA", "TX"])).context["lines_of_places"]] == ["LA", "TX"]
        assert [row.place for row in shop.get(browse()).context["lines_of_places"]] == [""]

    def test_a_county_that_the_census_does_not_know_can_be_chosen_while_it_is_in_stock(
        self, shop: Client, now: datetime
    ) -> None:
        stock(2, as_of=now, county="Cadoo")
        assert shown(shop.get(browse(state="LA", county="Cadoo")).content.decode()) == "2"

    def test_another_state_drops_the_county_of_the_former_one(self, shop: Client, engine: dict[str, str]) -> None:
        response = shop.get(browse(state="TX", county="Caddo", county_of="LA"), headers=engine, follow=not engine)
        assert response.status_code == 200
        assert shown(response.content.decode()) == "4"

    def test_without_javascript_the_address_loses_what_is_left_open(self, shop: Client) -> None:
        response = shop.get(browse(state="LA", county="", classification="", age_bucket="", county_of=""))
        assert response.status_code == 302
        assert response["Location"] == "/inventory/?state=LA"

    def test_with_htmx_the_address_follows_without_what_is_left_open(self, shop: Client) -> None:
        response = shop.get(
            browse(state="LA", county=["Caddo", "Allen"], classification="Gold", age_bucket="", county_of="LA"),
            headers={"HX-Request": "true"},
        )
        assert response["HX-Push-Url"] == "/inventory/?classification=Gold&state=LA&county=Caddo&county=Allen"

    def test_the_table_of_cells_counts_the_place_whatever_class_and_age(self, shop: Client) -> None:
        window = shop.get(browse(state="LA", classification="Gold", age_bucket="MONTH_6_TO_8")).context["window"]
        rows = {head.name: cells for head, cells in window.matrix}
        assert [cell.count for cell in rows[Classification.GOLD]] == [0, 3, 0, 0, 0]
        assert [cell.count for cell in rows[Classification.SILVER]] == [2, 0, 0, 0, 0]
        assert [cell.shade for cell in rows[Classification.GOLD]] == [0, 5, 0, 0, 0]
        assert rows[Classification.SILVER][0].shade == shade(2, 3) == 5
        assert [str(cell.price.unit_price) for cell in rows[Classification.GOLD]] == [
            "10.00",
            "8.00",
            "6.00",
            "5.00",
            "4.00",
        ]
        assert [cell.chosen for cell in rows[Classification.GOLD]] == [False, True, False, False, False]
        assert rows[Classification.SILVER][0].address == (
            "/inventory/?classification=Silver&age_bucket=MONTH_3_TO_5&state=LA"
        )
        assert rows[Classification.GOLD][1].address == "/inventory/?state=LA", "a second press lets go"

    def test_a_line_needs_a_class_and_an_age(self, shop: Client) -> None:
        assert 'id="add-to-order"' not in shop.get(browse(classification="Gold")).content.decode()
        page = shop.get(browse(classification="Gold", age_bucket="MONTH_24_PLUS"))
        assert str(page.context["price"].unit_price) == "4.00"
        assert 'id="add-to-order"' in page.content.decode()

    def test_nothing_in_stock_says_where_to_look(self, shop: Client) -> None:
        content = shop.get(browse(state="VT")).content.decode()
        assert "None in stock here" in content
        assert 'href="/inventory/"' in content

    def test_an_age_without_a_price_is_shown_as_not_for_sale(self, shop: Client, now: datetime) -> None:
        PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_24_PLUS").update(effective_until_utc=now)
        content = shop.get(browse(classification="Gold", age_bucket="MONTH_24_PLUS")).content.decode()
        assert "Not for sale: no price is set" in content
        assert 'id="add-to-order"' not in content


def test_the_page_is_compressed_unless_it_repeats_what_it_does_not_know(shop: Client, engine: dict[str, str]) -> None:
    """docs/decisions/0028: what an attacker chooses freely must not stand in a compressed page."""
    asked = {**engine, "Accept-Encoding": "gzip"}
    page, plain = shop.get(browse(state="LA"), headers=asked), shop.get(browse(state="LA"), headers=engine)
    assert (page["Content-Encoding"], plain.get("Content-Encoding")) == ("gzip", None)
    assert "Accept-Encoding" in page["Vary"]
    assert len(page.content) < len(plain.content) / 3
    refused = shop.get(browse(state="secret"), headers=asked)
    assert (refused.status_code, refused.get("Content-Encoding")) == (422, None)
    for unknown in ({"cursor": "secret"}, {"other": "secret"}, {"fill": "secret"}):
        answer = shop.get(browse(state="LA", **unknown), headers=asked)
        assert answer.status_code == 422 or b"secret" not in gzip.decompress(answer.content)


class TestBadQueries:
    @pytest.mark.parametrize(
        ("query", "field", "message"),
        [
            ({"state": "ZZ"}, "state", "We don’t know the state “ZZ”. Choose one from the list."),
            ({"state": "Louisiana"}, "state", "We don’t know the state “LOUISIANA”. Choose one from the list."),
            ({"state": "x" * 5000}, "state", f"We don’t know the state “{'X' * 29}…”. Choose one from the list."),
            (
                {"state": "TX", "county": "Caddo"},
                "county",
                "Texas has no county “Caddo”. Choose one from the list.",
            ),
            (
                {"state": ["LA", "TX"], "county": "Caddo"},
                "county",
                "Choose one state: counties are chosen within it.",
            ),
            (
                {"state": "LA", "county": [f"Parish {n}" for n in range(51)]},
                "county",
                "Choose 50 counties at most, or the whole state.",
            ),
            (
                {"county": "Caddo"},
                "county",
                "Choose the state too: many states have a county of this name.",
            ),
            ({"classification": "Bronze"}, "classification", "“Bronze” is not a class. Choose Gold or Silver."),
            ({"age_bucket": "OLD"}, "age_bucket", "“OLD” is not an age we sell. Choose one from the list."),
            ({"state": "L\0A"}, "state", "Null characters are not allowed."),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(
        self, shop: Client, engine: dict[str, str], query: dict[str, str | list[str]], field: str, message: str
    ) -> None:
        response = shop.get(browse(**query), headers=engine)
        assert response.status_code == 422
        assert response.context["form"].errors == {field: [message]}
        content = response.content.decode()
        assert f'<ul class="errorlist" id="id_{field}_error"><li>{message}</li></ul>' in content
        assert "HX-Push-Url" not in response

    @pytest.mark.parametrize("cursor", ["x", "PA", "\0", "Pjk5OTk", "é" * 3000])
    def test_a_cursor_that_is_none_of_ours(self, shop: Client, engine: dict[str, str], cursor: str) -> None:
        response = shop.get(browse(tab="preview", cursor=cursor), headers=engine)
        assert response.status_code == 422
        assert "This place in the list is not known" in response.content.decode()


class TestPreview:
    def test_shows_what_may_be_seen_before_purchase_and_nothing_else(
        self, shop: Client, engine: dict[str, str], now: datetime
    ) -> None:
        stock(
            1, as_of=now, first_name="Opal", last_name="Quebedeaux", full_name="Opal Quebedeaux", city="Bayouville",
            address="77 Hidden Ln", zip="71118-2401", borrower_phone="3181000177", call_in_phone_number="3181000178",
            co_borrower_name="Secret Spouse", mortgage_id="00421", mortgage_amount="$1", lender="HIDDEN BANK",
        )  # fmt: skip
        content = shop.get("/inventory/?tab=preview", headers=engine).content.decode()
        for visible in ("Opal", "Bayouville", "Caddo", "LA", "Gold", "6 to 8 months", "$8.00"):
            assert visible in content
        for hidden in ("Quebedeaux", "Hidden", "HIDDEN", "71118", "3181000177", "3181000178", "Secret", "00421"):
            assert hidden not in content

    def test_a_company_that_waits_for_approval_sees_counts_and_prices_and_no_leads(
        self, shop: Client, engine: dict[str, str], buyer: User, now: datetime
    ) -> None:
        stock(2, as_of=now, first_name="Opal", city="Bayouville")
        Company.objects.filter(users=buyer).update(status="pending")
        content = shop.get("/inventory/?tab=preview", headers=engine).content.decode()
        assert (shown(content), "$8.00" in content) == ("2", True)
        assert "once our staff have approved your company" in content
        for hidden in ("Opal", "Bayouville", "cursor="):
            assert hidden not in content

    def test_leads_that_the_company_owns_are_counted_apart_and_not_listed(
        self, shop: Client, buyer: User, now: datetime
    ) -> None:
        assert buyer.client is not None
        records = stock(5, as_of=now, age_days=185)
        own_from_the_bucket_before(buyer.client, records[:2], now)
        response = shop.get("/inventory/?tab=preview")
        assert (response.context["stock"].total, response.context["stock"].owned) == (3, 2)
        content = response.content.decode()
        assert "2 you already own" in content
        assert content.count('<th scope="row">Ada</th>') == 3

    def test_leads_on_lists_of_the_company_are_counted_apart_from_those_it_owns(
        self, shop: Client, buyer: User, now: datetime
    ) -> None:
        assert buyer.client is not None
        records = stock(6, as_of=now)
        for record, owned in ((records[0], True), (records[1], False), (records[2], False)):
            Exclusion.objects.create(client=buyer.client, lead=record.lead, owned=owned, listed=not owned)
        content = shop.get("/inventory/?tab=preview").content.decode()
        assert "1 you already own" in content
        assert "2 on your lists" in content
        assert content.count('<th scope="row">Ada</th>') == 3
        for record in records[3:]:
            Exclusion.objects.create(client=buyer.client, lead=record.lead, listed=True)
        content = " ".join(shop.get("/inventory/?tab=preview").content.decode().split())
        assert "You already own 1 that match, and 5 are on your lists." in content
        Exclusion.objects.update(owned=False, listed=True)
        assert "All 6 that match are on your suppression lists." in shop.get("/inventory/?tab=preview").content.decode()

    def test_pages_of_a_dozen_link_to_one_another_and_keep_the_filter(
        self, shop: Client, engine: dict[str, str], now: datetime
    ) -> None:
        stock(25, as_of=now)
        seen: list[str] = []
        address = browse(state="LA", tab="preview")
        sizes = []
        while address:
            response = shop.get(address, headers=engine)
            ids = [str(record.id) for record, _ in response.context["preview"].rows]
            sizes.append(len(ids))
            seen += ids
            address = response.context["next"]
            assert address is None or address.startswith("/inventory/?state=LA&tab=preview&cursor=")
        assert sizes == [12, 12, 1]
        assert len(set(seen)) == 25
        back = shop.get(response.context["previous"], headers=engine)
        assert [str(record.id) for record, _ in back.context["preview"].rows] == seen[12:24]

    def test_a_page_costs_the_same_queries_however_long_the_list(
        self, shop: Client, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        stock(60, as_of=now)
        # session, user with company; the cart, and prices; all counts; what is new; where the list goes and its rows;
        # the allowance of previews; more of them; the numbers in the header
        with django_assert_num_queries(12):
            shop.get(browse(state="LA", county="Caddo", tab="preview"))

    def test_a_change_of_the_cart_shows_no_lead_again(self, shop: Client, buyer: User, now: datetime) -> None:
        stock(2, as_of=now)
        response = shop.get(browse(tab="preview", part="numbers"), headers={"HX-Request": "true"})
        assert "Ada" not in response.content.decode()
        assert "HX-Push-Url" not in response
        assert not PreviewAllowance.objects.exists()

    def test_two_companies_see_their_own_counts(self, shop: Client, now: datetime) -> None:
        stock(4, as_of=now)
        rival = UserFactory()
        assert rival.client is not None
        buy(rival.client, 1, GOLD_6, as_of=now)
        assert shown(shop.get("/inventory/?tab=preview").content.decode()) == "3"
