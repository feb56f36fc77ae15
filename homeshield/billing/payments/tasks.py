"""What a worker does at Stripe (docs/background.md): charges saved cards, sends refunds, asks after payments.

Each task asks Stripe outside any transaction, then applies the answer like an event. Stripe knows each call by its
idempotency key, so a task that runs twice, or in two workers at once, charges and refunds once.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from homeshield.billing.payments.errors import StripeSaysNo
from homeshield.billing.payments.events import report_apply
from homeshield.billing.payments.mails import (
    dispute_mail,
    disputes_untold,
    failure_mail,
    refund_failed_mail,
    refund_mail,
    refunds_untold,
)
from homeshield.billing.payments.models import UNDER_WAY, Payment, PaymentStatus
from homeshield.billing.payments.refund_models import Refund, RefundRequest, RefundStatus, RequestState
from homeshield.billing.payments.reports import (
    About,
    PaymentReport,
    RefundReport,
    intent_report,
    refund_report,
    session_report,
)
from homeshield.billing.payments.stripe_api import OPEN_FOR, card_charge, intent_now, refund_send, session_now
from homeshield.billing.payments.top_up_models import TopUp
from homeshield.billing.payments.top_ups import top_up_start, top_ups_due
from homeshield.lib.money import CURRENCY
from homeshield.lib.tasks import background

ASKED_AGAIN_AFTER = timedelta(minutes=10)
SETTLES_AFTER = timedelta(days=1)
"""A bank debit takes days. Until then there is no need to ask how it stands."""

KEYS_HOLD = timedelta(hours=23)
"""Stripe forgets an idempotency key after a day. Later, a repeated call would charge again."""

AT_ONCE = 500
"""Payments that the scheduler gives at a time. The rest wait for the next."""


@background
def top_up_charge(payment_id: str) -> None:
    """Charges the saved card for an automatic top-up."""
    top_up_charge_now(payment_id=UUID(payment_id), as_of=timezone.now())


@background
def refund_go(refund_id: str) -> None:
    """Sends a refund to Stripe."""
    refund_send_now(refund_id=UUID(refund_id), as_of=timezone.now())


@background
def payment_check(payment_id: str) -> None:
    """Asks Stripe how a payment stands of which no event has told."""
    payment_check_now(payment_id=UUID(payment_id), as_of=timezone.now())


def top_up_charge_now(*, payment_id: UUID, as_of: datetime) -> None:
    """Raises StripeAway: then the payment stays open, and the scheduler has it tried again."""
    payment = Payment.objects.filter(id=payment_id, automatic=True, status=PaymentStatus.OPEN).first()
    if payment is None:
        return
    top_up = TopUp.objects.get(client_id=payment.client_id)
    if top_up.card_id is None or top_up.customer_id is None or as_of - payment.started_at_utc > KEYS_HOLD:
        report_apply(_failed(payment, "not_charged"), payment.id, as_of=as_of)
        return
    try:
        intent = card_charge(
            payment_id=payment.id, client_id=payment.client_id, amount=payment.amount,
            customer_id=top_up.customer_id, card_id=top_up.card_id,
        )  # fmt: skip
    except StripeSaysNo as refusal:
        report_apply(_failed(payment, refusal.reason), payment.id, as_of=as_of)
        return
    report = intent_report(intent)
    assert isinstance(report, PaymentReport)
    report_apply(report, payment.id, as_of=as_of)


def refund_send_now(*, refund_id: UUID, as_of: datetime) -> None:
    """Raises StripeAway: then the refund stays as it is, and the scheduler has it tried again."""
    refund = Refund.objects.filter(id=refund_id, status=RefundStatus.SENDING).select_related("payment").first()
    if refund is None:
        return
    about = About(payment_id=refund.payment_id, client_id=refund.client_id, refund_id=refund.id)
    assert refund.payment.intent_id is not None
    try:
        answer = refund_send(
            refund_id=refund.id, client_id=refund.client_id, intent_id=refund.payment.intent_id, amount=refund.amount
        )
    except StripeSaysNo as refusal:
        report = RefundReport(
            about=about, provider_id=None, status=RefundStatus.FAILED, amount=refund.amount, currency=CURRENCY,
            failure=refusal.reason[:100],
        )  # fmt: skip
    else:
        report = refund_report(answer)
    report_apply(report, refund.payment_id, as_of=as_of)


def payment_check_now(*, payment_id: UUID, as_of: datetime) -> None:
    """Raises StripeAway."""
    payment = Payment.objects.filter(id=payment_id, automatic=False, status__in=UNDER_WAY).first()
    if payment is None:
        return
    if payment.session_id is None:  # no page was made for it
        Payment.objects.filter(id=payment.id, status=PaymentStatus.OPEN).update(status=PaymentStatus.EXPIRED)
        return
    session = session_now(payment.session_id)
    report = session_report(session)
    if not isinstance(report, PaymentReport):
        return
    report_apply(report, payment.id, as_of=as_of)
    # A session keeps nothing of a bank debit that failed after it: its payment intent does.
    if report.status is PaymentStatus.PROCESSING and (intent_id := session.get("payment_intent")):
        intent = intent_report(intent_now(str(intent_id)))
        if isinstance(intent, PaymentReport):
            # After Checkout has ended, a payment intent that failed is final.
            report_apply(replace(intent, only_automatic=False), payment.id, as_of=as_of)


def left_over_enqueue(*, as_of: datetime) -> int:
    """Gives the worker what events and tasks should have settled by now. For the scheduler. Returns how many."""
    under_way = Payment.objects.order_by("started_at_utc")
    charges = under_way.filter(automatic=True, status=PaymentStatus.OPEN, started_at_utc__lt=as_of - ASKED_AGAIN_AFTER)
    opened = under_way.filter(automatic=False, status=PaymentStatus.OPEN, started_at_utc__lt=as_of - 2 * OPEN_FOR)
    debits = under_way.filter(
        automatic=False, status=PaymentStatus.PROCESSING, started_at_utc__lt=as_of - SETTLES_AFTER
    )
    refunds = Refund.objects.filter(status=RefundStatus.SENDING, made_at_utc__lt=as_of - ASKED_AGAIN_AFTER)
    failures = Payment.objects.filter(status=PaymentStatus.FAILED, told_at_utc=None)
    decided = RefundRequest.objects.filter(told_at_utc=None).exclude(state=RequestState.WAITING)
    given = 0
    for task, rows in (
        (top_up_charge, charges), (payment_check, opened), (payment_check, debits), (refund_go, refunds),
        (failure_mail, failures), (refund_mail, decided), (refund_failed_mail, refunds_untold()),
        (dispute_mail, disputes_untold()),
    ):  # fmt: skip
        for row_id in rows.values_list("id", flat=True)[:AT_ONCE]:
            task.enqueue(str(row_id))
            given += 1
    return given


def _failed(payment: Payment, reason: str) -> PaymentReport:
    about = About(payment_id=payment.id, client_id=payment.client_id)
    return PaymentReport(
        about=about, status=PaymentStatus.FAILED, amount=payment.amount, currency=payment.currency,
        failure=reason[:100], only_automatic=True,
    )  # fmt: skip


def top_ups_enqueue(*, as_of: datetime) -> int:
    """Begins every automatic top-up that is due. For the scheduler, in each round. Returns how many."""
    begun = 0
    for client_id in top_ups_due(as_of=as_of):
        with transaction.atomic():
            if (payment_id := top_up_start(client_id=client_id, as_of=as_of)) is not None:
                top_up_charge.enqueue(str(payment_id))
                begun += 1
    return begun
