"""One line over several counties, in a real browser: what is ticked goes into the list, and what is typed stays."""

import re

from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from tests.browser.conftest import sign_in


def test_counties_are_ticked_seen_and_added(page: Page, buyer: User) -> None:
    sign_in(page, buyer)
    page.goto("/order/territory/?age_bucket=MONTH_12_TO_23&places=TX")
    places, quantity = page.get_by_label("Counties and states"), page.get_by_label("How many leads")
    result = page.get_by_role("region", name="What each place gives")
    page.get_by_label("State", exact=True).select_option("LA")
    page.get_by_label("Caddo").check()
    expect(places).to_have_value("TX\nCaddo, LA")
    page.get_by_label("Allen").check()
    expect(places).to_have_value("TX\nCaddo, LA\nAllen, LA")
    expect(result.get_by_text("Only 12 left in these places together.")).to_be_visible()

    quantity.fill("8")
    quantity.blur()
    expect(result.get_by_role("button", name="Add 8 leads to cart")).to_be_visible()
    expect(page).to_have_url(re.compile("quantity=8"))
    expect(result.get_by_role("row", name=re.compile("^Caddo, LA")).get_by_role("cell")).to_have_text(
        ["12", "8", "$40.00"]
    )
    places.fill("TX\nCaddo, LA\nAtlantis")
    places.blur()
    wrong = page.get_by_text("We don’t know “Atlantis”.")
    expect(wrong).to_have_count(1)
    expect(page.get_by_role("alert").filter(has=wrong)).to_be_visible()
    expect(page.get_by_label("Allen")).not_to_be_checked()
    places.fill("TX\n71101 71103\n99999")
    places.blur()
    expect(page.get_by_text("ZIP 99999 has no county")).to_have_count(1)
    expect(result.get_by_role("definition")).to_have_text("71101, 71103")
    expect(places).to_have_value("TX\n71101 71103\n99999")
    places.fill("TX\nCaddo, LA")
    places.blur()
    expect(result.get_by_role("button", name="Add 8 leads to cart")).to_be_visible()
    page.reload()
    expect(places).to_have_value("TX\nCaddo, LA")
    result.get_by_role("button", name="Add 8 leads to cart").click()
    page.get_by_role("heading", name="Cart", exact=True).wait_for()
    expect(page.get_by_label("Quantity of Gold, 12 to 23 months, 2 places in 2 states")).to_have_value("8")
