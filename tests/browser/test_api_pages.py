"""The documentation of the API, and the page of API keys, in a browser under the site's policy."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from homeshield.accounts.keys import key_create, key_find
from homeshield.accounts.models import ApiKey, User
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import DESK, objections_by_day_and_night


def test_the_documentation_lists_the_operations_with_nothing_from_elsewhere(page: Page, db: None) -> None:
    said: list[str] = []
    hosts: set[str | None] = set()
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.goto("/docs")
    expect(page.get_by_text("/api/v1/purchases/by-criteria")).to_be_visible()
    page.get_by_text("/api/v1/inventory", exact=True).click()
    expect(page.get_by_text("Pages follow one another without gaps")).to_be_visible()
    assert said == []
    assert hosts <= {urlsplit(page.url).hostname, None}


def test_the_documentation_can_be_read_by_everybody(open_page: Callable[..., Page], db: None) -> None:
    page = open_page(color_scheme="light", viewport=DESK, reduced_motion="reduce")
    page.goto("/docs")
    for operation in ("POST /api/v1/purchases/by-criteria", "GET /api/v1/inventory/facets"):
        method, path = operation.split()
        page.locator(f".opblock-{method.lower()} [data-path='{path}']").click()
    expect(page.get_by_text("No key, or none that is in force.")).to_have_count(2)
    assert objections_by_day_and_night(page) == []


def test_an_operation_is_tried_out_from_the_documentation(page: Page, buyer: User) -> None:
    assert buyer.client_id
    made = key_create(client_id=buyer.client_id, name="docs", created_by=buyer, as_of=buyer.created_at_utc)
    page.goto("/docs")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".auth-container input").fill(made.token)
    page.locator(".auth-btn-wrapper button", has_text="Authorize").click()
    page.locator(".btn-done").click()
    page.get_by_text("/api/v1/prices", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .microlight").first).to_contain_text("unit_price")


def test_a_buyer_makes_and_revokes_a_key(open_page: Callable[..., Page], buyer: User) -> None:
    page = open_page(color_scheme="light", viewport=DESK, reduced_motion="reduce")
    sign_in(page, buyer)
    page.get_by_text("Account", exact=True).click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Name").fill("import")
    page.get_by_role("button", name="Create a key").click()
    token = page.get_by_text(re.compile(r"^hs_live_\w{12}_\w{40}$")).inner_text()
    assert key_find(token)
    assert objections_by_day_and_night(page) == []
    page.locator("summary", has_text="Revoke import").click()
    assert objections_by_day_and_night(page) == []
    page.get_by_role("button", name="Revoke “import”").click()
    expect(page.get_by_text("It no longer works")).to_be_visible()
    assert key_find(token) is None
    assert objections_by_day_and_night(page) == []
    assert ApiKey.objects.count() == 1
