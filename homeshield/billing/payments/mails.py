"""Mails to a client's owners about payments, refunds and disputes, sent by a worker: each until it went, and once."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from homeshield.accounts.owner_mail import owners_mail
from homeshield.billing.payments.errors import MailsNotSent
from homeshield.billing.payments.models import Payment, PaymentStatus
from homeshield.billing.payments.refund_models import (
    CLAIMED_BACK,
    Dispute,
    Refund,
    RefundRequest,
    RefundStatus,
    RequestState,
)
from homeshield.lib.tasks import background


@background
def failure_mail(payment_id: str) -> None:
    """Tells owners that a top-up or a bank debit failed."""
    failure_mail_now(payment_id=UUID(payment_id), as_of=timezone.now())


@background
def refund_mail(request_id: str) -> None:
    """Tells owners how staff decided on a refund."""
    refund_mail_now(request_id=UUID(request_id), as_of=timezone.now())


@background
def refund_failed_mail(refund_id: str) -> None:
    """Tells owners that a refund failed after it was sent."""
    refund_failed_mail_now(refund_id=UUID(refund_id), as_of=timezone.now())


@background
def dispute_mail(dispute_id: str) -> None:
    """Tells owners that a bank claims a payment back."""
    dispute_mail_now(dispute_id=UUID(dispute_id), as_of=timezone.now())


def refunds_untold() -> QuerySet[Refund]:
    """Refunds that failed. Of a payment that does not count yet, nothing left the balance."""
    return Refund.objects.filter(status=RefundStatus.FAILED, told_at_utc=None, payment__status=PaymentStatus.PAID)


def disputes_untold() -> QuerySet[Dispute]:
    """Disputes that took money. Of a payment that does not count yet, nothing left the balance."""
    return Dispute.objects.filter(status__in=CLAIMED_BACK, told_at_utc=None, payment__status=PaymentStatus.PAID)


def failure_mail_now(*, payment_id: UUID, as_of: datetime) -> None:
    """Raises MailsNotSent. Two workers at once may send it twice, and it is never lost."""
    failed = Payment.objects.filter(id=payment_id, status=PaymentStatus.FAILED, told_at_utc=None).first()
    if failed is None:
        return
    subject = "Automatic top-up is paused" if failed.automatic else "Your bank debit failed"
    _send(failed.client_id, subject, "billing/email/payment_failed.txt", payment=failed)
    Payment.objects.filter(id=failed.id, told_at_utc=None).update(told_at_utc=as_of)


def refund_mail_now(*, request_id: UUID, as_of: datetime) -> None:
    """Raises MailsNotSent. Two workers at once may send it twice, and it is never lost."""
    decided = RefundRequest.objects.filter(id=request_id, told_at_utc=None).exclude(state=RequestState.WAITING).first()
    if decided is None:
        return
    subject = "Your refund is on its way" if decided.state == RequestState.DONE else "About the refund you asked for"
    _send(decided.client_id, subject, "billing/email/refund_decided.txt", request=decided)
    RefundRequest.objects.filter(id=decided.id, told_at_utc=None).update(told_at_utc=as_of)


def refund_failed_mail_now(*, refund_id: UUID, as_of: datetime) -> None:
    """Raises MailsNotSent. Two workers at once may send it twice, and it is never lost."""
    failed = refunds_untold().filter(id=refund_id).first()
    if failed is None:
        return
    _send(failed.client_id, "A refund could not be paid", "billing/email/refund_failed.txt", refund=failed)
    Refund.objects.filter(id=failed.id, told_at_utc=None).update(told_at_utc=as_of)


def dispute_mail_now(*, dispute_id: UUID, as_of: datetime) -> None:
    """Raises MailsNotSent. Two workers at once may send it twice, and it is never lost."""
    claimed = disputes_untold().filter(id=dispute_id).select_related("payment").first()
    if claimed is None:
        return
    _send(claimed.client_id, "A payment is disputed", "billing/email/payment_disputed.txt", dispute=claimed)
    Dispute.objects.filter(id=claimed.id, told_at_utc=None).update(told_at_utc=as_of)


def _send(client_id: UUID, subject: str, template: str, **context: object) -> None:
    if not owners_mail(client_id=client_id, subject=subject, template=template, context=context):
        raise MailsNotSent
