"""Browse in a real browser: places by list, map and keyboard, quantities that stay, and the cart beside them."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from sales.models import DraftLine, Order
from tests.browser.conftest import sign_in
from tests.factories import stock

COUNTIES = ("Bexar", "Dallas", "Harris")


@pytest.fixture
def texas(buyer: User, now: datetime) -> User:
    """Sixty Gold of 6 to 8 months in each of three counties of Texas."""
    for county in COUNTIES:
        stock(60, as_of=now, state="TX", county=county)
    return buyer


def lines() -> dict[str | None, int]:
    return dict(DraftLine.objects.values_list("county", "quantity"))


def test_three_counties_of_texas_in_eight_clicks(page: Page, texas: User) -> None:
    """The issue's count: it was 18 clicks and three typed quantities."""
    sign_in(page, texas)
    page.evaluate(
        "window.clicks = 0; addEventListener('click', ({ isTrusted }) => { window.clicks += isTrusted }, true)"
    )
    page.locator("#open-TX").click()
    for county in COUNTIES:
        page.locator(f"#county-{county.lower()}").click()
    expect(page.locator("#count")).to_have_text("184")
    page.locator("#cell-gold-2").click()
    expect(page.locator("#count")).to_have_text("180")
    page.locator("#fill-each").click()
    expect(page.locator("#quote")).to_contain_text("$1,200.00")
    page.locator("#add-to-order").click()
    buy = page.get_by_role("button", name="Buy 150 leads · $1,200.00")
    buy.wait_for()
    clicks = page.evaluate("window.clicks") + 1  # Buy leaves the page
    buy.click()
    page.get_by_role("heading", name="150 leads").wait_for()
    assert clicks <= 8
    assert Order.objects.get().quantity == 150


def test_what_is_typed_survives_filters_reload_and_another_place(page: Page, texas: User) -> None:
    sign_in(page, texas)
    page.goto("/inventory/?state=TX&county=Dallas&county=Harris")
    harris = page.get_by_label("How many leads in Harris")
    harris.fill("37")
    page.locator("#cell-gold-2").click()
    expect(page.locator("#count")).to_have_text("120")
    expect(harris).to_have_value("37")
    page.locator("#county-bexar").check()
    expect(page.get_by_label("How many leads in Bexar")).to_have_value("")
    expect(harris).to_have_value("37")
    assert page.url.endswith(
        "?classification=Gold&age_bucket=MONTH_6_TO_8&state=TX&county=Bexar&county=Dallas&county=Harris"
    )
    page.locator("#all-states").click()
    expect(page.get_by_label("How many leads in All states")).to_have_value("")
    page.go_back()
    expect(harris).to_have_value("37")
    page.reload()
    expect(harris).to_have_value("37")
    expect(page.locator("#quote")).to_contain_text("37 leads")
    harris.press("ArrowUp")
    expect(page.get_by_label("How many leads in Dallas")).to_be_focused()
    page.keyboard.type("2000")
    page.keyboard.press("Enter")
    expect(page.locator(".place-lines .field-error")).to_have_text("A line has 1 to 1,000 leads.")
    expect(harris).to_have_value("37")
    assert lines() == {}
    page.get_by_label("How many leads in Dallas").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("#order")).to_contain_text("37 Gold, 6 to 8 months, Harris, TX")
    expect(harris).to_have_value("")
    expect(page.locator("#cell-gold-2")).to_contain_text("40 in cart")
    assert lines() == {"Dallas": 3, "Harris": 37}
    harris.fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("#added")).to_contain_text("40 Gold, 6 to 8 months, Harris, TX (3 added)")


