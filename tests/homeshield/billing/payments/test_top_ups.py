"""Automatic top-up (contract, "Money"): on by an owner, below a threshold, paused and told after a failure."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from homeshield.accounts.models import Client, User
from homeshield.audit.models import AuditEvent
from homeshield.billing.payments.models import Payment
from homeshield.billing.payments.services import transfer_record
from homeshield.billing.payments.stripe_api import card_charge
from homeshield.billing.payments.tasks import left_over_enqueue, top_ups_enqueue
from homeshield.billing.payments.top_up_models import TopUp
from tests.homeshield.billing.payments.paying import balance, deliver, ledger
from tests.homeshield.worker import tasks_run
from tests.stripe_server import Stripe

SETTINGS = {"threshold": "200.00", "amount": "500.00"}


@pytest.fixture
def top_up(browser: Browser, owner: User, company: Client, stripe: Stripe) -> TopUp:
    """On, with a card that the owner saved on Stripe's page."""
    answer = browser.post(reverse("billing:top-up-show"), SETTINGS)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(stripe.base)
    session = stripe.the("checkout.session")
    assert (session["mode"], session["customer"]) == ("setup", stripe.the("customer")["id"])
    assert TopUp.objects.get().state == "off"
    assert deliver(stripe.save_card(session["id"])) == [200]
    return TopUp.objects.get()


def round_of_work() -> list[tuple[str, str]]:
    top_ups_enqueue(as_of=timezone.now())
    return tasks_run()


def charges(stripe: Stripe) -> int:
    return len(stripe.all("payment_intent"))


def test_it_is_on_once_the_card_is_saved(browser: Browser, top_up: TopUp) -> None:
    assert (top_up.state, top_up.card_label) == ("on", "Visa ending in 4242")
    content = browser.get(reverse("billing:top-up-show"), {"saved": "1"}).content.decode()
    assert "Visa ending in 4242" in content
    assert "being saved" not in content


def test_below_the_threshold_the_card_is_charged_and_above_it_not(top_up: TopUp, stripe: Stripe) -> None:
    assert round_of_work() == [("top_up_charge", "SUCCESSFUL")]
    assert ledger(top_up.client_id) == [("payment", Decimal("500.00"))]
    assert deliver(stripe.events) == [200] * len(stripe.events)  # the event that says the same
    assert round_of_work() == []
    assert balance(top_up.client_id) == Decimal("500.00")
    assert charges(stripe) == 1


@pytest.mark.parametrize("declined", ["insufficient_funds", "authentication_required"])
def test_a_card_that_is_declined_pauses_it_and_the_owners_are_told(
    browser: Browser, owner: User, top_up: TopUp, stripe: Stripe, declined: str
) -> None:
    stripe.card_declined = declined
    assert round_of_work() == [("top_up_charge", "SUCCESSFUL"), ("failure_mail", "SUCCESSFUL")]
    top_up.refresh_from_db()
    assert top_up.state == "paused"
    [payment] = Payment.objects.all()
    assert (payment.status, payment.failure) == ("failed", declined)
    [told] = mail.outbox
    assert (told.to, told.subject) == ([owner.email], "HomeShield: Automatic top-up is paused")
    assert "$500.00" in str(told.body)
    deliver(stripe.events)
    assert round_of_work() == []
    assert (len(mail.outbox), charges(stripe), ledger(top_up.client_id)) == (1, 1, [])
    assert "Paused: the card was declined" in browser.get(reverse("billing:top-up-show")).content.decode()
    assert AuditEvent.objects.filter(action="top_up.pause").count() == 1

    stripe.card_declined = ""
    browser.post(reverse("billing:top-up-show"), SETTINGS)
    round_of_work()
    assert balance(top_up.client_id) == Decimal("500.00")


def test_while_stripe_is_away_it_is_tried_again_and_charges_once(top_up: TopUp, stripe: Stripe) -> None:
    stripe.away = True
    assert round_of_work() == [("top_up_charge", "FAILED")]
    assert round_of_work() == []  # one is under way
    stripe.away = False
    left_over_enqueue(as_of=timezone.now() + timedelta(minutes=11))
    assert tasks_run() == [("top_up_charge", "SUCCESSFUL")]
    assert (charges(stripe), balance(top_up.client_id)) == (1, Decimal("500.00"))


def test_the_answer_that_got_lost_is_found_and_not_charged_again(top_up: TopUp, stripe: Stripe) -> None:
    """Stripe knows the call by its idempotency key."""
    top_ups_enqueue(as_of=timezone.now())
    payment = Payment.objects.get()
    assert top_up.customer_id
    assert top_up.card_id
    card_charge(
        payment_id=payment.id, client_id=payment.client_id, amount=payment.amount, customer_id=top_up.customer_id,
        card_id=top_up.card_id,
    )  # fmt: skip
    assert tasks_run() == [("top_up_charge", "SUCCESSFUL")]
    assert (charges(stripe), balance(top_up.client_id)) == (1, Decimal("500.00"))


def test_a_program_that_runs_away_costs_ten_charges_a_day(top_up: TopUp, stripe: Stripe) -> None:
    TopUp.objects.update(threshold=50_000)
    for _ in range(12):
        round_of_work()
    assert charges(stripe) == 10


@pytest.mark.parametrize("status", ["suspended", "closed", "pending"])
def test_only_active_companies_are_charged(top_up: TopUp, stripe: Stripe, status: str) -> None:
    Client.objects.filter(id=top_up.client_id).update(status=status)
    assert round_of_work() == []
    assert charges(stripe) == 0


def test_switched_off_it_charges_no_more(browser: Browser, top_up: TopUp, stripe: Stripe) -> None:
    browser.post(reverse("billing:top-up-off"))
    assert round_of_work() == []
    assert TopUp.objects.get().state == "off"


def test_another_card_takes_the_place_of_the_first(browser: Browser, top_up: TopUp, stripe: Stripe) -> None:
    first = stripe.the("checkout.session")["id"]
    assert browser.post(reverse("billing:top-up-card")).status_code == 303
    second = stripe.the("checkout.session")["id"]
    deliver(stripe.save_card(first))  # of the page that the owner left
    assert TopUp.objects.get().card_id == top_up.card_id
    deliver(stripe.save_card(second))
    assert TopUp.objects.get().card_id == stripe.the("payment_method")["id"]
    assert len(stripe.all("customer")) == 1


def test_money_that_comes_in_meanwhile_makes_it_needless(top_up: TopUp, stripe: Stripe) -> None:
    transfer_record(client_id=top_up.client_id, amount=Decimal(200), reference="T-1", by=None, as_of=timezone.now())
    assert round_of_work() == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"threshold": "0"}, "The least is $1.00."),
        ({"threshold": "100.005"}, "at most two digits"),
        ({"amount": "1"}, "The least is $5.00."),
        ({"amount": "-5"}, "without a sign"),
        ({"amount": "99999999"}, "The most is $50,000.00"),
        ({"amount": "100 EUR"}, "US dollars alone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    browser: Browser, company: Client, stripe: Stripe, given: dict[str, Any], said: str
) -> None:
    answer = browser.post(reverse("billing:top-up-show"), SETTINGS | given)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not TopUp.objects.exists()
