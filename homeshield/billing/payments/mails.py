"""Mails to a client's owners about payments and refunds, sent by a worker. Each is sent until it went, and once."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from homeshield.accounts.owner_mail import owners_mail
from homeshield.billing.payments.errors import MailsNotSent
from homeshield.billing.payments.models import Payment, PaymentStatus
from homeshield.billing.payments.refund_models import RefundRequest, RequestState
from homeshield.lib.tasks import background


@background
def failure_mail(payment_id: str) -> None:
    """Tells owners that a top-up or a bank debit failed."""
    failure_mail_now(payment_id=UUID(payment_id), as_of=timezone.now())


@background
def refund_mail(request_id: str) -> None:
    """Tells owners how staff decided on a refund."""
    refund_mail_now(request_id=UUID(request_id), as_of=timezone.now())


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


def _send(client_id: UUID, subject: str, template: str, **context: object) -> None:
    if not owners_mail(client_id=client_id, subject=subject, template=template, context=context):
        raise MailsNotSent
