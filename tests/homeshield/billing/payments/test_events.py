"""Messages of Stripe's (contract, "Money"): a payment counts once, whatever is reported, and for its client alone."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client as Browser
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from homeshield.accounts.models import Client, User
from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.services import ledger_record
from homeshield.billing.payments.models import Payment, PaymentEvent
from homeshield.billing.payments.refund_models import Dispute, Refund
from homeshield.billing.payments.tasks import left_over_enqueue
from homeshield.lib.viewer import Viewer, seen_by
from tests.factories import ClientFactory
from tests.homeshield.billing.payments.paying import adds_up, balance, deliver, ledger, pay_in
from tests.homeshield.worker import tasks_run
from tests.stripe_server import Event, Stripe

type AsWeb = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def payment(browser: Browser, company: Client, stripe: Stripe) -> Payment:
    """Begun, and not paid."""
    return pay_in(browser, "100.00")


@pytest.fixture
def paid(payment: Payment, stripe: Stripe) -> Payment:
    assert payment.session_id is not None
    deliver(stripe.pay_by_card(payment.session_id))
    payment.refresh_from_db()
    assert payment.status == "paid"
    return payment


def of_card(payment: Payment, stripe: Stripe) -> Event:
    assert payment.session_id is not None
    return stripe.pay_by_card(payment.session_id)[1]


def test_an_event_counts_once_however_often_it_comes(payment: Payment, stripe: Stripe) -> None:
    event = of_card(payment, stripe)
    assert deliver(event, event, event) == [200, 200, 200]
    assert ledger(payment.client_id) == [("payment", Decimal("100.00"))]
    assert PaymentEvent.objects.count() == 1


@pytest.mark.parametrize("age", [301, -301])
def test_an_old_message_does_not_count_though_it_is_signed(payment: Payment, stripe: Stripe, age: int) -> None:
    """Nor one from the future."""
    event = of_card(payment, stripe)
    assert deliver(event, signature=event.signature(age=age)) == [400]
    assert deliver(event, signature=event.signature(age=290 if age > 0 else -290)) == [200]


@pytest.mark.parametrize("signature", ["", "t=1", "v1=0", "t=now,v1=0", "t=1,v1=0,v1=1", "\x00"])
def test_a_message_without_a_signature_changes_nothing(payment: Payment, stripe: Stripe, signature: str) -> None:
    assert deliver(of_card(payment, stripe), signature=signature) == [400]
    assert not PaymentEvent.objects.exists()
    assert ledger(payment.client_id) == []


def test_nor_one_that_somebody_else_signed_or_that_was_changed(payment: Payment, stripe: Stripe) -> None:
    event = of_card(payment, stripe)
    assert deliver(event, signature=event.signature(secret="whsec_other")) == [400]
    changed = Event(event.body.replace(b"10000", b"90000"), event.kind)
    assert deliver(changed, signature=event.signature()) == [400]
    assert ledger(payment.client_id) == []


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"amount_total": 9_999}, "The amount is 99.99, not 100.00."),
        ({"currency": "eur"}, "The currency is not USD."),
        ({"id": "cs_another"}, "It is about another Checkout session."),
    ],
)
def test_what_does_not_agree_with_the_payment_is_kept_for_staff_and_credits_nothing(
    payment: Payment, stripe: Stripe, facts: dict[str, object], said: str
) -> None:
    session = {**json.loads(of_card(payment, stripe).body)["data"]["object"], **facts}
    assert deliver(stripe.event("checkout.session.completed", session)) == [200]
    kept = PaymentEvent.objects.get()
    assert (kept.outcome, kept.said, kept.payment_id) == ("refused", said, payment.id)
    payment.refresh_from_db()
    assert (payment.status, ledger(payment.client_id)) == ("open", [])


def test_a_payment_that_nobody_knows_is_not_ours(payment: Payment, stripe: Stripe) -> None:
    session = json.loads(of_card(payment, stripe).body)["data"]["object"]
    session["metadata"] = {"payment_id": str(uuid4()), "client_id": str(payment.client_id)}
    session["payment_intent"] = None
    assert deliver(stripe.event("checkout.session.completed", session)) == [200]
    assert [(one.outcome, one.client_id) for one in PaymentEvent.objects.all()] == [("foreign", None)]


def test_nor_does_one_count_that_names_another_client(payment: Payment, stripe: Stripe) -> None:
    session = json.loads(of_card(payment, stripe).body)["data"]["object"]
    other = ClientFactory()
    session["metadata"] |= {"client_id": str(other.id)}
    assert deliver(stripe.event("checkout.session.completed", session)) == [200]
    assert PaymentEvent.objects.get().outcome == "refused"
    assert (ledger(payment.client_id), ledger(other.id)) == ([], [])


def test_kinds_that_change_nothing_are_taken_and_not_kept(payment: Payment, stripe: Stripe) -> None:
    assert deliver(stripe.event("customer.created", {"object": "customer"})) == [200]
    assert not PaymentEvent.objects.exists()


def test_a_message_that_cannot_be_read_is_kept_for_staff(payment: Payment, stripe: Stripe) -> None:
    assert deliver(stripe.event("checkout.session.completed", {"mode": "payment"})) == [200]
    assert PaymentEvent.objects.get().said == "It cannot be read."


def test_partial_refunds_that_staff_make_at_stripe_leave_the_balance(paid: Payment, stripe: Stripe) -> None:
    assert paid.intent_id is not None
    deliver(stripe.refund(paid.intent_id, 3_000), stripe.refund(paid.intent_id, 2_500, status="pending"))
    assert ledger(paid.client_id)[1:] == [("refund", Decimal("-30.00")), ("refund", Decimal("-25.00"))]
    pending = stripe.the("refund")["id"]
    deliver(stripe.refund_becomes(pending, "succeeded"), stripe.refund_becomes(pending, "failed"))
    assert ledger(paid.client_id)[3:] == [("reversal", Decimal("25.00"))]
    assert balance(paid.client_id) == Decimal("70.00")
    assert adds_up()


def test_a_refund_may_be_reported_before_its_payment(payment: Payment, stripe: Stripe) -> None:
    """Stripe is asked whose payment it is, and the money moves once the payment is in."""
    card = of_card(payment, stripe)
    assert deliver(stripe.refund(stripe.the("payment_intent")["id"], 4_000)) == [200]
    assert ledger(payment.client_id) == []
    assert Refund.objects.get().payment_id == payment.id
    deliver(card)
    assert ledger(payment.client_id) == [("payment", Decimal("100.00")), ("refund", Decimal("-40.00"))]


def test_while_stripe_cannot_be_asked_the_message_has_to_come_again(payment: Payment, stripe: Stripe) -> None:
    of_card(payment, stripe)
    refunded = stripe.refund(stripe.the("payment_intent")["id"], 4_000)
    stripe.away = True
    assert deliver(refunded) == [503]
    assert not PaymentEvent.objects.exists()
    stripe.away = False
    assert deliver(refunded) == [200]


@pytest.mark.parametrize(
    ("ends", "entries"),
    [
        ("won", [("dispute", Decimal("-60.00")), ("dispute_won", Decimal("60.00"))]),
        ("lost", [("dispute", Decimal("-60.00"))]),
    ],
)
def test_a_dispute_takes_the_money_and_returns_it_if_it_is_won(
    paid: Payment, stripe: Stripe, ends: str, entries: list[tuple[str, Decimal]]
) -> None:
    assert paid.intent_id is not None
    deliver(stripe.dispute(paid.intent_id, 6_000))
    assert balance(paid.client_id) == Decimal("40.00")
    deliver(stripe.dispute_closes(stripe.the("dispute")["id"], ends))
    assert ledger(paid.client_id)[1:] == entries
    assert Dispute.objects.get().status == ends


def test_an_inquiry_takes_nothing_until_it_is_a_dispute(paid: Payment, stripe: Stripe) -> None:
    assert paid.intent_id is not None
    deliver(stripe.dispute(paid.intent_id, 6_000, status="warning_needs_response"))
    assert len(ledger(paid.client_id)) == 1
    inquiry = stripe.the("dispute")
    inquiry["status"] = "needs_response"
    deliver(stripe.event("charge.dispute.updated", inquiry))
    assert balance(paid.client_id) == Decimal("40.00")


def test_owners_are_mailed_once_of_a_dispute_and_of_a_refund_that_fails_later(
    paid: Payment, stripe: Stripe, owner: User
) -> None:
    assert paid.intent_id is not None
    deliver(stripe.refund(paid.intent_id, 2_500, status="pending"), stripe.dispute(paid.intent_id, 6_000))
    failed = stripe.refund_becomes(stripe.the("refund")["id"], "failed")
    deliver(failed, failed)
    assert set(tasks_run()) == {("dispute_mail", "SUCCESSFUL"), ("refund_failed_mail", "SUCCESSFUL")}
    assert left_over_enqueue(as_of=timezone.now()) == 0
    disputed, returned = sorted(mail.outbox, key=lambda one: "disputed" not in one.subject)
    assert (disputed.to, disputed.subject) == ([owner.email], "HomeShield: A payment is disputed")
    assert "A bank claims $60.00 back of the $100.00 that your company paid in on" in str(disputed.body)
    assert (returned.to, returned.subject) == ([owner.email], "HomeShield: A refund could not be paid")
    assert "The refund of $25.00 could not be paid" in str(returned.body)


def test_a_mail_that_was_lost_is_given_again(paid: Payment, stripe: Stripe) -> None:
    assert paid.intent_id is not None
    deliver(stripe.dispute(paid.intent_id, 6_000))
    DBTaskResult.objects.all().delete()
    assert left_over_enqueue(as_of=timezone.now()) == 1
    assert tasks_run() == [("dispute_mail", "SUCCESSFUL")]
    assert Dispute.objects.get().told_at_utc is not None


def test_the_webs_login_takes_messages_and_sees_the_client_that_they_name_alone(
    payment: Payment, stripe: Stripe, as_web: AsWeb
) -> None:
    rival = Payment.objects.create(
        client=ClientFactory(), provider="stripe", amount=payment.amount, started_at_utc=payment.started_at_utc
    )
    events = [of_card(payment, stripe), *stripe.refund(stripe.the("payment_intent")["id"], 1_000)]
    events += stripe.refund_becomes(stripe.the("refund")["id"], "failed")
    events += stripe.dispute(stripe.the("payment_intent")["id"], 2_000)
    events += stripe.dispute_closes(stripe.the("dispute")["id"], "won")
    connection.check_constraints()
    with as_web():
        assert deliver(events) == [200] * len(events)
        with seen_by(Viewer(payment.client_id)):
            connection.check_constraints()  # as the commits would
            assert [one.id for one in Payment.objects.all()] == [payment.id]
    assert [kind for kind, _ in ledger(payment.client_id)] == [
        "payment", "refund", "reversal", "dispute", "dispute_won",
    ]  # fmt: skip
    rival.refresh_from_db()
    assert rival.status == "open"


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.REFUND, Kind.DISPUTE, Kind.DISPUTE_WON])
def test_nobody_credits_what_no_payment_says(company: Client, as_web: AsWeb, as_of: datetime, kind: Kind) -> None:
    """Neither the web's login, nor the tables' owner."""

    def credit() -> None:
        with transaction.atomic():
            ledger_record(kind=kind, client_id=company.id, source_id=uuid4(), amount=Decimal(5), as_of=as_of)
            connection.check_constraints()

    with as_web(), seen_by(Viewer(company.id)), pytest.raises(ProgrammingError, match="row-level security"):
        credit()
    with pytest.raises(IntegrityError, match=f"of no {kind.value} of its client"):
        credit()
    assert ledger(company.id) == []


def test_nor_does_a_payment_count_that_is_not_in_the_ledger(payment: Payment, as_of: datetime) -> None:
    with transaction.atomic():
        Payment.objects.filter(id=payment.id).update(status="paid", paid_at_utc=as_of)
        with pytest.raises(IntegrityError, match="is paid and not in the ledger"):
            connection.check_constraints()
        transaction.set_rollback(True)


@pytest.mark.parametrize("change", [{"amount": 1}, {"status": "open"}, {"intent_id": "pi_other"}])
def test_a_payment_goes_forward_only(paid: Payment, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="goes forward only"), transaction.atomic():
        Payment.objects.filter(id=paid.id).update(**change)


def test_nobody_pays_for_another_client(payment: Payment, as_web: AsWeb, as_of: datetime) -> None:
    other = ClientFactory()
    with as_web(), seen_by(Viewer(other.id)):
        assert Payment.objects.filter(id=payment.id).update(status="failed") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Payment.objects.create(client_id=payment.client_id, provider="stripe", amount=1, started_at_utc=as_of)
