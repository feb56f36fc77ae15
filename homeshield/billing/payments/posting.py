"""From reports to facts, and from facts to the ledger.

A report only moves facts forward, and the ledger gets what follows from the facts and is not in it yet. So reports may
come in any order, and any number of times: what stands in the ledger at the end is the same.
"""

from datetime import datetime
from uuid import UUID

from homeshield.billing.ledger.kinds import Kind
from homeshield.billing.ledger.models import LedgerTransaction
from homeshield.billing.ledger.services import ledger_record, ledger_reverse
from homeshield.billing.payments.models import RANK, Payment, PaymentStatus
from homeshield.billing.payments.refund_models import (
    DISPUTE_RANK,
    REFUND_RANK,
    Dispute,
    DisputeStatus,
    Refund,
    RefundStatus,
)
from homeshield.billing.payments.reports import DisputeReport, PaymentReport, RefundReport


class Disagrees(Exception):
    """A report that does not agree with the payment that it names. `said` is for staff, and for the log."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


def payment_lock(payment_id: UUID) -> Payment | None:
    """The payment, locked until the transaction ends: one report at a time. Before the client's account."""
    return Payment.objects.select_for_update(no_key=True).filter(id=payment_id).first()


def payment_apply(payment: Payment, report: PaymentReport, *, as_of: datetime) -> None:
    """Moves a locked payment forward, by a report in its currency. Raises Disagrees, and then changes nothing."""
    if report.amount != payment.amount:
        raise Disagrees(f"The amount is {report.amount}, not {payment.amount}.")
    if report.session_id and payment.session_id not in (None, report.session_id):
        raise Disagrees("It is about another Checkout session.")
    if report.about.intent_id and payment.intent_id not in (None, report.about.intent_id):
        raise Disagrees("It is about another payment intent.")
    if report.only_automatic and not payment.automatic:
        return
    payment.session_id = payment.session_id or report.session_id
    payment.intent_id = payment.intent_id or report.about.intent_id
    if RANK[report.status] > RANK[PaymentStatus(payment.status)]:
        payment.status = report.status
        payment.failure = report.failure[:100]
        payment.paid_at_utc = as_of if report.status is PaymentStatus.PAID else None
    payment.save(update_fields=["status", "session_id", "intent_id", "paid_at_utc", "failure"])
    ledger_post(payment, as_of=as_of)


def refund_apply(payment: Payment, report: RefundReport, *, as_of: datetime) -> Refund:
    """The same for a refund of a locked payment, which it returns: one that we sent, or that staff made at Stripe."""
    known = Refund.objects.filter(payment=payment)
    refund = known.filter(provider_id=report.provider_id).first() if report.provider_id else None
    if refund is None and report.about.refund_id:
        refund = known.filter(id=report.about.refund_id, provider_id=None).first()
    if refund is None:
        refund = Refund(
            payment=payment, client_id=payment.client_id, amount=report.amount, status=report.status,
            provider_id=report.provider_id, made_at_utc=as_of, failure=report.failure,
        )  # fmt: skip
        refund.save(force_insert=True)
    elif refund.amount != report.amount:
        raise Disagrees(f"The amount of the refund is {report.amount}, not {refund.amount}.")
    else:
        refund.provider_id = refund.provider_id or report.provider_id
        if REFUND_RANK[report.status] > REFUND_RANK[RefundStatus(refund.status)]:
            refund.status, refund.failure = report.status, report.failure
        refund.save(update_fields=["status", "provider_id", "failure"])
    ledger_post(payment, as_of=as_of)
    return refund


def dispute_apply(payment: Payment, report: DisputeReport, *, as_of: datetime) -> Dispute:
    """The same for a dispute of a locked payment, which it returns."""
    dispute = Dispute.objects.filter(payment=payment, provider_id=report.provider_id).first()
    if dispute is None:
        dispute = Dispute(
            payment=payment, client_id=payment.client_id, provider_id=report.provider_id, amount=report.amount,
            status=report.status, reason=report.reason, opened_at_utc=as_of,
        )  # fmt: skip
        dispute.save(force_insert=True)
    elif dispute.amount != report.amount:
        raise Disagrees(f"The amount of the dispute is {report.amount}, not {dispute.amount}.")
    elif DISPUTE_RANK[report.status] > DISPUTE_RANK[DisputeStatus(dispute.status)]:
        dispute.status = report.status
        dispute.save(update_fields=["status"])
    ledger_post(payment, as_of=as_of)
    return dispute


def ledger_post(payment: Payment, *, as_of: datetime) -> None:
    """Enters in the ledger what follows from a locked payment, its refunds and disputes, and is not there yet.

    What was reported before the payment counts waits for the payment.
    """
    if payment.status != PaymentStatus.PAID:
        return
    refunds, disputes = _refunds(payment), list(Dispute.objects.filter(payment=payment))
    sources = [payment.id, *(one.id for one in refunds), *(one.id for one in disputes)]
    entries = LedgerTransaction.objects.filter(source_id__in=sources, client_id=payment.client_id)
    there: dict[tuple[str, UUID], UUID] = {(entry.kind, entry.source_id): entry.id for entry in entries}

    def due(kind: Kind, source: Payment | Refund | Dispute, reference: str | None = "") -> UUID:
        """The entry for this source, made now unless it is there."""
        if (found := there.get((kind, source.id))) is not None:
            return found
        return ledger_record(
            kind=kind, client_id=payment.client_id, source_id=source.id, amount=source.amount, as_of=as_of,
            reference=reference or "", entered_by_id=payment.started_by_id if kind is Kind.PAYMENT else None,
        )  # fmt: skip

    due(Kind.PAYMENT, payment, payment.reference)
    for dispute in disputes:
        if dispute.took_money:
            due(Kind.DISPUTE, dispute)
        if dispute.status == DisputeStatus.WON:
            due(Kind.DISPUTE_WON, dispute)
    for refund in refunds:
        entry = due(Kind.REFUND, refund, refund.request.reference if refund.request else None)
        if refund.status == RefundStatus.FAILED:
            _take_back(entry, as_of=as_of)


def _refunds(payment: Payment) -> list[Refund]:
    return list(Refund.objects.filter(payment=payment).select_related("request"))


def _take_back(entry: UUID, *, as_of: datetime) -> None:
    """The money of a refund that failed is the client's again."""
    if not LedgerTransaction.objects.filter(kind=Kind.REVERSAL, source_id=entry).exists():
        ledger_reverse(transaction_id=entry, reason="The refund failed.", by=None, as_of=as_of)
