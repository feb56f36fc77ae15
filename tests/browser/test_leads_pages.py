"""Last month's lead by name, in three clicks at most; a row that opens, a number that is copied, a sheet to print."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import objections
from tests.factories import stock
from tests.sales.purchases import buy

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_12_TO_23)
SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def orders(buyer: User, now: datetime) -> list[str]:
    """Two orders, the second of twenty leads in two states."""
    assert buyer.client is not None
    stock(13, as_of=now, age_days=500, county="Allen", mortgage_amount="$250,000")
    stock(12, as_of=now, age_days=500, state="TX", county="Harris", city="Houston")
    stock(1, as_of=now, age_days=500, full_name="Opal Quebedeaux", first_name="Opal", last_name="Quebedeaux")
    first = buy(buyer.client, 13, GOLD, as_of=now - timedelta(hours=20))
    second = buy(buyer.client, 20, GOLD, as_of=now)
    return [str(first.id), str(second.id)]


def test_last_months_lead_takes_three_clicks(open_page: Callable[..., Page], buyer: User, orders: list[str]) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    sign_in(page, buyer)
    page.evaluate("sessionStorage.clicks = 0")
    page.context.add_init_script("addEventListener('click', () => sessionStorage.clicks++, true)")
    page.reload()
    page.evaluate("sessionStorage.clicks = 0")
    page.get_by_role("link", name="Orders").first.click()
    page.get_by_label("Find leads").click()
    page.keyboard.type("quebe")
    page.keyboard.press("Enter")
    name = page.get_by_role("button", name="Opal Quebedeaux")
    name.wait_for()
    assert int(page.evaluate("sessionStorage.clicks")) <= 3  # Enter clicks the button, too
    assert "uebe" not in page.url.lower()

    name.press("Space")
    expect(page.get_by_text("Exclusive until")).to_be_visible()
    expect(name).to_have_attribute("aria-expanded", "true")
    assert objections(page) == []
    name.press("Enter")
    expect(page.get_by_text("Exclusive until")).to_be_hidden()
    copy = page.get_by_role("button", name="Copy (318)")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("(318) 1")

    page.goto(f"/orders/{orders[1]}/?sheet=on")
    page.emulate_media(media="print")
    assert page.locator("button:visible, .button:visible, input:visible, nav:visible").count() == 0
    assert page.locator(".leads-table tbody:nth-of-type(20)").evaluate("e => getComputedStyle(e).breakAfter") == "page"
    pdf = page.pdf(format="Letter")
    assert pdf.count(b"/Type /Page\n") == 1


def test_a_search_replaces_what_is_found_says_how_many_and_goes_back(
    page: Page, buyer: User, orders: list[str]
) -> None:
    sign_in(page, buyer)
    page.goto("/leads/")
    rows = page.locator("[data-opens]")
    expect(rows).to_have_count(33)
    page.evaluate("window.same = true")
    page.get_by_label("State").select_option("TX")
    expect(rows).to_have_count(12)
    expect(page.locator("#announcement")).to_have_text("12 leads")
    page.get_by_label("State").select_option("")
    expect(rows).to_have_count(33)
    find = page.get_by_label("Find leads")
    find.fill("quebe")
    find.press("Enter")
    expect(rows).to_have_count(1)
    expect(page.locator(".lead-filter")).to_contain_text("1 lead for “quebe”.")
    expect(find).to_be_focused()
    assert "uebe" not in page.url.lower()
    assert objections(page) == []
    assert page.evaluate("window.same"), "the page was not loaded anew"
    page.go_back()
    expect(rows).to_have_count(33)
    page.go_back()
    expect(rows).to_have_count(12)
    expect(page.get_by_label("State")).to_have_value("TX")


@pytest.mark.skipif(not SHOTS, reason="pictures are taken by hand: SCREENSHOTS=FOLDER")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 375])
def test_pictures(open_page: Callable[..., Page], buyer: User, orders: list[str], scheme: str, width: int) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    sign_in(page, buyer)
    for name, path in (
        ("orders", "/orders/"), ("order", f"/orders/{orders[1]}/"), ("leads", "/leads/"), ("year", "/orders/year/"),
    ):  # fmt: skip
        page.goto(path)
        if name == "leads":
            page.locator("[data-opens]").first.click()
            page.get_by_text("Exclusive until").wait_for()
        page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
    if (scheme, width) == ("light", 1440):
        page.goto(f"/orders/{orders[1]}/?sheet=on")
        page.pdf(path=f"{SHOTS}/sheet.pdf", format="Letter")