def test_without_javascript_what_is_typed_survives_too(open_page: Callable[..., Page], texas: User) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, texas)
    page.goto("/inventory/?state=TX&county=Dallas&county=Harris")
    dallas, harris = page.get_by_label("How many leads in Dallas"), page.get_by_label("How many leads in Harris")
    harris.fill("37")
    page.locator("#set-gold-2").click()
    expect(page.locator("#count")).to_have_text("120")
    expect(harris).to_have_value("37")
    dallas.fill("2000")
    page.locator("#county-bexar").check()
    page.get_by_role("button", name="Apply").click()
    page.get_by_label("How many leads in Bexar").fill("4")
    for tab in ("Preview leads", "Cheaper soon"):
        page.get_by_role("button", name=tab).click()
    page.locator("#all-states").click()
    page.go_back()
    page.get_by_role("button", name="By place").click()
    expect(dallas).to_have_value("2000")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator(".place-lines .field-error")).to_have_text("A line has 1 to 1,000 leads.")
    dallas.fill("")
    page.get_by_role("button", name="Show").click()
    expect(harris).to_have_value("37")
    assert lines() == {}
    page.get_by_role("button", name="Add to cart").click()
    page.locator(".messages").get_by_text("41 leads added to your cart: 2 lines.").wait_for()
    assert lines() == {"Bexar": 4, "Harris": 37}
    assert "typed" not in page.url


def test_the_cart_beside_it_changes_what_browse_says(page: Page, texas: User) -> None:
    sign_in(page, texas)
    page.goto("/inventory/?classification=Gold&age_bucket=MONTH_6_TO_8&state=TX&county=Harris&county=Dallas")
    page.get_by_label("How many leads in Harris").fill("70")
    page.get_by_label("How many leads in Dallas").fill("61")
    page.locator("#add-to-order").click()
    order = page.locator("#order")
    expect(order).to_contain_text("Only 60 left.")
    expect(order.get_by_text("Take the 60 available")).to_have_count(2)
    expect(order.get_by_role("button", name="Use this (61 × Gold, 6 to 8 months, TX")).to_be_visible()
    page.get_by_role("button", name="Take what is there for all 2 short lines").click()
    expect(page.get_by_role("button", name="Buy 120 leads")).to_be_visible()
    page.get_by_role("button", name="One less of Gold, 6 to 8 months, Harris, TX").dblclick()
    expect(page.get_by_role("button", name="Buy 118 leads · $944.00")).to_be_visible()
    expect(page.locator("#cell-gold-2")).to_contain_text("118 in cart")
    assert lines() == {"Dallas": 60, "Harris": 58}


def test_the_map_by_mouse_touch_and_keyboard_is_the_list(open_page: Callable[..., Page], texas: User) -> None:
    page = open_page(has_touch=True)
    sign_in(page, texas)
    page.locator("#view-map").click()
    page.locator("#area-tx").hover()
    expect(page.locator("[data-map-count]")).to_have_text("Texas: 184")
    page.locator("#area-tx").tap()
    page.locator("#area-harris").click()
    page.locator("#area-dallas").click()  # at once: the first answer is still on its way
    expect(page.locator("#count")).to_have_text("124")
    expect(page.locator("#county-harris")).to_be_checked()
    expect(page.locator("#county-dallas")).to_be_checked()
    page.locator("#area-bexar").focus()
    expect(page.locator("[data-map-count]")).to_have_text("Bexar: 60")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("184")
    page.locator("#county-harris").uncheck()
    expect(page.locator("#count")).to_have_text("120")
    expect(page.locator("#area-harris")).not_to_have_attribute("aria-current", "true")


def test_by_keyboard_alone(page: Page, texas: User) -> None:
    sign_in(page, texas)
    page.keyboard.press("/")
    expect(page.locator("#places-search")).to_be_focused()
    page.keyboard.type("tex")
    expect(page.locator("#open-LA")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("184")
    page.keyboard.type("harr")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("64")
    page.locator("#cell-gold-2").press("Enter")
    expect(page.locator("#count")).to_have_text("60")
    page.get_by_label("How many leads in Harris").focus()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Buy 5 leads")).to_be_visible()
    expect(page.locator("#announcement")).to_contain_text("5 in your cart now")


def test_on_a_phone_places_are_a_sheet_and_a_bar_says_what_is_chosen(
    open_page: Callable[..., Page], texas: User
) -> None:
    page = open_page(viewport={"width": 375, "height": 800})
    sign_in(page, texas)
    expect(page.locator("#filters")).to_be_hidden()
    page.get_by_role("button", name="Places").click()
    page.locator("#open-TX").click()
    page.locator("#county-harris").check()
    expect(page.locator("#count")).to_have_text("64")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#filters")).to_be_hidden()
    page.locator("#cell-gold-2").click()
    expect(page.locator("[data-cart-bar]")).to_contain_text("Gold, 6 to 8 months, Harris, TX")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
