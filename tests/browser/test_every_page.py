"""What static/js/page.js does on every page: instants in the reader's zone, copying, and `/` for the search."""

import re
from collections.abc import Callable
from datetime import datetime

from playwright.sync_api import Page, expect

from homeshield.accounts.keys import key_find
from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from leads.age import AgeBucket
from leads.classification import Classification
from tests.browser.conftest import sign_in
from tests.sales.purchases import buy


def test_times_are_the_reader_s_a_key_is_copied_and_a_slash_searches(
    open_page: Callable[..., Page], buyer: User, now: datetime
) -> None:
    page = open_page(timezone_id="Asia/Kolkata", permissions=["clipboard-read", "clipboard-write"])
    sign_in(page, buyer)
    page.goto("/accounts/sessions/")
    expect(page.get_by_role("heading", name="Chrome on Linux")).to_be_visible()
    time = page.locator("main time").first
    in_utc, here = time.get_attribute("title"), time.inner_text()
    assert in_utc
    assert re.fullmatch(r"\w{3} \d{1,2}, \d{4}, \d{1,2}:\d\d [AP]M UTC", in_utc)
    minutes = [60 * (int(hour) % 12) + int(minute) for hour, minute in re.findall(r"(\d+):(\d\d)", in_utc + here)]
    assert (minutes[1] - minutes[0]) % 720 == 330, "India is five and a half hours ahead"
    expect(page.get_by_text("Times are in GMT+5:30")).to_be_visible()

    page.goto("/accounts/api-keys/")
    page.get_by_label("Name").fill("import")
    page.get_by_role("button", name="Create a key").click()
    page.get_by_role("button", name="Copy key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert key_find(page.evaluate("navigator.clipboard.readText()"))

    assert buyer.client
    buy(buyer.client, 1, Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_12_TO_23), as_of=now)
    page.goto("/orders/")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Find leads")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.get_by_role("searchbox", name="Find leads")).to_have_value("a/b")
