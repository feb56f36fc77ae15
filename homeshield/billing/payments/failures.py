"""What follows from a payment that failed: automatic top-up pauses, and the owners are told."""

from datetime import datetime

from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.payments.mails import failure_mail
from homeshield.billing.payments.models import Payment, PaymentStatus
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
