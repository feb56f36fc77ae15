"""Refunds of what was paid in and is unspent (contract, "Money"): an owner asks, staff carry out."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from homeshield.accounts.models import User
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.ledger.selectors import balance_of
from homeshield.billing.payments.amounts import REFUND_MOST, amount_check
from homeshield.billing.payments.errors import (
    NothingToRefund,
    PaymentRefused,
    RefundDecided,
    RefundWaits,
    TooMuchToRefund,
)
from homeshield.billing.payments.mails import refund_mail
from homeshield.billing.payments.models import Payment, PaymentStatus, Provider
from homeshield.billing.payments.posting import ledger_post
from homeshield.billing.payments.refund_models import (
    CLAIMED_BACK,
    Dispute,
    Refund,
    RefundRequest,
    RefundStatus,
    RequestState,
)
from homeshield.billing.payments.services import reference_check
from homeshield.billing.payments.tasks import refund_go
from homeshield.lib.errors import refused_by_database
from homeshield.lib.money import CENT

ZERO = Decimal("0.00")
_WAITING_ONCE = ("refund_request_one_at_a_time",)
_REFERENCE_ONCE = ("refund_request_reference_once",)


@dataclass(frozen=True, slots=True)
class Part:
    """What of a refund goes back on one payment."""

    payment: Payment
    amount: Decimal

    @property
    def is_transfer(self) -> bool:
        return self.payment.provider == Provider.TRANSFER


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a refund would find now."""

    balance: Decimal
    most: Decimal
    parts: list[Part]
    """The newest payment first. Empty where the amount is more than the most."""


def refundable(client_id: UUID) -> Decimal:
    """The most that can be refunded (USD): the balance, as far as payments are left to send it back on."""
    return _most(list(_payments(client_id)), balance_of(client_id).balance)


def refund_prospect(*, client_id: UUID, amount: Decimal) -> Prospect:
    """Over which payments an amount would go back. Changes nothing, and locks nothing."""
    payments, balance = list(_payments(client_id)), balance_of(client_id).balance
    most = _most(payments, balance)
    return Prospect(balance, most, _spread(payments, amount) if amount <= most else [])


def refund_ask(*, client_id: UUID, amount: Decimal, by: User, as_of: datetime) -> RefundRequest:
    """Asks staff for a refund. Raises PaymentRefused, NothingToRefund, TooMuchToRefund, RefundWaits."""
    amount = amount_check(amount, least=CENT, most=REFUND_MOST)
    most = refundable(client_id)
    if not most:
        raise NothingToRefund
    if amount > most:
        raise TooMuchToRefund(most=most)
    request = RefundRequest(client_id=client_id, amount=amount, asked_at_utc=as_of, asked_by=by)
    with transaction.atomic():
        with refused_by_database(_WAITING_ONCE, RefundWaits()):
            request.save(force_insert=True)
        _record(request, AuditAction.REFUND_ASK, as_of=as_of)
    return request


def refund_decline(*, request_id: UUID, word: str, by: User, as_of: datetime) -> RefundRequest:
    """Declines a request, with a word to the owner. Raises PaymentRefused, RefundDecided."""
    if not word.strip():
        raise PaymentRefused(field="word", reason="Say why: the owner gets your words by email.")
    with transaction.atomic():
        request = _decide(request_id, RequestState.DECLINED, word=word, reference=None, by=by, as_of=as_of)
        _record(request, AuditAction.REFUND_DECLINE, as_of=as_of)
        refund_mail.enqueue(str(request.id))
    return request


