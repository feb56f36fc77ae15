"""One line over several counties, in a real browser: by keyboard and mouse, without losing what was typed."""

import re

from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from tests.browser.conftest import sign_in


def test_counties_are_ticked_seen_and_added(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.goto("/order/territory/?age_bucket=MONTH_12_TO_23")
    page.get_by_label("How many leads").fill("8")
    places = page.get_by_label("Counties and states")
    places.fill("TX")
    page.get_by_label("State", exact=True).select_option("LA")
    page.get_by_label("Caddo").check()
    expect(places).to_have_value("TX\nCaddo, LA")
    page.get_by_label("Allen").check()
    row = page.get_by_role("row", name=re.compile("^Caddo, LA"))
    expect(row.get_by_role("cell")).to_have_text(["12", "8", "$40.00"])
    expect(page).to_have_url(re.compile("quantity=8"))
    page.get_by_label("How many leads").fill("20")
    page.get_by_label("How many leads").press("Enter")
    expect(page.get_by_text("Only 12 left in these places together.")).to_be_visible()
    page.reload()
    expect(places).to_have_value("TX\nCaddo, LA\nAllen, LA")
    page.get_by_role("button", name="Add 20 leads to cart").click()
    page.get_by_role("heading", name="Cart", exact=True).wait_for()
    expect(page.get_by_text("3 places in 2 states", exact=False).first).to_be_visible()
