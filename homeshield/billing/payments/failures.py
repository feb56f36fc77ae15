"""What follows from money that did not come, or goes again: automatic top-up pauses, and the owners are told."""

from datetime import datetime

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.payments.mails import dispute_mail, failure_mail, refund_failed_mail
from homeshield.billing.payments.models import Payment, PaymentStatus
from homeshield.billing.payments.refund_models import CLAIMED_BACK, Dispute, Refund, RefundStatus
from homeshield.billing.payments.top_up_models import TopUp, TopUpState


def failure_follow_up(payment: Payment, *, as_of: datetime) -> None:
    """For a locked payment, in the transaction of the report that moved it. Again it changes nothing."""
    if payment.status != PaymentStatus.FAILED or payment.told_at_utc is not None:
        return
    if payment.automatic:
        paused = TopUp.objects.filter(client_id=payment.client_id, state=TopUpState.ON).update(
            state=TopUpState.PAUSED, paused_after=payment
        )
        if paused:
            audit_record(
                action=AuditAction.TOP_UP_PAUSE,
                obj=("billing.topup", payment.client_id),
                client_id=payment.client_id,
                details={"payment": payment.id, "reason": payment.failure},
                as_of=as_of,
            )
    failure_mail.enqueue(str(payment.id))


def refund_follow_up(refund: Refund) -> None:
    """In the transaction of the report that moved it."""
    if refund.status == RefundStatus.FAILED and refund.told_at_utc is None:
        refund_failed_mail.enqueue(str(refund.id))


def dispute_follow_up(dispute: Dispute) -> None:
    """In the transaction of the report that moved it."""
    if dispute.status in CLAIMED_BACK and dispute.told_at_utc is None:
        dispute_mail.enqueue(str(dispute.id))
