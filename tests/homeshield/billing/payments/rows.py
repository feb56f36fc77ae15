"""A row of each kind that payments have, for tests of who may see them."""

from datetime import datetime
from uuid import UUID, uuid4

from homeshield.accounts.models import Client
from homeshield.accounts.permissions import ClientRole
from homeshield.billing.payments.models import Payment, PaymentEvent
from homeshield.billing.payments.refund_models import Dispute, Refund, RefundRequest
from homeshield.billing.payments.top_up_models import TopUp
from tests.factories import UserFactory


def rows_of_payments(client: Client, *, as_of: datetime) -> UUID:
    """Begins a payment by card, with all that may come of it, and returns its id. None of it counts yet."""
    owner = client.users.filter(role=ClientRole.OWNER).first() or UserFactory(client=client)
    payment = Payment.objects.create(
        client=client, provider="stripe", amount=10, started_at_utc=as_of, started_by=owner, session_id=uuid4().hex
    )
    PaymentEvent.objects.create(
        id=uuid4().hex, kind="refund.created", client=client, payment=payment, outcome="applied", received_at_utc=as_of
    )
    request = RefundRequest.objects.create(client=client, amount=1, asked_at_utc=as_of, asked_by=owner)
    Refund.objects.create(
        payment=payment, client=client, request=request, amount=1, status="pending", made_at_utc=as_of
    )
    Dispute.objects.create(
        payment=payment, client=client, provider_id=uuid4().hex, amount=1, status="inquiry", opened_at_utc=as_of
    )
    TopUp.objects.create(client=client, threshold=1, amount=5, changed_at_utc=as_of, changed_by=owner)
    return payment.id
