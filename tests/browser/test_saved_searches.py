"""A search is saved on Browse, counted, mailed about and ended by one click."""

import re
from datetime import datetime, timedelta

from django.core import mail
from playwright.sync_api import Page, expect

from homeshield.accounts.models import User
from sales.models import SavedSearch
from sales.saved.mailing import searches_mail_now
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import objections
from tests.factories import stock


def test_a_saved_search_from_browse_to_the_click_that_ends_its_mails(page: Page, buyer: User, now: datetime) -> None:
    sign_in(page, buyer)
    address = "/inventory/?classification=Gold&age_bucket=MONTH_12_TO_23&state=LA&county=Caddo"
    page.goto(address)
    page.get_by_text("Save search").click()
    page.get_by_label("Name", exact=True).fill("Near home")
    page.keyboard.press("Enter")
    expect(page.locator(".save-search [role=status]")).to_have_text("Saved as “Near home”.")
    assert page.url.endswith(address), "Browse stays where it is"
    page.get_by_label("Name", exact=True).fill("Near home")
    page.locator("#cell-silver-3").click()
    expect(page.locator("#count")).to_have_text("0")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator(".save-search .field-error")).to_contain_text("You have saved a search by this name.")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Near home")
    assert objections(page) == []

    page.locator("#saved-searches").click()
    search = page.locator(".search")
    expect(search).to_contain_text("12 available, from $5.00")
    expect(search).to_contain_text("As many as at your last visit,")
    stock(2, as_of=now, age_days=400)
    page.reload()
    expect(search).to_contain_text("14 available, from $5.00")
    expect(search).to_contain_text("2 more than at your last visit,")

    search.get_by_text("No emails").click()
    number = page.get_by_label("Email me when this many are available")
    number.fill("0")
    page.get_by_role("button", name="Save emails").click()
    expect(search.locator(".errorlist")).to_have_text("Enter 1 or more.")
    assert objections(page) == []
    number.fill("16")
    page.get_by_role("button", name="Save emails").click()
    expect(search.locator("summary")).to_have_text("Email at 16")
    stock(2, as_of=now, age_days=400)
    SavedSearch.objects.update(looked_at_utc=now - timedelta(hours=2))
    assert searches_mail_now(user_id=buyer.id, as_of=datetime.now(tz=now.tzinfo)) == 1
    stop = re.search(r"/searches/stop/\S+/", str(mail.outbox[0].body))
    assert stop
    page.goto(stop[0])
    page.get_by_role("button", name="Stop these emails").click()
    page.get_by_role("heading", name="No more emails about saved searches").wait_for()
    page.get_by_role("main").get_by_role("link", name="Saved searches").click()
    expect(search.locator("summary")).to_have_text("No emails")

    page.get_by_role("link", name="Near home").click()
    expect(page.locator("#count")).to_have_text("16")
    assert page.url.endswith(address)
    page.go_back()
    page.reload()
    expect(search).to_contain_text("As many as at your last visit,")
    page.get_by_role("button", name="Remove Near home").click()
    page.get_by_role("heading", name="No saved searches yet").wait_for()
    assert not SavedSearch.objects.exists()
