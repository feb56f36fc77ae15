"""Paying in by card and bank debit (contract, "Money"): the page, Stripe's page, and the page to come back to."""

from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import Settings

from homeshield.accounts.models import Client, User
from homeshield.accounts.permissions import ClientRole
from homeshield.billing.payments.models import Payment
from tests.factories import UserFactory
from tests.homeshield.billing.payments.paying import balance, deliver, ledger, pay_in
from tests.stripe_server import Stripe

HTMX = {"HX-Request": "true"}


def test_a_card_pays_at_once_and_the_browser_goes_on_where_it_came_from(
    browser: Browser, company: Client, stripe: Stripe
) -> None:
    asked = browser.get(reverse("billing:payment-new"), {"amount": "280.00", "next": "/order/"})
    assert 'value="280.00"' in asked.content.decode()
    payment = pay_in(browser, "280.00", "/order/")
    assert stripe.the("checkout.session")["amount_total"] == 28_000
    shown = browser.get(reverse("billing:payment-show", args=[payment.id]))
    assert "The money arrives in a moment" in shown.content.decode()
    assert balance(company.id) == 0

    assert payment.session_id is not None
    assert deliver(stripe.pay_by_card(payment.session_id)) == [200, 200]
    assert ledger(company.id) == [("payment", Decimal("280.00"))]
    shown = browser.get(reverse("billing:payment-show", args=[payment.id]))
    assert (shown.status_code, shown.headers["Location"]) == (302, "/order/")
    asked_by_htmx = browser.get(reverse("billing:payment-show", args=[payment.id]), headers=HTMX)
    assert asked_by_htmx.headers["HX-Redirect"] == "/order/"


def test_the_events_may_be_quicker_than_the_answer_to_the_call(
    browser: Browser, company: Client, stripe: Stripe
) -> None:
    """Then the payment has no session yet; the event names the payment."""
    payment = pay_in(browser)
    assert payment.session_id is not None
    events = stripe.pay_by_card(payment.session_id)
    unknown = Payment.objects.create(
        client=company, provider="stripe", amount=payment.amount, started_at_utc=payment.started_at_utc
    )
    facts = stripe.objects[payment.session_id]
    facts["metadata"] = {"client_id": str(company.id), "payment_id": str(unknown.id)}
    facts["id"], facts["payment_intent"] = "cs_quick", None
    assert deliver(events[0], stripe.event("checkout.session.completed", facts)) == [200, 200]
    unknown.refresh_from_db()
    assert (unknown.status, unknown.session_id) == ("paid", "cs_quick")
    assert balance(company.id) == 2 * payment.amount


def test_a_bank_debit_counts_days_later(browser: Browser, company: Client, stripe: Stripe) -> None:
    payment = pay_in(browser, "1,000", "/order/")
    assert payment.session_id is not None
    deliver(stripe.pay_by_bank(payment.session_id))
    shown = browser.get(reverse("billing:payment-show", args=[payment.id])).content.decode()
    assert "on its way" in shown
    assert balance(company.id) == 0
    assert "$1,000.00" in browser.get(reverse("billing:payment-new")).content.decode()
    deliver(stripe.bank_settles(payment.session_id))
    assert ledger(company.id) == [("payment", Decimal("1000.00"))]


