"""axe finds nothing to object to on any page, neither wide and light nor dark on a phone, and nothing sticks out
sideways."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from homeshield.accounts.keys import key_create
from homeshield.accounts.models import User
from inventory.facts.criteria import Criteria
from inventory.facts.place import Place
from leads.age import AgeBucket
from leads.classification import Classification
from sales.cart.services import draft_line_add
from tests.browser.conftest import sign_in
from tests.factories import StaffFactory, UserFactory, stock
from tests.sales.purchases import buy

GOLD = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_12_TO_23)

VISITORS_PAGES = [
    "/",
    "/company",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-nothing/",
    "/nothing/",
]
BUYERS_PAGES = [
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/second-factor/",
    "/accounts/sessions/",
    "/accounts/api-keys/",
    "/accounts/team/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/inventory/",
    "/inventory/?state=LA&classification=Gold&age_bucket=MONTH_12_TO_23",
    "/inventory/?state=VT",
    "/inventory/?view=map",
    "/inventory/?view=map&state=LA&county=Caddo&county=Allen&tab=later",
    "/inventory/?state=LA&state=TX&tab=preview",
    "/inventory/?state=ZZ&age_bucket=OLD",
    "/order/territory/?state=LA&places=Caddo,+LA%0AAllen,+LA&age_bucket=MONTH_12_TO_23",
    "/order/territory/?places=Atlantis",
    "/orders/",
    "/orders/year/",
    "/leads/",
    "/suppression/",
]


DESK, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=4_000)
"""The phone is as long as a page: what lies under its bar for a moment is no target that is too small."""
SIZES = "target-size"
"""WCAG 2.2's, which axe has off by default."""


@pytest.fixture
def view(open_page: Callable[..., Page]) -> Page:
    """A page on a desk by day."""
    return open_page(color_scheme="light", viewport=DESK, reduced_motion="reduce")


def objections_by_day_and_night(page: Page) -> list[str]:
    """On a desk by day, and on a phone by night: between them every colour and every layout."""
    found = objections(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    found += objections(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)
    return found


def objections(page: Page) -> list[str]:
    """What axe objects to, and what is wider than the screen."""
    # Without a preload of sheets: axe writes those that they import into the page, which the policy refuses.
    options = {"resultTypes": ["violations"], "preload": False, "rules": {SIZES: {"enabled": True}}}
    violations: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    found = [
        f"{page.url}: {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{page.url}: wider than the screen")
    return found


def test_visitors_pages(view: Page, buyer: User) -> None:
    found = []
    for path in VISITORS_PAGES:
        view.goto(path)
        found += objections_by_day_and_night(view)
    assert found == []


def test_buyers_pages(view: Page, buyer: User, now: datetime) -> None:
    assert buyer.client is not None
    stock(60, as_of=now, age_days=800)
    aged = Criteria(classification=Classification.GOLD, age_bucket=AgeBucket.MONTH_24_PLUS)
    order = buy(buyer.client, 60, aged, as_of=now)
    sign_in(view, buyer)
    found = []
    colleague = UserFactory(client=buyer.client, email=f"{'a' * 60}@agency.example")
    key_create(client_id=buyer.client.id, name="nightly" * 10, created_by=colleague, as_of=now)
    for path in [*BUYERS_PAGES, f"/orders/{order.id}/", f"/accounts/team/{colleague.id}/remove/"]:
        view.goto(path)
        found += objections_by_day_and_night(view)
    view.get_by_text("Account", exact=True).click()
    found += objections_by_day_and_night(view)
    assert found == []


COVERED = """() => {
    const focused = document.activeElement, box = focused.getBoundingClientRect();
    const above = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (focused === document.body || focused.contains(above)) return null;
    return `${focused.outerHTML.slice(0, 60)} lies under ${above?.outerHTML.slice(0, 60)}`;
}"""


@pytest.mark.parametrize(("width", "key"), [(390, "Tab"), (1280, "Tab"), (1280, "Shift+Tab")])
def test_nothing_that_sticks_to_an_edge_covers_the_focus(view: Page, buyer: User, width: int, key: str) -> None:
    """WCAG 2.2, 2.4.11."""
    sign_in(view, buyer)
    for state in ("LA", "TX"):
        draft_line_add(user=buyer, criteria=GOLD.at(Place(state)), quantity=20)
    view.set_viewport_size({"width": width, "height": 500})
    view.goto("/inventory/?state=LA&classification=Gold&age_bucket=MONTH_12_TO_23")
    covered = []
    for _ in range(60):
        view.keyboard.press(key)
        covered.append(view.evaluate(COVERED))
    assert [one for one in covered if one] == []


def test_an_order_and_everything_that_can_be_said_about_it(view: Page, buyer: User) -> None:
    sign_in(view, buyer)
    view.goto("/order/")
    found = objections_by_day_and_night(view)
    draft_line_add(user=buyer, criteria=GOLD, quantity=20)
    view.goto("/order/")
    found += objections_by_day_and_night(view)
    view.get_by_role("button", name="Buy 20 leads").click()
    expect(view.get_by_role("alert")).to_contain_text("Not enough leads")
    found += objections_by_day_and_night(view)
    view.goto("/inventory/?state=LA&classification=Gold&age_bucket=MONTH_12_TO_23")
    view.get_by_label("How many leads in Louisiana").fill("5")
    view.get_by_role("button", name="Add to cart").click()
    expect(view.locator("#added")).to_be_visible()
    found += objections_by_day_and_night(view)
    assert found == []


def test_a_page_for_buyers_that_staff_open(view: Page, buyer: User) -> None:
    staff = StaffFactory()
    view.goto("/accounts/login/?next=/order/")
    view.get_by_label("Email").fill(staff.email)
    view.get_by_label("Password").fill("correct horse battery staple")
    view.get_by_role("button", name="Sign in", exact=True).click()
    view.get_by_role("heading", name="A page for buyers").wait_for()
    assert objections_by_day_and_night(view) == []


def test_the_audit_record(view: Page, buyer: User) -> None:
    staff = StaffFactory()
    view.goto("/accounts/login/?next=/admin/audit/auditevent/?what=sign_in")
    view.get_by_label("Email").fill(staff.email)
    view.get_by_label("Password").fill("correct horse battery staple")
    view.get_by_role("button", name="Sign in", exact=True).click()
    view.get_by_role("cell", name="Sign-in").first.wait_for()
    found = objections_by_day_and_night(view)
    view.get_by_label("Client:").fill("Bayou")
    view.get_by_role("button", name="Show").click()
    view.get_by_text("This is not a client's id.").wait_for()
    assert found + objections_by_day_and_night(view) == []


def test_everything_that_staff_read_of_a_user_can_be_read(view: Page, buyer: User) -> None:
    """Also what is shown and not to be changed here."""
    staff = StaffFactory()
    view.goto(f"/accounts/login/?next=/admin/accounts/user/{buyer.id}/change/")
    view.get_by_label("Email").fill(staff.email)
    view.get_by_label("Password").fill("correct horse battery staple")
    view.get_by_role("button", name="Sign in", exact=True).click()
    view.get_by_text("Operators decide this").wait_for()
    found = Axe().run(view, options={"runOnly": ["color-contrast"]}).response["violations"]
    assert [node["failureSummary"] for violation in found for node in violation["nodes"]] == []
