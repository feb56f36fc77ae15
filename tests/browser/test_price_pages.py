"""Staff change prices in a browser: "Now" and "Today" mean now, and what is unusual is asked once more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.services import price_set
from pricing.models import PriceRule
from pricing.starting_prices import starting_prices_load
from tests.factories import PASSWORD, StaffFactory, stock
from tests.pricing.changes import ADD

CELL = f"{ADD}?classification=Gold&age_bucket=MONTH_3_TO_5"


@pytest.fixture
def staff_page(transactional_db: None, now: datetime, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """A page of the administration, opened by a member of staff."""
    starting_prices_load(as_of=now)
    stock(7, as_of=now, age_days=100)
    user = StaffFactory(email="ada@homeshield.example")

    def open_at(address: str, **options: object) -> Page:
        page = open_page(**options)
        page.goto(f"/accounts/login/?next={address.replace('&', '%26').replace('?', '%3F')}")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_role("heading", name="Change a price").wait_for()
        page.wait_for_load_state()
        return page

    return open_at


def amounts() -> list[str]:
    rules = PriceRule.objects.filter(classification="Gold", age_bucket="MONTH_3_TO_5").order_by("effective_from_utc")
    return [f"{rule.amount:.2f}" for rule in rules]


def begins_now() -> bool:
    return not PriceRule.objects.filter(
        effective_from_utc__gt=PriceRule.objects.latest("created_at_utc").created_at_utc
    )


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "UTC"])
def test_now_and_today_mean_now_in_every_time_zone(staff_page: Callable[..., Page], zone: str) -> None:
    page = staff_page(CELL, timezone_id=zone)
    page.get_by_label("Price (USD)").fill("$9.50")
    page.get_by_role("button", name="Today").first.click()
    page.locator(".datetimeshortcuts").get_by_role("button", name="Now").click()
    expect(page.get_by_label("Now", exact=True)).to_be_checked()
    expect(page.locator("[name=effective_from_0]")).to_have_value("")
    page.wait_for_timeout(1100)
    page.get_by_role("button", name="Change the price").click()
    page.get_by_text("Gold, 3 to 5 months: $9.50 from").wait_for()
    assert (amounts(), begins_now()) == (["10.00", "9.50"], True)


def test_today_alone_means_now(staff_page: Callable[..., Page]) -> None:
    page = staff_page(CELL, timezone_id="America/Los_Angeles")
    page.get_by_label("Price (USD)").fill("9.50")
    page.get_by_role("button", name="Today").first.click()
    expect(page.get_by_label("At the date and time below")).to_be_checked()
    page.get_by_role("button", name="Change the price").click()
    page.get_by_text("The instant that you gave had come").wait_for()
    assert (amounts(), begins_now()) == (["10.00", "9.50"], True)


def test_now_beside_another_day_is_that_days_time(staff_page: Callable[..., Page]) -> None:
    page = staff_page(CELL)
    page.locator("[name=effective_from_0]").fill("2999-03-14")
    page.locator(".datetimeshortcuts").get_by_role("button", name="Now").click()
    expect(page.get_by_label("At the date and time below")).to_be_checked()
    expect(page.locator("[name=effective_from_0]")).to_have_value("2999-03-14")
    expect(page.locator("[name=effective_from_1]")).not_to_have_value("")


@pytest.mark.parametrize("script", [True, False])
def test_an_unusual_price_is_asked_once_more(staff_page: Callable[..., Page], script: bool) -> None:
    page = staff_page(CELL, java_script_enabled=script)
    page.get_by_label("Price (USD)").fill("850")
    page.get_by_role("button", name="Change the price").click()
    page.get_by_role("heading", name="Confirm the price change").wait_for()
    for text in ("The price rises by more than 50%.", "+8,400%", "7 for sale at"):
        expect(page.get_by_text(text)).to_be_visible()
    assert amounts() == ["10.00"]
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Price (USD)")).to_have_value("850")
    page.get_by_label("Price (USD)").fill("8_50")
    page.get_by_role("button", name="Change the price").click()
    expect(page.get_by_text("Write it in digits, such as 8.50.")).to_be_visible()
    expect(page.get_by_label("Price (USD)")).to_have_value("8_50")
    page.get_by_label("Price (USD)").fill("1.00")
    page.get_by_role("button", name="Change the price").click()
    page.get_by_role("button", name="Set the price to $1.00").click()
    page.get_by_text("Gold, 3 to 5 months: $1.00 from").wait_for()
    assert amounts() == ["10.00", "1.00"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_them_and_nothing_sticks_out_of_a_phone(
    staff_page: Callable[..., Page], scheme: str, now: datetime
) -> None:
    page = staff_page(CELL, color_scheme=scheme, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    check(page)
    page.get_by_label("Price (USD)").fill("0")
    page.get_by_role("button", name="Change the price").click()
    page.get_by_role("heading", name="Confirm the price change").wait_for()
    check(page)
    future = price_ahead(now)
    page.goto(f"/admin/pricing/pricerule/{future.id}/delete/")
    page.get_by_role("heading", name="Withdraw a price").wait_for()
    check(page)


def price_ahead(now: datetime) -> PriceRule:
    return price_set(
        classification=Classification.SILVER,
        age_bucket=AgeBucket.MONTH_3_TO_5,
        amount=Decimal(8),
        effective_from=now + timedelta(days=9),
        as_of=now,
        by=None,
    )


def check(page: Page) -> None:
    found = Axe().run(page, context="#content-main").response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