def refund_carry_out(
    *, request_id: UUID, word: str = "", reference: str = "", by: User, as_of: datetime
) -> RefundRequest:
    """Takes the money from the client's balance and sends it back the way it came; Stripe's part by a worker.

    `reference` is that of the transfer back, for what came by transfer. Raises RefundDecided, TooMuchToRefund (it was
    spent meanwhile), PaymentRefused; then nothing is changed.
    """
    with transaction.atomic():
        asked = RefundRequest.objects.get(id=request_id)
        payments = list(_payments(asked.client_id).select_for_update(no_key=True, of=("self",)))
        request = RefundRequest.objects.select_for_update(no_key=True).get(id=request_id)
        if request.state != RequestState.WAITING:
            raise RefundDecided
        parts = _spread(payments, request.amount)
        by_transfer = sum((part.amount for part in parts if part.is_transfer), ZERO)
        if not by_transfer and reference.strip():
            raise PaymentRefused(field="reference", reason="None of it came by transfer. Leave this empty.")
        back = reference_check(reference) if by_transfer else None
        request = _decide(request_id, RequestState.DONE, word=word, reference=back, by=by, as_of=as_of)
        made = [_refund(request, part, as_of=as_of) for part in parts]
        for part in parts:
            ledger_post(part.payment, as_of=as_of)
        if (over := balance_of(request.client_id).balance) < 0:  # the account is locked now, so nobody spends it
            raise TooMuchToRefund(most=max(ZERO, request.amount + over))
        _record(request, AuditAction.REFUND_MAKE, as_of=as_of)
        for refund in made:
            if refund.status == RefundStatus.SENDING:
                refund_go.enqueue(str(refund.id))
        refund_mail.enqueue(str(request.id))
    return request


def _payments(client_id: UUID) -> QuerySet[Payment]:
    """Payments with something `left`, which neither went back nor was claimed back. The newest first."""
    money = DecimalField(max_digits=12, decimal_places=2)
    refunds = Refund.objects.filter(payment=OuterRef("id")).exclude(status=RefundStatus.FAILED)
    disputes = Dispute.objects.filter(payment=OuterRef("id"), status__in=CLAIMED_BACK)
    gone = [
        Coalesce(
            Subquery(rows.order_by().values("payment").annotate(all=Sum("amount")).values("all")),
            Value(ZERO),
            output_field=money,
        )
        for rows in (refunds, disputes)
    ]
    paid = Payment.objects.filter(client_id=client_id, status=PaymentStatus.PAID, reversed_at_utc=None)
    return paid.annotate(left=F("amount") - gone[0] - gone[1]).filter(left__gt=0).order_by("-id")


def _most(payments: list[Payment], balance: Decimal) -> Decimal:
    return max(ZERO, min(balance, sum(map(_left, payments), ZERO)))


def _left(payment: Payment) -> Decimal:
    left: Decimal = payment.left  # type: ignore[attr-defined]  # annotated by `_payments`
    return left


def _spread(payments: list[Payment], amount: Decimal) -> list[Part]:
    """Raises TooMuchToRefund."""
    parts: list[Part] = []
    missing = amount
    for payment in payments:
        if missing > 0:
            parts.append(Part(payment, min(_left(payment), missing)))
            missing -= parts[-1].amount
    if missing > 0:
        raise TooMuchToRefund(most=amount - missing)
    return parts


def _refund(request: RefundRequest, part: Part, *, as_of: datetime) -> Refund:
    return Refund.objects.create(
        payment=part.payment, client_id=request.client_id, request=request, amount=part.amount,
        status=RefundStatus.SUCCEEDED if part.is_transfer else RefundStatus.SENDING, made_at_utc=as_of,
    )  # fmt: skip


def _decide(
    request_id: UUID, state: RequestState, *, word: str, reference: str | None, by: User, as_of: datetime
) -> RefundRequest:
    taken = PaymentRefused(field="reference", reason="A transfer back with this reference is recorded already.")
    with refused_by_database(_REFERENCE_ONCE, taken):
        decided = RefundRequest.objects.filter(id=request_id, state=RequestState.WAITING).update(
            state=state, word=word.strip()[:500], reference=reference, decided_at_utc=as_of, decided_by=by
        )
    if not decided:
        raise RefundDecided
    return RefundRequest.objects.get(id=request_id)


def _record(request: RefundRequest, action: AuditAction, *, as_of: datetime) -> None:
    audit_record(
        action=action, obj=request, client_id=request.client_id, details={"amount": request.amount}, as_of=as_of
    )
