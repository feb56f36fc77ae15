"""The main job in a real browser: sign in, browse, buy, download."""

import csv
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from sales.models import Order, Sale
from tests.browser.conftest import sign_in


def choose_gold_in_louisiana(page: Page) -> None:
    page.locator("#open-LA").click()
    expect(page.locator("#count")).to_have_text("15")
    page.locator("#cell-gold-4").click()
    expect(page.locator("#count")).to_have_text("12")


def order_gold_in_louisiana(page: Page, quantity: int) -> None:
    choose_gold_in_louisiana(page)
    page.get_by_label("How many leads in Louisiana").fill(str(quantity))
    expect(page.locator("#quote")).to_contain_text(f"${quantity * 5}.00")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#order-count")).to_contain_text(str(quantity))
    page.get_by_role("link", name="Cart").first.click()
    page.get_by_role("heading", name="Cart", exact=True).wait_for()


def test_from_sign_in_to_the_downloaded_file(page: Page, buyer: User, tmp_path: Path) -> None:
    sign_in(page, buyer)
    order_gold_in_louisiana(page, 7)
    page.get_by_role("button", name="Buy 7 leads").click()
    page.get_by_role("heading", name="7 leads are yours").wait_for()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    file = tmp_path / "leads.csv"
    download.value.save_as(file)

    order = Order.objects.get()
    assert download.value.suggested_filename.startswith("homeshield-order-")
    raw = file.read_bytes()
    assert raw.count(b"\r\n") == 8
    with file.open(newline="", encoding="utf-8") as rows:
        found = list(csv.DictReader(rows))
    sold = Sale.objects.filter(order=order).select_related("lead").order_by("line_number", "id")
    assert len(found[0]) == 33
    assert [
        [row[name] for name in ("sale_id", "lead_id", "purchase_price", "last_name", "address", "borrower_phone")]
        for row in found
    ] == [
        [str(sale.id), str(sale.lead_id), "5.00", sale.lead.last_name, sale.lead.address, sale.lead.borrower_phone]
        for sale in sold
    ]
    for row, sale in zip(found, sold, strict=True):
        for column in ("full_name", "first_name", "city", "county", "state", "zip", "call_in_date", "source"):
            assert row[column] == (getattr(sale.lead, column) or "")
        assert row["order_id"] == str(order.id)
        assert row["purchase_date"] == f"{order.placed_at_utc.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert row["age_bucket_at_purchase"] == "MONTH_12_TO_23"


def test_the_whole_way_without_javascript(open_page: Callable[..., Page], buyer: User) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, buyer)
    page.locator("#state-LA").check()
    page.get_by_role("button", name="Apply").click()
    assert page.url.endswith("/inventory/?state=LA")
    page.locator("#county-allen").check()
    page.locator("#county-caddo").check()
    page.get_by_role("button", name="Apply").click()
    page.locator("#set-silver-4").click()
    assert page.url.endswith(
        "/inventory/?classification=Silver&age_bucket=MONTH_12_TO_23&state=LA&county=Allen&county=Caddo"
    )
    page.locator("#fill").fill("5")
    page.locator("#fill-each").click()
    page.get_by_label("How many leads in Caddo").fill("")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="Cart").first.click()
    page.get_by_role("button", name="One more of Silver").click()
    expect(page.get_by_text("Only 3 left.")).to_be_visible()
    page.get_by_role("button", name="Buy 6 leads").click()
    expect(page.get_by_role("alert")).to_contain_text("you asked for 6, and 3 are available")
    page.get_by_role("button", name="Use this (3 × Silver").click()
    page.get_by_role("button", name="Buy 3 leads").click()
    page.get_by_role("heading", name="3 leads are yours").wait_for()
    assert Sale.objects.count() == 3


def test_a_double_click_buys_once(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    order_gold_in_louisiana(page, 2)
    page.get_by_role("button", name="Buy 2 leads").dblclick()
    page.get_by_role("heading", name="2 leads are yours").wait_for()
    page.reload()
    assert (Order.objects.count(), Sale.objects.count()) == (1, 2)


def test_a_double_click_without_javascript_buys_once(open_page: Callable[..., Page], buyer: User) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, buyer)
    page.goto("/inventory/?classification=Gold&age_bucket=MONTH_12_TO_23&state=LA")
    page.get_by_label("How many leads in Louisiana").fill("2")
    page.get_by_role("button", name="Add to cart").click()
    page.goto("/order/")
    page.get_by_role("button", name="Buy 2 leads").dblclick(no_wait_after=True)
    page.get_by_role("heading", name="2 leads are yours").wait_for()
    assert (Order.objects.count(), Sale.objects.count()) == (1, 2)


def test_a_shortage_is_mended_with_one_click(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    order_gold_in_louisiana(page, 20)
    page.get_by_role("button", name="Buy 20 leads").click()
    expect(page.get_by_role("alert")).to_contain_text("you asked for 20, and 12 are available")
    assert Sale.objects.count() == 0
    page.get_by_role("button", name="Use this (12 × Gold").click()
    page.get_by_role("button", name="Buy 12 leads").click()
    page.get_by_role("heading", name="12 leads are yours").wait_for()


def test_the_address_bar_follows_and_back_returns(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.evaluate("window.stillHere = true")
    choose_gold_in_louisiana(page)
    assert page.url.endswith("/inventory/?classification=Gold&age_bucket=MONTH_12_TO_23&state=LA")
    assert page.evaluate("window.stillHere"), "in place: the page was not loaded again"

    page.go_back()
    expect(page.locator("#count")).to_have_text("15")
    assert page.url.endswith("/inventory/?state=LA")
    expect(page.locator("#state-LA")).to_be_checked()
    expect(page.locator("#cell-gold-4")).not_to_have_attribute("aria-current", "true")
    page.go_forward()
    expect(page.locator("#count")).to_have_text("12")

    page.reload()
    expect(page.locator("#count")).to_have_text("12")


def test_a_lost_connection_is_said(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.route("**/inventory/?*", lambda route: route.abort())
    page.locator("#open-LA").click()
    expect(page.locator("#messages")).to_contain_text("HomeShield cannot be reached")
    page.unroute("**/inventory/?*")
    page.locator("#open-TX").click()
    expect(page.locator("#count")).to_have_text("4")
    expect(page.locator("#messages")).to_be_empty()


def test_a_session_that_ended_leads_to_the_sign_in_and_back(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.context.clear_cookies()
    page.locator("#open-TX").click()
    page.get_by_role("heading", name="Sign in", exact=True).wait_for()
    assert "next=/inventory/" in page.url


@pytest.mark.parametrize("path", ["/orders/0190b6a5-5f0e-7cc1-9d7b-2c1f5f0e7cc1/", "/nothing/"])
def test_what_is_not_there_has_a_way_out(page: Page, buyer: User, path: str) -> None:
    sign_in(page, buyer)
    page.goto(path)
    page.get_by_role("heading", name="Page not found").wait_for()
    page.get_by_role("link", name="Your orders").click()
    page.get_by_role("heading", name="No orders yet").wait_for()
