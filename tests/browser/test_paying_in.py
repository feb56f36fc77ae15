"""Paying in with a browser: through our policy to the payment page, and back to a page that goes on by itself."""

import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from homeshield.accounts.models import User
from homeshield.billing.payments.services import transfer_record
from tests.browser.conftest import sign_in
from tests.browser.test_accessibility import objections
from tests.browser.test_suppression_lists import show
from tests.homeshield.billing.payments.conftest import takes_cards
from tests.stripe_server import Event, Stripe, stripe_server

HELD: list[Event] = []
"""What the payment page brought about and Stripe has not reported yet."""


@pytest.fixture
def stripe(settings: Settings, live_server: LiveServer) -> Iterator[Stripe]:
    HELD.clear()
    with stripe_server(deliver=HELD.append) as service:
        takes_cards(settings, service)
        yield service


def report(live_server: LiveServer) -> None:
    """Stripe reports what happened."""
    while HELD:
        event = HELD.pop(0)
        headers = {"Content-Type": "application/json", "Stripe-Signature": event.signature()}
        urllib.request.urlopen(urllib.request.Request(f"{live_server.url}/billing/stripe", event.body, headers))


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_way_to_stripe_and_back(
    buyer: User, open_page: Callable[..., Page], live_server: LiveServer, stripe: Stripe, now: datetime,
    settings: Settings, scheme: str, width: int,
) -> None:  # fmt: skip
    settings.BANK_TRANSFER_DETAILS = "First Example Bank\nRouting 000000000\nAccount 000000000"
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    sign_in(page, buyer)
    page.goto("/billing/pay-in?amount=280.00&next=/orders/")
    assert objections(page) == []
    show(page, f"pay-in-{scheme}")
    page.get_by_label("Amount").fill("12.345")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_text("at most two digits after the point")).to_be_visible()
    show(page, f"pay-in-wrong-{scheme}")
    page.get_by_label("Amount").fill("280.00")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay by card").click()
    expect(page.get_by_role("heading", name="The money arrives in a moment")).to_be_visible()
    assert objections(page) == []
    show(page, f"pay-in-waits-{scheme}")
    report(live_server)
    expect(page.get_by_text("$280.00 is in your balance.")).to_be_visible()  # without a click
    assert page.url.endswith("/orders/")

    page.goto("/billing/top-up")
    assert objections(page) == []
    page.get_by_label("When the balance falls below").fill("200")
    page.get_by_label("Charge the card").fill("500")
    page.get_by_role("button", name="Continue to save a card").click()
    page.get_by_role("button", name="Save this card").click()
    expect(page.get_by_text("Your card is being saved")).to_be_visible()
    report(live_server)
    expect(page.get_by_text("Visa ending in 4242")).to_be_visible()  # without a click
    page.goto("/billing/top-up")
    assert objections(page) == []
    show(page, f"top-up-{scheme}")

    assert buyer.client_id is not None
    transfer_record(client_id=buyer.client_id, amount=Decimal(50), reference="FED 1", by=None, as_of=now)
    page.goto("/billing/refunds")
    page.get_by_label("Amount").fill("30")
    page.get_by_role("button", name="Ask for a refund").click()
    expect(page.get_by_text("Waiting for staff")).to_be_visible()
    assert objections(page) == []
    show(page, f"refunds-{scheme}")


def test_without_javascript_it_goes_the_same_way(
    buyer: User, open_page: Callable[..., Page], live_server: LiveServer, stripe: Stripe
) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, buyer)
    page.goto("/billing/pay-in?amount=280.00&next=/orders/")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay by card").click()
    page.get_by_role("link", name="Check again").click()
    report(live_server)
    page.get_by_role("link", name="Check again").click()
    expect(page.get_by_text("$280.00 is in your balance.")).to_be_visible()
