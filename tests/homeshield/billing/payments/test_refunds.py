"""Refunds of what was paid in and is unspent (contract, "Money"): an owner asks, staff carry out."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from homeshield.accounts.models import Client, User
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.services import ledger_adjust, ledger_record
from homeshield.billing.payments.models import Payment
from homeshield.billing.payments.refund_models import Refund, RefundRequest
from homeshield.billing.payments.refunds import refundable
from homeshield.billing.payments.services import transfer_record
from homeshield.billing.payments.tasks import left_over_enqueue
from tests.factories import StaffFactory
from tests.homeshield.billing.payments.paying import adds_up, balance, deliver, ledger, pay_in
from tests.homeshield.worker import tasks_run
from tests.stripe_server import Stripe


@pytest.fixture
def staff(db: None) -> Browser:
    browser = Browser()
    browser.force_login(StaffFactory())
    return browser


@pytest.fixture
def paid(browser: Browser, company: Client, stripe: Stripe) -> Client:
    """A transfer of 50 dollars, then 100 by card."""
    transfer_record(client_id=company.id, amount=Decimal(50), reference="FED 1", by=None, as_of=timezone.now())
    session_id = pay_in(browser, "100.00").session_id
    assert session_id is not None
    deliver(stripe.pay_by_card(session_id))
    return company


def ask(browser: Browser, amount: str) -> RefundRequest:
    assert browser.post(reverse("billing:refund-new"), {"amount": amount}).status_code == 302
    return RefundRequest.objects.latest("asked_at_utc")


def decide(staff: Browser, asked: RefundRequest, decision: str = "refund", **given: str) -> str:
    page = reverse("admin:billing_refundrequest_decide", args=[asked.id])
    answer = staff.post(page, {"decision": decision, **given})
    return "" if answer.status_code == 302 else answer.content.decode()


def test_a_refund_goes_back_to_the_card_through_stripe(
    browser: Browser, owner: User, staff: Browser, paid: Client, stripe: Stripe
) -> None:
    asked = ask(browser, "30.00")
    assert balance(paid.id) == Decimal("150.00")  # until staff decide, it can be spent
    assert "$30.00 of" in staff.get(reverse("admin:billing_refundrequest_decide", args=[asked.id])).content.decode()
    assert decide(staff, asked, word="As you wish.") == ""
    assert balance(paid.id) == Decimal("120.00")  # at once
    assert tasks_run() == [("refund_go", "SUCCESSFUL"), ("refund_mail", "SUCCESSFUL")]
    sent = stripe.the("refund")
    assert (sent["amount"], sent["metadata"]["refund_id"]) == (3_000, str(Refund.objects.get().id))
    deliver(stripe.events, stripe.refund_becomes(sent["id"], "succeeded"))
    assert Refund.objects.get().status == "succeeded"
    assert ledger(paid.id)[2:] == [("refund", Decimal("-30.00"))]
    [told] = mail.outbox
    assert told.to == [owner.email]
    assert "As you wish." in str(told.body)


def test_what_is_more_than_the_last_payment_goes_back_on_those_before(
    browser: Browser, staff: Browser, paid: Client, stripe: Stripe
) -> None:
    """What came by transfer is sent back at the bank, and recorded with its reference."""
    asked = ask(browser, "120.00")
    assert "Enter the reference from the bank statement" in decide(staff, asked)
    assert (ledger(paid.id)[2:], Refund.objects.count()) == ([], 0)
    assert decide(staff, asked, reference="OUT 1") == ""
    tasks_run()
    assert ledger(paid.id)[2:] == [("refund", Decimal("-100.00")), ("refund", Decimal("-20.00"))]
    assert {(one.amount, one.payment.provider, one.status) for one in Refund.objects.all()} == {
        (Decimal("100.00"), "stripe", "pending"), (Decimal("20.00"), "transfer", "succeeded"),
    }  # fmt: skip
    assert refundable(paid.id) == Decimal("30.00")
    again = ask(browser, "30.00")
    assert "recorded already" in decide(staff, again, reference="out 1")
    assert balance(paid.id) == Decimal("30.00")


def test_a_refund_that_stripe_refuses_is_the_clients_again(
    browser: Browser, staff: Browser, paid: Client, stripe: Stripe
) -> None:
    stripe.refunds_refused = True
    decide(staff, ask(browser, "30.00"))
    tasks_run()
    assert Refund.objects.get().failure == "charge_already_refunded"
    assert ledger(paid.id)[2:] == [("refund", Decimal("-30.00")), ("reversal", Decimal("30.00"))]
    assert "failed and is in your" in browser.get(reverse("billing:refund-new")).content.decode()
    assert adds_up()


def test_while_stripe_is_away_it_waits_and_is_sent_once(
    browser: Browser, staff: Browser, paid: Client, stripe: Stripe
) -> None:
    decide(staff, ask(browser, "30.00"))
    stripe.away = True
    assert ("refund_go", "FAILED") in tasks_run()
    stripe.away = False
    for _ in range(2):
        left_over_enqueue(as_of=timezone.now() + timedelta(minutes=11))
        tasks_run()
    assert len(stripe.all("refund")) == 1
    assert balance(paid.id) == Decimal("120.00")


@pytest.mark.parametrize(
    ("amount", "status", "said"),
    [
        ("150.01", 422, "At most $150.00 was paid in and is unspent"),
        ("0", 422, "The least is $0.01."),
        ("1.005", 422, "at most two digits"),
        ("-1", 422, "without a sign"),
        ("JPY 5", 422, "US dollars alone"),
    ],
)
def test_more_than_was_paid_in_is_not_asked_for(
    browser: Browser, paid: Client, amount: str, status: int, said: str
) -> None:
    answer = browser.post(reverse("billing:refund-new"), {"amount": amount})
    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert not RefundRequest.objects.exists()


def test_what_was_credited_otherwise_is_not_refunded(browser: Browser, paid: Client, as_of: datetime) -> None:
    ledger_adjust(client_id=paid.id, amount=Decimal(1000), reason="Goodwill.", by=None, as_of=as_of)
    assert refundable(paid.id) == Decimal("150.00")


def test_what_was_spent_meanwhile_is_not_refunded(
    browser: Browser, staff: Browser, paid: Client, as_of: datetime
) -> None:
    asked = ask(browser, "150.00")
    ledger_adjust(client_id=paid.id, amount=Decimal(-20), reason="Spent.", by=None, as_of=as_of)
    assert "At most $130.00" in decide(staff, asked, reference="OUT 1")
    asked.refresh_from_db()
    assert (asked.state, Refund.objects.count(), balance(paid.id)) == ("waiting", 0, Decimal("130.00"))
    assert "Say why" in decide(staff, asked, "decline")
    assert decide(staff, asked, "decline", word="Only 130 is left.") == ""
    tasks_run()
    assert "Only 130 is left." in str(mail.outbox[-1].body)
    assert "Only 130 is left." in browser.get(reverse("billing:refund-new")).content.decode()


def test_one_request_at_a_time_and_each_is_decided_once(
    browser: Browser, staff: Browser, paid: Client, stripe: Stripe
) -> None:
    asked = ask(browser, "10.00")
    assert browser.post(reverse("billing:refund-new"), {"amount": "10.00"}).status_code == 409
    decide(staff, asked)
    decide(staff, asked, "decline", word="No.")
    asked.refresh_from_db()
    assert (asked.state, balance(paid.id)) == ("done", Decimal("140.00"))


def test_a_payment_that_is_disputed_is_not_refunded(browser: Browser, paid: Client, stripe: Stripe) -> None:
    intent_id = Payment.objects.get(provider="stripe").intent_id
    assert intent_id is not None
    deliver(stripe.dispute(intent_id, 10_000))
    assert refundable(paid.id) == Decimal("50.00")


def test_the_database_refuses_to_refund_more_than_is_there(
    browser: Browser, owner: User, paid: Client, as_of: datetime
) -> None:
    asked = RefundRequest.objects.create(client=paid, amount=101, asked_at_utc=as_of, asked_by=owner)
    payment = Payment.objects.get(provider="stripe")
    with pytest.raises(IntegrityError, match="more than what is left"), transaction.atomic():
        Refund.objects.create(
            payment=payment, client=paid, request=asked, amount=101, status="sending", made_at_utc=as_of
        )
    with transaction.atomic():
        ledger_adjust(client_id=paid.id, amount=Decimal(-100), reason="Spent.", by=None, as_of=as_of)
        made = Refund.objects.create(
            payment=payment, client=paid, request=asked, amount=100, status="sending", made_at_utc=as_of
        )
        ledger_record(kind=Kind.REFUND, client_id=paid.id, source_id=made.id, amount=Decimal(100), as_of=as_of)
        with pytest.raises(IntegrityError, match="of no refund of its client"):
            connection.check_constraints()
        transaction.set_rollback(True)
    assert balance(paid.id) == Decimal("150.00")