def test_a_card_that_is_declined_on_stripes_page_leaves_the_payment_open(
    browser: Browser, company: Client, stripe: Stripe
) -> None:
    """The customer may take another card on the same page."""
    payment = pay_in(browser)
    assert payment.session_id is not None
    deliver(stripe.card_is_declined_on_the_page(payment.session_id))
    payment.refresh_from_db()
    assert payment.status == "open"
    deliver(stripe.expire(payment.session_id))
    shown = browser.get(reverse("billing:payment-show", args=[payment.id])).content.decode()
    assert "was not completed" in shown
    assert ledger(company.id) == []


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("", "Enter an amount."),
        ("280.005", "at most two digits after the point"),
        ("-280", "without a sign"),
        ("4.99", "The least is $5.00."),
        ("50000.01", "The most is $50,000.00"),
        ("9" * 30, "The most is $50,000.00"),
        ("9" * 50, "40 characters at most"),
        ("€280", "US dollars alone"),
        ("280 EUR", "US dollars alone"),
        ("two", "Write it in digits"),
        ("NaN", "Write it in digits"),
        ("२८०", "Write it in digits"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_at_its_field(
    browser: Browser, company: Client, stripe: Stripe, amount: str, said: str
) -> None:
    answer = browser.post(reverse("billing:payment-new"), {"amount": amount, "next": "/order/"})
    content = answer.content.decode()
    assert answer.status_code == 422
    assert said in content
    assert f'value="{amount}"' in content or not amount
    assert 'value="/order/"' in content
    assert not Payment.objects.exists()
    assert stripe.asked == []


@pytest.mark.parametrize("amount", ["$280", "USD 280", "280 usd", " 280.00 ", "280."])
def test_dollars_may_be_written_as_people_do(browser: Browser, company: Client, stripe: Stripe, amount: str) -> None:
    assert pay_in(browser, amount).amount == Decimal("280.00")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "order/"]
)
def test_only_pages_of_our_own_are_gone_on_to(
    browser: Browser, company: Client, stripe: Stripe, elsewhere: str
) -> None:
    assert "evil" not in browser.get(reverse("billing:payment-new"), {"next": elsewhere}).content.decode()
    assert pay_in(browser, next_page=elsewhere).return_to == ""


def test_a_link_for_less_than_the_least_asks_for_the_least(browser: Browser, company: Client, stripe: Stripe) -> None:
    assert 'value="5"' in browser.get(reverse("billing:payment-new"), {"amount": "3.20"}).content.decode()


def test_while_stripe_is_away_nothing_is_begun_and_what_was_typed_stays(
    browser: Browser, company: Client, stripe: Stripe
) -> None:
    stripe.away = True
    answer = browser.post(reverse("billing:payment-new"), {"amount": "280.00", "next": "/order/"})
    assert answer.status_code == 503
    assert "Nothing was charged" in answer.content.decode()
    assert 'value="280.00"' in answer.content.decode()
    assert [one.status for one in Payment.objects.all()] == ["expired"]
    assert ledger(company.id) == []


def test_the_redirect_to_stripe_passes_our_own_policy(browser: Browser, company: Client, stripe: Stripe) -> None:
    """Browsers hold `form-action` against redirects that follow a form, too."""
    answer = browser.post(reverse("billing:payment-new"), {"amount": "280.00"})
    [action] = [
        part for part in answer.headers["Content-Security-Policy"].split("; ") if part.startswith("form-action")
    ]
    assert answer.headers["Location"].startswith(stripe.base)
    assert stripe.base in action


def test_without_stripe_the_page_says_how_to_transfer(browser: Browser, company: Client, settings: Settings) -> None:
    settings.BANK_TRANSFER_DETAILS = "First Example Bank\nRouting 000000000"
    content = browser.get(reverse("billing:payment-new")).content.decode()
    assert "First Example Bank<br>Routing" in content
    assert f"HS-{company.id.hex[-10:].upper()}" in content
    assert "Continue to payment" not in content
    assert browser.post(reverse("billing:payment-new"), {"amount": "280.00"}).status_code == 409
    assert not Payment.objects.exists()


def test_another_companys_payment_is_not_found(browser: Browser, company: Client, stripe: Stripe) -> None:
    stranger = Browser()
    stranger.force_login(UserFactory())
    payment = pay_in(browser)
    assert stranger.get(reverse("billing:payment-show", args=[payment.id])).status_code == 404


def test_buyers_do_not_pay_in(owner: User, company: Client, stripe: Stripe) -> None:
    buyer = Browser()
    buyer.force_login(UserFactory(client=company, role=ClientRole.BUYER))
    assert buyer.get(reverse("billing:payment-new")).status_code == 403
    assert buyer.post(reverse("billing:payment-new"), {"amount": "280.00"}).status_code == 403
    assert stripe.asked == []
